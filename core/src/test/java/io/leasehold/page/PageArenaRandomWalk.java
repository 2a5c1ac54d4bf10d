package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.StateKind;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.PageArenaModel.Run;
import io.leasehold.page.service.PageOwner;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.function.Executable;

/// Random operations on an arena and on its model, compared after each operation.
///
/// The walk alternates between a nearly empty and a full arena, so that both limits are reached often.
///
/// **Threads.** Confined to one thread.
final class PageArenaRandomWalk {

    private static final int REMEMBERED = 64;
    private static final long DECAY_NANOS = 8_000_000;
    private static final long TICK_NANOS = DECAY_NANOS / Decay.TICKS;

    private final SplittableRandom random;
    private final MemoryBudget parent;
    private final boolean tight; // the parent budget may reject a request
    private final boolean decommits;
    private final int framePages;
    private final PageArena arena;
    private final PageArena stranger;
    private final PageArenaModel model;
    private final int alignments; // powers of two from one page to 2 MiB
    private final PageOwner[] owners = new PageOwner[3];
    private final long[] freed = new long[REMEMBERED];
    private int freedCount;
    private final long start;
    private long now;
    private int target; // number of live pages that the walk aims at
    private String operation = "open";

    /// Opens an arena with a clock that starts at a random time.
    PageArenaRandomWalk(
            PageArenaOptions options, Reservations reservations, long parentBytes, SplittableRandom random) {
        VirtualMemory memory = reservations.memory();
        this.random = random;
        this.parent = MemoryBudget.of("parent", parentBytes);
        this.start = random.nextLong();
        this.now = start;
        PageArenaOptions variant = options.toBuilder()
                .decay(Duration.ofNanos(DECAY_NANOS))
                .budget(parent)
                .build();
        this.arena = PageArena.open(variant, reservations, now);
        this.stranger = PageArena.open(
                PageArenaOptions.builder()
                        .name("stranger")
                        .byteSize(1 << 20)
                        .budget(MemoryBudget.of("strange", 2 << 20))
                        .build(),
                new Reservations(memory, new MappingBudget(100)),
                now);
        this.decommits = memory.can(Capability.DECOMMIT);
        long frameBytes = options.hugePages() ? memory.hugePageSize() : 0;
        this.framePages = (int) Math.max(1, frameBytes / arena.options().pageByteSize());
        this.alignments =
                1 + Long.numberOfTrailingZeros((2 << 20) / arena.options().pageByteSize());
        this.tight = parentBytes < 2 * options.byteSize();
        this.model = new PageArenaModel(arena, parent, decommits, framePages);
        for (int i = 0; i < owners.length; i++) {
            owners[i] = arena.frames().register("owner " + i);
        }
    }

    /// {@return the last operation, for messages}
    String operation() {
        return operation;
    }

    void step(int number) {
        if (number % 256 == 0) {
            target = random.nextInt(8) == 0 ? 2 * model.pageCount() : random.nextInt(model.pageCount() + 1);
            model.checkAllContent();
        }
        int choice = random.nextInt(100);
        boolean more = model.livePages() < target || model.live().isEmpty();
        if (choice < 50) {
            if (more ? choice < 40 : choice < 10) {
                allocate();
            } else if (!model.live().isEmpty()) {
                free(model.any(random));
            }
        } else if (model.live().isEmpty()) {
            misuseFreed();
        } else if (choice < 58) {
            grow(model.any(random));
        } else if (choice < 66) {
            split(model.any(random));
        } else if (choice < 80) {
            pin(model.any(random));
        } else if (choice < 86) {
            misuseFreed();
        } else if (choice < 88) {
            misuseStrange();
        } else if (choice < 92) {
            look(model.any(random));
        } else if (choice < 95) {
            own(model.any(random));
        } else if (choice < 98) {
            pass();
        } else {
            trim();
        }
        arena.checkInvariants();
        if (number % 16 == 0) {
            operation += ", then stats";
            model.checkStats();
        }
    }

    /// Frees and decommits everything, closes the arena, and checks that nothing is left.
    void finish() {
        operation = "finish";
        model.checkAllContent();
        while (!model.live().isEmpty()) {
            Run run = model.live().getLast();
            for (; run.wires > 0; run.wires--) {
                arena.frames().unwire(run.page);
            }
            for (; run.holds > 0; run.holds--) {
                arena.frames().unhold(run.page);
            }
            free(run);
        }
        PageArenaStats stats = model.checkStats();
        assertThat(stats.freePages()).isEqualTo(stats.reservedPages());
        trim();
        for (PageOwner owner : owners) {
            assertThat(owner.pageCount()).as("pages of %s", owner).isZero();
        }
        arena.close();
        arena.close();
        stranger.close();
        assertThat(parent.usedBytes()).isZero();
        refused(StateKind.CLOSED, arena::tryAllocate);
        refused(StateKind.CLOSED, () -> arena.tryAllocateRun(1));
        for (long page : new long[] {PageArena.NO_PAGE, freed[0]}) {
            assertThat(arena.frames().isLive(page)).isFalse();
            refused(StateKind.CLOSED, () -> arena.free(page));
            refused(StateKind.CLOSED, () -> arena.tryGrow(page, 1));
            refused(StateKind.CLOSED, () -> arena.frames().hold(page));
        }
    }

    private void allocate() {
        int kind = random.nextInt(16);
        int pages = kind < 6 ? 1 : runLength();
        int align = kind == 15 ? 1 << random.nextInt(alignments) : 1;
        operation = "allocate(pages=" + pages + ", align=" + align + ", kind=" + kind + ")";
        long page;
        try {
            page = switch (kind) {
                case 0, 1, 2, 3 -> arena.tryAllocate();
                case 4, 5 -> arena.allocate();
                case 14 -> arena.tryAllocateRun(pages, Duration.ZERO);
                case 15 -> arena.tryAllocateRun(pages, align * arena.options().pageByteSize());
                case 6, 7 -> arena.allocateRun(pages);
                default -> arena.tryAllocateRun(pages);
            };
        } catch (PageExhaustedException e) {
            page = PageArena.NO_PAGE;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        if (page != PageArena.NO_PAGE) {
            model.allocated(page, pages, align, random.nextLong());
            return;
        }
        int fit = model.firstFit(pages, align);
        if (fit >= 0 && !(tight && !model.isAffordable(fit, pages))) {
            throw new AssertionError("refused, but free: fit=" + fit + ", free=" + model.freePages());
        }
    }

    private int runLength() {
        int most = model.pageCount();
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> Math.min(most, 1 << random.nextInt(5));
            case 3, 4 -> 1 + random.nextInt(Math.min(most, 20));
            case 5, 6 -> 1 + random.nextInt(Math.max(1, most / 8));
            default -> 1 + random.nextInt(most);
        };
    }

    private void free(Run run) {
        operation = "free(" + run + ")";
        model.checkContent(run);
        if (run.isPinned()) {
            refused(run.wires > 0 ? StateKind.WIRED : StateKind.HELD, () -> arena.free(run.page));
            return;
        }
        arena.free(run.page);
        assertThat(arena.frames().isLive(run.page)).isFalse();
        model.freed(run, tick());
        freed[freedCount++ % REMEMBERED] = run.page;
    }

    private void grow(Run run) {
        int by = 1 + random.nextInt(random.nextInt(4) == 0 ? model.pageCount() : 4);
        operation = "tryGrow(" + run + ", by=" + by + ")";
        if (arena.options().lockWired() && run.isPinned()) {
            refused(run.wires > 0 ? StateKind.WIRED : StateKind.HELD, () -> arena.tryGrow(run.page, by));
            return;
        }
        boolean grown = arena.tryGrow(run.page, by);
        if (grown) {
            model.grown(run, by);
        } else if (!tight) {
            assertThat(model.isFree(run.index + run.pages, by))
                    .as("pages behind are free")
                    .isFalse();
        }
        assertThat(arena.frames().pageCount(run.page)).isEqualTo(run.pages);
    }

    private void split(Run run) {
        int keep = random.nextInt(run.pages + 1);
        operation = "split(" + run + ", keep=" + keep + ")";
        if (run.isPinned()) {
            refused(run.wires > 0 ? StateKind.WIRED : StateKind.HELD, () -> arena.split(run.page, keep));
        } else if (keep == 0 || keep == run.pages) {
            assertThrows(IllegalArgumentException.class, () -> arena.split(run.page, keep));
        } else {
            Run rest = model.split(run, keep, arena.split(run.page, keep));
            assertThat(arena.frames().owner(rest.page)).isNull();
            check(rest);
        }
        check(run);
    }

    private void pin(Run run) {
        PageFrames frames = arena.frames();
        int choice = random.nextInt(5);
        operation = "pin(" + run + ", choice=" + choice + ")";
        if (choice == 0) {
            frames.wire(run.page);
            run.wires++;
        } else if (choice == 1) {
            frames.hold(run.page);
            run.holds++;
        } else if (choice == 2 || run.wires > 0) {
            if (run.wires == 0) {
                refused(StateKind.NOT_WIRED, () -> frames.unwire(run.page));
            } else {
                frames.unwire(run.page);
                run.wires--;
            }
        } else if (run.holds == 0) {
            refused(StateKind.NOT_WIRED, () -> frames.unhold(run.page));
        } else {
            frames.unhold(run.page);
            run.holds--;
        }
        check(run);
    }

    private void misuseFreed() {
        if (freedCount > 0) {
            long page = freed[random.nextInt(Math.min(freedCount, REMEMBERED))];
            misuse(page, model.refusalOf(page));
        }
    }

    private void misuseStrange() {
        int pageCount = model.pageCount();
        long tag = model.any(random).page & 0xFFL << FrameLayout.TAG_SHIFT;
        switch (random.nextInt(4)) {
            case 0 -> misuse(PageArena.NO_PAGE, StateKind.FOREIGN);
            case 1 -> misuse(tag | pageCount + random.nextInt(FrameLayout.MAX_PAGES - pageCount), StateKind.FOREIGN);
            case 2 -> misuse(model.any(random).page ^ 1L << FrameLayout.TAG_SHIFT, StateKind.FOREIGN);
            default -> {
                long page = stranger.allocate();
                misuse(page, StateKind.FOREIGN);
                stranger.free(page);
            }
        }
    }

    private void misuse(long page, StateKind kind) {
        operation = "misuse(" + Long.toHexString(page) + ", " + kind + ")";
        PageFrames frames = arena.frames();
        assertThat(frames.isLive(page)).isFalse();
        refused(
                kind,
                switch (random.nextInt(10)) {
                    case 0, 1, 2 -> () -> arena.free(page);
                    case 3 -> () -> arena.tryGrow(page, 1);
                    case 4 -> () -> arena.split(page, 1);
                    case 5 -> () -> frames.wire(page);
                    case 6 -> () -> frames.unwire(page);
                    case 7 -> () -> frames.hold(page);
                    case 8 -> () -> frames.unhold(page);
                    default -> () -> frames.own(page, owners[0], 0);
                });
    }

    private void look(Run run) {
        int index = random.nextInt(model.pageCount());
        operation = "look(" + run + ", index=" + index + ")";
        long pageBytes = arena.options().pageByteSize();
        long address = arena.frames().addressOf(index) + random.nextLong(pageBytes);
        Run there = model.at(index);
        if (there == null) {
            refused(StateKind.FREED, () -> arena.frames().pageAt(address));
        } else {
            assertThat(arena.frames().pageAt(address)).isEqualTo(there.page);
        }
        long end = arena.frames().addressOf(model.pageCount());
        refused(StateKind.FOREIGN, () -> arena.frames().pageAt(end));
        check(run);
    }

    private void own(Run run) {
        operation = "own(" + run + ")";
        PageOwner owner = owners[random.nextInt(owners.length)];
        int index = random.nextInt(FrameLayout.MAX_OWNER_INDEX + 1);
        arena.frames().own(run.page, owner, index);
        run.owner = owner;
        run.ownerIndex = index;
        check(run);
        long expected = model.live().stream()
                .filter(other -> other.owner == owner)
                .mapToLong(other -> other.pages)
                .sum();
        assertThat(owner.pageCount()).as("pages of %s", owner).isEqualTo(expected);
    }

    private void check(Run run) {
        PageFrames frames = arena.frames();
        assertThat(frames.isLive(run.page)).isTrue();
        assertThat(frames.address(run.page)).isEqualTo(frames.addressOf(run.index));
        assertThat(frames.pageCount(run.page)).isEqualTo(run.pages);
        assertThat(frames.wireCount(run.page)).isEqualTo(run.wires);
        assertThat(frames.holdCount(run.page)).isEqualTo(run.holds);
        assertThat(frames.owner(run.page)).isSameAs(run.owner);
        assertThat(frames.ownerIndex(run.page)).isEqualTo(run.ownerIndex);
    }

    /// Advances the clock. No young page may be decommitted. After a decay and one more tick without activity all must
    /// be.
    private void pass() {
        boolean quiet = random.nextInt(4) == 0;
        now += quiet ? 2 * DECAY_NANOS : random.nextLong(3 * TICK_NANOS);
        operation = "step(tick=" + tick() + ", quiet=" + quiet + ")";
        long before = arena.stats().committedBytes();
        int old = model.pagesIdleFor(Decay.TICKS + 1, tick());
        long due = arena.decay().step(now);
        assertThat(due - now).isBetween(1L, TICK_NANOS);
        long gone = (before - arena.stats().committedBytes()) / arena.options().pageByteSize();
        assertThat(gone).as("pages decommitted").isBetween(0L, (long) old);
        if (quiet) {
            now += (Decay.TICKS + 1) * TICK_NANOS;
            arena.decay().step(now);
            checkNothingIdle();
        }
    }

    private void trim() {
        operation = "trim";
        long before = arena.stats().committedBytes();
        long bytes = arena.trim();
        assertThat(before - arena.stats().committedBytes()).as("bytes trimmed").isEqualTo(bytes);
        checkNothingIdle();
    }

    private void checkNothingIdle() {
        PageArenaStats stats = model.checkStats();
        assertThat(stats.cachedPages()).isZero();
        if (decommits && framePages == 1) {
            assertThat(stats.idlePages()).isZero();
        }
        model.trimmed(tick());
        model.checkAllContent();
    }

    private static void refused(StateKind kind, Executable call) {
        assertThat(assertThrows(PageStateException.class, call).kind()).isEqualTo(kind);
    }

    private int tick() {
        return (int) ((now - start) / TICK_NANOS);
    }
}
