package io.leasehold.undertow;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.LateFrees;
import io.leasehold.memory.StackReserve;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageExhaustedException;
import io.leasehold.slab.block.Block;
import io.leasehold.slab.block.Blocks;
import io.leasehold.slab.block.BlocksOptions;
import io.leasehold.slab.block.BlocksStats;
import io.undertow.connector.ByteBufferPool;
import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.DefaultByteBufferPool;

/// Undertow's pool of buffers of one size, which are blocks of an arena.
///
/// ```text
///   allocate() ----> block of the arena ----> PooledByteBuffer ----> close: block is freed
///   getArrayBackedPool() ----> Undertow's own pool, of heap buffers
/// ```
///
/// {@snippet class="io.leasehold.snippets.UndertowPoolExample" region="example"}
///
/// **Ownership.** The caller that allocated a buffer closes it. After that its `ByteBuffer` must not be used: as in
/// Undertow's own pool, the memory may belong to another buffer. The caller that opened this pool closes it, after the
/// server and before the arena.
///
/// **Threads.** Thread-safe. Any thread may close a buffer. No buffer is kept in a thread local, so virtual threads
/// hold nothing.
public final class LeasedBufferPool implements ByteBufferPool {

    private final Blocks blocks; // (C)
    private final int bufferSize; // (C)
    private final ByteBufferPool onHeap; // (C)
    private final LateFrees late = new LateFrees(); // (C)

    private LeasedBufferPool(PageArena arena, int bufferSize, BlocksOptions options) {
        this.bufferSize = bufferSize;
        this.blocks = Blocks.open(arena, options);
        this.onHeap = new DefaultByteBufferPool(false, bufferSize);
    }

    /// Opens a pool on the pages of an arena. The limit of the arena is the limit of the pool.
    ///
    /// @param arena arena to allocate from, with pages of at most 64 KiB
    /// @param bufferSize capacity of each buffer in bytes, from 1 to 2,147,483,639; Undertow asks for
    ///     16 KiB or more
    /// @return the pool, with the name `undertow`, to be closed by the caller before the arena
    /// @throws IllegalArgumentException if `bufferSize` is out of bounds or more than the limit of the arena, or the
    ///     pages of the arena are too large
    /// @throws io.leasehold.page.PageStateException if the arena is closed
    public static LeasedBufferPool open(PageArena arena, int bufferSize) {
        return open(arena, bufferSize, BlocksOptions.defaults().withName("undertow"));
    }

    /// Opens a pool on the pages of an arena. The limit of the arena is the limit of the pool.
    ///
    /// @param arena arena to allocate from, with pages of at most 64 KiB
    /// @param bufferSize capacity of each buffer in bytes, from 1 to 2,147,483,639; Undertow asks for
    ///     16 KiB or more
    /// @param options name of the pool, and sizes of its caches in bytes
    /// @return the pool, to be closed by the caller before the arena
    /// @throws IllegalArgumentException if `bufferSize` is out of bounds or more than the limit of the arena, or the
    ///     pages of the arena are too large
    /// @throws io.leasehold.page.PageStateException if the arena is closed
    public static LeasedBufferPool open(PageArena arena, int bufferSize, BlocksOptions options) {
        long max = Math.min(Blocks.MAX_BLOCK_BYTES, arena.options().byteSize());
        if (bufferSize < 1 || bufferSize > max) {
            throw new IllegalArgumentException(format(
                    "buffer size is out of bounds: pool=%s, bufferSize=%d, min=1, max=%d, arena=%s",
                    options.name(), bufferSize, max, arena.options().name()));
        }
        return new LeasedBufferPool(arena, bufferSize, options);
    }

    /// Allocates a buffer. Its position is 0, its limit and capacity are the size of the pool, and it is not zeroed.
    ///
    /// @return the buffer, to be closed by the caller
    /// @throws PageExhaustedException if the limit of the arena or of its budget is reached
    /// @throws IllegalStateException if the pool is closed
    /// @throws StackOverflowError if the stack is too short; nothing is changed then
    @Override
    public PooledByteBuffer allocate() {
        late.free();
        StackReserve.ensure(); // an overflow after the allocation would lose the block
        Block block = blocks.allocate(bufferSize);
        boolean isDone = false;
        try {
            PooledByteBuffer buffer = new LeasedBuffer(block, bufferSize, late);
            isDone = true;
            return buffer;
        } finally {
            if (!isDone) {
                block.close();
            }
        }
    }

    /// {@return Undertow's own pool of heap buffers of the same size}
    @Override
    public ByteBufferPool getArrayBackedPool() {
        return onHeap;
    }

    @Override
    public int getBufferSize() {
        return bufferSize;
    }

    @Override
    public boolean isDirect() {
        return true;
    }

    /// Gives the memory of free buffers back to the arena.
    ///
    /// @return number of bytes that were given back
    public long trim() {
        late.free();
        return blocks.trim();
    }

    /// {@return statistics of the buffers: a snapshot; may be stale}
    public BlocksStats stats() {
        late.free();
        return blocks.stats();
    }

    /// Closes the pool and frees its memory to the arena. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if buffers are in use, with their number and sizes, or if a thread is allocating
    ///     or closing a buffer; nothing is changed then
    @Override
    public void close() {
        late.free();
        blocks.close();
        onHeap.close();
    }

    @Override
    public String toString() {
        return "LeasedBufferPool(bufferSize=" + bufferSize + ", " + blocks + ")";
    }
}
