package io.leasehold.jumbo;

import io.leasehold.holder.Tag;
import io.leasehold.memory.Alignment;
import io.leasehold.memory.OptionChecks;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Options that a pool is opened with. Start from [#builder()] and set what differs.
///
/// @param name name in messages, in statistics and among the owners of the arena
/// @param bufferSize size of a page
/// @param slabByteSize size of a slab in bytes: a power of two from 256 KiB to 2 MiB. The pool grows and shrinks by
///     slabs
/// @param initialPages number of pages from the start, rounded up to whole slabs; decay keeps as many, but a trim or a
///     request that finds no memory does not
/// @param maxPages maximum number of pages in the pool, or 0 for as many as the arena has room for. Stolen pages are
///     not in the pool
/// @param watermarks limits for pages in use and the listener, or null for none
/// @param shards maximum number of threads with a queue for the pages that other threads free. A page of any other
///     thread goes to the magazine of the thread that frees it, or to the slab pool
/// @param tag tag under which the pages count in `io.leasehold.observe`, at most 100 characters; null for the tag of
///     the opening thread, or else the name
public record JumboOptions(
        String name,
        BufferSize bufferSize,
        int slabByteSize,
        int initialPages,
        int maxPages,
        @Nullable Watermarks watermarks,
        int shards,
        @Nullable String tag) {

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
            Math.min(MAX_SHARDS, SHARDS_PER_CPU * Runtime.getRuntime().availableProcessors()),
            null);

    /// Limits for the number of pages in use. Armed pages do not count, because they stay with the kernel as long as a
    /// thread wants to receive. No reader could give an armed page back.
    ///
    /// Pressure also begins when an allocation finds no page while more than `low` pages are in use.
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
            Objects.requireNonNull(listener, "listener is null");
        }
    }

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if a value is out of range; the message names the value and its limits
    public JumboOptions {
        OptionChecks.name(name);
        Objects.requireNonNull(bufferSize, "bufferSize is null");
        Alignment.check("slabByteSize", slabByteSize, MIN_SLAB_BYTES, MAX_SLAB_BYTES);
        OptionChecks.range("maxPages", maxPages, 0, JumboLayout.MAX_PAGES);
        OptionChecks.range("initialPages", initialPages, 0, maxPages == 0 ? JumboLayout.MAX_PAGES : maxPages);
        OptionChecks.range("shards", shards, 0, MAX_SHARDS);
        Tag.check(tag);
        if (watermarks != null && maxPages != 0) {
            OptionChecks.range("watermarks.high", watermarks.high(), 1, maxPages);
        }
    }

    /// {@return options for pages of 4 KiB in slabs of 2 MiB, without initial pages, limited only by the arena}
    public static JumboOptions defaults() {
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

    /// {@return the number of pages in a slab}
    int pagesPerSlab() {
        return slabByteSize / bufferSize.byteSize();
    }

    /// Collects options. [#build] checks them.
    ///
    /// **Threads.** For one thread.
    public static final class Builder {

        private String name;
        private BufferSize bufferSize;
        private int slabByteSize;
        private int initialPages;
        private int maxPages;
        private @Nullable Watermarks watermarks;
        private int shards;
        private @Nullable String tag;

        private Builder(JumboOptions from) {
            this.name = from.name;
            this.bufferSize = from.bufferSize;
            this.slabByteSize = from.slabByteSize;
            this.initialPages = from.initialPages;
            this.maxPages = from.maxPages;
            this.watermarks = from.watermarks;
            this.shards = from.shards;
            this.tag = from.tag;
        }

        /// Sets the name of the pool.
        ///
        /// @param name name in messages and statistics
        /// @return this builder
        public Builder name(String name) {
            this.name = name;
            return this;
        }

        /// Sets the size of a page.
        ///
        /// @param bufferSize size of a page
        /// @return this builder
        public Builder bufferSize(BufferSize bufferSize) {
            this.bufferSize = bufferSize;
            return this;
        }

        /// Sets the size of a slab.
        ///
        /// @param slabByteSize size in bytes, a power of two from 256 KiB to 2 MiB
        /// @return this builder
        public Builder slabByteSize(int slabByteSize) {
            this.slabByteSize = slabByteSize;
            return this;
        }

        /// Sets the limits on the number of pages.
        ///
        /// @param initialPages number of pages from the start, which decay keeps
        /// @param maxPages maximum number of pages, or 0 for as many as the arena has room for
        /// @return this builder
        public Builder pages(int initialPages, int maxPages) {
            this.initialPages = initialPages;
            this.maxPages = maxPages;
            return this;
        }

        /// Sets watermarks, as [Watermarks] describes them.
        ///
        /// @param low low watermark: pressure ends when the number of pages in use falls to this value
        /// @param high high watermark: pressure begins when the number of pages in use reaches this value
        /// @param listener listener that is notified when pressure begins and ends
        /// @return this builder
        /// @throws IllegalArgumentException unless `0 <= low < high`
        public Builder watermarks(int low, int high, PressureListener listener) {
            this.watermarks = new Watermarks(low, high, listener);
            return this;
        }

        /// Sets the number of shards.
        ///
        /// @param shards maximum number of threads with a queue of their own, or 0 for none
        /// @return this builder
        public Builder shards(int shards) {
            this.shards = shards;
            return this;
        }

        /// Sets the tag under which the pages count in `io.leasehold.observe`.
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
        public JumboOptions build() {
            return new JumboOptions(name, bufferSize, slabByteSize, initialPages, maxPages, watermarks, shards, tag);
        }
    }
}
