package io.leasehold.window;

import static io.leasehold.text.Texts.format;

/// Flags of a window or a transfer; they are combined with `|`.
///
/// @see <a href="https://man.netbsd.org/ubc.9">ubc(9)</a>
public final class WindowFlag {

    /// The file is read (UBC_READ).
    public static final int READ = 0x1;

    /// The file is written (UBC_WRITE).
    public static final int WRITE = 0x2;

    /// The whole range is overwritten (UBC_FAULTBUSY), so none of it is read first. If the source fails, the range
    /// reads as zero from the failing window on. For writing only.
    public static final int FAULTBUSY = 0x4;

    /// The window is recycled before all others, unless it is accessed again before (UBC_UNMAP).
    public static final int UNMAP = 0x10;

    /// A transfer that fails midway ends, and returns how many bytes were certainly moved (UBC_PARTIALOK).
    public static final int PARTIALOK = 0x100;

    /// Returns without a window instead of waiting for one. The original has no such flag, and waits.
    public static final int NOWAIT = 0x200;

    private static final int DIRECTIONS = READ | WRITE;

    private WindowFlag() {}

    static boolean has(int flags, int flag) {
        return (flags & flag) != 0;
    }

    /// Checks the flags of a transfer or an allocation.
    ///
    /// @throws IllegalArgumentException if there are bits other than `allowed`, not exactly one of READ and WRITE, or
    ///     FAULTBUSY without WRITE
    static void checkTransfer(int flags, int allowed) {
        checkRelease(flags, allowed | DIRECTIONS);
        boolean oneWay = Integer.bitCount(flags & DIRECTIONS) == 1;
        if (!oneWay || (has(flags, FAULTBUSY) && !has(flags, WRITE))) {
            throw new IllegalArgumentException(
                    format("flags need exactly one of READ and WRITE, and WRITE with FAULTBUSY: flags=0x%x", flags));
        }
    }

    /// Checks that there are no unknown flags.
    ///
    /// @throws IllegalArgumentException if there are bits other than `allowed`
    static void checkRelease(int flags, int allowed) {
        if ((flags & ~allowed) != 0) {
            throw new IllegalArgumentException(
                    format("flags are not allowed here: flags=0x%x, allowed=0x%x", flags, allowed));
        }
    }
}
