package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.util.concurrent.atomic.AtomicInteger;

/// A file descriptor that threads use while another thread may close it. The last use ends with close(2).
///
/// ```text
///   uses:  0 --enter--> 1 --enter--> 2 --close--> CLOSED + 3 --leave--> ... --leave--> CLOSED: close(2), once
///                                                 (the closing thread is one of the uses)
/// ```
///
/// Without this class a thread could receive from a socket that another owner has just opened, because the kernel gives
/// the smallest free number to the next file.
///
/// **Ownership.** Owns the descriptor.
///
/// **Threads.** Thread-safe and lock-free.
///
/// **Invariants.** I1: between a successful [#tryEnter] and its [#leave] the descriptor is open. I2: the descriptor is
/// closed once.
final class OpenDescriptor {

    /// The sign bit. The other bits are the number of uses.
    private static final int CLOSED = Integer.MIN_VALUE;

    private static final int SHUT_RDWR = 2;

    private final int number; // (C)
    private final AtomicInteger uses = new AtomicInteger(); // (A)

    OpenDescriptor(int number) {
        this.number = number;
    }

    /// {@return the descriptor; it may be used between [#tryEnter] and [#leave]}
    int number() {
        return number;
    }

    /// Starts a use, which lasts until [#leave].
    ///
    /// @return true if the descriptor is open
    boolean tryEnter() {
        int seen = uses.get();
        while (seen >= 0) {
            int witness = uses.compareAndExchange(seen, seen + 1);
            if (witness == seen) {
                return true;
            }
            seen = witness;
        }
        return false;
    }

    /// Ends a use.
    ///
    /// @throws SystemCallException if it was the last use of a closed descriptor, and the kernel reports an error
    void leave() {
        if (uses.decrementAndGet() == CLOSED) {
            long result = KernelHoldings.closeDescriptor(number);
            if (result < 0 && result != -Errno.EINTR) {
                throw new SystemCallException("close", "descriptor=" + number, (int) -result);
            }
        }
    }

    /// Closes the descriptor: no new use can start, and threads that wait in poll(2) are woken. A second call has no
    /// effect.
    ///
    /// @throws SystemCallException if the descriptor is not in use, and the kernel reports an error
    void close() {
        int seen = uses.get();
        while (seen >= 0) {
            int witness = uses.compareAndExchange(seen, (seen + 1) | CLOSED);
            if (witness == seen) {
                if (seen > 0) {
                    // If the socket is not connected, the result is ENOTCONN, but the threads are woken even so.
                    LinuxCall.SHUTDOWN.invoke(number, SHUT_RDWR, 0);
                }
                leave();
                return;
            }
            seen = witness;
        }
    }

    boolean isClosed() {
        return uses.get() < 0;
    }

    @Override
    public String toString() {
        return "OpenDescriptor(number=" + number + ", isClosed=" + isClosed() + ")";
    }
}
