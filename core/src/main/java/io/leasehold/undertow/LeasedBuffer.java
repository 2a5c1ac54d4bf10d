package io.leasehold.undertow;

import io.leasehold.slab.block.Block;
import io.undertow.connector.PooledByteBuffer;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// A block as Undertow's buffer. As the contract of [PooledByteBuffer] demands, closing it twice has no effect.
///
/// **Threads.** One thread at a time, except for [#close]: of concurrent calls exactly one frees the block.
final class LeasedBuffer implements PooledByteBuffer {

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
    private volatile @Nullable Block block; // (A) null after the close

    LeasedBuffer(Block block, int byteSize) {
        this.bytes = block.segment().asSlice(0, byteSize).asByteBuffer();
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

    @Override
    public void close() {
        Block open = (Block) BLOCK.getAndSet(this, (Block) null);
        if (open == null) {
            return;
        }
        try {
            open.close();
        } catch (StackOverflowError e) {
            block = open; // the block stays open, so that the caller can close this buffer on a shorter stack
            throw e;
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
