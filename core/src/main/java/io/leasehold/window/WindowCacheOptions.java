package io.leasehold.window;

import io.leasehold.holder.Tag;
import io.leasehold.memory.Alignment;
import io.leasehold.memory.OptionChecks;
import org.jspecify.annotations.Nullable;

/// Options of a cache of windows; start from [#builder()] and set what differs.
///
/// Each window and each extent is a mapping of the kernel. All are charged when the cache opens, used or not. They are
/// charged to the mapping budget of the process: a quarter of the mappings that the kernel allows. A mapping costs no
/// memory by itself: the bytes belong to the file, in the page cache.
///
/// Windows and extents take addresses too, by default 4.5 GiB. If the process may not reserve twice that many
/// (`ulimit -v`), the cache has fewer of them: half, a quarter and so on, but at least one.
///
/// @param name name in messages and statistics
/// @param windows number of recycled windows, from 1 to 1,048,576, or 0 for none
/// @param windowByteSize size of a window in bytes, a power of two, from an OS page to 1 TiB. Windows of 64 KiB pay off
///     from a hit rate of 98 % on. Windows of 2 MiB, which the kernel maps in one piece if the file was written in
///     large pieces, pay off from about 10 % on
/// @param extents number of extents for files that are mapped whole, from 1 to 1,048,576, or 0 for none
/// @param extentByteSize size of an extent in bytes, a power of two, from `windowByteSize` to 1 TiB
/// @param directByteSize size in bytes of the largest file of the tier AUTO that the cache maps whole, at least 0
/// @param dirtyByteSize number of dirty bytes of a file, counted in whole pages and at least 1, at which write-back to
///     the disk starts. As many again may be in flight, and one window more; then the writer waits for the disk. Stores
///     through a window count when it is released
/// @param tag tag under which the mapped windows and extents count in `io.leasehold.observe`, at most 100 characters;
///     null for the tag of the opening thread, or else the name
public record WindowCacheOptions(
        String name,
        int windows,
        long windowByteSize,
        int extents,
        long extentByteSize,
        long directByteSize,
        long dirtyByteSize,
        @Nullable String tag) {

    private static final WindowCacheOptions DEFAULTS =
            new WindowCacheOptions("windows", 256, 2 << 20, 64, 64 << 20, 1L << 30, 8 << 20, null);

    private static final int MAX_SLOTS = 1 << 20;
    private static final long MAX_SLOT_BYTES = 1L << 40;

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if a value is out of its limits; the message names it
    public WindowCacheOptions {
        OptionChecks.name(name);
        checkCount("windows", windows);
        checkCount("extents", extents);
        Alignment.check("windowByteSize", windowByteSize, 1, MAX_SLOT_BYTES);
        Alignment.check("extentByteSize", extentByteSize, 1, MAX_SLOT_BYTES);
        if (extentByteSize < windowByteSize) {
            throw new IllegalArgumentException("an extent is shorter than a window: extentByteSize=" + extentByteSize
                    + ", windowByteSize=" + windowByteSize + "; choose longer extents or shorter windows");
        }
        OptionChecks.atLeast("directByteSize", directByteSize, 0);
        OptionChecks.atLeast("dirtyByteSize", dirtyByteSize, 1);
        Tag.check(tag);
    }

    /// {@return 256 windows of 2 MiB, and 64 extents of 64 MiB for files of up to 1 GiB}
    public static WindowCacheOptions defaults() {
        return DEFAULTS;
    }

    /// {@return a builder with the default options}
    public static Builder builder() {
        return DEFAULTS.toBuilder();
    }

    /// {@return a builder with these options}
    public Builder toBuilder() {
        return new Builder(this);
    }

    private static void checkCount(String what, int count) {
        if (count < 0 || count > MAX_SLOTS) {
            throw new IllegalArgumentException(
                    "number is out of range: " + what + "=" + count + ", min=0, max=" + MAX_SLOTS);
        }
    }

    /// Collects options. [#build] checks them.
    ///
    /// **Threads.** For one thread.
    public static final class Builder {

        private String name;
        private int windows;
        private long windowByteSize;
        private int extents;
        private long extentByteSize;
        private long directByteSize;
        private long dirtyByteSize;
        private @Nullable String tag;

        private Builder(WindowCacheOptions from) {
            this.name = from.name;
            this.windows = from.windows;
            this.windowByteSize = from.windowByteSize;
            this.extents = from.extents;
            this.extentByteSize = from.extentByteSize;
            this.directByteSize = from.directByteSize;
            this.dirtyByteSize = from.dirtyByteSize;
            this.tag = from.tag;
        }

        /// Sets the name of the cache.
        ///
        /// @param name name in messages and statistics
        /// @return this builder
        public Builder name(String name) {
            this.name = name;
            return this;
        }

        /// Sets the recycled windows.
        ///
        /// @param windows number of windows
        /// @param windowByteSize size of a window in bytes, a power of two
        /// @return this builder
        public Builder windows(int windows, long windowByteSize) {
            this.windows = windows;
            this.windowByteSize = windowByteSize;
            return this;
        }

        /// Sets the extents.
        ///
        /// @param extents number of extents
        /// @param extentByteSize size of an extent in bytes, a power of two of at least `windowByteSize`
        /// @return this builder
        public Builder extents(int extents, long extentByteSize) {
            this.extents = extents;
            this.extentByteSize = extentByteSize;
            return this;
        }

        /// Sets the limit for files that the cache maps whole.
        ///
        /// @param directByteSize size of the largest such file in bytes
        /// @return this builder
        public Builder directByteSize(long directByteSize) {
            this.directByteSize = directByteSize;
            return this;
        }

        /// Sets the limit for dirty bytes.
        ///
        /// @param dirtyByteSize number of dirty bytes of a file at which write-back starts
        /// @return this builder
        public Builder dirtyByteSize(long dirtyByteSize) {
            this.dirtyByteSize = dirtyByteSize;
            return this;
        }

        /// Sets the tag under which the mapped windows and extents count in `io.leasehold.observe`.
        ///
        /// @param tag the tag, at most 100 characters, or null for the tag of the opening thread, or else the name
        /// @return this builder
        public Builder tag(@Nullable String tag) {
            this.tag = tag;
            return this;
        }

        /// {@return the options}
        ///
        /// @throws IllegalArgumentException if a value is out of range, naming the value and the limit
        public WindowCacheOptions build() {
            return new WindowCacheOptions(
                    name, windows, windowByteSize, extents, extentByteSize, directByteSize, dirtyByteSize, tag);
        }
    }
}
