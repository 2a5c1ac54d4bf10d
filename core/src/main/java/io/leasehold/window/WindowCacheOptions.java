package io.leasehold.window;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.OptionChecks;

/// Options of a cache of windows; start from [#defaults()] and change what differs.
///
/// Each window and each extent is a mapping of the kernel. It is charged to the mapping account of the process when the
/// cache opens, used or not. A mapping costs no memory by itself: the bytes belong to the file, in the page cache.
///
/// @param name name in messages and statistics
/// @param windows number of recycled windows, 0 for none
/// @param windowByteSize size of a window in bytes, a power of two. Windows of 64 KiB pay off from a hit rate of 98 %
///     on. Windows of 2 MiB, which the kernel maps in one piece if the file was written in large pieces, pay off from
///     about 10 % on
/// @param extents number of extents for files that are mapped whole, 0 for none
/// @param extentByteSize size of an extent in bytes, a power of two of at least `windowByteSize`
/// @param directByteSize size in bytes of the largest file that the cache maps whole by itself
/// @param dirtyByteSize number of dirty bytes of a file, in pages, at which write-back to the disk starts. As many
///     again may be in flight, and one window more; then the writer waits for the disk. Stores through a window count
///     when it is released
public record WindowCacheOptions(
        String name,
        int windows,
        long windowByteSize,
        int extents,
        long extentByteSize,
        long directByteSize,
        long dirtyByteSize) {

    private static final WindowCacheOptions DEFAULTS =
            new WindowCacheOptions("windows", 256, 2 << 20, 64, 64 << 20, 1L << 30, 8 << 20);

    private static final int MAX_SLOTS = 1 << 20;
    private static final long MAX_SLOT_BYTES = 1L << 40;

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if a value is out of its limits; the message names it
    public WindowCacheOptions {
        checkCount("windows", windows);
        checkCount("extents", extents);
        Alignment.check("windowByteSize", windowByteSize);
        Alignment.check("extentByteSize", extentByteSize);
        if (extentByteSize < windowByteSize || extentByteSize > MAX_SLOT_BYTES) {
            throw new IllegalArgumentException("extents are too small or too large: extentByteSize=" + extentByteSize
                    + ", min=" + windowByteSize + ", max=" + MAX_SLOT_BYTES + ", windows=" + name);
        }
        OptionChecks.atLeast("directByteSize", directByteSize, 0);
        OptionChecks.atLeast("dirtyByteSize", dirtyByteSize, 1);
    }

    /// {@return 256 windows of 2 MiB, and 64 extents of 64 MiB for files of up to 1 GiB}
    public static WindowCacheOptions defaults() {
        return DEFAULTS;
    }

    /// {@return these options with another name}
    ///
    /// @param newName new value
    public WindowCacheOptions withName(String newName) {
        return new WindowCacheOptions(
                newName, windows, windowByteSize, extents, extentByteSize, directByteSize, dirtyByteSize);
    }

    /// {@return these options with other recycled windows}
    ///
    /// @param newWindows number of windows
    /// @param newWindowByteSize size of a window in bytes, a power of two. For a size above that of an extent, set the
    ///     extents first
    public WindowCacheOptions withWindows(int newWindows, long newWindowByteSize) {
        return new WindowCacheOptions(
                name, newWindows, newWindowByteSize, extents, extentByteSize, directByteSize, dirtyByteSize);
    }

    /// {@return these options with other extents}
    ///
    /// @param newExtents number of extents
    /// @param newExtentByteSize size of an extent in bytes, a power of two
    public WindowCacheOptions withExtents(int newExtents, long newExtentByteSize) {
        return new WindowCacheOptions(
                name, windows, windowByteSize, newExtents, newExtentByteSize, directByteSize, dirtyByteSize);
    }

    /// {@return these options with another limit for files that the cache maps whole}
    ///
    /// @param newDirectByteSize new value in bytes
    public WindowCacheOptions withDirectByteSize(long newDirectByteSize) {
        return new WindowCacheOptions(
                name, windows, windowByteSize, extents, extentByteSize, newDirectByteSize, dirtyByteSize);
    }

    /// {@return these options with another limit for dirty bytes}
    ///
    /// @param newDirtyByteSize new value in bytes
    public WindowCacheOptions withDirtyByteSize(long newDirtyByteSize) {
        return new WindowCacheOptions(
                name, windows, windowByteSize, extents, extentByteSize, directByteSize, newDirtyByteSize);
    }

    private static void checkCount(String what, int count) {
        if (count < 0 || count > MAX_SLOTS) {
            throw new IllegalArgumentException(
                    "number is out of range: " + what + "=" + count + ", min=0, max=" + MAX_SLOTS);
        }
    }
}
