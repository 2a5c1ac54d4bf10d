package io.leasehold.jetty;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.LateFrees;
import io.leasehold.memory.StackReserve;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageExhaustedException;
import io.leasehold.slab.block.Block;
import io.leasehold.slab.block.Blocks;
import io.leasehold.slab.block.BlocksOptions;
import io.leasehold.slab.block.BlocksStats;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.RetainableByteBuffer;

/// Jetty's pool of buffers, whose direct buffers are blocks of an arena.
///
/// ```text
///   acquire(size, direct) ----> block of the arena ----> RetainableByteBuffer ----> last release: block is freed
///   acquire(size, heap) ------> Jetty's own pool
/// ```
///
/// {@snippet class="io.leasehold.snippets.JettyPoolExample" region="example"}
///
/// **Ownership.** The caller that acquired or retained a buffer releases it. After the last release its
/// [ByteBuffer] must not be used: as in Jetty's own pool, the memory may belong to another buffer. The caller that
/// opened this pool closes it, after the server and before the arena.
///
/// **Threads.** Thread-safe. Any thread may release a buffer.
public final class LeasedBufferPool implements ByteBufferPool, AutoCloseable {

    private final Blocks blocks; // (C)
    private final String name; // (C)
    private final ByteBufferPool onHeap = new ArrayByteBufferPool(); // (C)
    private final LateFrees late = new LateFrees(); // (C)
    private volatile boolean closed; // (A)

    private LeasedBufferPool(PageArena arena, BlocksOptions options) {
        this.name = options.name();
        this.blocks = Blocks.open(arena, options);
    }

    /// Opens a pool on the pages of an arena. The limit of the arena is the limit of direct buffers.
    ///
    /// @param arena arena to allocate from, with pages of at most 64 KiB
    /// @return the pool, with the name `jetty`, to be closed by the caller before the arena
    /// @throws IllegalArgumentException if the pages of the arena are too large
    /// @throws io.leasehold.page.PageStateException if the arena is closed
    public static LeasedBufferPool open(PageArena arena) {
        return open(arena, BlocksOptions.defaults().withName("jetty"));
    }

    /// Opens a pool on the pages of an arena. The limit of the arena is the limit of direct buffers.
    ///
    /// @param arena arena to allocate from, with pages of at most 64 KiB
    /// @param options name of the pool, and sizes of its caches in bytes
    /// @return the pool, to be closed by the caller before the arena
    /// @throws IllegalArgumentException if the pages of the arena are too large
    /// @throws io.leasehold.page.PageStateException if the arena is closed
    public static LeasedBufferPool open(PageArena arena, BlocksOptions options) {
        return new LeasedBufferPool(arena, options);
    }

    /// Acquires an empty buffer. Its content beyond its limit is not zeroed.
    ///
    /// @param size minimum capacity in bytes, from 0; for direct buffers at most 2,147,483,639
    /// @param direct true for a buffer of the arena, false for a buffer of Jetty's own pool in the Java heap
    /// @return a buffer with one reference, to be released by the caller
    /// @throws IllegalArgumentException if `size` is out of bounds
    /// @throws PageExhaustedException if the limit of the arena or of its budget is reached
    /// @throws IllegalStateException if the pool is closed
    /// @throws StackOverflowError if the stack is too short; nothing is changed then
    @Override
    public RetainableByteBuffer.Mutable acquire(int size, boolean direct) {
        if (size < 0 || (direct && size > Blocks.MAX_BLOCK_BYTES)) {
            throw new IllegalArgumentException(format(
                    "size of a buffer is out of bounds: pool=%s, size=%d, min=0, max=%d",
                    name, size, direct ? Blocks.MAX_BLOCK_BYTES : Integer.MAX_VALUE));
        }
        if (!direct) {
            if (closed) {
                throw new IllegalStateException("pool is closed: pool=" + name);
            }
            return onHeap.acquire(size, false);
        }
        late.free();
        StackReserve.ensure(); // an overflow after the allocation would lose the block
        Block block = blocks.allocate(size);
        boolean isDone = false;
        try {
            ByteBuffer bytes = block.segment().asByteBuffer().limit(0);
            RetainableByteBuffer.Mutable buffer = new LeasedBuffer(bytes, block, late);
            isDone = true;
            return buffer;
        } finally {
            if (!isDone) {
                block.close();
            }
        }
    }

    /// Gives the memory of free buffers back to the arena. Buffers in use are not changed.
    @Override
    public void clear() {
        late.free();
        blocks.trim();
        onHeap.clear();
    }

    /// {@return statistics of the direct buffers: a snapshot; may be stale}
    public BlocksStats stats() {
        late.free();
        return blocks.stats();
    }

    /// Closes the pool and frees its memory to the arena. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if direct buffers are in use, with their number and sizes, or if a thread is
    ///     acquiring or releasing one; nothing is changed then
    @Override
    public void close() {
        late.free();
        blocks.close();
        closed = true;
        onHeap.clear();
    }

    @Override
    public String toString() {
        return "LeasedBufferPool(" + blocks + ")";
    }
}
