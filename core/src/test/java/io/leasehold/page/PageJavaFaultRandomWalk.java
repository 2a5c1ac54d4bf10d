package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.FaultedSteps;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.Seeds;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/// Random steps of arenas, each of which meets every failure of the Java heap or the stack.
///
/// A step that throws has changed nothing. A step that returns is complete. After it no page, no lock, no mapping and
/// no byte of the budget is lost.
///
/// **Threads.** Confined to one thread.
final class PageJavaFaultRandomWalk implements Consumer<JavaFaults.Mode> {

    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 4_000 : 300;
    private static final int PAGES = 256;
    private static final int MAX_RUN = 40;
    private static final int UNCACHED_RUN = 3; // pages
    private static final long TICK = 1_000_000;

    /// The arenas under test.
    private enum Variant {
        PLAIN,
        ZEROED,
        PREFAULTED,
        LOCKED;

        boolean isPossible(VirtualMemory memory) {
            return this != LOCKED || memory.can(Capability.LOCK);
        }
    }

    private final SplittableRandom random = Seeds.random("PageJavaFaultRandomWalk");
    private final VirtualMemory memory = VirtualMemory.system();
    private final long pageBytes = Math.max(4096, memory.pageSize());
    private final MappingBudget mappings = new MappingBudget(1_000);
    private final Reservations reservations = new Reservations(memory, mappings);
    private final MemoryBudget budget = MemoryBudget.of("faulty", 200 * pageBytes);
    private final List<Long> pages = new ArrayList<>();
    private final List<Long> wired = new ArrayList<>(); // one element for each wiring
    private long now;
    private long mapped; // mappings of the open arena, and of retained ranges

    @Override
    public void accept(JavaFaults.Mode mode) {
        // a class whose initialization fails is unusable for ever, so the first arena and its first page meet no fault
        PageArena first = PageArena.open(options(Variant.PLAIN), reservations, now);
        first.free(first.allocate());
        first.close();
        for (Variant variant : Variant.values()) {
            if (variant.isPossible(memory)) {
                walk(mode, variant, false);
                walk(mode, variant, true);
            }
        }
        reservations.releaseRetained();
        assertThat(mappings.used()).as("mappings left").isZero();
    }

    private void walk(JavaFaults.Mode mode, Variant variant, boolean isForced) {
        PageArena[] opened = new PageArena[1];
        PageArenaOptions options = options(variant);
        now = 0;
        new FaultedSteps(
                        mode,
                        () -> assertThat(opened[0] != null || budget.usedBytes() == 0)
                                .isTrue())
                .run("open", () -> {
                    if (opened[0] == null) {
                        opened[0] = PageArena.open(options, reservations, now);
                    }
                });
        PageArena arena = opened[0];
        mapped = mappings.used();
        FaultedSteps steps = new FaultedSteps(mode, () -> check(arena));
        for (int i = 0; i < STEPS; i++) {
            step(steps, arena);
        }
        check(arena);
        if (isForced) {
            steps.run("close by force", () -> arena.closeForcibly());
            pages.clear();
            wired.clear();
        } else {
            while (!pages.isEmpty()) {
                unwireAll(steps, arena);
                free(steps, arena);
            }
            check(arena);
            if (mode == JavaFaults.Mode.STACK) {
                freeAtEveryDepth(arena);
            }
            steps.run("close", arena::close);
        }
        arena.close();
        assertThat(budget.usedBytes()).as("bytes left").isZero();
    }

    private PageArenaOptions options(Variant variant) {
        return PageArenaOptions.builder()
                .name("faulty")
                .byteSize(PAGES * pageBytes)
                .pageByteSize(pageBytes)
                .zeroOnFree(variant == Variant.ZEROED)
                .prefault(variant == Variant.PREFAULTED)
                .lockWired(variant == Variant.LOCKED)
                .decay(Duration.ofNanos(Decay.TICKS * TICK))
                .budget(budget)
                .build();
    }

    private void step(FaultedSteps steps, PageArena arena) {
        switch (random.nextInt(12)) {
            case 0, 1 -> allocate(steps, arena, 1);
            case 2 -> allocate(steps, arena, 1 << random.nextInt(5));
            case 3 -> allocate(steps, arena, 1 + random.nextInt(MAX_RUN));
            case 4 -> {
                boolean[] isDone = {false};
                long byteAlignment = pageBytes << random.nextInt(4);
                steps.run("allocate aligned", () -> {
                    if (!isDone[0]) {
                        keep(arena.tryAllocateRun(4, byteAlignment));
                        isDone[0] = true;
                    }
                });
            }
            case 5 -> grow(steps, arena);
            case 6 -> split(steps, arena);
            case 7 -> wire(steps, arena);
            case 8 -> {
                now += random.nextLong(4 * TICK);
                steps.run("decay", () -> arena.decay().step(now));
            }
            case 9 -> {
                if (random.nextInt(4) == 0) {
                    steps.run("trim", arena::trim);
                } else {
                    await(steps, arena);
                }
            }
            default -> {
                free(steps, arena);
                free(steps, arena);
            }
        }
    }

    private void allocate(FaultedSteps steps, PageArena arena, int count) {
        boolean[] isDone = {false};
        steps.run("allocate", () -> {
            if (!isDone[0]) {
                keep(count == 1 ? arena.tryAllocate() : arena.tryAllocateRun(count));
                isDone[0] = true;
            }
        });
    }

    private void await(FaultedSteps steps, PageArena arena) {
        boolean[] isDone = {false};
        int count = 1 + random.nextInt(MAX_RUN);
        steps.run("wait", () -> {
            if (!isDone[0]) {
                keep(arena.tryAllocateRun(count, Duration.ofNanos(1)));
                isDone[0] = true;
            }
        });
    }

    private void grow(FaultedSteps steps, PageArena arena) {
        if (pages.isEmpty()) {
            return;
        }
        long page = pages.get(random.nextInt(pages.size()));
        if (wired.contains(page)) {
            return;
        }
        boolean[] isDone = {false};
        int more = 1 + random.nextInt(8);
        int before = arena.frames().pageCount(page);
        boolean[] isGrown = {false};
        steps.run("grow", () -> {
            if (!isDone[0]) {
                isGrown[0] = arena.tryGrow(page, more);
                isDone[0] = true;
            }
        });
        assertThat(arena.frames().pageCount(page)).isEqualTo(before + (isGrown[0] ? more : 0));
    }

    private void split(FaultedSteps steps, PageArena arena) {
        for (long page : List.copyOf(pages)) {
            int count = arena.frames().pageCount(page);
            if (count > 1 && !wired.contains(page)) {
                boolean[] isDone = {false};
                int kept = 1 + random.nextInt(count - 1);
                steps.run("split", () -> {
                    if (!isDone[0]) {
                        keep(arena.split(page, kept));
                        isDone[0] = true;
                    }
                });
                return;
            }
        }
    }

    private void wire(FaultedSteps steps, PageArena arena) {
        if (pages.isEmpty() || wired.size() > 4) {
            unwireAll(steps, arena);
            return;
        }
        long page = pages.get(random.nextInt(pages.size()));
        boolean[] isDone = {false};
        steps.run("wire", () -> {
            if (!isDone[0]) {
                arena.frames().wire(page);
                wired.add(page);
                isDone[0] = true;
            }
        });
    }

    private void unwireAll(FaultedSteps steps, PageArena arena) {
        while (!wired.isEmpty()) {
            int last = wired.size() - 1;
            steps.run("unwire", () -> {
                if (wired.size() > last) {
                    arena.frames().unwire(wired.get(last));
                    wired.remove(last);
                }
            });
        }
    }

    private void free(FaultedSteps steps, PageArena arena) {
        List<Long> idle = pages.stream().filter(page -> !wired.contains(page)).toList();
        if (idle.isEmpty()) {
            return;
        }
        long page = idle.get(random.nextInt(idle.size()));
        steps.run("free", () -> {
            if (pages.contains(page)) {
                arena.free(page);
                pages.remove(page);
            }
        });
    }

    /// Frees a run that no magazine takes while the stack has space for one frame, for two, and so on. A free that
    /// fails leaves the run in use.
    private void freeAtEveryDepth(PageArena arena) {
        boolean isHit = true;
        for (int frames = 0; isHit; frames++) {
            arena.free(arena.allocate()); // opens the slot of the thread
            long run = arena.allocateRun(UNCACHED_RUN);
            pages.add(run);
            long before = JavaFaults.injected();
            boolean isFree = JavaFaults.fits(JavaFaults.Mode.STACK, frames, () -> arena.free(run));
            isHit = JavaFaults.injected() > before;
            if (isFree) {
                pages.remove(run);
            }
            check(arena);
            if (!isFree) {
                arena.free(run);
                pages.remove(run);
            }
        }
    }

    private void keep(long page) {
        if (page != PageArena.NO_PAGE) {
            pages.add(page);
        }
    }

    private void check(PageArena arena) {
        if (arena.frames().isClosed()) {
            return;
        }
        arena.checkInvariants();
        int live = 0;
        int locked = 0;
        for (long page : pages) {
            int wires = (int) wired.stream().filter(one -> one == page).count();
            assertThat(arena.frames().wireCount(page)).as("wirings").isEqualTo(wires);
            assertThat(arena.frames().holdCount(page)).as("holds").isZero();
            live += arena.frames().pageCount(page);
            locked += wires > 0 ? 1 : 0;
        }
        assertThat(arena.stats().livePages()).as("live pages").isEqualTo(live);
        if (arena.options().lockWired()) {
            assertThat(mappings.used()).as("mappings, locked=%d", locked).isEqualTo(mapped + 2L * locked);
        }
    }
}
