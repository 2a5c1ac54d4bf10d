package io.leasehold.bench.scenario.growth.page;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.util.Map;

/// Searches a run of 28 pages in an arena of `n` MiB whose free runs, except the last, have 20 pages.
record RunSearch() implements GrowthQuestion {

    private static final int HOLE_PAGES = 20;
    private static final int RUN_PAGES = 28;

    /// Pages at the end of the arena that stay free.
    private static final int LAST_PAGES = 4096;

    private static final int RUNS = 64;

    @Override
    public GrowthTopic topic() {
        return GrowthTopic.of(
                "runs",
                "A run of 28 pages among holes of 20",
                "MiB of the arena",
                "ns/run",
                "An arena of N MiB is full of runs of 20 pages, and every second run was freed. Only the last 16 MiB"
                        + " have longer free runs. A run of 28 pages is allocated and freed.");
    }

    @Override
    public GrowthRange range() {
        return new GrowthRange(64, 9, 6);
    }

    @Override
    public Point run(Load load) throws Exception {
        PageArenaOptions options = Load.arenaOptions(load.n() << 20).toBuilder()
                .decay(PageArenaOptions.NO_DECAY)
                .build();
        try (PageArena arena = PageArena.open(options)) {
            return Load.onLoop(() -> {
                long pages = (load.n() << 20) / arena.options().pageByteSize() - LAST_PAGES;
                long[] runs = new long[Math.toIntExact(pages / HOLE_PAGES)];
                for (int i = 0; i < runs.length; i++) {
                    runs[i] = arena.allocateRun(HOLE_PAGES);
                }
                free(arena, runs, 0);
                allocateAndFree(arena, load.nanos());
                Stopwatch watch = allocateAndFree(arena, load.nanos());
                free(arena, runs, 1);
                return load.point(watch.nanosPerLap(), watch.worstNanos(), Map.of());
            });
        }
    }

    private static void free(PageArena arena, long[] runs, int first) {
        for (int i = first; i < runs.length; i += 2) {
            arena.free(runs[i]);
        }
    }

    private static Stopwatch allocateAndFree(PageArena arena, long nanos) {
        Stopwatch watch = new Stopwatch();
        watch.start();
        do {
            for (int i = 0; i < RUNS; i++) {
                arena.free(arena.allocateRun(RUN_PAGES));
                watch.lap();
            }
            watch.stop();
        } while (watch.nanos() < nanos);
        return watch;
    }
}
