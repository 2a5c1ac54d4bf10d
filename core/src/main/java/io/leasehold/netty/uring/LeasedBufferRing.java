package io.leasehold.netty.uring;

import static io.leasehold.text.Texts.format;

import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.memory.StackReserve;
import io.leasehold.memory.StripedCounter;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.uring.IoUringBufferRingAllocator;
import io.netty.channel.uring.IoUringBufferRingConfig;
import org.jspecify.annotations.Nullable;

/// Pages for the kernel to read into: Netty's io_uring fills its rings of buffers from this object.
///
/// ```text
///   allocate ---> page, armed ---> the kernel fills it ---> a read ---> small: copied, the page is armed again
///      |                                                       |
///      +---> no page: buffer of the allocator,                 +------> else the page's own buffer ---> holders
///            unpooled buffer; counted                                        the last release ---> page is free
/// ```
///
/// One ring serves all event loops of a group, or of several groups.
///
/// **Ownership.** The caller that opened the ring closes it. It closes the ring after the event loops, which have armed
/// pages, after the last buffer was released, and before the allocator. Buffers may outlive the event loops, and any
/// thread releases them.
///
/// **Threads.** Thread-safe. No thread waits for a page.
public final class LeasedBufferRing implements IoUringBufferRingAllocator, AutoCloseable {

    /// Layers that check the stack while a page is allocated or freed: this one, the pool, and the arena.
    static final int LAYERS = 3;

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final LeasedByteBufAllocator allocator; // (C)
    private final LeasedBufferRingOptions options; // (C)
    private final AutoReadThrottle throttle = new AutoReadThrottle(); // (C)
    private final FallbackBuffers fallback; // (C)
    private final JumboPool<ArmedPage> ring; // (C)
    private final StripedCounter reads = new StripedCounter(); // (A)
    private final StripedCounter readBytes = new StripedCounter(); // (A)
    private final StripedCounter copies = new StripedCounter(); // (A)
    private final StripedCounter slices = new StripedCounter(); // (A)
    private volatile boolean incremental; // (A) never reset
    private volatile boolean warned; // (A) racy on purpose: a repeated failure would flood the log

    private LeasedBufferRing(LeasedByteBufAllocator allocator, LeasedBufferRingOptions given) {
        LeasedBufferRingOptions options =
                given.within(allocator.arena().options().byteSize());
        this.allocator = allocator;
        this.options = options;
        this.fallback = new FallbackBuffers(allocator);
        JumboOptions pages = JumboOptions.builder()
                .name(options.name())
                .tag(options.tag())
                .bufferSize(options.bufferSize())
                .slabByteSize(options.slabByteSize())
                .pages(0, options.pageBound())
                .watermarks(options.lowWatermark(), options.highWatermark(), throttle)
                .build();
        this.ring = JumboPool.open(
                allocator.arena(),
                pages,
                (from, page, address, byteSize) -> new ArmedPage(this, from, address, byteSize));
    }

    /// Opens a ring with the default options.
    ///
    /// @param allocator its arena provides the pages; it also allocates the buffers that small reads are copied to
    /// @return the ring, to be closed by the caller before the allocator
    /// @throws IllegalArgumentException if the limit of the arena is less than one slab
    /// @throws IllegalStateException if the allocator is closed
    public static LeasedBufferRing open(LeasedByteBufAllocator allocator) {
        return open(allocator, LeasedBufferRingOptions.defaults());
    }

    /// Opens a ring. No page is allocated yet.
    ///
    /// @param allocator its arena provides the pages; it also allocates the buffers that small reads are copied to
    /// @param options sizes and limits
    /// @return the ring, to be closed by the caller before the allocator
    /// @throws IllegalArgumentException if the arena's pages are too large for the ring's slabs, if the arena's limit
    ///     is less than one slab, or if a watermark is too high for that limit
    /// @throws IllegalStateException if the allocator is closed
    public static LeasedBufferRing open(LeasedByteBufAllocator allocator, LeasedBufferRingOptions options) {
        return new LeasedBufferRing(allocator, options);
    }

    /// {@return the configuration for `IoUringIoHandlerConfig`: with the depth of the options, and a page for each
    /// read}
    ///
    /// Other configurations that use this ring as their allocator work too, incremental or not.
    ///
    /// @param bufferGroupId number by which channels select the ring, at least 0
    /// @throws IllegalArgumentException if the number is negative
    public IoUringBufferRingConfig config(short bufferGroupId) {
        return IoUringBufferRingConfig.builder()
                .bufferGroupId(bufferGroupId)
                .bufferRingSize((short) options.ringDepth())
                .batchSize(options.ringDepth())
                .incremental(false)
                .allocator(this)
                .build();
    }

    /// {@return a handler that stops a channel from reading while too many pages are in use; one instance for all
    /// pipelines}
    public AutoReadThrottle throttle() {
        return throttle;
    }

    /// {@return an allocator that reads into pages of this ring without io_uring, for
    /// `ChannelOption.RECVBUF_ALLOCATOR`}
    public RecvByteBufAllocator recvByteBufAllocator() {
        return new PagedRecvByteBufAllocator(this);
    }

    /// {@return a page for the kernel, or another buffer of the same length if the limit leaves no page}
    ///
    /// If there is no page, for any reason, the other buffer is one of the allocator, or else an unpooled one, which is
    /// shorter if little direct memory is left. A closed ring or a closed allocator does not make this method fail.
    ///
    /// @throws OutOfMemoryError if all of these fail: the Java heap has no space for a buffer object, or the process
    ///     has less than 512 bytes of direct memory left. No page is lost then
    @Override
    public ByteBuf allocate() {
        ByteBuf page = tryArm();
        return page == null ? fallback.allocate(pageByteSize()) : page;
    }

    private @Nullable ByteBuf tryArm() {
        StackReserve.ensure(LAYERS); // an overflow after the allocation would lose the page
        long handle = JumboPool.NONE;
        try {
            handle = ring.tryAllocate();
            if (handle < 0) {
                return null;
            }
            ArmedPage page = ring.object(handle);
            ring.arm(handle);
            page.arm(handle);
            return page;
        } catch (RuntimeException | OutOfMemoryError e) { // an exception here would make Netty lose bytes
            discard(handle, e);
            return null;
        }
    }

    /// {@return an empty buffer over a page, for a reader other than io_uring; null if there is no page, or the ring is
    /// closed}
    @Nullable ByteBuf tryAllocateBuffer() {
        StackReserve.ensure(LAYERS);
        long handle = JumboPool.NONE;
        try {
            handle = ring.tryAllocate();
            return handle < 0 ? null : ring.object(handle).buffer(handle);
        } catch (RuntimeException | OutOfMemoryError e) { // after an exception the event loop would retry without end
            discard(handle, e);
            return null;
        }
    }

    /// Frees a page that no caller gets, if there is one, and logs the reason.
    private void discard(long handle, Throwable cause) {
        if (handle >= 0) {
            ring.free(handle); // first: on a full Java heap the log fails too
        }
        warn(cause);
    }

    /// Counts a read.
    @Override
    public void lastBytesRead(int attempted, int actual) {
        reads.increment();
        readBytes.add(actual);
    }

    /// {@return a copy of the bytes of a small read; null if the read is not small, or there is no memory}
    @Nullable ByteBuf tryCopySmall(long address, int byteSize) {
        if (byteSize > options.copyByteSize()) {
            return null;
        }
        ByteBuf copy = fallback.tryCopy(address, byteSize);
        if (copy != null) {
            copies.increment();
        }
        return copy;
    }

    /// {@return a copy of the bytes of a read; used if the buffer of the page is already in use}
    ByteBuf copy(long address, int byteSize) {
        copies.increment();
        return fallback.copy(address, byteSize);
    }

    LeasedByteBufAllocator allocator() {
        return allocator;
    }

    boolean isIncremental() {
        return incremental;
    }

    /// Records that a page in the kernel's ring is read more than once.
    void noteIncremental() {
        incremental = true;
    }

    void noteSlice() {
        slices.increment();
    }

    /// {@return the length of a page in bytes}
    public int pageByteSize() {
        return ring.pageByteSize();
    }

    /// {@return the options of this ring}
    public LeasedBufferRingOptions options() {
        return options;
    }

    /// {@return a snapshot of the statistics; may be stale; takes time in proportion to the number of threads}
    public LeasedBufferRingStats stats() {
        return new LeasedBufferRingStats(
                ring.stats(),
                new LeasedBufferRingStats.Reads(reads.sum(), readBytes.sum(), copies.sum(), slices.sum()),
                new LeasedBufferRingStats.Fallbacks(fallback.leased(), fallback.unpooled()),
                throttle.throttlings());
    }

    /// Gives back every slab of which no page is in use.
    ///
    /// @return number of bytes given back to the arena
    public long trim() {
        return ring.trim();
    }

    /// Closes the ring and gives all its pages back to the arena. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if pages are armed or in use, naming some; nothing is changed then
    /// @throws io.leasehold.error.SystemCallException if the kernel does not unlock pages; the ring is closed, and
    ///     closing can be repeated
    @Override
    public void close() {
        ring.close();
    }

    /// Closes the ring even if pages are armed or in use. Call it only if neither the kernel nor any thread writes to
    /// one of these pages again.
    ///
    /// @return number of pages that were armed or in use
    /// @throws io.leasehold.error.SystemCallException if the kernel does not unlock pages; the ring is closed, and
    ///     closing can be repeated
    public int closeForcibly() {
        return ring.closeForcibly();
    }

    private void warn(Throwable e) {
        if (!warned) {
            warned = true;
            try {
                LOG.log(System.Logger.Level.WARNING, "no page for the kernel: ring=" + options.name() + ", cause=" + e);
            } catch (Throwable ignored) {
                // the failure of a log must not make Netty lose bytes either
            }
        }
    }

    @Override
    public String toString() {
        return format("LeasedBufferRing(%s, of %s)", ring, allocator);
    }
}
