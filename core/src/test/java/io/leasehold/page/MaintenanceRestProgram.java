package io.leasehold.page;

import io.leasehold.budget.MemoryBudget;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Main class of the JVMs that [MaintenanceRestTest] starts: allocates and frees pages, and checks that the maintenance
/// thread starts and ends.
final class MaintenanceRestProgram {

    private static final int ROUNDS = 3;
    static final int PAGES = 600;

    /// The argument for an arena whose free memory decays, and for one that keeps it.
    static final String DECAYED = "decayed";

    static final String KEPT = "kept";

    private MaintenanceRestProgram() {}

    public static void main(String[] arguments) throws InterruptedException {
        ThreadGroup group = new ThreadGroup("application");
        boolean isKept = arguments[0].equals(KEPT);
        Thread application =
                new Thread(group, isKept ? MaintenanceRestProgram::keep : MaintenanceRestProgram::decay, "application");
        application.setPriority(Thread.MIN_PRIORITY);
        application.start();
        application.join();
    }

    private static void decay() {
        PageArena arena = PageArena.open(PageArenaOptions.builder()
                .name("resting")
                .byteSize(16 << 20)
                .decay(Duration.ofMillis(20))
                .budget(MemoryBudget.of("resting", 64 << 20))
                .build());
        for (int round = 0; round < ROUNDS; round++) {
            arena.free(arena.allocateRun(PAGES));
            Thread found = maintenance();
            if (found != null) { // otherwise it finished and ended already
                ThreadGroup group = found.getThreadGroup();
                System.out.println("group=" + (group == null ? "none" : group.getName()));
                System.out.println("priority=" + found.getPriority());
                System.out.println("context=" + found.getContextClassLoader());
            }
            Eventually.holds("free memory is given back", () -> arena.stats().idlePages() == 0);
            Eventually.holds("the thread ends", () -> maintenance() == null);
        }
        arena.close();
        System.out.println("result=holds");
    }

    /// An arena without decay rests, too, and keeps its memory.
    private static void keep() {
        try (PageArena arena = PageArena.open(PageArenaOptions.builder()
                .name("kept")
                .byteSize(16 << 20)
                .decay(PageArenaOptions.NO_DECAY)
                .budget(MemoryBudget.of("kept", 64 << 20))
                .build())) {
            for (int round = 0; round < ROUNDS; round++) {
                arena.free(arena.allocateRun(PAGES));
                Eventually.holds("the thread ends", () -> maintenance() == null);
            }
            System.out.println("kept=" + arena.stats().idlePages());
        }
        System.out.println("result=holds");
    }

    private static @Nullable Thread maintenance() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("leasehold-maintenance"))
                .findFirst()
                .orElse(null);
    }
}
