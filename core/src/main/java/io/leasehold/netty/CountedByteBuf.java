package io.leasehold.netty;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.StackReserve;
import io.leasehold.slab.SlabHeap;
import io.netty.buffer.AbstractByteBuf;
import io.netty.buffer.ByteBuf;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.ResourceLeakTracker;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.GatheringByteChannel;
import java.nio.channels.ScatteringByteChannel;
import org.jspecify.annotations.Nullable;

/// What both kinds of leased buffer are: an object bound to a block, a count of references, and room to grow. The block
/// is one of a heap, or other memory that was let to the object by a [ExternalMemory].
///
/// ```text
///   bound to a block, count 0 ---- lend ----> count 1 <---- retain, release ----> count n
///              ^                                 |
///              +------- the release to 0 --------+
///
///   0        readerIndex      writerIndex      capacity       blockByteSize
///   |------------|----------------|----------------|---------------|   maxFastWritableBytes ends there
/// ```
///
/// **Ownership.** Whoever holds a reference releases it, once. The release that takes the count to 0 sends the block
/// home, and the object with it.
///
/// **Threads.** As every `ByteBuf`: references are counted from any thread, the rest is used by one thread at a time,
/// but for reads at given indices.
///
/// **Invariants.** I1: while the count is not 0 no other object stands for the block. I2: `capacity <= blockByteSize`.
/// I3: the heap knows the object, or it is unbound and comes home with itself, as to a external it always does.
///
/// **Memory order.**
///
/// | store | load that pairs with it | publishes |
/// |---|---|---|
/// | compare-and-set of the count, release half | compare-and-set to 0, acquire half | what every former holder wrote |
/// | the same | [#release()], acquire | the same, to a holder that finds itself alone |
/// | `lend`, release | compare-and-set of the count | the fields of the new life |
///
/// [#refCnt()] is a plain load: Netty asks for it before every access, and only so can a loop ask once. Who waits for
/// another thread's release waits for something else than this number.
///
/// Loads that only choose what a compare-and-set expects are racy on purpose: it fails if they were wrong.
abstract sealed class CountedByteBuf extends AbstractByteBuf permits LeasedByteBuf, LeasedHeapByteBuf {

    private static final VarHandle COUNT = count();

    private final LeasedByteBufAllocator allocator; // (C)
    private final SlabHeap<CountedByteBuf> heap; // (C)

    private int count; // (A) acquire and compare-and-set; 0 while not lent

    private int capacity; // (O) the holder
    private int blockByteSize; // (O) the holder
    private boolean detour; // (O) the holder; the heap has forgotten this object, or the block is not of a heap
    private long handle; // (O) the holder
    private long address; // (O) the holder; of the block's first byte, or its index in the array
    private @Nullable ByteBuffer view; // (O) the holder; of the whole block, none while not lent
    private @Nullable ResourceLeakTracker<ByteBuf> leak; // (O) the holder; while a detector watches this object
    private int livesUntilSample; // (O) the holder

    CountedByteBuf(
            LeasedByteBufAllocator allocator,
            SlabHeap<CountedByteBuf> heap,
            long handle,
            long address,
            int blockByteSize) {
        super(0);
        this.allocator = allocator;
        this.heap = heap;
        this.handle = handle;
        this.address = address;
        this.blockByteSize = blockByteSize;
        this.livesUntilSample = (int) (handle % LeakSampling.INTERVAL); // each at another time
    }

    /// Begins a life of the buffer: one reference, empty.
    final void lend(int newCapacity, int newMaxCapacity) {
        capacity = newCapacity;
        maxCapacity(newMaxCapacity);
        clear();
        markReaderIndex();
        markWriterIndex();
        COUNT.setRelease(this, 1);
    }

    /// Begins a life of a buffer whose block was let: it ends at the last byte that is readable, and can be neither
    /// written beyond that nor moved before [#loosen].
    final void lendPart(long newHandle, int index, int length, int references) {
        handle = newHandle;
        detour = true;
        capacity = index + length;
        maxCapacity(capacity);
        setIndex(index, capacity);
        markReaderIndex();
        markWriterIndex();
        COUNT.setRelease(this, references);
    }

    /// Begins a life of a buffer whose block was let: one reference, empty.
    final void lendAs(long newHandle, int newCapacity, int newMaxCapacity) {
        handle = newHandle;
        detour = true;
        lend(newCapacity, newMaxCapacity);
    }

    /// Lets the holder have the rest of the block, and more.
    final void loosen() {
        maxCapacity(Integer.MAX_VALUE);
    }

    /// Makes the heap forget this object until it comes home, so that a leak detector can see it lost.
    final void unbind() {
        ExternalMemory external = external();
        if (external != null) {
            external.forget();
        } else {
            heap.unbind(handle);
        }
        detour = true;
    }

    /// {@return whether a leak detector that samples is to see this life of the buffer}
    final boolean isSampled() {
        if (livesUntilSample-- > 0) {
            return false;
        }
        livesUntilSample = LeakSampling.INTERVAL - 1;
        return true;
    }

    /// Lets a detector know when this life of the buffer ends.
    final void watch(ResourceLeakTracker<ByteBuf> tracker) {
        unbind();
        leak = tracker;
    }

    /// Sets bytes to zero, unchecked.
    abstract void zero(int index, int length);

    /// Copies the first bytes of this buffer into the block of another of its kind, unchecked.
    abstract void copyTo(CountedByteBuf other, int length);

    /// Makes a view of the whole block.
    abstract ByteBuffer viewOfBlock();

    /// Makes a new object for the same block.
    abstract CountedByteBuf successor();

    /// {@return who let the block, if it is not of a heap}
    abstract @Nullable ExternalMemory external();

    /// Takes over where the block of another of its kind lies, as far as that is not common to both kinds.
    abstract void takeRestOf(CountedByteBuf other);

    @Override
    public final int refCnt() {
        return count;
    }

    @Override
    public final ByteBuf retain() {
        return retainCounted(1);
    }

    @Override
    public final ByteBuf retain(int increment) {
        return retainCounted(checkPositive("increment", increment));
    }

    @Override
    public final ByteBuf touch() {
        return touch(null);
    }

    @Override
    public final ByteBuf touch(@Nullable Object hint) {
        LeakSampling.touch(leak, hint);
        return this;
    }

    @Override
    public final boolean release() {
        if ((int) COUNT.getAcquire(this) != 1 || detour) {
            return releaseSlow(1);
        }
        int[] cells = null;
        boolean isCounted = false;
        boolean isFreed = false;
        try {
            cells = heap.enter(); // before the atomic step, so that this does not wait for it
            isCounted = COUNT.compareAndSet(this, 1, 0);
            if (isCounted) {
                if (view != null) {
                    view = null;
                }
                isFreed = heap.tryCache(cells, handle);
            }
            if (cells != null) {
                BiasedSlots.exit(cells);
                cells = null;
            }
            if (isCounted && !isFreed) {
                heap.releaseSlow(handle); // the last call: no overflow comes after it
            }
        } catch (StackOverflowError e) {
            if (cells != null) {
                cells[BiasedSlots.BUSY] = 0;
            }
            isCounted = isCounted || COUNT.compareAndSet(this, 1, 0); // if this overflows too, nothing has changed
            // there is no room for another call, so all that follows are loads and stores
            for (int i = 0; isCounted && !isFreed && i < StrandedBuffers.PLACES; i++) {
                if (allocator.stranded.places[i] == null) {
                    allocator.stranded.places[i] = this;
                    isFreed = true;
                }
            }
            allocator.stranded.areSome = true;
            if (isCounted && !isFreed) {
                throw e;
            }
        }
        return isCounted || releaseSlow(1);
    }

    @Override
    public final boolean release(int decrement) {
        return releaseSlow(checkPositive("decrement", decrement));
    }

    private boolean releaseSlow(int decrement) {
        int seen;
        do {
            seen = (int) COUNT.getOpaque(this);
            if (seen < decrement) {
                throw new IllegalReferenceCountException(seen, -decrement);
            }
            if (seen == decrement) {
                StackReserve.ensure(3); // before the count says that the buffer is gone
            }
        } while (!COUNT.compareAndSet(this, seen, seen - decrement));
        if (seen == decrement) {
            goHome();
        }
        return seen == decrement;
    }

    private ByteBuf retainCounted(int increment) {
        int seen;
        do {
            seen = (int) COUNT.getOpaque(this);
            if (seen <= 0 || seen + increment < 0) {
                throw new IllegalReferenceCountException(seen, increment);
            }
        } while (!COUNT.compareAndSet(this, seen, seen + increment));
        return this;
    }

    /// Sends the block back; nobody else can reach it until the heap has it.
    private void goHome() {
        view = null;
        try {
            if (leak != null) {
                leak.close(this);
            }
        } finally { // also if the leak detector failed
            leak = null;
            if (detour) {
                detour = false;
                giveBack(this);
            } else {
                heap.release(handle);
            }
        }
    }

    /// Gives the block back, with the object that stands for it from now on.
    private void giveBack(CountedByteBuf object) {
        ExternalMemory external = external();
        if (external != null) {
            external.comeHome(handle, object);
        } else {
            heap.release(handle, object);
        }
    }

    @Override
    public final int capacity() {
        return capacity;
    }

    @Override
    public final ByteBuf capacity(int newCapacity) {
        checkNewCapacity(newCapacity);
        if (newCapacity < capacity) {
            trimIndicesToCapacity(newCapacity);
        } else if (newCapacity > blockByteSize) {
            lengthen(newCapacity);
        }
        if (newCapacity > capacity && allocator.isZeroing()) {
            zero(capacity, newCapacity - capacity);
        }
        capacity = newCapacity;
        return this;
    }

    @Override
    public final int maxFastWritableBytes() {
        return Math.min(blockByteSize, maxCapacity()) - writerIndex();
    }

    private void lengthen(int newCapacity) {
        StackReserve.ensure(3);
        long longer = external() == null ? allocator.tryGrow(heap, handle, isDirect(), newCapacity) : SlabHeap.NO_BLOCK;
        if (longer == SlabHeap.NO_BLOCK) {
            move(newCapacity);
        } else {
            handle = longer;
            blockByteSize = heap.byteSize(longer);
            view = null;
        }
    }

    /// Moves to a longer block, and leaves its own with a new object: an object only ever moves to longer blocks, so a
    /// view from an earlier life of it, used by mistake, cannot reach past the block that it stands for by then.
    private void move(int newCapacity) {
        CountedByteBuf successor = successor();
        CountedByteBuf other = allocator.take(heap, isDirect(), newCapacity);
        copyTo(other, capacity);
        if (!detour) {
            unbind();
        }
        giveBack(successor);
        other.unbind();
        handle = other.handle;
        address = other.address;
        blockByteSize = other.blockByteSize;
        view = null;
        takeRestOf(other);
    }

    @Override
    public final LeasedByteBufAllocator alloc() {
        return allocator;
    }

    @Override
    @SuppressWarnings("deprecation")
    public final ByteOrder order() {
        return ByteOrder.BIG_ENDIAN;
    }

    @Override
    public final @Nullable ByteBuf unwrap() {
        return null;
    }

    @Override
    public final boolean isContiguous() {
        return true;
    }

    @Override
    public final ByteBuf copy(int index, int length) {
        checkIndex(index, length);
        ByteBuf copy = isDirect()
                ? allocator.directBuffer(length, maxCapacity())
                : allocator.heapBuffer(length, maxCapacity());
        return copy.writeBytes(this, index, length);
    }

    @Override
    public final ByteBuf setZero(int index, int length) {
        checkIndex(index, length);
        zero(index, length);
        return this;
    }

    @Override
    public final ByteBuf writeZero(int length) {
        ensureWritable(length);
        int index = writerIndex();
        zero(index, length);
        return writerIndex(index + length);
    }

    @Override
    public final int nioBufferCount() {
        return 1;
    }

    @Override
    public final ByteBuffer[] nioBuffers(int index, int length) {
        return new ByteBuffer[] {nioBuffer(index, length)};
    }

    @Override
    public final ByteBuffer internalNioBuffer(int index, int length) {
        checkIndex(index, length);
        ByteBuffer whole = view;
        if (whole == null) {
            whole = viewOfBlock();
            view = whole;
        }
        return whole.clear().position(index).limit(index + length);
    }

    @Override
    public final int getBytes(int index, GatheringByteChannel out, int length) throws IOException {
        checkIndex(index, length);
        return length == 0 ? 0 : out.write(nioBuffer(index, length));
    }

    @Override
    public final int getBytes(int index, FileChannel out, long position, int length) throws IOException {
        checkIndex(index, length);
        return length == 0 ? 0 : out.write(nioBuffer(index, length), position);
    }

    @Override
    public final int readBytes(GatheringByteChannel out, int length) throws IOException {
        checkReadableBytes(length);
        int written = length == 0 ? 0 : out.write(internalNioBuffer(readerIndex(), length));
        skipBytes(Math.max(0, written));
        return written;
    }

    @Override
    public final int readBytes(FileChannel out, long position, int length) throws IOException {
        checkReadableBytes(length);
        int written = length == 0 ? 0 : out.write(internalNioBuffer(readerIndex(), length), position);
        skipBytes(Math.max(0, written));
        return written;
    }

    @Override
    public final int setBytes(int index, ScatteringByteChannel in, int length) throws IOException {
        checkIndex(index, length);
        try {
            return in.read(internalNioBuffer(index, length));
        } catch (ClosedChannelException ignored) {
            return -1; // as at the end of the stream: that is how Netty's transports learn of it
        }
    }

    @Override
    public final int setBytes(int index, FileChannel in, long position, int length) throws IOException {
        checkIndex(index, length);
        try {
            return in.read(internalNioBuffer(index, length), position);
        } catch (ClosedChannelException ignored) {
            return -1;
        }
    }

    /// {@return where the block begins: an address, or an index}
    final long start() {
        return address;
    }

    final SlabHeap<CountedByteBuf> heap() {
        return heap;
    }

    final long handle() {
        return handle;
    }

    final int blockByteSize() {
        return blockByteSize;
    }

    private static int checkPositive(String name, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " is not positive: " + value);
        }
        return value;
    }

    private static VarHandle count() {
        try {
            return MethodHandles.lookup()
                    .findVarHandle(CountedByteBuf.class, "count", int.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
