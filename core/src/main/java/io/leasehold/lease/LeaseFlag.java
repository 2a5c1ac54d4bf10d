package io.leasehold.lease;

import static io.leasehold.text.Texts.format;

/// Flags for acquiring a lease. Flags are or-ed together.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=sf_buf&sektion=9">sf_buf(9)</a>
public final class LeaseFlag {

    /// Waits until there is a window, ignoring interrupts (SFB_DEFAULT).
    public static final int DEFAULT = 0;

    /// Gives up if the thread is interrupted while it waits. The interrupt status stays set (SFB_CATCH).
    public static final int CATCH = 1;

    /// Confines the lease to the acquiring thread (SFB_CPUPRIVATE).
    ///
    /// A confined [Lease] of a direct map costs less. Every use by another thread throws.
    public static final int CPUPRIVATE = 2;

    /// Gives up instead of waiting (SFB_NOWAIT). Takes precedence over [#CATCH].
    public static final int NOWAIT = 4;

    private static final int ALL = CATCH | CPUPRIVATE | NOWAIT;

    private LeaseFlag() {}

    /// Checks that only the bits above are set.
    ///
    /// @throws IllegalArgumentException if other bits are set
    static void check(int flags) {
        if ((flags & ~ALL) != 0) {
            throw new IllegalArgumentException(format("lease flags are unknown: flags=0x%x, max=0x%x", flags, ALL));
        }
    }

    static boolean has(int flags, int flag) {
        return (flags & flag) != 0;
    }
}
