package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.util.Random;

/// A pool with most of its pages in use.
///
/// **Ownership.** Closing it closes the pool and its arena. All pages must have been freed by then.
final class OutstandingPages implements AutoCloseable {

    private static final long PAGES_PER_MIB = 256;

    /// Memory for the pages of the other thread.
    private static final long SPARE_MIB = 64;

    private static final int OTHERS = 200;

    private final PageArena arena;
    private final JumboPool<Object> ring;
    private final long[] handles;
    private final Random random = new Random(1);

    private OutstandingPages(PageArena arena, int pages) {
        this.arena = arena;
        ring = JumboPool.open(
                arena, JumboOptions.builder().name("growth").build(), (owner, page, address, size) -> new Object());
        handles = new long[pages];
    }

    /// {@return a pool without pages in use, in an arena without decay}
    static OutstandingPages open(long mib) {
        PageArena arena = PageArena.open(Load.arenaOptions((mib + SPARE_MIB) << 20).toBuilder()
                .decay(PageArenaOptions.NO_DECAY)
                .build());
        return new OutstandingPages(arena, Math.toIntExact(mib * PAGES_PER_MIB));
    }

    JumboPool<Object> ring() {
        return ring;
    }

    /// Allocates `mib` MiB in pages of 4 KiB.
    void allocateAll() {
        for (int i = 0; i < handles.length; i++) {
            handles[i] = allocate();
        }
    }

    /// Frees these pages in random order.
    void releaseAll() {
        for (int i = handles.length - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            long swapped = handles[i];
            handles[i] = handles[j];
            handles[j] = swapped;
        }
        for (long handle : handles) {
            ring.free(handle);
        }
    }

    /// {@return work for another thread: allocates 200 pages, then frees them}
    Stopwatch.Work allocateAndRelease() {
        long[] held = new long[OTHERS];
        return watch -> {
            for (int i = 0; i < OTHERS; i++) {
                held[i] = allocate();
                watch.lap();
            }
            for (long handle : held) {
                ring.free(handle);
                watch.lap();
            }
        };
    }

    private long allocate() {
        long handle = ring.tryAllocate();
        if (handle < 0) {
            throw new IllegalStateException("pool has no free page: " + ring.stats());
        }
        return handle;
    }

    @Override
    public void close() {
        ring.close();
        arena.close();
    }
}
