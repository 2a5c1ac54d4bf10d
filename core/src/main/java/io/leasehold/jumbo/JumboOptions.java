package io.leasehold.jumbo;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.OptionChecks;
import org.jspecify.annotations.Nullable;

/// What a pool is opened with; start from [#defaults()] and change what differs.
///
/// @param name for messages, statistics and the arena's list of owners
/// @param bufferSize how long pages are
/// @param slabByteSize by how much the pool grows and shrinks, in bytes: a power of two from 256 KiB to 2 MiB
/// @param initialPages how many pages there are from the start and at least; rounded up to whole slabs
/// @param maxPages how many pages may be in the pool at once, or 0 for as many as the arena has room for. Pages that
///     were stolen are not in the pool
/// @param watermarks when to raise, or null for never
/// @param shards how many threads get a pool of their own for what others free; the rest share the slab pool
public record JumboOptions(
        String name,
        BufferSize bufferSize,
        int slabByteSize,
        int initialPages,
        int maxPages,
        @Nullable Watermarks watermarks,
        int shards) {

    private static final int MIN_SLAB_BYTES = 256 << 10;

    /// Slabs lie at multiples of their size, and an arena aligns to no more than this.
    private static final int MAX_SLAB_BYTES = 2 << 20;

    private static final int MAX_SHARDS = 1 << 10;

    /// Twice the event loops that Netty starts.
    private static final int SHARDS_PER_CPU = 4;

    private static final JumboOptions DEFAULTS = new JumboOptions(
            "jumbo",
            BufferSize.KIB_4,
            MAX_SLAB_BYTES,
            0,
            0,
            null,
            Math.min(MAX_SHARDS, SHARDS_PER_CPU * Runtime.getRuntime().availableProcessors()));

    /// When a pool complains of too many pages with holders, and when it is content again. Pages that are armed have
    /// none: they stay with the kernel as long as somebody wants to receive, and no reader could give one back.
    ///
    /// @param low no more pages leased or held than this are few again
    /// @param high that many pages leased or held are too many
    /// @param listener whom to tell
    public record Watermarks(int low, int high, PressureListener listener) {

        /// Checks the values.
        ///
        /// @throws IllegalArgumentException unless `0 <= low < high`
        public Watermarks {
            if (low < 0 || low >= high) {
                throw new IllegalArgumentException("watermarks are not 0 <= low < high: low=" + low + ", high=" + high);
            }
        }
    }

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException naming the value and its bounds
    public JumboOptions {
        OptionChecks.name(name);
        Alignment.check("slabByteSize", slabByteSize);
        OptionChecks.range("slabByteSize", slabByteSize, MIN_SLAB_BYTES, MAX_SLAB_BYTES);
        OptionChecks.range("maxPages", maxPages, 0, JumboLayout.MAX_PAGES);
        OptionChecks.range("initialPages", initialPages, 0, maxPages == 0 ? JumboLayout.MAX_PAGES : maxPages);
        OptionChecks.range("shards", shards, 0, MAX_SHARDS);
        if (watermarks != null && maxPages != 0) {
            OptionChecks.range("watermarks.high", watermarks.high(), 1, maxPages);
        }
    }

    /// {@return pages of 4 KiB in slabs of 2 MiB, none at first and as many as the arena has room for}
    public static JumboOptions defaults() {
        return DEFAULTS;
    }

    /// {@return these options with another name}
    ///
    /// @param newName the value to use instead
    public JumboOptions withName(String newName) {
        return new JumboOptions(newName, bufferSize, slabByteSize, initialPages, maxPages, watermarks, shards);
    }

    /// {@return these options with another page class}
    ///
    /// @param newBufferSize the value to use instead
    public JumboOptions withBufferSize(BufferSize newBufferSize) {
        return new JumboOptions(name, newBufferSize, slabByteSize, initialPages, maxPages, watermarks, shards);
    }

    /// {@return these options with another slab size in bytes}
    ///
    /// @param newSlabByteSize the value to use instead
    public JumboOptions withSlabByteSize(int newSlabByteSize) {
        return new JumboOptions(name, bufferSize, newSlabByteSize, initialPages, maxPages, watermarks, shards);
    }

    /// {@return these options with other bounds on the number of pages}
    ///
    /// @param newInitialPages how many there are from the start and at least
    /// @param newMaxPages how many there may be, or 0 for as many as the arena has room for
    public JumboOptions withPages(int newInitialPages, int newMaxPages) {
        return new JumboOptions(name, bufferSize, slabByteSize, newInitialPages, newMaxPages, watermarks, shards);
    }

    /// {@return these options with watermarks}
    ///
    /// @param low no more pages leased or held than this are few again
    /// @param high that many pages leased or held are too many
    /// @param listener whom to tell
    public JumboOptions withWatermarks(int low, int high, PressureListener listener) {
        Watermarks marks = new Watermarks(low, high, listener);
        return new JumboOptions(name, bufferSize, slabByteSize, initialPages, maxPages, marks, shards);
    }

    /// {@return these options with another number of shards}
    ///
    /// @param newShards the value to use instead
    public JumboOptions withShards(int newShards) {
        return new JumboOptions(name, bufferSize, slabByteSize, initialPages, maxPages, watermarks, newShards);
    }

    /// {@return how many pages lie in a slab}
    int pagesPerSlab() {
        return slabByteSize / bufferSize.byteSize();
    }
}
