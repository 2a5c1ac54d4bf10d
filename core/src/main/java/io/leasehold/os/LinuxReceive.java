package io.leasehold.os;

import io.leasehold.error.Errno;

/// Receives datagrams: many with one recvmmsg(2), or one with recvmsg(2) where one is wanted or the kernel refuses the
/// other call.
///
/// **Threads.** Thread-safe; the memory of the messages is the caller's.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/recvmmsg.2.html">recvmmsg(2)</a>
final class LinuxReceive {

    private static final int MSG_TRUNC = 0x20;
    private static final int MSG_DONTWAIT = 0x40;

    /// With it as an argument the answer is "the real length of the packet or datagram, even when it was longer than
    /// the passed buffer".
    private static final int RECEIVE_FLAGS = MSG_DONTWAIT | MSG_TRUNC;

    private volatile boolean isBatchRefused; // (A) true after the kernel refused recvmmsg(2)

    /// Receives what is there, without waiting.
    ///
    /// @param descriptor the socket
    /// @param into the messages, of which the first `count` are free
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

    private static long repeat(LinuxCall call, int descriptor, long headers, int third, int fourth) {
        long result;
        do {
            result = call.invoke(descriptor, headers, third, fourth, 0, 0);
        } while (result == -Errno.EINTR);
        return result;
    }
}
