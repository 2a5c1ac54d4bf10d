package io.leasehold.jumbo;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.StackReserve;
import java.util.Objects;

/// Allocates and frees many pages: one entry into the slot of the thread for the cached pages, and one lock for each
/// half magazine beyond.
///
/// ```text
///   allocate   slot: all pages of the magazine ---> supply: one page, and half a magazine with it ---> slot ...
///   free       slot: as many as find a place -----> supply: one page, and half a magazine with it ---> slot ...
/// ```
///
/// **Threads.** Thread-safe. The thread leaves its slot after at most one magazine of pages, and before it calls the
/// supply.
///
/// @param <T> the type of the object that stands for a page
final class PageBulk<T> {

    private final JumboPool<T> pool; // (C)
    private final Shards shards; // (C)
    private final PageSupply<T> supply; // (C)

    PageBulk(JumboPool<T> pool, Shards shards, PageSupply<T> supply) {
        this.pool = pool;
        this.shards = shards;
        this.supply = supply;
    }

    /// Allocates up to `count` pages.
    ///
    /// A failure after the first page, such as a forced close by another thread, ends the call with fewer pages.
    ///
    /// @return the number of pages
    /// @throws JumboStateException if the pool is closed; no page is allocated then
    int tryAllocate(long[] handles, int from, int count) {
        Objects.checkFromIndexSize(from, count, handles.length);
        int end = from + count;
        int at = from;
        try {
            at = allocateCached(handles, at, end);
            while (at < end) {
                long handle = supply.take();
                if (handle < 0) {
                    break;
                }
                handles[at++] = handle;
                at = allocateCached(handles, at, end);
            }
        } catch (RuntimeException | Error e) {
            if (at == from) {
                throw e; // otherwise the caller gets the pages that were allocated, and its next call fails
            }
        }
        return at - from;
    }

    private int allocateCached(long[] handles, int from, int end) {
        StackReserve.ensure();
        int[] cells = from < end ? shards.slots().enter() : null;
        if (cells == null) {
            return from;
        }
        int at = from;
        try {
            long handle = shards.tryAllocate(cells);
            while (handle >= 0) {
                handles[at++] = handle;
                handle = at < end ? shards.tryAllocate(cells) : JumboPage.NONE;
            }
        } finally {
            BiasedSlots.exit(cells);
        }
        return at;
    }

    /// Frees pages.
    ///
    /// @throws JumboStateException if a handle is rejected; the pages before it are free
    void free(long[] handles, int from, int count) {
        Objects.checkFromIndexSize(from, count, handles.length);
        int end = from + count;
        for (int at = from; at < end; ) {
            at = freeCached(handles, at, end);
            if (at < end) {
                pool.free(handles[at++]);
            }
        }
    }

    /// Frees pages into the shards.
    ///
    /// @return the index of the first page that is not free yet; the caller frees it alone
    private int freeCached(long[] handles, int from, int end) {
        StackReserve.ensure();
        int[] cells = shards.slots().enter();
        if (cells == null) {
            return from;
        }
        int at = from;
        try {
            int last = Math.min(end, from + shards.batch());
            if (!supply.isPressed()) {
                at = shards.tryKeep(cells, handles, from, last);
            }
        } finally {
            BiasedSlots.exit(cells);
        }
        return at;
    }
}
