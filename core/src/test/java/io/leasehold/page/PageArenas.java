package io.leasehold.page;

import io.leasehold.memory.Reservations;

/// Opens arenas over a kernel seam that the test chooses. For tests of the layers above, which cannot access the
/// package-private methods of [PageArena].
///
/// **Threads.** Stateless.
public final class PageArenas {

    private PageArenas() {}

    /// {@return an arena over the given reservations, without maintenance}
    public static PageArena open(PageArenaOptions options, Reservations reservations) {
        return PageArena.open(options, reservations, 0);
    }

    /// Runs the maintenance step of time `now`, in nanoseconds since the arena was opened.
    public static void step(PageArena arena, long now) {
        arena.decay().step(now);
    }

    /// Runs a test while no other thread can take the lock of the pool.
    public static void whileLocked(PageArena arena, Runnable test) {
        long ignored = arena.count(counts -> {
            test.run();
            return 0;
        });
    }

    /// Checks the invariants; exact only while no other thread uses the arena.
    public static void checkInvariants(PageArena arena) {
        arena.checkInvariants();
    }
}
