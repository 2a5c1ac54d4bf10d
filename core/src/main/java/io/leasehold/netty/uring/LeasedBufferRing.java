package io.leasehold.netty.uring;

import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.uring.IoUringBufferRingAllocator;
import io.netty.channel.uring.IoUringBufferRingConfig;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// Pages for the kernel to read into: what Netty's io_uring fills its rings of buffers from.
///
/// ```text
///   allocate ---> page, armed ---> the kernel fills it ---> a read ---> small: copied, the page is armed again
///      |                                                       |
///      +---> none left: buffer of the allocator,               +------> else the page's own buffer ---> holders
///            unpooled buffer; counted                                        the last release ---> page is free
/// ```
///
/// One ring serves all event loops of a group, and several groups.
///
/// **Ownership.** Who opened it closes it: after the event loops, which have pages armed, after the last buffer was
/// released, and before the allocator. Buffers may outlive the event loops; any thread releases them.
///
/// **Threads.** Thread-safe. No thread waits for a page.
public final class LeasedBufferRing implements IoUringBufferRingAllocator, AutoCloseable {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final LeasedByteBufAllocator allocator; // (C)
    private final LeasedBufferRingOptions options; // (C)
    private final AutoReadThrottle gate = new AutoReadThrottle(); // (C)
    private final FallbackBuffers fallback; // (C)
    private final JumboPool<ArmedPage> ring; // (C)
    private final LongAdder reads = new LongAdder(); // (A)
    private final LongAdder readBytes = new LongAdder(); // (A)
    private final LongAdder copies = new LongAdder(); // (A)
    private final LongAdder slices = new LongAdder(); // (A)
    private volatile boolean incremental; // (A) once true it stays so
    private volatile boolean complained; // (A) racy on purpose: a repeated failure would flood the log

    private LeasedBufferRing(LeasedByteBufAllocator allocator, LeasedBufferRingOptions options) {
        this.allocator = allocator;
        this.options = options;
        this.fallback = new FallbackBuffers(allocator);
        JumboOptions pages = JumboOptions.defaults()
                .withName(options.name())
                .withBufferSize(options.bufferSize())
                .withSlabByteSize(options.slabByteSize())
                .withPages(0, options.pageBound())
                .withWatermarks(options.lowWatermark(), options.highWatermark(), gate);
        this.ring = JumboPool.open(
                allocator.arena(),
                pages,
                (from, page, address, byteSize) -> new ArmedPage(this, from, address, byteSize));
    }

    /// Opens a ring with the default options.
    ///
    /// @param allocator whose arena it takes pages from, and which lends what is copied out of them
    /// @return the ring, to be closed by the caller before the allocator
    /// @throws IllegalStateException if the allocator is closed
    public static LeasedBufferRing open(LeasedByteBufAllocator allocator) {
        return open(allocator, LeasedBufferRingOptions.defaults());
    }

    /// Opens a ring, without taking any page.
    ///
    /// @param allocator whose arena it takes pages from, and which lends what is copied out of them
    /// @param options what it is like
    /// @return the ring, to be closed by the caller before the allocator
    /// @throws IllegalArgumentException if the arena's pages are too large for the ring's slabs
    /// @throws IllegalStateException if the allocator is closed
    public static LeasedBufferRing open(LeasedByteBufAllocator allocator, LeasedBufferRingOptions options) {
        return new LeasedBufferRing(allocator, options);
    }

    /// {@return what to give to `IoUringIoHandlerConfig`: as deep as the options say, and with a page for each read}
    ///
    /// A config made otherwise with this ring for its allocator works too, incremental or not.
    ///
    /// @param bufferGroupId by which channels choose it, not negative
    /// @throws IllegalArgumentException if the id is negative
    public IoUringBufferRingConfig config(short bufferGroupId) {
        return IoUringBufferRingConfig.builder()
                .bufferGroupId(bufferGroupId)
                .bufferRingSize((short) options.ringDepth())
                .batchSize(options.ringDepth())
                .incremental(false)
                .allocator(this)
                .build();
    }

    /// {@return a handler that stops a channel's reading while too many pages are out; one for all pipelines}
    public AutoReadThrottle gate() {
        return gate;
    }

    /// {@return what reads into pages of this ring where there is no io_uring: for `ChannelOption.RECVBUF_ALLOCATOR`}
    public RecvByteBufAllocator recvByteBufAllocator() {
        return new PagedRecvByteBufAllocator(this);
    }

    /// {@return a page for the kernel, or another buffer of the same length if there is none within the bound}
    ///
    /// Never throws while the process has any direct memory left, also if the ring is closed.
    @Override
    public ByteBuf allocate() {
        ByteBuf page = tryArm();
        return page == null ? fallback.allocate(pageByteSize()) : page;
    }

    private @Nullable ByteBuf tryArm() {
        long handle = JumboPool.NONE;
        try {
            handle = ring.allocate();
            if (handle < 0) {
                return null;
            }
            ArmedPage page = ring.object(handle);
            ring.arm(handle);
            page.arm(handle);
            return page;
        } catch (RuntimeException | OutOfMemoryError e) { // Netty would lose bytes
            complain(e);
            if (handle >= 0) {
                ring.release(handle);
            }
            return null;
        }
    }

    /// {@return an empty buffer over a page, for a reader other than io_uring; null if there is no page, or the ring is
    /// closed}
    @Nullable ByteBuf tryLend() {
        long handle = JumboPool.NONE;
        try {
            handle = ring.allocate();
            return handle < 0 ? null : ring.object(handle).lend(handle);
        } catch (RuntimeException | OutOfMemoryError e) { // the event loop would try again, and for ever
            complain(e);
            if (handle >= 0) {
                ring.release(handle);
            }
            return null;
        }
    }

    /// Counts a read.
    @Override
    public void lastBytesRead(int attempted, int actual) {
        reads.increment();
        readBytes.add(actual);
    }

    /// {@return a copy of a read that is small enough to be copied; null if it is not, or there is no memory}
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

    /// {@return a copy of a read whose page cannot be lent, since its buffer is out}
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

    /// Notes that a page in the kernel's ring is read more than once.
    void noteIncremental() {
        incremental = true;
    }

    void noteSlice() {
        slices.increment();
    }

    /// {@return the bytes of a page}
    public int pageByteSize() {
        return ring.pageByteSize();
    }

    /// {@return what it was opened with}
    public LeasedBufferRingOptions options() {
        return options;
    }

    /// {@return the numbers of one moment; takes time in proportion to pages and threads}
    public LeasedBufferRingStats stats() {
        return new LeasedBufferRingStats(
                ring.stats(),
                new LeasedBufferRingStats.Reads(reads.sum(), readBytes.sum(), copies.sum(), slices.sum()),
                new LeasedBufferRingStats.Fallbacks(fallback.leased(), fallback.unpooled()),
                gate.closings());
    }

    /// Gives back every slab that no page is out of.
    ///
    /// @return the bytes that went to the arena
    public long trim() {
        return ring.trim();
    }

    /// Gives all pages back to the arena. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if pages are armed or with holders, naming some; nothing is changed then
    @Override
    public void close() {
        ring.close();
    }

    /// Gives all pages back to the arena, whatever is out: only for when neither the kernel nor anybody else writes to
    /// one any more.
    ///
    /// @return how many pages were out
    public int closeForcibly() {
        return ring.closeForcibly();
    }

    private void complain(Throwable e) {
        if (!complained) {
            complained = true;
            LOG.log(System.Logger.Level.WARNING, "no page for the kernel: ring=" + options.name() + ", " + e);
        }
    }

    @Override
    public String toString() {
        return "LeasedBufferRing(%s, of %s)".formatted(ring, allocator);
    }
}
