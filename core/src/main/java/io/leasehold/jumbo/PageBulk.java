package io.leasehold.jumbo;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.StackReserve;
import java.util.Objects;

/// Takes and gives many pages with one entry into the thread's slot for as many as are there, and one lock for each
/// half stack beyond.
///
/// ```text
///   take   slot: all that the stack has ---> supply: one page, and half a stack with it ---> slot ...
///   give   slot: as many as find a place ---> supply: one page, and half a stack with it ---> slot ...
/// ```
///
/// **Threads.** Thread-safe. A slot is left after no more than a stack of pages, and before the supply is asked.
///
/// @param <T> what pages are lent as
final class PageBulk<T> {

    private final JumboPool<T> pool; // (C)
    private final Shards shards; // (C)
    private final PageSupply<T> supply; // (C)

    PageBulk(JumboPool<T> pool, Shards shards, PageSupply<T> supply) {
        this.pool = pool;
        this.shards = shards;
        this.supply = supply;
    }

    /// {@return how many pages there were}
    int allocate(long[] handles, int from, int count) {
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
        } catch (OutOfMemoryError | StackOverflowError e) {
            if (at == from) {
                throw e; // else the caller has to learn of the pages that it has
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

    /// @throws JumboStateException if one is refused; those before it are back
    void release(long[] handles, int from, int count) {
        Objects.checkFromIndexSize(from, count, handles.length);
        int end = from + count;
        for (int at = from; at < end; ) {
            at = freeCached(handles, at, end);
            if (at < end) {
                pool.release(handles[at++]);
            }
        }
    }

    /// {@return the index of the first page that is not free yet, and is to be freed alone}
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
