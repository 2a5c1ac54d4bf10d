package io.leasehold.slab;

import io.leasehold.memory.OffHeap;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// A block of memory outside the Java heap, lent until it is closed.
///
/// **Ownership.** Whoever has it closes it, once, from any thread: of two racing calls one throws. The object is lent
/// again with its memory, so who keeps it after that has somebody else's block.
///
/// **Threads.** Used by one thread at a time, or as its users agree.
///
/// **Memory order.** The compare-and-set of [#close] publishes what the holder wrote; lending is published by whoever
/// hands the block on.
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

    Block markInUse() {
        IN_USE.setRelease(this, true);
        return this;
    }

    /// {@return the address of the first byte, a multiple of 16, and of every larger power of two up to the page that
    /// the size asked for is a multiple of}
    ///
    /// @throws IllegalStateException if the block is closed
    public long address() {
        if (!inUse) {
            throw closed();
        }
        return address;
    }

    /// {@return how long it is in bytes: as long as was asked for, or somewhat longer}
    public int byteSize() {
        return byteSize;
    }

    /// {@return the block as a segment, bounded, but not tied to the life of the block}
    ///
    /// @throws IllegalStateException if the block is closed
    public MemorySegment segment() {
        return OffHeap.segment(address(), byteSize);
    }

    /// Gives the block back.
    ///
    /// @throws IllegalStateException if the block is closed
    @Override
    public void close() {
        if (!IN_USE.compareAndSet(this, true, false)) {
            throw closed();
        }
        heap.release(handle);
    }

    @Override
    public String toString() {
        return "Block(address=0x%x, byteSize=%d%s)".formatted(address, byteSize, inUse ? "" : ", closed");
    }

    private IllegalStateException closed() {
        return new IllegalStateException("block is closed: " + this);
    }
}
