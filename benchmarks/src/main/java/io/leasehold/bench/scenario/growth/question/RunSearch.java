package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;

/// Searches for a run of 28 pages in an arena of `n` MiB whose free runs, except the last, have 20 pages.
final class RunSearch {

    private static final int HOLE_PAGES = 20;
    private static final int RUN_PAGES = 28;

    /// Pages at the end of the arena that stay free.
    private static final int LAST_PAGES = 4096;

    private static final int RUNS = 64;

    private RunSearch() {}

    static Point run(Load load) throws Exception {
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
                Point point = load.measure(RUNS, () -> arena.free(arena.allocateRun(RUN_PAGES)));
                free(arena, runs, 1);
                return point;
            });
        }
    }

    private static void free(PageArena arena, long[] runs, int first) {
        for (int i = first; i < runs.length; i += 2) {
            arena.free(runs[i]);
        }
    }
}
