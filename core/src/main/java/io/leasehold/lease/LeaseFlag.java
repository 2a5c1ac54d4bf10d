package io.leasehold.lease;

/// How a lease is acquired; flags are or-ed together.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=sf_buf&sektion=9">sf_buf(9)</a>
public final class LeaseFlag {

    /// Waits without regard to interrupts until there is a window, and never gives up (SFB_DEFAULT).
    public static final int DEFAULT = 0;

    /// Gives up if the thread is interrupted while it waits; the interrupt stays pending (SFB_CATCH).
    public static final int CATCH = 1;

    /// Confines the lease to the acquiring thread, which makes it cheaper; every use from another thread throws
    /// (SFB_CPUPRIVATE).
    public static final int CPUPRIVATE = 2;

    /// Gives up instead of waiting; wins over [#CATCH] (SFB_NOWAIT).
    public static final int NOWAIT = 4;

    private static final int ALL = CATCH | CPUPRIVATE | NOWAIT;

    private LeaseFlag() {}

    /// @throws IllegalArgumentException if there are other bits than those above
    static void check(int flags) {
        if ((flags & ~ALL) != 0) {
            throw new IllegalArgumentException("lease flags: 0x%x, bound=0x%x".formatted(flags, ALL));
        }
    }

    static boolean has(int flags, int flag) {
        return (flags & flag) != 0;
    }
}
