package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Runs two arenas, one after the other in the same address space, over memory with injected failures. Then checks that
/// no failure left anything behind.
///
/// Without failures the calls and their order are always the same. Each step declares which exceptions it may throw. An
/// exception must name the injected error, and after each step with a fault the arena must be consistent.
///
/// **Threads.** Confined to one thread.
final class PageArenaFaultRun {

    private static final long MIB = 1 << 20;
    private static final long BYTES = 64 * MIB;

    /// The arenas under test.
    enum Variant {
        ANONYMOUS,
        MEMORY_FILE,
        PREFAULTED,
        LOCKED_WHEN_WIRED,
        TIGHT_BUDGET,
        CLOSED_BY_FORCE,
        FILE_CLOSED_BY_FORCE,
        NO_CAPABILITIES;

        boolean isPossible(LedgerVirtualMemory memory) {
            return switch (this) {
                case MEMORY_FILE, FILE_CLOSED_BY_FORCE -> memory.can(Capability.MAP);
                case LOCKED_WHEN_WIRED -> memory.can(Capability.LOCK);
                case TIGHT_BUDGET -> memory.can(Capability.DECOMMIT);
                default -> true;
            };
        }

        Set<Capability> hidden() {
            return switch (this) {
                case NO_CAPABILITIES -> EnumSet.allOf(Capability.class);
                case PREFAULTED -> EnumSet.of(Capability.ADVISE); // prefault was requested, and its failure is ignored
                default -> EnumSet.noneOf(Capability.class);
            };
        }

        boolean isForced() {
            return this == CLOSED_BY_FORCE || this == FILE_CLOSED_BY_FORCE;
        }
    }

    /// The action of a step.
    private interface Step {
        void run() throws InterruptedException;
    }

    /// Called before each step; may arm or disarm a fault.
    interface Saboteur {
        void beforeStep(FaultyVirtualMemory memory);
    }

    private final Variant variant;
    private final Set<Integer> errnos; // errors of the injected faults
    private final Saboteur saboteur;
    private final LedgerVirtualMemory ledger;
    final FaultyVirtualMemory memory;
    private final MappingBudget mappings = new MappingBudget(1_000);
    private final Reservations reservations;
    private final MemoryBudget parent;
    private final List<Long> pages = new ArrayList<>();
    private @Nullable PageArena arena;
    private long pageBytes = 16 << 10;
    private int lost; // maximum number of regions that a failed opening could not give back
    private long now;

    PageArenaFaultRun(Variant variant, Set<Integer> errnos, Saboteur saboteur) {
        this.variant = variant;
        this.errnos = errnos;
        this.saboteur = saboteur;
        this.ledger = new LedgerVirtualMemory(variant.hidden());
        this.memory = new FaultyVirtualMemory(ledger);
        this.reservations = new Reservations(memory, mappings);
        this.parent = MemoryBudget.of("parent", variant == Variant.TIGHT_BUDGET ? 25 * MIB : 2 * BYTES);
    }

    /// Runs both arenas, and checks that nothing is left.
    void run() {
        live(BYTES);
        live(BYTES / 2);
        memory.disarm();
        assertThat(mappings.used())
                .as(
                        "mappings charged, retained=%d, remnants=%d",
                        reservations.retainedCount(), reservations.remnantCount())
                .isBetween(2L * kept(), 2L * (kept() + lost));
        reservations.releaseRetained();
        assertThat(ledger.createdDescriptors())
                .as("descriptors created, as many as closed")
                .isEqualTo((int) memory.count(FaultyVirtualMemory.Call.CLOSE_MEMORY));
        if (lost == 0) {
            assertThat(ledger.reservedBytes())
                    .as("address space without an owner")
                    .isZero();
            assertThat(ledger.lockedPageCount()).isZero();
        }
        ledger.releaseAll();
    }

    /// {@return number of regions that are kept for the next owner}
    private int kept() {
        return reservations.retainedCount() + 2 * reservations.remnantCount();
    }

    private void live(long byteSize) {
        PageArenaOptions options = PageArenaOptions.builder()
                .name("faulty")
                .byteSize(byteSize)
                .pageByteSize(pageBytes)
                .memoryFile(variant == Variant.MEMORY_FILE || variant == Variant.FILE_CLOSED_BY_FORCE)
                .prefault(variant == Variant.PREFAULTED)
                .lockWired(variant == Variant.LOCKED_WHEN_WIRED)
                .decay(Duration.ofSeconds(1))
                .budget(parent)
                .build();
        refusable("open", () -> arena = PageArena.open(options, reservations, now));
        if (arena == null) {
            assertThat(parent.usedBytes())
                    .as("bytes left by an arena that did not open")
                    .isZero();
            assertThat(parent.report()).doesNotContain("faulty");
            memory.disarm();
            arena = PageArena.open(options, reservations, now);
        }
        use(arena);
        close(arena);
        arena = null;
        pages.clear();
        assertThat(parent.usedBytes())
                .as("bytes left by an arena that is closed")
                .isZero();
        assertThat(parent.report()).doesNotContain("faulty");
    }

    private void use(PageArena arena) {
        for (int i = 0; i < 4; i++) {
            silent("tryAllocate", () -> keep(arena.tryAllocate()));
        }
        for (int i = 0; i < 3; i++) {
            exhaustible("allocateRun", () -> keep(arena.allocateRun(pagesOf(5 * MIB))));
        }
        silent("tryAllocateRun", () -> keep(arena.tryAllocateRun(pagesOf(3 * MIB), 2 * MIB)));
        wire(arena);
        silent(
                "tryGrow",
                () -> pages.stream().skip(Math.max(0, pages.size() - 1)).forEach(page -> {
                    arena.tryGrow(page, pagesOf(MIB));
                    arena.tryGrow(page, pagesOf(9 * MIB));
                }));
        silent("split", () -> {
            for (long page : List.copyOf(pages)) {
                if (arena.frames().pageCount(page) > 100) {
                    keep(arena.split(page, 50));
                    break;
                }
            }
        });
        silent("free", () -> free(arena, pages.size() / 2));
        silent("trim", arena::trim);
        silent("decay", () -> arena.decay().step(now += Duration.ofMillis(300).toNanos()));
        exhaustible("allocate", () -> keep(arena.allocate()));
        silent("tryAllocateRun", () -> keep(arena.tryAllocateRun(2)));
        silent("free", () -> free(arena, pages.size() / 2));
        silent("decay", () -> arena.decay().step(now += Duration.ofMillis(1_500).toNanos()));
        exhaustible("allocateRun", () -> keep(arena.allocateRun(pagesOf(7 * MIB))));
        silent("waiting", () -> keep(arena.tryAllocateRun(pagesOf(12 * MIB), Duration.ofNanos(1))));
        wire(arena);
        if (memory.can(Capability.RESIDENCY)) {
            refusable("residentBytes", () -> assertThat(arena.residentBytes()).isNotNegative());
        }
        silent("free", () -> free(arena, 3));
        silent("decay", () -> arena.decay().step(now += Duration.ofMillis(2_500).toNanos()));
        silent("decay", () -> arena.decay().step(now += Duration.ofMillis(1_500).toNanos()));
    }

    /// Wires two small allocations, one of them twice.
    private void wire(PageArena arena) {
        List<Long> small = pages.stream()
                .filter(page -> arena.frames().pageCount(page) <= 4)
                .limit(2)
                .toList();
        for (long page : small) {
            for (int i = 0; i < 2; i++) {
                int before = arena.frames().wireCount(page);
                boolean done = refusable("wire", () -> arena.frames().wire(page));
                assertThat(arena.frames().wireCount(page)).isEqualTo(done ? before + 1 : before);
            }
        }
        for (long page : small) {
            while (arena.frames().wireCount(page) > 0) {
                int before = arena.frames().wireCount(page);
                boolean done = refusable("unwire", () -> arena.frames().unwire(page));
                assertThat(arena.frames().wireCount(page)).isEqualTo(done ? before - 1 : before);
                if (!done) {
                    break; // the page stays wired until the fault is over
                }
            }
        }
    }

    private void close(PageArena arena) {
        if (variant.isForced()) {
            int live = arena.stats().livePages();
            if (!refusable(
                    "closeForcibly", () -> assertThat(arena.closeForcibly()).isEqualTo(live))) {
                memory.disarm();
                arena.closeForcibly();
            }
            if (live > 0) {
                assertThat(reservations.remnantCount()).isEqualTo(1);
                assertThat(reservations.retainedCount())
                        .as("regions into which pointers are left")
                        .isZero();
            }
            return;
        }
        silent("free", () -> free(arena, pages.size()));
        if (arena.stats().livePages() > 0 || !refusable("close", arena::close)) {
            memory.disarm();
            if (arena.stats().livePages() > 0) { // pages that could not be unlocked
                pages.forEach(page -> {
                    while (arena.frames().wireCount(page) > 0) {
                        arena.frames().unwire(page);
                    }
                });
                free(arena, pages.size());
                serve(arena);
            }
            arena.close();
        }
    }

    /// Checks that after the faults an open arena works as if there had been none.
    private void serve(PageArena arena) {
        arena.checkInvariants();
        assertThat(arena.stats().freePages()).isEqualTo(arena.stats().reservedPages());
        for (int i = 0; i < 2; i++) {
            long run = arena.allocateRun(pagesOf(9 * MIB));
            OffHeap.putLong(arena.frames().address(run), run);
            arena.free(run);
            arena.trim();
        }
        if (memory.can(Capability.DECOMMIT)) {
            assertThat(arena.stats().idlePages()).isZero();
        }
        arena.checkInvariants();
    }

    private void keep(long page) {
        if (page != PageArena.NO_PAGE) {
            pages.add(page);
            OffHeap.putLong(firstWord(page), page);
        }
    }

    /// Frees the last `count` pages that are not wired.
    private void free(PageArena arena, int count) {
        int left = count;
        for (int i = pages.size() - 1; i >= 0 && left > 0; i--) {
            long page = pages.get(i);
            if (arena.frames().wireCount(page) == 0) {
                assertThat(OffHeap.getLong(firstWord(page)))
                        .as("content of a page")
                        .isEqualTo(page);
                arena.free(page);
                pages.remove(i);
                left--;
            }
        }
    }

    private long firstWord(long page) {
        if (arena == null) {
            throw new AssertionError("no arena");
        }
        return arena.frames().address(page);
    }

    private int pagesOf(long bytes) {
        return (int) (bytes / pageBytes);
    }

    /// A step that throws nothing in spite of its faults.
    private void silent(String what, Step step) {
        attempt(what, step, false, false);
    }

    /// A step that throws [PageExhaustedException] if a kernel call fails.
    private void exhaustible(String what, Step step) {
        attempt(what, step, true, false);
    }

    /// A step that throws the error of the kernel.
    private boolean refusable(String what, Step step) {
        return attempt(what, step, true, true);
    }

    /// {@return true if the step succeeded}
    private boolean attempt(String what, Step step, boolean mayExhaust, boolean mayFail) {
        saboteur.beforeStep(memory);
        long before = memory.injected();
        boolean done = false;
        try {
            step.run();
            done = true;
        } catch (PageExhaustedException e) {
            boolean tight = variant == Variant.TIGHT_BUDGET;
            assertThat(mayExhaust && (tight || memory.injected() > before))
                    .as("%s threw %s", what, e)
                    .isTrue();
            if (e.getCause() instanceof SystemCallException refusal) {
                checkNamed(refusal);
            } else if (!tight) {
                throw new AssertionError("exhausted, but not by the budget and without a cause", e);
            }
        } catch (SystemCallException e) {
            assertThat(mayFail && memory.injected() > before)
                    .as("%s threw %s", what, e)
                    .isTrue();
            checkNamed(e);
            lost += e.getSuppressed().length;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        if (arena != null && memory.injected() > before && !what.startsWith("close")) {
            arena.checkInvariants();
        }
        return done;
    }

    private void checkNamed(SystemCallException e) {
        assertThat(errnos).as("injected, and seen as %s", e).contains(e.errno());
        assertThat(e.getMessage()).startsWith(e.call() + "(").contains(" failed: " + Errno.describe(e.errno()));
    }
}
