package io.leasehold.window;

/// What a window or a transfer is for; flags are or-ed together.
///
/// @see <a href="https://man.netbsd.org/ubc.9">ubc(9)</a>
public final class WindowFlag {

    /// The file is read (UBC_READ).
    public static final int READ = 0x1;

    /// The file is written (UBC_WRITE).
    public static final int WRITE = 0x2;

    /// The whole range is overwritten (UBC_FAULTBUSY), so nothing of it is read first. If its source fails, the range
    /// reads as zero from the window on that failed. For writing only.
    public static final int FAULTBUSY = 0x4;

    /// What is released is not kept for the next access and is the next to be recycled (UBC_UNMAP).
    public static final int UNMAP = 0x10;

    /// A transfer that fails midway is over, and returns how far it is certain to have come (UBC_PARTIALOK).
    public static final int PARTIALOK = 0x100;

    /// Gives up instead of waiting for a window. The original has no such flag, and waits.
    public static final int NOWAIT = 0x200;

    private static final int DIRECTIONS = READ | WRITE;

    private WindowFlag() {}

    static boolean has(int flags, int flag) {
        return (flags & flag) != 0;
    }

    /// @throws IllegalArgumentException if there are other bits than `allowed`, not just one of READ and WRITE, or
    ///     FAULTBUSY without WRITE
    static void checkTransfer(int flags, int allowed) {
        checkRelease(flags, allowed | DIRECTIONS);
        boolean oneWay = Integer.bitCount(flags & DIRECTIONS) == 1;
        if (!oneWay || (has(flags, FAULTBUSY) && !has(flags, WRITE))) {
            throw new IllegalArgumentException(
                    "window flags have not one of READ and WRITE, or FAULTBUSY without WRITE: 0x%x".formatted(flags));
        }
    }

    /// @throws IllegalArgumentException if there are other bits than `allowed`
    static void checkRelease(int flags, int allowed) {
        if ((flags & ~allowed) != 0) {
            throw new IllegalArgumentException("window flags: 0x%x, bound=0x%x".formatted(flags, allowed));
        }
    }
}
