package io.leasehold.undertow;

import io.leasehold.memory.LateFrees;
import io.leasehold.slab.block.Block;
import io.undertow.connector.PooledByteBuffer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A block as Undertow's buffer. As the contract of [PooledByteBuffer] demands, closing it twice has no effect.
///
/// If the stack of the close has no space for the free, the pool frees the block later: Undertow does not close a
/// buffer again after an error.
///
/// **Threads.** One thread at a time, except for [#close]: of concurrent calls exactly one frees the block.
final class LeasedBuffer implements PooledByteBuffer, LateFrees.Late {

    private static final VarHandle BLOCK;

    static {
        try {
            BLOCK = MethodHandles.lookup()
                    .findVarHandle(LeasedBuffer.class, "block", Block.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ByteBuffer bytes; // (C)
    private final LateFrees late; // (C)
    private volatile @Nullable Block block; // (A) null after the close
    private @Nullable Block lateBlock; // (L) late
    private LateFrees.@Nullable Late next; // (L) late

    LeasedBuffer(Block block, int byteSize, LateFrees late) {
        this.bytes = block.segment().asSlice(0, byteSize).asByteBuffer();
        this.late = late;
        this.block = block;
    }

    /// {@return the bytes}
    ///
    /// @throws IllegalStateException if the buffer is closed
    @Override
    public ByteBuffer getBuffer() {
        if (block == null) {
            throw new IllegalStateException("buffer is closed: capacity=" + bytes.capacity());
        }
        return bytes;
    }

    /// Frees the block, unless the buffer is closed.
    ///
    /// @throws StackOverflowError if the stack is too short to begin; the buffer stays open then
    @Override
    public void close() {
        Block open = null;
        try {
            open = (Block) BLOCK.getAndSet(this, (Block) null);
            if (open != null) {
                open.close();
            }
        } catch (StackOverflowError e) {
            if (open == null) {
                throw e;
            }
            synchronized (late) { // the stack has no space for another call
                lateBlock = open;
                next = late.first;
                late.first = this;
            }
        }
    }

    @Override
    public LateFrees.@Nullable Late takeNext() {
        LateFrees.Late taken = next;
        next = null;
        return taken;
    }

    @Override
    public void freeLate() {
        Block freed = lateBlock;
        lateBlock = null;
        if (freed != null) {
            freed.close();
        }
    }

    @Override
    public boolean isOpen() {
        return block != null;
    }

    @Override
    public String toString() {
        return "LeasedBuffer(" + (isOpen() ? bytes : "closed") + ")";
    }
}
