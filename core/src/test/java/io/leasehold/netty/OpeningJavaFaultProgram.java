package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.memory.FaultedSteps;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.slab.block.Blocks;
import io.leasehold.slab.block.BlocksOptions;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Opens everything that has an arena below it. Each opening meets every possible failure of the JVM.
///
/// After a failure there is no byte in the budget, no child of it, no mapping and no user of the arena. What was opened
/// in spite of it is closed again.
///
/// **Threads.** Confined to one thread.
final class OpeningJavaFaultProgram implements Consumer<JavaFaults.Mode> {

    private static final int LIMIT = 4 << 20;

    private final MemoryBudget budget = MemoryBudget.of("opening", 64 << 20);
    private final boolean maps = VirtualMemory.system().can(Capability.MAP);
    private @Nullable PageArena shared;
    private long sharedBytes; // in the budget, and for each of the other values: while nothing is open on the arena
    private long sharedMappings;

    @Override
    public void accept(JavaFaults.Mode mode) {
        openAll(null); // so that all classes are there
        openAll(mode);
        assertThat(MappingBudget.system().used()).as("mappings at the end").isZero();
    }

    private void openAll(JavaFaults.@Nullable Mode mode) {
        open(mode, "arena", () -> PageArena.open(arenaOptions(false)));
        open(
                mode,
                "allocator",
                () -> LeasedByteBufAllocator.builder()
                        .budget(budget)
                        .byteLimit(LIMIT)
                        .build());
        if (maps) {
            open(mode, "arena with a file", () -> PageArena.open(arenaOptions(true)));
        }

        PageArena arena = PageArena.open(arenaOptions(maps));
        // where memory cannot be decommitted, each page that was ever used stays charged
        arena.free(arena.allocateRun((int) (LIMIT / arena.options().pageByteSize())));
        arena.trim();
        shared = arena;
        sharedBytes = budget.usedBytes();
        Reservations.system().releaseRetained();
        sharedMappings = MappingBudget.system().used();
        open(
                mode,
                "allocator on an arena",
                () -> LeasedByteBufAllocator.builder().arena(arena).build());
        open(mode, "blocks", () -> Blocks.open(arena, BlocksOptions.defaults()));
        open(mode, "pool", () -> openPool(arena));
        open(mode, "leases", () -> LeasePool.open(arena, LeasePoolOptions.directMap()));
        if (maps) {
            open(mode, "windowed leases", () -> LeasePool.open(arena, LeasePoolOptions.windowed(4)));
        }
        open(
                mode,
                "cache of windows",
                () -> WindowCache.open(
                        arena,
                        WindowCacheOptions.builder()
                                .windows(4, 64 << 10)
                                .extents(2, 64 << 10)
                                .build()));
        shared = null;
        arena.close();
        checkNothingIsLeft();
    }

    private PageArenaOptions arenaOptions(boolean hasFile) {
        return PageArenaOptions.builder()
                .name("opening")
                .byteSize(LIMIT)
                .memoryFile(hasFile)
                .budget(budget)
                .build();
    }

    private static JumboPool<Object> openPool(PageArena arena) {
        JumboPool<Object> pool = JumboPool.open(
                arena,
                JumboOptions.builder().slabByteSize(256 << 10).pages(1, 64).build(),
                (of, page, address, byteSize) -> new Object());
        boolean isOpen = false;
        try {
            isOpen = pool.initialise();
            return pool;
        } finally {
            if (!isOpen) {
                JavaFaults.disarm();
                pool.close();
            }
        }
    }

    private void open(JavaFaults.@Nullable Mode mode, String what, Supplier<AutoCloseable> open) {
        @Nullable AutoCloseable[] opened = new AutoCloseable[1];
        if (mode == null) {
            opened[0] = open.get();
        } else {
            new FaultedSteps(mode, () -> {
                        close(opened);
                        checkNothingIsLeft();
                    })
                    .run(what, () -> opened[0] = open.get());
        }
        close(opened);
        checkNothingIsLeft();
    }

    private static void close(@Nullable AutoCloseable[] opened) {
        AutoCloseable closing = opened[0];
        opened[0] = null;
        try {
            if (closing != null) {
                closing.close();
            }
        } catch (Exception e) {
            throw new AssertionError("cannot close: " + closing, e);
        }
    }

    private void checkNothingIsLeft() {
        PageArena arena = shared;
        if (arena != null) {
            arena.trim();
            assertThat(arena.users()).as("users of the arena").isEmpty();
            assertThat(arena.stats().livePages()).as("pages in use").isZero();
        }
        assertThat(budget.usedBytes()).as("budget").isEqualTo(arena == null ? 0 : sharedBytes);
        assertThat(budget.stats().children()).as("budgets below").hasSize(arena == null ? 0 : 1);
        Reservations.system().releaseRetained();
        assertThat(MappingBudget.system().used()).as("mappings").isEqualTo(arena == null ? 0 : sharedMappings);
    }
}
