package io.leasehold.bench.jmh;

import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.TearDown;

/// What does it cost to allocate and free a warm page, or a warm run of 16 pages, on one event loop?
///
/// Baselines: a 4 KiB direct buffer of Netty's adaptive and pooled allocators without leak detection on the same kind
/// of thread; for the run, `malloc` and `free` of 64 KiB through FFM.
@Question(
        group = "page",
        title = "A page, and a run of 16 pages",
        sentence = "What does it cost to allocate and free a warm page, or a warm run of 16 pages, on"
                + " one event loop? The baselines are 4 KiB of a buffer allocator and 64 KiB of malloc.",
        threads = ThreadKind.EVENT_LOOP)
public class PageArenaBenchmark extends TimedBenchmark {

    private static final int RUN_PAGES = 16;
    private static final int PAGE_BYTES = 4096;

    private final PageArena arena = PageArena.open(
            PageArenaOptions.builder().name("bench").byteSize(256L << 20).build());

    /// Closes the arena, which also proves that every page was freed.
    @TearDown
    public void close() {
        arena.close();
    }

    /// {@return the handle of a page, which is freed}
    @Benchmark
    @Case("a page")
    public long page() {
        long page = arena.allocate();
        arena.free(page);
        return page;
    }

    /// {@return true if a direct buffer of the size of a page was allocated and released}
    @Benchmark
    @Case(value = "a buffer", baselineOf = "page")
    public boolean pageBuffer(Baselines baselines) {
        return baselines.allocate(PAGE_BYTES).release();
    }

    /// {@return the handle of a run of 16 pages, which is freed}
    @Benchmark
    @Case("a run of 16 pages")
    public long run16() {
        long run = arena.allocateRun(RUN_PAGES);
        arena.free(run);
        return run;
    }

    /// {@return the address of 64 KiB from the C library, which are freed}
    @Benchmark
    @Case(value = "malloc", baselineOf = "run16")
    public long run16Malloc() {
        long address = CLibrary.malloc(RUN_PAGES * PAGE_BYTES);
        CLibrary.free(address);
        return address;
    }
}
