package io.leasehold.slab.block;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.OffHeap;
import io.leasehold.slab.SlabHeap;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;

/// A block of memory outside the Java heap, which its holder uses until [#close].
///
/// **Ownership.** The caller that allocated the block closes it exactly once, from any thread. If two threads close it
/// at the same time, one of the calls throws. The object is reused with its memory. So a caller that keeps a closed
/// block may later have the block of another caller.
///
/// **Threads.** Used by one thread at a time, unless its users synchronize.
///
/// **Memory order.** The compare-and-set in [#close] publishes the writes of the holder. A caller that passes the block
/// to another thread must publish it by a hand-over of its own.
public final class Block implements AutoCloseable {

    private static final VarHandle IN_USE;

    static {
        try {
            IN_USE = MethodHandles.lookup()
                    .findVarHandle(Block.class, "inUse", boolean.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SlabHeap<Block> heap; // (C)
    private final long handle; // (C)
    private final long address; // (C)
    private final int byteSize; // (C)

    @SuppressWarnings("UnusedVariable") // read and written through IN_USE
    private volatile boolean inUse; // (A)

    Block(SlabHeap<Block> heap, long handle, long address, int byteSize) {
        this.heap = heap;
        this.handle = handle;
        this.address = address;
        this.byteSize = byteSize;
    }

    /// Marks the block as in use, after it was allocated.
    Block markInUse() {
        IN_USE.setRelease(this, true);
        return this;
    }

    /// {@return the address of the first byte, which is a multiple of 16} If the requested size is a multiple of a
    /// larger power of two, up to the page size, the address is a multiple of it too.
    ///
    /// @throws IllegalStateException if the block is closed
    public long address() {
        if (!inUse) {
            throw closed();
        }
        return address;
    }

    /// {@return the length in bytes, which is at least the requested size}
    public int byteSize() {
        return byteSize;
    }

    /// {@return the byte at an offset}
    ///
    /// @param byteOffset offset in bytes
    /// @throws IllegalStateException if the block is closed
    /// @throws IndexOutOfBoundsException if the offset is not within the block
    public byte getByte(long byteOffset) {
        return OffHeap.getByte(address() + Objects.checkIndex(byteOffset, byteSize));
    }

    /// Stores a byte at an offset.
    ///
    /// @param byteOffset offset in bytes
    /// @param value the byte
    /// @throws IllegalStateException if the block is closed
    /// @throws IndexOutOfBoundsException if the offset is not within the block
    public void putByte(long byteOffset, byte value) {
        OffHeap.putByte(address() + Objects.checkIndex(byteOffset, byteSize), value);
    }

    /// {@return the `long` at an offset, in the byte order of the machine}
    ///
    /// @param byteOffset offset in bytes, of any alignment
    /// @throws IllegalStateException if the block is closed
    /// @throws IndexOutOfBoundsException if the eight bytes are not within the block
    public long getLong(long byteOffset) {
        return OffHeap.getLong(address() + Objects.checkFromIndexSize(byteOffset, Long.BYTES, byteSize));
    }

    /// Stores a `long` at an offset, in the byte order of the machine.
    ///
    /// @param byteOffset offset in bytes, of any alignment
    /// @param value the value
    /// @throws IllegalStateException if the block is closed
    /// @throws IndexOutOfBoundsException if the eight bytes are not within the block
    public void putLong(long byteOffset, long value) {
        OffHeap.putLong(address() + Objects.checkFromIndexSize(byteOffset, Long.BYTES, byteSize), value);
    }

    /// {@return a segment with the bounds of the block, which stays accessible after the block is closed}
    ///
    /// @throws IllegalStateException if the block is closed
    public MemorySegment segment() {
        return OffHeap.segment(address(), byteSize);
    }

    /// Frees the block.
    ///
    /// @throws IllegalStateException if the block is already closed
    /// @throws StackOverflowError if the stack is too short; the block stays open then
    @Override
    public void close() {
        if (!IN_USE.compareAndSet(this, true, false)) {
            throw closed();
        }
        try {
            heap.free(handle);
        } catch (StackOverflowError e) {
            inUse = true; // nothing has changed, so that the caller can close the block on a shorter stack
            throw e;
        }
    }

    @Override
    public String toString() {
        return format("Block(address=0x%x, byteSize=%d%s)", address, byteSize, inUse ? "" : ", closed");
    }

    private IllegalStateException closed() {
        return new IllegalStateException("block is closed: " + this);
    }
}
