package io.leasehold.window;

import io.leasehold.memory.Alignment;

/// What a cache of windows is opened with; start from [#defaults()] and change what differs.
///
/// Each window and each extent is a mapping of the kernel and is charged to the account of the process when the cache
/// opens, used or not. Neither costs memory by itself: the bytes are the file's, in the page cache.
///
/// @param name for messages and statistics
/// @param windows how many recycled windows, 0 for none
/// @param windowByteSize size of one in bytes, a power of two. A window of 64 KiB pays from a hit rate of 98 % on, one
///     of 2 MiB, which the kernel maps in one piece where a file was written in large ones, from about 10 % on
/// @param extents how many extents for files that are mapped whole, 0 for none
/// @param extentByteSize size of one in bytes, a power of two of at least `windowByteSize`
/// @param directByteSize the largest file in bytes that the cache maps whole by itself
/// @param dirtyByteSize how many bytes of a file are written before the kernel is told to start writing them to disk,
///     in pages. As many again may be under way, and one window more: then the writer waits for the disk. What is
///     stored counts when its window is released
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
    /// @throws IllegalArgumentException if one is out of its bounds, naming it
    public WindowCacheOptions {
        checkCount("windows", windows);
        checkCount("extents", extents);
        Alignment.check("windowByteSize", windowByteSize);
        Alignment.check("extentByteSize", extentByteSize);
        if (extentByteSize < windowByteSize || extentByteSize > MAX_SLOT_BYTES) {
            throw new IllegalArgumentException(
                    "extentByteSize: " + extentByteSize + ", bounds=" + windowByteSize + ".." + MAX_SLOT_BYTES);
        }
        if (directByteSize < 0 || dirtyByteSize <= 0) {
            throw new IllegalArgumentException("directByteSize is negative or dirtyByteSize is not positive: "
                    + directByteSize + ", " + dirtyByteSize);
        }
    }

    /// {@return 256 windows of 2 MiB, and 64 extents of 64 MiB for files of up to 1 GiB}
    public static WindowCacheOptions defaults() {
        return DEFAULTS;
    }

    /// {@return these options with another name}
    ///
    /// @param newName the value to use instead
    public WindowCacheOptions withName(String newName) {
        return new WindowCacheOptions(
                newName, windows, windowByteSize, extents, extentByteSize, directByteSize, dirtyByteSize);
    }

    /// {@return these options with other recycled windows}
    ///
    /// @param newWindows how many
    /// @param newWindowByteSize size of one in bytes, a power of two
    public WindowCacheOptions withWindows(int newWindows, long newWindowByteSize) {
        return new WindowCacheOptions(
                name,
                newWindows,
                newWindowByteSize,
                extents,
                Math.max(extentByteSize, newWindowByteSize),
                directByteSize,
                dirtyByteSize);
    }

    /// {@return these options with other extents}
    ///
    /// @param newExtents how many
    /// @param newExtentByteSize size of one in bytes, a power of two
    public WindowCacheOptions withExtents(int newExtents, long newExtentByteSize) {
        return new WindowCacheOptions(
                name, windows, windowByteSize, newExtents, newExtentByteSize, directByteSize, dirtyByteSize);
    }

    /// {@return these options with another bound on the files that the cache maps whole}
    ///
    /// @param newDirectByteSize the value to use instead
    public WindowCacheOptions withDirectByteSize(long newDirectByteSize) {
        return new WindowCacheOptions(
                name, windows, windowByteSize, extents, extentByteSize, newDirectByteSize, dirtyByteSize);
    }

    /// {@return these options with another bound on dirty bytes}
    ///
    /// @param newDirtyByteSize the value to use instead
    public WindowCacheOptions withDirtyByteSize(long newDirtyByteSize) {
        return new WindowCacheOptions(
                name, windows, windowByteSize, extents, extentByteSize, directByteSize, newDirtyByteSize);
    }

    private static void checkCount(String what, int count) {
        if (count < 0 || count > MAX_SLOTS) {
            throw new IllegalArgumentException(what + ": " + count + ", bounds=0.." + MAX_SLOTS);
        }
    }
}
