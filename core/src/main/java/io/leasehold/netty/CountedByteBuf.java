package io.leasehold.netty;

import io.leasehold.holder.Sampler;
import io.leasehold.holder.TagCount;
import io.leasehold.holder.Use;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.LateFrees;
import io.leasehold.memory.StackReserve;
import io.leasehold.slab.SlabHeap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.IllegalReferenceCountException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Common part of both kinds of leased buffer: an object bound to a block, with a count of references and space to
/// grow. The block is one of a heap, or an [ExternalMemory].
///
/// ```text
///   bound to a block, count 0 ---- reuse ---> count 1 <---- retain, release ----> count n
///              ^                                 |
///              +------- the release to 0 --------+
///
///   0        readerIndex      writerIndex      capacity       blockByteSize
///   |------------|----------------|----------------|---------------|   maxFastWritableBytes ends there
/// ```
///
/// **Ownership.** Each holder of a reference releases it, once. The release that sets the count to 0 frees the block,
/// and its object with it.
///
/// **Threads.** As for every `ByteBuf`: any thread may count references. Everything else is used by one thread at a
/// time, except reads at given indices.
///
/// **Invariants.** While the count is not 0, no other object is bound to the block (I1). `capacity` is at most
/// `blockByteSize` (I2). The heap references the object, or the object is unbound and a release passes it to the heap;
/// an [ExternalMemory] always receives the object (I3).
///
/// **Memory order.** Stress test: `BufferReleaseStress`.
///
/// | store | load that pairs with it | publishes |
/// |---|---|---|
/// | compare-and-set of the count, release half | compare-and-set to 0, acquire half | the writes of former holders |
/// | the same | [#release()], acquire | the same, to a holder that sees that it is the only one |
/// | `reuse`, release | compare-and-set of the count | the fields of the new use |
///
/// [#refCnt()] is a plain load. Netty calls it before every access, and a plain load allows C2 to hoist the check out
/// of a loop. A thread that waits for the release of another thread must not poll this number.
///
/// Loads that only choose the expected value of a compare-and-set are racy on purpose: if the value was wrong, the
/// compare-and-set fails.
abstract sealed class CountedByteBuf extends ViewedByteBuf implements LateFrees.Late
        permits LeasedByteBuf, LeasedHeapByteBuf {

    private static final VarHandle COUNT = count();

    private LeasedByteBufAllocator allocator; // (O) the thread that allocates; an allocator on `heap`
    private final SlabHeap<CountedByteBuf> heap; // (C)

    private int count; // (A) acquire and compare-and-set; 0 while free

    private int capacity; // (O) the holder
    private int blockByteSize; // (O) the holder
    private long handle; // (O) the holder
    private long address; // (O) the holder; of the first byte of the block, or its index in the array
    /// Not null if the use is recorded, the object is unbound, or the buffer is over an external memory. If it is a
    /// `TagCount`, the object is bound.
    private @Nullable Use use; // (O) the holder

    int countdown; // (O) the holder; of uses until the leak detector or the profile is due
    LateFrees.@Nullable Late nextLate; // (L) allocator.late

    CountedByteBuf(
            LeasedByteBufAllocator allocator,
            SlabHeap<CountedByteBuf> heap,
            long handle,
            long address,
            int blockByteSize) {
        this.allocator = allocator;
        this.heap = heap;
        this.handle = handle;
        this.address = address;
        this.blockByteSize = blockByteSize;
        this.countdown = BufferUse.newCountdown(blockByteSize);
    }

    /// Starts a use of the buffer: one reference, empty.
    final void reuse(int newCapacity, int newMaxCapacity) {
        capacity = newCapacity;
        maxCapacity(newMaxCapacity);
        clear();
        markReaderIndex();
        markWriterIndex();
        COUNT.setRelease(this, 1);
    }

    /// Starts a use of a buffer over a part of an [ExternalMemory]. The buffer ends at the last readable byte. It can
    /// be neither written beyond that byte nor moved before [#allowGrowth].
    final void reusePart(long newHandle, int index, int length, int references) {
        handle = newHandle;
        use = BufferUse.NOT_RECORDED;
        capacity = index + length;
        maxCapacity(capacity);
        setIndex(index, capacity);
        markReaderIndex();
        markWriterIndex();
        COUNT.setRelease(this, references);
    }

    /// Starts a use of a buffer over an [ExternalMemory]: one reference, empty.
    final void reuseExternal(long newHandle, int newCapacity, int newMaxCapacity) {
        handle = newHandle;
        use = BufferUse.NOT_RECORDED;
        reuse(newCapacity, newMaxCapacity);
    }

    /// Ends a use of a buffer over an [ExternalMemory] that no caller got. The memory does not go back to its owner.
    final void cancelUse() {
        Use begun = use;
        use = null;
        COUNT.setRelease(this, 0);
        BufferUse.end(begun, this);
    }

    /// Allows the holder to use the rest of the block, and to grow beyond it.
    final void allowGrowth() {
        maxCapacity(Integer.MAX_VALUE);
    }

    /// Makes the heap or the external memory drop its reference to this object until the release, so that a leak
    /// detector can find the object lost.
    final void unbind() {
        ExternalMemory external = external();
        if (external != null) {
            external.unbind();
        } else {
            heap.unbind(handle);
        }
        if (use == null) {
            use = BufferUse.NOT_RECORDED; // so that the release binds the object again
        } else if (use instanceof TagCount tagged) {
            use = tagged.ofUnbound(); // so, too
        }
    }

    /// {@return true if the leak detector or the profile is due to record this use of the buffer}
    final boolean isSampled() {
        return (countdown -= Sampler.STEP) < 0;
    }

    /// Sets the record that is notified when this use of the buffer ends.
    final void record(@Nullable Use newUse) {
        use = newUse == null ? BufferUse.NOT_RECORDED : newUse;
    }

    /// Sets bytes to zero, unchecked.
    abstract void zero(int index, int length);

    /// Copies the first bytes of this buffer into the block of another of its kind, unchecked.
    abstract void copyTo(CountedByteBuf other, int length);

    /// Creates another object for the same block.
    abstract CountedByteBuf successor();

    /// {@return the external memory that this buffer is over, or null if the block is of a heap}
    abstract @Nullable ExternalMemory external();

    /// Copies the part of the other buffer's location that is specific to this kind of buffer.
    abstract void takeLocationOf(CountedByteBuf other);

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
        BufferUse.touch(use, hint);
        return this;
    }

    @Override
    public final boolean release() {
        int[] cells = null;
        boolean isCounted = false;
        boolean isFreed = false;
        TagCount tagged = use instanceof TagCount counted ? counted : null; // its object is bound
        try {
            // the slot is entered before the compare-and-set, so that finding it does not wait for that
            if ((int) COUNT.getAcquire(this) == 1 && use == tagged && (cells = heap.enter()) != null) {
                isCounted = COUNT.compareAndSet(this, 1, 0);
                if (isCounted) {
                    if (view != null) {
                        view = null;
                    }
                    if (tagged != null) {
                        // if this call overflows, nothing has changed, and the late release ends the use
                        tagged.end(this);
                        use = null;
                    }
                    isFreed = heap.tryCache(cells, handle);
                }
                BiasedSlots.exit(cells);
                cells = null;
                if (isFreed) {
                    return true;
                }
                if (isCounted) {
                    heap.freeSlow(handle); // the last call: no stack overflow can follow
                    return true;
                }
            }
            StackReserve.ensure(); // for the entry of the slow release, whose errors are not handled here
        } catch (StackOverflowError e) {
            if (cells != null) {
                cells[BiasedSlots.BUSY] = 0;
            }
            isCounted = isCounted || COUNT.compareAndSet(this, 1, 0); // if this call overflows too, nothing has changed
            if (!isCounted) {
                throw e;
            }
            if (!isFreed) {
                LateFrees late = allocator.late;
                synchronized (late) { // the stack has no space for another call
                    nextLate = late.first;
                    late.first = this;
                }
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
                try {
                    StackReserve.ensure(3); // before the count says that the buffer is free
                } catch (StackOverflowError e) {
                    if (!COUNT.compareAndSet(this, seen, 0)) {
                        throw e;
                    }
                    LateFrees late = allocator.late;
                    synchronized (late) { // the stack has no space for another call
                        nextLate = late.first;
                        late.first = this;
                    }
                    return true;
                }
            }
        } while (!COUNT.compareAndSet(this, seen, seen - decrement));
        if (seen == decrement) {
            free();
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

    @Override
    public final LateFrees.@Nullable Late takeNext() {
        LateFrees.Late taken = nextLate;
        nextLate = null;
        return taken;
    }

    /// Frees the block of a buffer that no caller has, whatever its count is.
    @Override
    public final void freeLate() {
        COUNT.setRelease(this, 0);
        free();
    }

    /// Frees the block after the count became 0. No other thread can reach the block until its heap or owner has it.
    private void free() {
        view = null;
        if (use == null) {
            heap.free(handle);
            return;
        }
        try {
            BufferUse.end(use, this);
        } finally { // also if the leak detector failed
            use = null;
            freeSlow(this);
        }
    }

    /// Frees the block on the slow path, with the object to bind to it.
    private void freeSlow(CountedByteBuf object) {
        ExternalMemory external = external();
        if (external != null) {
            external.returnToOwner(handle, object);
        } else {
            heap.free(handle, object);
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
        BufferUse.resizing(use, this, newCapacity);
        long longer = external() == null ? allocator.tryGrow(heap, handle, isDirect(), newCapacity) : SlabHeap.NO_BLOCK;
        if (longer == SlabHeap.NO_BLOCK) {
            move(newCapacity);
        } else {
            handle = longer;
            blockByteSize = heap.byteSize(longer);
            view = null;
        }
        BufferUse.resized(this, BufferUse.NOT_RECORDED.equals(use) ? null : use, newCapacity);
    }

    /// Moves this buffer to a longer block, and binds a new object to its old block. An object only moves to longer
    /// blocks. So a view from an earlier use, which is used by mistake, cannot reach past the block that the object is
    /// bound to by then.
    private void move(int newCapacity) {
        CountedByteBuf successor = successor();
        CountedByteBuf other = allocator.take(heap, isDirect(), newCapacity);
        copyTo(other, capacity);
        unbind();
        freeSlow(successor);
        other.unbind();
        handle = other.handle;
        address = other.address;
        blockByteSize = other.blockByteSize;
        view = null;
        takeLocationOf(other);
    }

    @Override
    public final ByteBufAllocator alloc() {
        return allocator.facade;
    }

    @Override
    public final ByteBuf copy(int index, int length) {
        checkIndex(index, length);
        ByteBuf copy =
                isDirect() ? alloc().directBuffer(length, maxCapacity()) : alloc().heapBuffer(length, maxCapacity());
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

    /// {@return the start of the block: an address, or an index in the array}
    final long start() {
        return address;
    }

    /// {@return the allocator of the last use}
    final LeasedByteBufAllocator allocator() {
        return allocator;
    }

    /// Changes the allocator of a buffer that is free, to another one on the same heap.
    final void allocator(LeasedByteBufAllocator newAllocator) {
        allocator = newAllocator;
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
            throw new IllegalArgumentException(name + " is not positive: " + name + "=" + value + ", min=1");
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
