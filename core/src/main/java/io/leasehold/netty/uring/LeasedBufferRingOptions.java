package io.leasehold.netty.uring;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.memory.OptionChecks;
import io.netty.util.NettyRuntime;

/// What a ring for io_uring is opened with; start from [#defaults()] and change what differs.
///
/// @param name for messages, statistics and the arena's list of owners
/// @param bufferSize how long pages are: what is read at once at most
/// @param slabByteSize by how much the ring grows and shrinks, in bytes: a power of two from 256 KiB to 2 MiB
/// @param maxPages how many pages there may be with holders at once, besides those that are armed; 0 for as many as
///     64 MiB has
/// @param lowPages no more pages with holders than this are few again; 0 for half of the bound
/// @param highPages that many pages with holders are too many; 0 for three quarters of the bound
/// @param eventLoops how many event loops have pages armed at most; 0 for as many as Netty starts, two a processor. If
///     there are more, the pages that they have armed take the room of pages with holders
/// @param depth how many pages an event loop has armed, a power of two from 2 to 16,384; 0 for as many as half of a
///     common second-level cache holds, 512 KiB, and no more than 128. From 128 on [AutoReadThrottle] stops multishot
///     reads at once
/// @param copyByteSize reads of no more bytes are copied out of their page; 0 for none
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

    /// More than the kernel was seen to fill in one go, 66, so that it never finds the ring empty in the midst of one.
    private static final int DEEP_ENOUGH = 128;

    /// What Netty's signed number of a buffer has room for.
    private static final int MAX_DEPTH = 1 << 14;

    private static final int LOOPS_PER_CPU = 2;
    private static final int MAX_PAGES = 1 << 26;
    private static final int MAX_LOOPS = 1 << 12;

    /// Copying costs about as much as handing a page over and back.
    private static final int DEFAULT_COPY_BYTES = 256;

    private static final LeasedBufferRingOptions DEFAULTS = new LeasedBufferRingOptions(
            "io_uring", BufferSize.KIB_16, JumboOptions.defaults().slabByteSize(), 0, 0, 0, 0, 0, DEFAULT_COPY_BYTES);

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException naming the value and its bounds
    public LeasedBufferRingOptions {
        OptionChecks.name(name);
        JumboOptions.defaults().withSlabByteSize(slabByteSize); // which checks it
        OptionChecks.range("maxPages", maxPages, 0, MAX_PAGES);
        OptionChecks.range("eventLoops", eventLoops, 0, MAX_LOOPS);
        OptionChecks.range("depth", depth, 0, MAX_DEPTH);
        if (depth == 1 || Integer.bitCount(depth) > 1) {
            throw new IllegalArgumentException("depth is not a power of two from 2: depth=" + depth);
        }
        int bound = bound(bufferSize, maxPages);
        int high = highPages == 0 ? high(bound) : highPages;
        OptionChecks.range("highPages", high, 1, bound);
        OptionChecks.range("lowPages", lowPages == 0 ? low(bound) : lowPages, 0, high - 1);
        OptionChecks.range("copyByteSize", copyByteSize, 0, bufferSize.byteSize());
    }

    /// {@return pages of 16 KiB, at most 64 MiB of them with holders}
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

    /// {@return these options with another page class}
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

    /// {@return these options with another bound on pages, and watermarks}
    ///
    /// @param newMaxPages how many there may be, or 0 for as many as 64 MiB has
    /// @param newLowPages no more pages out than this are few again, or 0 for half of the bound
    /// @param newHighPages that many pages out are too many, or 0 for three quarters of the bound
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

    /// {@return these options with another bound on what is copied}
    ///
    /// @param newCopyByteSize the value to use instead
    public LeasedBufferRingOptions withCopyByteSize(int newCopyByteSize) {
        return new LeasedBufferRingOptions(
                name, bufferSize, slabByteSize, maxPages, lowPages, highPages, eventLoops, depth, newCopyByteSize);
    }

    /// {@return how many pages an event loop has armed, also if it was left open}
    int ringDepth() {
        return depth == 0 ? Math.min(DEEP_ENOUGH, Integer.highestOneBit(CACHE_BYTES / bufferSize.byteSize())) : depth;
    }

    /// {@return the bound on all pages, those included that are armed}
    int pageBound() {
        return bound(bufferSize, maxPages) + armed();
    }

    int highWatermark() {
        return highPages == 0 ? high(bound(bufferSize, maxPages)) : highPages;
    }

    int lowWatermark() {
        return lowPages == 0 ? low(bound(bufferSize, maxPages)) : lowPages;
    }

    /// {@return how many pages all event loops have armed, for which the bound has room besides}
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
