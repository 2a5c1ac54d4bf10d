package io.leasehold.slab;

import io.leasehold.page.PageArena;
import org.jspecify.annotations.Nullable;

/// Lends blocks of memory of every size with their addresses: the plain form of a [SlabHeap], for who needs no buffers.
///
/// {@snippet class="io.leasehold.snippets.BlocksExample" region="blocks"}
///
/// **Ownership.** Who allocated a block closes it. Who opened this closes it, before the arena.
///
/// **Threads.** Thread-safe.
public final class Blocks implements AutoCloseable {

    private final SlabHeap<Block> heap; // (C)

    private Blocks(PageArena arena, SlabHeapOptions options) {
        this.heap = SlabHeap.open(
                arena, options, (of, handle, array, address, byteSize) -> new Block(of, handle, address, byteSize));
    }

    /// Opens a heap of blocks on the pages of an arena; it holds at most what the arena may.
    ///
    /// @param arena whose pages, of at most 64 KiB each
    /// @param options what it is like
    /// @return the heap, to be closed by the caller before the arena
    /// @throws IllegalArgumentException if the arena's pages are too large
    /// @throws io.leasehold.page.PageStateException if the arena is closed
    public static Blocks open(PageArena arena, SlabHeapOptions options) {
        return new Blocks(arena, options);
    }

    /// Allocates a block if there is memory within the bound.
    ///
    /// @param byteSize how many bytes it has at least, from 0 to [SlabHeap#MAX_BLOCK_BYTES]
    /// @return the block, to be closed by the caller, or null
    /// @throws IllegalArgumentException if `byteSize` is out of its bounds
    /// @throws IllegalStateException if this is closed
    public @Nullable Block tryAllocate(int byteSize) {
        Block block = heap.tryAllocate(byteSize);
        return block == null ? null : block.markInUse();
    }

    /// {@return the numbers of one moment}
    public SlabHeapStats stats() {
        return heap.stats();
    }

    /// Gives back to the arena all that no block needs.
    ///
    /// @return the bytes that went
    public long trim() {
        return heap.trim();
    }

    /// Gives everything back to the arena. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if blocks are lent, naming how many of which size; nothing is changed then
    @Override
    public void close() {
        heap.close();
    }

    @Override
    public String toString() {
        return "Blocks(" + heap + ")";
    }
}
