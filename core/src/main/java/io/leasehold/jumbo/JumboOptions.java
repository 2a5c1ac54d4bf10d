package io.leasehold.jumbo;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.OptionChecks;
import org.jspecify.annotations.Nullable;

/// Options that a pool is opened with. Start from [#defaults()] and change what differs.
///
/// @param name name in messages, in statistics and among the owners of the arena
/// @param bufferSize size of a page
/// @param slabByteSize size of a slab in bytes: a power of two from 256 KiB to 2 MiB. The pool grows and shrinks by
///     slabs
/// @param initialPages number of pages from the start, and minimum number; rounded up to whole slabs
/// @param maxPages maximum number of pages in the pool, or 0 for as many as the arena has room for. Stolen pages are
///     not in the pool
/// @param watermarks limits for pages in use and the listener, or null for none
/// @param shards maximum number of threads with a queue for the pages that other threads free. The other threads share
///     the slab pool
public record JumboOptions(
        String name,
        BufferSize bufferSize,
        int slabByteSize,
        int initialPages,
        int maxPages,
        @Nullable Watermarks watermarks,
        int shards) {

    private static final int MIN_SLAB_BYTES = 256 << 10;

    /// The largest slab in bytes. Slabs lie at multiples of their size, and an arena aligns to at most 2 MiB.
    private static final int MAX_SLAB_BYTES = 2 << 20;

    private static final int MAX_SHARDS = 1 << 10;

    /// Twice the number of event loops that Netty starts for each CPU.
    private static final int SHARDS_PER_CPU = 4;

    private static final JumboOptions DEFAULTS = new JumboOptions(
            "jumbo",
            BufferSize.KIB_4,
            MAX_SLAB_BYTES,
            0,
            0,
            null,
            Math.min(MAX_SHARDS, SHARDS_PER_CPU * Runtime.getRuntime().availableProcessors()));

    /// Limits for the number of pages in use. Armed pages do not count, because they stay with the kernel as long as a
    /// thread wants to receive. No reader could give one back.
    ///
    /// @param low low watermark: pressure ends when the number of pages in use falls to this value
    /// @param high high watermark: pressure begins when the number of pages in use reaches this value
    /// @param listener the listener that is notified when pressure begins and ends
    public record Watermarks(int low, int high, PressureListener listener) {

        /// Checks the values.
        ///
        /// @throws IllegalArgumentException unless `0 <= low < high`
        public Watermarks {
            if (low < 0 || low >= high) {
                throw new IllegalArgumentException("watermarks are out of order: low=" + low + ", high=" + high
                        + ", min=0; choose low below high");
            }
        }
    }

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if a value is out of range; the message names the value and its limits
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

    /// {@return options for pages of 4 KiB in slabs of 2 MiB, without initial pages, limited only by the arena}
    public static JumboOptions defaults() {
        return DEFAULTS;
    }

    /// {@return these options with another name}
    ///
    /// @param newName the value to use instead
    public JumboOptions withName(String newName) {
        return new JumboOptions(newName, bufferSize, slabByteSize, initialPages, maxPages, watermarks, shards);
    }

    /// {@return these options with another page size}
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

    /// {@return these options with other limits on the number of pages}
    ///
    /// @param newInitialPages number of pages from the start, and minimum number
    /// @param newMaxPages maximum number of pages, or 0 for as many as the arena has room for
    public JumboOptions withPages(int newInitialPages, int newMaxPages) {
        return new JumboOptions(name, bufferSize, slabByteSize, newInitialPages, newMaxPages, watermarks, shards);
    }

    /// {@return these options with watermarks}
    ///
    /// @param low low watermark: pressure ends when the number of pages in use falls to this value
    /// @param high high watermark: pressure begins when the number of pages in use reaches this value
    /// @param listener the listener that is notified when pressure begins and ends
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

    /// {@return the number of pages in a slab}
    int pagesPerSlab() {
        return slabByteSize / bufferSize.byteSize();
    }
}
