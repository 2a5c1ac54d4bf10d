package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import io.leasehold.page.Watchdog;
import io.leasehold.page.service.Pace;
import io.leasehold.page.service.PageReclaimer.Progress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The shared blocks of one size class: 1 KiB, sixteen blocks in a slab, eight in a magazine, two magazines in the
/// depot.
class ClassPoolTest {

    private static final int BYTES = 1024;
    private static final int SIZE_CLASS = SizeClasses.of(BYTES);
    private static final int DEPTH = 8;
    private static final int DEPOT = 2 * DEPTH;
    private static final int IN_SLAB = 16;
    private static final int PAGES = 4;

    private final PageArena arena = PageArenas.open(
            PageArenaOptions.builder()
                    .byteSize(1 << 20)
                    .budget(MemoryBudget.of("test", 2 << 20))
                    .build(),
            new Reservations(VirtualMemory.system(), new MappingBudget(100)));
    private final HeapChanges changes = new HeapChanges("heap", arena);
    private final SlabMemory memory = new ArrayMemory(SlabHeap.class);
    private final SlabSet<Object> set =
            new SlabSet<>(memory, new RetainedSlabs(Long.MAX_VALUE / 2, Long.MAX_VALUE), BYTES);
    private final MagazineLayout layout = MagazineLayout.of(2 * DEPTH * BYTES);
    private final BiasedSlots slots = new BiasedSlots(layout.cellCount(), true);
    private final ClassPool pool = new ClassPool(set, memory, layout, changes, SIZE_CLASS);

    @AfterEach
    void closeArena() {
        arena.close();
    }

    @Test
    void emptyPoolHasNothing() {
        assertThat(pool.take(slots)).isEqualTo(MagazineLayout.NONE);
        assertThat(pool.shrink()).isZero();
        assertThat(decay()).isEqualTo(Progress.DONE);
    }

    @Test
    void halfAMagazineComesWithABlock() {
        pool.add(run(), slots);
        assertThat(inMagazine()).isEqualTo(DEPTH / 2);
        assertThat(cached() + set.free()).isEqualTo(IN_SLAB - 1);
        check();
    }

    @Test
    void noMagazineIsFilledWhileSlotsAreSuspended() {
        slots.suspend();
        pool.add(run(), slots);
        assertThat(cached()).isZero();
        assertThat(set.free()).isEqualTo(IN_SLAB - 1);
    }

    @Test
    void fullMagazineGivesItsOlderHalfAndKeepsTheBlock() {
        List<Integer> blocks = takeAll(1);
        push(blocks.subList(0, DEPTH));
        pool.free(blocks.get(DEPTH), slots);
        assertThat(inMagazine()).isEqualTo(DEPTH / 2 + 1);
        assertThat(cached()).isEqualTo(DEPTH + 1);
        slots.suspend();
        // the newest of the older half
        assertThat(pool.take(slots)).isEqualTo(blocks.get(DEPTH / 2 - 1));
        check();
    }

    @Test
    void depotReturnsTheNewestAndFreesTheRestToTheSlabs() {
        List<Integer> blocks = takeAll(3);
        slots.suspend();
        for (int block : blocks.subList(0, DEPOT)) {
            pool.free(block, slots);
        }
        assertThat(cached()).isEqualTo(DEPOT);
        assertThat(set.free()).isZero();
        pool.free(blocks.get(DEPOT), slots);
        assertThat(cached()).isEqualTo(DEPOT);
        assertThat(set.free()).isEqualTo(1);
        for (int i = DEPOT - 1; i >= 0; i--) {
            assertThat(pool.take(slots)).isEqualTo(blocks.get(i));
        }
        assertThat(cached()).isZero();
        assertThat(pool.take(slots)).as("from the slabs").isEqualTo(blocks.get(DEPOT));
        check();
    }

    @Test
    void depotGrowsOnlyWhileOtherThreadsFreeTheBlocks() throws InterruptedException {
        List<Integer> blocks = takeAll(40);
        slots.suspend();
        free(blocks);
        assertThat(cached()).as("freed by the thread that took them").isEqualTo(DEPOT);
        List<Integer> again = take(blocks.size());
        freeElsewhere(again);
        assertThat(cached()).isEqualTo(8 * DEPOT);
        check();
        for (int tick = 0; tick < 3; tick++) {
            decay();
        }
        freeElsewhere(takeAll(3).subList(0, DEPOT + 31));
        assertThat(cached()).as("after three ticks").isEqualTo(DEPOT);
        check();
    }

    private void freeElsewhere(List<Integer> blocks) throws InterruptedException {
        Watchdog watchdog = new Watchdog();
        watchdog.start("freeing", () -> free(blocks));
        watchdog.join();
    }

    /// The lock is taken, so a release leaves its blocks in the depot. The thread that holds the lock frees them
    /// afterwards.
    @Test
    void releaseDoesNotWaitForTheLock() throws InterruptedException {
        List<Integer> blocks = takeAll(4);
        slots.suspend();
        Watchdog watchdog = new Watchdog();
        pool.lock();
        try {
            watchdog.start("releasing", () -> free(blocks));
            joinUnder(watchdog);
            assertThat(set.free()).as("blocks freed under the lock of another").isZero();
            assertThat(cached(blocks)).isEqualTo(blocks.size());
        } finally {
            pool.unlock();
        }
        assertThat(cached()).isLessThanOrEqualTo(DEPOT);
        assertThat(cached() + set.free()).isEqualTo(blocks.size());
        check();
    }

    /// {@return number of blocks that another thread can take while this one holds the lock}
    private long cached(List<Integer> blocks) {
        List<Integer> taken = new ArrayList<>();
        Watchdog watchdog = new Watchdog();
        watchdog.start("taking", () -> {
            for (int block = pool.tryTake(slots); block >= 0; block = pool.tryTake(slots)) {
                taken.add(block);
            }
            assertThat(pool.tryTake(slots)).isEqualTo(ClassPool.BUSY);
            free(taken);
        });
        joinUnder(watchdog);
        assertThat(new HashSet<>(taken)).isSubsetOf(blocks);
        return taken.size();
    }

    private static void joinUnder(Watchdog watchdog) {
        try {
            watchdog.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void poolWithoutMagazinesHasNoDepot() {
        MagazineLayout none = MagazineLayout.of(0);
        ClassPool plain = new ClassPool(set, memory, none, changes, SIZE_CLASS);
        BiasedSlots few = new BiasedSlots(none.cellCount(), true);
        int block = plain.add(run(), few);
        assertThat(set.free()).isEqualTo(IN_SLAB - 1);
        plain.free(block, few);
        assertThat(set.free()).isEqualTo(IN_SLAB);
    }

    @Test
    void collectedMagazineIsEmpty() {
        pool.add(run(), slots);
        int[] cells = Objects.requireNonNull(slots.enter());
        pool.collect(cells);
        BiasedSlots.exit(cells);
        assertThat(inMagazine()).isZero();
        assertThat(cached() + set.free()).isEqualTo(IN_SLAB - 1);
        check();
    }

    @Test
    void everyBlockIsTakenOnce() {
        assertThat(new HashSet<>(takeAll(5))).hasSize(5 * IN_SLAB);
    }

    /// The fewest free blocks since the last tick were not needed.
    @Test
    void blocksNeededSinceTheLastTickStay() {
        slots.suspend();
        List<Integer> blocks = takeAll(4);
        free(blocks);
        assertThat(decay()).as("all were in use at first").isEqualTo(Progress.NEXT_TICK);
        assertThat(set.slabCount()).isEqualTo(4);
        List<Integer> again = take(2 * IN_SLAB); // from the lowest two
        free(again);
        decay();
        assertThat(set.slabCount())
                .as("slabs without the two that were not needed")
                .isEqualTo(2);
        free(take(IN_SLAB + 1));
        decay();
        assertThat(set.slabCount()).as("the second slab was needed").isEqualTo(2);
        free(take(IN_SLAB));
        decay();
        assertThat(set.slabCount()).isEqualTo(1);
        decay();
        assertThat(set.slabCount()).isZero();
        check();
    }

    @Test
    void burstIsGoneAfterTwoTicks() {
        slots.suspend();
        free(takeAll(300)); // more than are removed while the lock is held once
        assertThat(decay()).isEqualTo(Progress.NEXT_TICK);
        assertThat(set.slabCount()).isEqualTo(300);
        assertThat(pool.decay(Pace.unlimited(), true, false)).isEqualTo(Progress.DONE);
        assertThat(set.slabCount()).isZero();
        check();
    }

    @Test
    void slabWithABlockInUseStays() {
        slots.suspend();
        List<Integer> blocks = takeAll(3);
        int survivor = blocks.get(IN_SLAB + 3);
        blocks.removeIf(block -> block == survivor);
        free(blocks);
        assertThat(pool.shrink()).isEqualTo(2 * PAGES);
        assertThat(set.free()).isEqualTo(IN_SLAB - 1);
        free(List.of(survivor));
        assertThat(pool.shrink()).isEqualTo(PAGES);
        check();
    }

    @Test
    void closedPoolAllocatesNothingAndAcceptsEveryRelease() {
        slots.suspend();
        List<Integer> blocks = takeAll(1);
        close();
        assertThatIllegalStateException().isThrownBy(() -> pool.take(slots)).withMessage("heap is closed: heap=heap");
        assertThatIllegalStateException().isThrownBy(() -> pool.add(run(), slots));
        assertThat(set.slabCount()).as("slabs of blocks in use").isPositive();
        free(blocks);
        assertThat(set.slabCount()).isZero();
        close();
    }

    private void close() {
        pool.lock();
        try {
            pool.setClosed();
            pool.freeAll(true);
        } finally {
            pool.unlock();
        }
    }

    private Progress decay() {
        return pool.decay(Pace.unlimited(), true, true);
    }

    private SlabRun run() {
        return Objects.requireNonNull(memory.carve(set.shape().pages()));
    }

    /// {@return all blocks of `slabs` new slabs}
    private List<Integer> takeAll(int slabs) {
        slots.suspend();
        List<Integer> blocks = new ArrayList<>();
        for (int i = 0; i < slabs; i++) {
            blocks.add(pool.add(run(), slots));
            blocks.addAll(take(IN_SLAB - 1));
        }
        slots.resume();
        assertThat(set.free()).isZero();
        return blocks;
    }

    private List<Integer> take(int count) {
        List<Integer> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int block = pool.take(slots);
            assertThat(block).isNotNegative();
            blocks.add(block);
        }
        return blocks;
    }

    private void free(List<Integer> blocks) {
        blocks.forEach(block -> pool.free(block, slots));
    }

    private void push(List<Integer> blocks) {
        int[] cells = Objects.requireNonNull(slots.enter());
        boolean isOpened = changes.noteOpened(layout.open(cells));
        blocks.forEach(
                block -> assertThat(layout.push(cells, SIZE_CLASS, block)).isTrue());
        BiasedSlots.exit(cells);
        changes.requestDecayIf(isOpened);
    }

    private int inMagazine() {
        return layout.peekDepths(slots)[SIZE_CLASS];
    }

    private long cached() {
        long[] cachedBlocks = new long[1];
        pool.visit(layout.peekDepths(slots), (byteSize, slabs, live, cached, free, held) -> cachedBlocks[0] = cached);
        return cachedBlocks[0];
    }

    private void check() {
        pool.checkInvariants(layout.peekDepths(slots));
    }
}
