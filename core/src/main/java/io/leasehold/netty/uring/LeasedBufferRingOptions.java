package io.leasehold.netty.uring;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.memory.OptionChecks;
import io.netty.util.NettyRuntime;

/// The options of a ring for io_uring. Start from [#defaults()] and change the values that differ.
///
/// Pages in use are pages that have holders; armed pages are not among them.
///
/// @param name name in messages, statistics and the arena's list of owners
/// @param bufferSize length of a page, which is the maximum length of one read
/// @param slabByteSize number of bytes by which the ring grows and shrinks: a power of two from 256 KiB to 2 MiB
/// @param maxPages maximum number of pages in use at once, in addition to armed pages; 0 for 64 MiB of pages
/// @param lowPages low watermark: pressure ends when the number of pages in use falls to this value; 0 for half of the
///     maximum
/// @param highPages high watermark: pressure begins when the number of pages in use rises to this value; 0 for three
///     quarters of the maximum
/// @param eventLoops maximum number of event loops with armed pages; 0 for the number that Netty starts, two a
///     processor. If there are more, fewer pages can be in use
/// @param depth number of pages that an event loop has armed, a power of two from 2 to 16,384; 0 for half of a common
///     second-level cache, 512 KiB, but at most 128. From 128 on [AutoReadThrottle] stops multishot reads at once
/// @param copyByteSize reads of at most this many bytes are copied out of their page; 0 for none
public record LeasedBufferRingOptions(
        String name,
        BufferSize bufferSize,
        int slabByteSize,
        int maxPages,
        int lowPages,
        int highPages,
        int eventLoops,
        int depth,
        int copyByteSize) {

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
            "io_uring", BufferSize.KIB_16, JumboOptions.defaults().slabByteSize(), 0, 0, 0, 0, 0, DEFAULT_COPY_BYTES);

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if a value is not allowed, naming the value and its limits
    public LeasedBufferRingOptions {
        OptionChecks.name(name);
        JumboOptions.defaults().withSlabByteSize(slabByteSize); // which checks it
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
        OptionChecks.range("lowPages", lowPages == 0 ? low(bound) : lowPages, 0, high - 1);
        OptionChecks.range("copyByteSize", copyByteSize, 0, bufferSize.byteSize());
    }

    /// {@return options with pages of 16 KiB, of which at most 64 MiB are in use}
    public static LeasedBufferRingOptions defaults() {
        return DEFAULTS;
    }

    /// {@return these options with another name}
    ///
    /// @param newName the value to use instead
    public LeasedBufferRingOptions withName(String newName) {
        return new LeasedBufferRingOptions(
                newName, bufferSize, slabByteSize, maxPages, lowPages, highPages, eventLoops, depth, copyByteSize);
    }

    /// {@return these options with another page length}
    ///
    /// @param newBufferSize the value to use instead
    public LeasedBufferRingOptions withBufferSize(BufferSize newBufferSize) {
        return new LeasedBufferRingOptions(
                name, newBufferSize, slabByteSize, maxPages, lowPages, highPages, eventLoops, depth, copyByteSize);
    }

    /// {@return these options with another slab size in bytes}
    ///
    /// @param newSlabByteSize the value to use instead
    public LeasedBufferRingOptions withSlabByteSize(int newSlabByteSize) {
        return new LeasedBufferRingOptions(
                name, bufferSize, newSlabByteSize, maxPages, lowPages, highPages, eventLoops, depth, copyByteSize);
    }

    /// {@return these options with another maximum of pages, and other watermarks}
    ///
    /// @param newMaxPages maximum number of pages in use, or 0 for 64 MiB of pages
    /// @param newLowPages low watermark in pages, or 0 for half of the maximum
    /// @param newHighPages high watermark in pages, or 0 for three quarters of the maximum
    public LeasedBufferRingOptions withPages(int newMaxPages, int newLowPages, int newHighPages) {
        return new LeasedBufferRingOptions(
                name,
                bufferSize,
                slabByteSize,
                newMaxPages,
                newLowPages,
                newHighPages,
                eventLoops,
                depth,
                copyByteSize);
    }

    /// {@return these options with another number of event loops}
    ///
    /// @param newEventLoops the value to use instead
    public LeasedBufferRingOptions withEventLoops(int newEventLoops) {
        return new LeasedBufferRingOptions(
                name, bufferSize, slabByteSize, maxPages, lowPages, highPages, newEventLoops, depth, copyByteSize);
    }

    /// {@return these options with another number of pages that an event loop has armed}
    ///
    /// @param newDepth the value to use instead
    public LeasedBufferRingOptions withDepth(int newDepth) {
        return new LeasedBufferRingOptions(
                name, bufferSize, slabByteSize, maxPages, lowPages, highPages, eventLoops, newDepth, copyByteSize);
    }

    /// {@return these options with another maximum length of reads that are copied}
    ///
    /// @param newCopyByteSize the value to use instead
    public LeasedBufferRingOptions withCopyByteSize(int newCopyByteSize) {
        return new LeasedBufferRingOptions(
                name, bufferSize, slabByteSize, maxPages, lowPages, highPages, eventLoops, depth, newCopyByteSize);
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
        return lowPages == 0 ? low(bound(bufferSize, maxPages)) : lowPages;
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

    private static int low(int bound) {
        return bound / 2;
    }
}
