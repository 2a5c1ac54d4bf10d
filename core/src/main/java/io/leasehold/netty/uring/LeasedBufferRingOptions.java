package io.leasehold.netty.uring;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.memory.OptionChecks;
import io.netty.util.NettyRuntime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The options of a ring for io_uring. Start from [#builder()] and set the values that differ.
///
/// Pages in use are pages that have holders; armed pages are not among them.
///
/// @param name name in messages, statistics and the arena's list of owners
/// @param bufferSize length of a page, which is the maximum length of one read
/// @param slabByteSize number of bytes by which the ring grows and shrinks: a power of two from 256 KiB to 2 MiB
/// @param maxPages maximum number of pages in use at once, in addition to armed pages; 0 for 64 MiB of pages, or half
///     of the memory of the allocator if that is less
/// @param lowPages low watermark: pressure ends when the number of pages in use falls to this value; 0 for half of the
///     maximum, but below the high watermark
/// @param highPages high watermark: pressure begins when the number of pages in use rises to this value; 0 for three
///     quarters of the maximum. Pressure also begins when no page is left and more than the low watermark are in use
/// @param eventLoops maximum number of event loops with armed pages; 0 for the number that Netty starts, two a
///     processor. If there are more, fewer pages can be in use
/// @param depth number of pages that an event loop has armed, a power of two from 2 to 16,384; 0 for half of a common
///     second-level cache, 512 KiB, but at most 128. From 128 on [AutoReadThrottle] stops multishot reads at once
/// @param copyByteSize reads of at most this many bytes are copied out of their page; 0 for none
/// @param tag tag under which the pages in use count in `io.leasehold.observe`, at most 100 characters; null for the
///     tag of the opening thread, or else the name
public record LeasedBufferRingOptions(
        String name,
        BufferSize bufferSize,
        int slabByteSize,
        int maxPages,
        int lowPages,
        int highPages,
        int eventLoops,
        int depth,
        int copyByteSize,
        @Nullable String tag) {

    private static final int BOUND_BYTES = 64 << 20;
    private static final int CACHE_BYTES = 512 << 10;

    /// Minimum depth at which a multishot read never finds the ring empty. The kernel was seen to fill 66 buffers in
    /// one go.
    private static final int DEEP_ENOUGH = 128;

    /// Maximum depth, because Netty numbers buffers with a signed `short`.
    private static final int MAX_DEPTH = 1 << 14;

    private static final int LOOPS_PER_CPU = 2;
    private static final int MAX_PAGES = 1 << 26;
    private static final int MAX_LOOPS = 1 << 12;

    /// A copy of this many bytes costs about as much as handing a page over and back.
    private static final int DEFAULT_COPY_BYTES = 256;

    private static final LeasedBufferRingOptions DEFAULTS = new LeasedBufferRingOptions(
            "io_uring",
            BufferSize.KIB_16,
            JumboOptions.defaults().slabByteSize(),
            0,
            0,
            0,
            0,
            0,
            DEFAULT_COPY_BYTES,
            null);

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if a value is not allowed, naming the value and its limits
    public LeasedBufferRingOptions {
        OptionChecks.name(name);
        Objects.requireNonNull(bufferSize, "bufferSize is null");
        JumboOptions.builder().slabByteSize(slabByteSize).tag(tag).build(); // which checks both
        OptionChecks.range("maxPages", maxPages, 0, MAX_PAGES);
        OptionChecks.range("eventLoops", eventLoops, 0, MAX_LOOPS);
        OptionChecks.range("depth", depth, 0, MAX_DEPTH);
        if (depth == 1 || Integer.bitCount(depth) > 1) {
            throw new IllegalArgumentException(
                    "depth is not a power of two: depth=" + depth + ", min=2, max=" + MAX_DEPTH);
        }
        int bound = bound(bufferSize, maxPages);
        int high = highPages == 0 ? high(bound) : highPages;
        OptionChecks.range("highPages", high, 1, bound);
        OptionChecks.range("lowPages", lowPages, 0, high - 1);
        OptionChecks.range("copyByteSize", copyByteSize, 0, bufferSize.byteSize());
    }

    /// {@return options with pages of 16 KiB, of which at most 64 MiB are in use}
    public static LeasedBufferRingOptions defaults() {
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

    /// {@return these options for an allocator: its memory limits the default number of pages, so that a load reaches
    /// the high watermark before there is no memory}
    ///
    /// @param byteLimit limit of the allocator's arena in bytes
    /// @throws IllegalArgumentException if a given watermark is too high then
    LeasedBufferRingOptions within(long byteLimit) {
        long most = Math.max(1, byteLimit / 2 / bufferSize.byteSize());
        return maxPages != 0 || most >= bound(bufferSize, 0)
                ? this
                : toBuilder().pages((int) most, lowPages, highPages).build();
    }

    /// {@return the number of pages that an event loop has armed, with the default filled in}
    int ringDepth() {
        return depth == 0 ? Math.min(DEEP_ENOUGH, Integer.highestOneBit(CACHE_BYTES / bufferSize.byteSize())) : depth;
    }

    /// {@return the maximum number of pages, armed pages included}
    int pageBound() {
        return bound(bufferSize, maxPages) + armed();
    }

    int highWatermark() {
        return highPages == 0 ? high(bound(bufferSize, maxPages)) : highPages;
    }

    int lowWatermark() {
        return lowPages == 0 ? Math.min(bound(bufferSize, maxPages) / 2, highWatermark() - 1) : lowPages;
    }

    /// {@return the number of pages that all event loops have armed}
    private int armed() {
        int loops = eventLoops == 0 ? LOOPS_PER_CPU * NettyRuntime.availableProcessors() : eventLoops;
        return loops * ringDepth();
    }

    private static int bound(BufferSize bufferSize, int maxPages) {
        return maxPages == 0 ? BOUND_BYTES / bufferSize.byteSize() : maxPages;
    }

    private static int high(int bound) {
        return bound - bound / 4;
    }

    /// Collects options. [#build] checks them.
    ///
    /// **Threads.** For one thread.
    public static final class Builder {

        private String name;
        private BufferSize bufferSize;
        private int slabByteSize;
        private int maxPages;
        private int lowPages;
        private int highPages;
        private int eventLoops;
        private int depth;
        private int copyByteSize;
        private @Nullable String tag;

        private Builder(LeasedBufferRingOptions from) {
            this.name = from.name;
            this.bufferSize = from.bufferSize;
            this.slabByteSize = from.slabByteSize;
            this.maxPages = from.maxPages;
            this.lowPages = from.lowPages;
            this.highPages = from.highPages;
            this.eventLoops = from.eventLoops;
            this.depth = from.depth;
            this.copyByteSize = from.copyByteSize;
            this.tag = from.tag;
        }

        /// Sets the name of the ring.
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

        /// Sets the maximum number of pages, and the watermarks.
        ///
        /// @param maxPages maximum number of pages in use, or 0 for 64 MiB of pages, but at most half of the memory of
        ///     the allocator
        /// @param lowPages low watermark in pages, or 0 for half of the maximum, but below the high watermark
        /// @param highPages high watermark in pages, or 0 for three quarters of the maximum
        /// @return this builder
        public Builder pages(int maxPages, int lowPages, int highPages) {
            this.maxPages = maxPages;
            this.lowPages = lowPages;
            this.highPages = highPages;
            return this;
        }

        /// Sets the number of event loops.
        ///
        /// @param eventLoops number of event loops, or 0 for the number that Netty starts
        /// @return this builder
        public Builder eventLoops(int eventLoops) {
            this.eventLoops = eventLoops;
            return this;
        }

        /// Sets how many pages an event loop has armed.
        ///
        /// @param depth number of pages, a power of two from 2 to 16,384, or 0 for a number that suits their size
        /// @return this builder
        public Builder depth(int depth) {
            this.depth = depth;
            return this;
        }

        /// Sets the maximum length of reads that are copied.
        ///
        /// @param copyByteSize length in bytes, at most a page; 0 to copy none
        /// @return this builder
        public Builder copyByteSize(int copyByteSize) {
            this.copyByteSize = copyByteSize;
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
        public LeasedBufferRingOptions build() {
            return new LeasedBufferRingOptions(
                    name,
                    bufferSize,
                    slabByteSize,
                    maxPages,
                    lowPages,
                    highPages,
                    eventLoops,
                    depth,
                    copyByteSize,
                    tag);
        }
    }
}
