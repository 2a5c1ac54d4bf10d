package io.leasehold.page;

import io.leasehold.memory.Reservations;

/// Arenas over a kernel seam of the test's choice, for tests of the floors above, which do not see [PageArena]'s own
/// way to open one.
///
/// **Threads.** Stateless.
public final class PageArenas {

    private PageArenas() {}

    /// {@return an arena over these reservations, without maintenance}
    public static PageArena open(PageArenaOptions options, Reservations reservations) {
        return PageArena.open(options, reservations, 0);
    }

    /// Does what maintenance does when its clock says `now`, in nanoseconds since the arena was opened.
    public static void step(PageArena arena, long now) {
        arena.decay().step(now);
    }

    /// Checks what must always hold; exact only while no other thread uses the arena.
    public static void checkInvariants(PageArena arena) {
        arena.checkInvariants();
    }
}
