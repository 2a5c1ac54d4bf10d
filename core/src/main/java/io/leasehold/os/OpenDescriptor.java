package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.util.concurrent.atomic.AtomicInteger;

/// A file descriptor that threads use while another may close it; the last one out gives it back to the kernel.
///
/// ```text
///   uses:  0 --enter--> 1 --enter--> 2 --close--> CLOSED + 3 --leave--> ... --leave--> CLOSED: close(2), once
///                                                 (the closer is one of them)
/// ```
///
/// Without this a thread could receive from a socket that was opened a moment ago by somebody else, since the kernel
/// gives the smallest free number to the next.
///
/// **Ownership.** Owns the descriptor.
///
/// **Threads.** Thread-safe and lock-free.
///
/// **Invariants.** I1: between a successful [#tryEnter] and its [#leave] the descriptor is open. I2: it is given back
/// once.
final class OpenDescriptor {

    /// The sign bit, over the count of uses.
    private static final int CLOSED = Integer.MIN_VALUE;

    private static final int SHUT_RDWR = 2;

    private final int number; // (C)
    private final AtomicInteger uses = new AtomicInteger(); // (A)

    OpenDescriptor(int number) {
        this.number = number;
    }

    /// {@return the descriptor, to be used between [#tryEnter] and [#leave]}
    int number() {
        return number;
    }

    /// {@return whether it is open, and then in use until [#leave]}
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
    /// @throws SystemCallException if it was the last of a closed descriptor, and the kernel reports an error
    void leave() {
        if (uses.decrementAndGet() == CLOSED) {
            long result = KernelHoldings.closeDescriptor(number);
            if (result < 0 && result != -Errno.EINTR) {
                throw new SystemCallException("close", "descriptor=" + number, (int) -result);
            }
        }
    }

    /// Lets nobody in any more and wakes those who wait in poll(2). Does nothing the second time.
    ///
    /// @throws SystemCallException if nobody is in, and the kernel reports an error
    void close() {
        int seen = uses.get();
        while (seen >= 0) {
            int witness = uses.compareAndExchange(seen, (seen + 1) | CLOSED);
            if (witness == seen) {
                if (seen > 0) {
                    // Of a socket that is not connected it says ENOTCONN, and wakes them all the same.
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
