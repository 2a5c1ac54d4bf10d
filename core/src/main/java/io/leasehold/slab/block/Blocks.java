package io.leasehold.slab.block;

import io.leasehold.memory.EarlyClasses;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageExhaustedException;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.RefusingLimit;
import io.leasehold.slab.SlabHeap;
import org.jspecify.annotations.Nullable;

/// Allocates blocks of memory of every size with their addresses, for callers that do not need buffers.
///
/// {@snippet class="io.leasehold.snippets.BlocksExample" region="blocks"}
///
/// **Ownership.** The caller that allocated a block closes it. The caller that opened this object closes it, before the
/// arena.
///
/// **Threads.** Thread-safe.
public final class Blocks implements AutoCloseable {

    /// Maximum length of a block in bytes.
    public static final int MAX_BLOCK_BYTES = SlabHeap.MAX_BLOCK_BYTES;

    private final PageArena arena; // (C)
    private final SlabHeap<Block> heap; // (C)

    private Blocks(PageArena arena, BlocksOptions options) {
        EarlyClasses.initialize(Block.class);
        this.arena = arena;
        this.heap = SlabHeap.open(
                arena,
                options.toHeapOptions(),
                (of, handle, array, address, byteSize) -> new Block(of, handle, address, byteSize));
    }

    /// Opens a heap on the pages of an arena. The limit of the arena is the limit of the heap.
    ///
    /// @param arena arena to allocate from, with pages of at most 64 KiB
    /// @param options options of the heap
    /// @return the heap, to be closed by the caller before the arena
    /// @throws IllegalArgumentException if the pages of the arena are too large
    /// @throws io.leasehold.page.PageStateException if the arena is closed
    public static Blocks open(PageArena arena, BlocksOptions options) {
        return new Blocks(arena, options);
    }

    /// Allocates a block of at least `byteSize` bytes.
    ///
    /// @param byteSize minimum length in bytes, from 0 to [#MAX_BLOCK_BYTES]
    /// @return the block, to be closed by the caller
    /// @throws PageExhaustedException if the limit of the arena or of its budget is reached, naming it
    /// @throws IllegalArgumentException if `byteSize` is out of bounds
    /// @throws IllegalStateException if this object is closed
    public Block allocate(int byteSize) {
        Block block = tryAllocate(byteSize);
        if (block == null) {
            RefusingLimit limit = ArenaAccess.of(arena).refusingLimit(SlabHeap.blockByteSizeOf(byteSize));
            throw new PageExhaustedException("no memory for a block: byteSize=" + byteSize + ", " + limit + ", " + this
                    + limit.topTags(heap.source().tag()));
        }
        return block;
    }

    /// Allocates a block of at least `byteSize` bytes, if the limits allow it.
    ///
    /// @param byteSize minimum length in bytes, from 0 to [#MAX_BLOCK_BYTES]
    /// @return the block, to be closed by the caller, or null if the limit of the arena or of its budget is reached
    /// @throws IllegalArgumentException if `byteSize` is out of bounds
    /// @throws IllegalStateException if this object is closed
    public @Nullable Block tryAllocate(int byteSize) {
        Block block = heap.tryAllocate(byteSize);
        return block == null ? null : block.markInUse();
    }

    /// {@return a snapshot of the statistics; may be stale}
    public BlocksStats stats() {
        return BlocksStats.of(heap.stats());
    }

    /// Frees to the arena all memory that no block in use needs.
    ///
    /// @return number of bytes that were freed
    public long trim() {
        return heap.trim();
    }

    /// Closes the heap and frees all its memory to the arena. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if blocks are in use, with their number and sizes, or if a thread stays inside an
    ///     allocation or a release because it has no processor; nothing is changed then
    /// @throws io.leasehold.error.SystemCallException if the kernel fails to unlock pages; the heap allocates nothing
    ///     any more, and closing can be repeated
    @Override
    public void close() {
        heap.close();
    }

    @Override
    public String toString() {
        return "Blocks(" + heap + ")";
    }
}
