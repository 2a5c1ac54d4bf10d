package io.leasehold.page;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;

/// Reads all numbers of an arena that is closed, after its address space was unmapped.
///
/// Address space is unmapped when many arenas were closed after it. This program does not wait for that.
final class ClosedArenaProgram {

    private ClosedArenaProgram() {}

    public static void main(String[] args) {
        Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(10));
        PageArenaOptions options = PageArenaOptions.builder()
                .byteSize(16 << 20)
                .budget(MemoryBudget.of("closed", 32 << 20))
                .build();
        PageArena arena = PageArena.open(options, reservations, 0);
        arena.free(arena.allocateRun(100));
        ArenaActivity activity = arena.activity();
        arena.close();
        reservations.releaseRetained();

        System.out.println("stats=" + arena.stats());
        System.out.println("longest=" + activity.longestFreeRunBytes());
        System.out.println("committed=" + activity.committedBytes());
        System.out.println("resident=" + arena.residentBytes());
        System.out.println("trimmed=" + arena.trim());
        System.out.println("arena=" + arena);
    }
}
