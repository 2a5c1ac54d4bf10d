package io.leasehold.netty;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.holder.EveryUse;
import io.leasehold.memory.Alignment;
import io.leasehold.memory.LateFrees;
import io.leasehold.memory.StackReserve;
import io.leasehold.netty.BufferMemoryError.Refusal;
import io.leasehold.observe.AllocatorFigures;
import io.leasehold.observe.ObservedAllocator;
import io.leasehold.observe.Profile;
import io.leasehold.page.PageArena;
import io.leasehold.slab.SlabHeap;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Allocates buffers for Netty. Buffers are pooled and limited, usage is visible, and idle memory is given back to the
/// system.
///
/// ```text
///   directBuffer ---> soft limit ---> block of its size, with its buffer object ---> leak detector ---> caller
///                     listener         refused: BufferMemoryError                     sampled: watched
/// ```
///
/// **Ownership.** The caller that gets a buffer releases it. The caller that built an allocator closes it, after the
/// buffers. [#DEFAULT] belongs to the process, and closing it has no effect.
///
/// **Threads.** Thread-safe. Any thread may release a buffer that another thread allocated. No thread waits for a
/// buffer to be released. At the limit, a request waits while another thread gives idle memory back to the kernel.
///
/// **Failures.** Every failure to allocate a buffer is a [BufferMemoryError], except a stack that is too short and a
/// Java heap that has no space for the error itself. A failure to open the allocator is
/// remembered for one second. During that second each request for a buffer fails at once.
///
/// **Leaks.** The allocator drops its reference to a buffer that Netty's leak detector or the profile samples, until
/// the buffer is released. So the collector can find the buffer lost. A lost buffer that is not sampled stays
/// referenced, and counts as outstanding for ever.
public final class LeasedByteBufAllocator extends AbstractByteBufAllocator
        implements ByteBufAllocatorMetricProvider, ObservedAllocator, AutoCloseable {

    /// The allocator of the process, for servers that need no allocator of their own. It is limited by
    /// [MemoryBudget#process()] and opened at its first buffer.
    ///
    /// If the memory limit leaves no memory beside the Java heap, the allocator falls back to 16 MiB. The log
    /// says so once, when the allocator is opened. Like `ForkJoinPool.commonPool()`, the allocator is shared by all
    /// code of the process: [#close] and [#closeForcibly] have no effect on it.
    public static final LeasedByteBufAllocator DEFAULT =
            new LeasedByteBufAllocator(builder().name("default"), System::nanoTime, true);

    private final String name; // (C)
    private final int byteAlignment; // (C)
    private final boolean zeroing; // (C)
    private final boolean isPlain; // (C) neither zeroing nor a soft limit: one check on the fast path
    private final RefusalLog log = RefusalLog.ofSystem(); // (C)
    private final LeasedByteBufAllocatorMetric metric = new LeasedByteBufAllocatorMetric(this); // (C)
    final LazyHeaps lazyHeaps; // (C)
    final LateFrees late; // (C) buffers that were released or allocated on a full stack
    final ByteBufAllocator facade; // (C) this object, or the pool of Netty in front of it ([FacadeHeap])

    /// Null before the first buffer and after the close.
    volatile @Nullable BufferHeaps heaps; // (L) lazyHeaps to write

    /// @param clock time in nanoseconds, used for the age of a failure to open
    LeasedByteBufAllocator(LeasedByteBufAllocatorBuilder builder, LongSupplier clock, boolean isOfProcess) {
        this(builder, clock, isOfProcess, new LateFrees(), null);
    }

    /// Creates the allocator behind a pool of Netty. It allocates from the heaps of another allocator, which stays
    /// open.
    ///
    /// @param facade the pool, which [ByteBuf#alloc()] of the buffers returns
    LeasedByteBufAllocator(LeasedByteBufAllocator shared, ByteBufAllocator facade) {
        this(shared.lazyHeaps.builder, System::nanoTime, true, shared.late, facade);
        this.heaps = shared.heaps();
    }

    private LeasedByteBufAllocator(
            LeasedByteBufAllocatorBuilder builder,
            LongSupplier clock,
            boolean isOfProcess,
            LateFrees late,
            @Nullable ByteBufAllocator facade) {
        super(builder.preferDirect);
        this.name = builder.name;
        this.byteAlignment = builder.byteAlignment;
        this.zeroing = builder.zeroing;
        this.isPlain = !builder.zeroing && builder.softLimit == null;
        this.lazyHeaps = new LazyHeaps(this, builder, clock, isOfProcess);
        this.late = late;
        this.facade = facade == null ? this : facade;
    }

    /// {@return a builder of an allocator with its own limit, arena, caches or checks}
    public static LeasedByteBufAllocatorBuilder builder() {
        return new LeasedByteBufAllocatorBuilder();
    }

    /// {@return a direct buffer with a reference count of 1}
    ///
    /// @throws BufferMemoryError if it cannot be allocated, for any reason
    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        BufferHeaps open = heaps;
        if (open == null) {
            open = lazyHeaps.getFor(true, initialCapacity);
        }
        return allocate(open, open.direct, true, initialCapacity, maxCapacity);
    }

    /// {@return a heap buffer with a reference count of 1}
    ///
    /// @throws BufferMemoryError if it cannot be allocated, for any reason
    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        BufferHeaps open = heaps;
        if (open == null) {
            open = lazyHeaps.getFor(false, initialCapacity);
        }
        return allocate(open, open.onHeap, false, initialCapacity, maxCapacity);
    }

    private ByteBuf allocate(
            BufferHeaps open, SlabHeap<CountedByteBuf> heap, boolean isDirect, int initialCapacity, int maxCapacity) {
        if (!isPlain && open.softLimit != null) {
            open.softLimit.check();
        }
        CountedByteBuf buf = take(heap, isDirect, initialCapacity);
        try {
            if (buf.allocator() != this) {
                buf.allocator(this); // the block was last used by another allocator on the same heaps
            }
            buf.reuse(initialCapacity, maxCapacity);
            boolean isSampled = buf.isSampled();
            return isSampled || !isPlain || isEachWatched()
                    ? zeroedAndWatched(buf, isSampled, isDirect, initialCapacity)
                    : buf;
        } catch (StackOverflowError e) {
            synchronized (late) { // the stack has no space for another call
                buf.nextLate = late.first;
                late.first = buf;
            }
            throw e;
        }
    }

    /// Zeroes and watches a new buffer. A separate method, because the fast path would otherwise be too long for C2 to
    /// inline.
    ///
    /// @param isSampled answer of [CountedByteBuf#isSampled()] for this use
    /// @throws BufferMemoryError if the leak detector fails; the buffer is released then
    /// @throws StackOverflowError if the stack is too short; the caller still has the buffer then
    private ByteBuf zeroedAndWatched(CountedByteBuf buf, boolean isSampled, boolean isDirect, int initialCapacity) {
        try {
            if (zeroing) {
                buf.zero(0, initialCapacity);
            }
            return watched(buf, isSampled);
        } catch (StackOverflowError e) {
            throw e; // the caller frees the buffer later
        } catch (RuntimeException | Error e) {
            OutOfMemoryError error;
            try {
                error = refused(isDirect, initialCapacity, Refusal.of("the leak detector failed"), e);
            } catch (OutOfMemoryError full) {
                error = full;
            }
            buf.release(); // last: if the stack overflows, the caller still has the buffer
            throw error;
        }
    }

    /// {@return true if each use has to be recorded: for the tag of its thread, for a flight recording, or by Netty's
    /// leak detector}
    private static boolean isEachWatched() {
        return EveryUse.isRecorded() || LeakSampling.isEachTracked();
    }

    /// {@return the object to give to the caller: the buffer itself, or the leak detector's wrapper around it}
    static ByteBuf watched(CountedByteBuf buf) {
        return watched(buf, buf.isSampled());
    }

    private static ByteBuf watched(CountedByteBuf buf, boolean isSampled) {
        if (isSampled || EveryUse.isRecorded()) {
            BufferUse.begin(buf, isSampled);
        }
        if (!LeakSampling.isEachTracked()) {
            return buf;
        }
        StackReserve.ensure();
        ByteBuf wrapper = toLeakAwareBuffer(buf);
        if (!(wrapper instanceof CountedByteBuf)) { // the detector watches this buffer
            buf.unbind();
        }
        return wrapper;
    }

    /// {@return the object of a free block of at least `byteSize` bytes, with a count of 0; no other caller has it}
    ///
    /// @throws BufferMemoryError if there is no block
    CountedByteBuf take(SlabHeap<CountedByteBuf> heap, boolean isDirect, int byteSize) {
        int rounded = byteAlignment <= SlabHeap.BLOCK_ALIGNMENT
                ? byteSize
                : (Math.max(1, byteSize) + byteAlignment - 1) & -byteAlignment; // negative after an overflow
        int sizeClass = SlabHeap.smallSizeClassOf(rounded);
        CountedByteBuf buf = sizeClass >= 0 ? heap.tryAllocateFast(sizeClass) : null;
        return buf != null ? buf : takeSlow(heap, isDirect, byteSize);
    }

    private CountedByteBuf takeSlow(SlabHeap<CountedByteBuf> heap, boolean isDirect, int byteSize) {
        late.free();
        if (byteSize > SlabHeap.MAX_BLOCK_BYTES) {
            throw refused(isDirect, byteSize, HeapRefusals.tooLarge(), null);
        }
        long rounded = Alignment.up(Math.max(1, byteSize), byteAlignment);
        CountedByteBuf buf;
        try {
            buf = heap.tryAllocate((int) Math.min(rounded, SlabHeap.MAX_BLOCK_BYTES));
        } catch (RuntimeException | OutOfMemoryError | LinkageError e) {
            throw failed(isDirect, byteSize, e);
        }
        if (buf == null) {
            throw failed(isDirect, byteSize, null);
        }
        return buf;
    }

    /// Lengthens a block in place.
    ///
    /// @return the new handle of the block, or [SlabHeap#NO_BLOCK] if there is no free space behind it
    /// @throws BufferMemoryError if `byteSize` is more than the longest block, or the heap is closed or fails
    long tryGrow(SlabHeap<CountedByteBuf> heap, long handle, boolean isDirect, int byteSize) {
        if (byteSize > SlabHeap.MAX_BLOCK_BYTES) {
            throw refused(isDirect, byteSize, HeapRefusals.tooLarge(), null);
        }
        try {
            return heap.tryGrow(handle, byteSize);
        } catch (RuntimeException | OutOfMemoryError | LinkageError e) {
            throw failed(isDirect, byteSize, e);
        }
    }

    /// {@return the new capacity of a growing buffer: Netty's choice, but at most the largest block unless
    /// `minNewCapacity` is more}
    @Override
    public int calculateNewCapacity(int minNewCapacity, int maxCapacity) {
        int chosen = super.calculateNewCapacity(minNewCapacity, maxCapacity);
        return Math.max(minNewCapacity, Math.min(chosen, SlabHeap.MAX_BLOCK_BYTES));
    }

    /// {@return true; transports then copy heap buffers into direct buffers of this allocator before they write}
    @Override
    public boolean isDirectBufferPooled() {
        return true;
    }

    @Override
    public LeasedByteBufAllocatorMetric metric() {
        return metric;
    }

    /// {@return the name that was given to the builder}
    @Override
    public String name() {
        return name;
    }

    @Override
    public AllocatorFigures figures() {
        BufferHeaps open = heapsIfOpen();
        return open == null ? AllocatorFigures.NONE : open.figures();
    }

    @Override
    public Map<String, Long> holders() {
        BufferHeaps open = heapsIfOpen();
        return open == null ? Map.of() : open.holders();
    }

    @Override
    public Profile profile() {
        BufferHeaps open = heapsIfOpen();
        return open == null ? Profile.NONE : open.profile();
    }

    @Override
    public long residentBytes() {
        BufferHeaps open = heaps;
        return open == null ? 0 : open.residentBytes();
    }

    /// {@return a table of the memory in use, for people}
    @Override
    public String dumpStats() {
        return AllocatorTable.of(name, metric);
    }

    /// Opens the allocator if it is not open yet, and allocates and releases one direct and one heap buffer. A server
    /// calls it before it accepts connections, on a thread that is no event loop. The first buffer of an event loop
    /// then loads few classes and reserves no addresses.
    ///
    /// The caches of other threads stay empty: each thread fills its own at its first buffers. Nothing is compiled
    /// ahead, and little memory is committed. A second call has no further effect.
    ///
    /// @throws BufferMemoryError if the allocator cannot be opened, or a buffer cannot be allocated
    public void warmUp() {
        useAndRelease(directBuffer(Long.BYTES));
        useAndRelease(heapBuffer(Long.BYTES));
    }

    private static void useAndRelease(ByteBuf buf) {
        try {
            buf.writeLong(buf.maxCapacity()).readLong();
        } finally {
            buf.release();
        }
    }

    /// {@return the arena of direct buffers; this call opens it if it is not open yet}
    ///
    /// Closing the allocator closes the arena, unless the arena was given to the builder. The arena of [#DEFAULT]
    /// cannot be closed. If opening fails, this method throws as [LeasedByteBufAllocatorBuilder#build] does.
    ///
    /// @throws IllegalStateException if the allocator is closed, or an attempt to open it failed within the last second
    public PageArena arena() {
        return heaps().arena;
    }

    /// Gives back all memory that no outstanding buffer needs, including cached memory. Free pages of an arena that was
    /// given to the builder are not decommitted.
    ///
    /// @return number of bytes given back: to the system or, from a given arena, to that arena, and to the Java heap
    @Override
    public long trim() {
        BufferHeaps open = heaps;
        late.free();
        return open == null ? 0 : open.trim();
    }

    /// Closes the allocator and gives all its memory back. Closing twice has no effect, and neither has closing
    /// [#DEFAULT].
    ///
    /// @throws IllegalStateException if buffers are outstanding, naming how many of which size, or if a thread stays
    ///     inside an allocation or a release; nothing is changed then
    @Override
    public void close() {
        lazyHeaps.close();
    }

    /// Closes the allocator even if buffers are outstanding. Call it only if no thread uses those buffers again. Has no
    /// effect on [#DEFAULT].
    ///
    /// If the arena is the allocator's own, the memory of its direct buffers is given back at once. Their addresses are
    /// not used again: a read returns zeroes, or bytes that were written after the close. If the arena was
    /// [given][LeasedByteBufAllocatorBuilder#arena], direct buffers keep their content until they are released.
    ///
    /// @return number of buffers that were outstanding
    public int closeForcibly() {
        return lazyHeaps.closeForcibly();
    }

    @Override
    public String toString() {
        return "LeasedByteBufAllocator(" + name + ")";
    }

    boolean isZeroing() {
        return zeroing;
    }

    /// {@return the heaps of this allocator; this call opens them if they are not open yet}
    ///
    /// @throws IllegalStateException if the allocator is closed, or an attempt to open it failed within the last second
    BufferHeaps heaps() {
        BufferHeaps open = heaps;
        return open == null ? lazyHeaps.get() : open;
    }

    @Nullable BufferHeaps heapsIfOpen() {
        late.free();
        return heaps;
    }

    /// {@return the error of a request for which the heap has no block, or failed}
    private BufferMemoryError failed(boolean isDirect, int byteSize, @Nullable Throwable cause) {
        BufferHeaps open = heaps;
        return open == null
                ? refused(isDirect, byteSize, HeapRefusals.CLOSED, null)
                : refused(isDirect, byteSize, open.refusals.refusal(isDirect, byteSize, cause), cause);
    }

    BufferMemoryError refused(boolean isDirect, int byteSize, Refusal refusal, @Nullable Throwable cause) {
        BufferMemoryError error = new BufferMemoryError(name, isDirect, byteSize, refusal, cause);
        log.refused(error);
        return error;
    }
}
