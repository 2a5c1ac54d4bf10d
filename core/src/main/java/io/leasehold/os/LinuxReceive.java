package io.leasehold.os;

import io.leasehold.error.Errno;
import java.lang.foreign.Arena;

/// Receives datagrams with recvmmsg(2). Uses recvmsg(2) if only one is requested, or if the kernel refuses recvmmsg(2).
///
/// **Threads.** Thread-safe. The memory of the messages belongs to the caller.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/recvmmsg.2.html">recvmmsg(2)</a>
final class LinuxReceive {

    private static final int MSG_TRUNC = 0x20;
    private static final int MSG_DONTWAIT = 0x40;

    /// With MSG_TRUNC the result is "the real length of the packet or datagram, even when it was longer than the passed
    /// buffer".
    private static final int RECEIVE_FLAGS = MSG_DONTWAIT | MSG_TRUNC;

    private volatile boolean isBatchRefused; // (A) true after the kernel refused recvmmsg(2)

    /// Receives available datagrams, without waiting.
    ///
    /// @param descriptor descriptor of the socket
    /// @param into pages and results, after [Received#begin]
    /// @param count maximum number of datagrams
    /// @return the number of datagrams, or the negated error number
    long receive(int descriptor, Received into, int count) {
        long headers = into.prepareHeaders(count);
        if (count > 1 && !isBatchRefused) {
            long result = repeat(LinuxCall.RECVMMSG, descriptor, headers, count, RECEIVE_FLAGS);
            if (result >= 0 || !Errno.refusesCall((int) -result)) {
                for (int i = 0; i < result; i++) {
                    into.addFromKernel(into.messageSize(i));
                }
                return result;
            }
            isBatchRefused = true;
        }
        long result = repeat(LinuxCall.RECVMSG, descriptor, headers, RECEIVE_FLAGS, 0);
        if (result < 0) {
            return result;
        }
        into.addFromKernel((int) result);
        return 1;
    }

    /// Discards the datagrams that are in a socket. After connect(2) other senders may have sent them. Discards early
    /// datagrams of the peer too, as the channels of the JDK do.
    ///
    /// @param descriptor descriptor of the socket
    /// @param arena for the message header
    static void discard(int descriptor, Arena arena) {
        long header = arena.allocate(MessageLayout.HEADER_SIZE, Long.BYTES).address(); // zeroed: space for no byte
        long result;
        do {
            result = repeat(LinuxCall.RECVMSG, descriptor, header, MSG_DONTWAIT, 0);
        } while (result >= 0);
    }

    private static long repeat(LinuxCall call, int descriptor, long headers, int third, int fourth) {
        long result;
        do {
            result = call.invoke(descriptor, headers, third, fourth, 0, 0);
        } while (result == -Errno.EINTR);
        return result;
    }
}
