package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.leasehold.memory.BiasedSlots;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// What threads share of one size: 1 KiB, sixteen in a slab, eight in a magazine, two magazines in the depot.
class ClassPoolTest {

    private static final int BYTES = 1024;
    private static final int SIZE_CLASS = SizeClasses.of(BYTES);
    private static final int DEPTH = 8;
    private static final int DEPOT = 2 * DEPTH;
    private static final int IN_SLAB = 16;

    private final SlabMemory memory = new ArrayMemory();
    private final SlabSet<Object> set = new SlabSet<>(memory, new IdleStock(Long.MAX_VALUE / 2, Long.MAX_VALUE), BYTES);
    private final MagazineLayout layout = new MagazineLayout(2 * DEPTH * BYTES);
    private final BiasedSlots slots = new BiasedSlots(layout.cellCount(), true);
    private final ClassPool pool = new ClassPool(set, false, layout, SIZE_CLASS);

    @Test
    void emptyPoolHasNothing() {
        assertThat(pool.take(slots)).isEqualTo(MagazineLayout.NONE);
        assertThat(pool.relinquish()).isZero();
        assertThat(pool.settle()).isZero();
    }

    @Test
    void halfAMagazineComesWithABlock() {
        pool.add(run(), slots);
        assertThat(inMagazine()).isEqualTo(DEPTH / 2);
        assertThat(cached() + set.home()).isEqualTo(IN_SLAB - 1);
        check();
    }

    @Test
    void noMagazineIsFilledWhileSlotsAreShut() {
        slots.suspend();
        pool.add(run(), slots);
        assertThat(cached()).isZero();
        assertThat(set.home()).isEqualTo(IN_SLAB - 1);
    }

    @Test
    void fullMagazineGivesItsOlderHalfAndKeepsTheBlock() {
        List<Integer> blocks = takeAll(1);
        push(blocks.subList(0, DEPTH));
        pool.give(blocks.get(DEPTH), slots);
        assertThat(inMagazine()).isEqualTo(DEPTH / 2 + 1);
        assertThat(cached()).isEqualTo(DEPTH + 1);
        slots.suspend();
        // the newest of the older half, for whoever asks
        assertThat(pool.take(slots)).isEqualTo(blocks.get(DEPTH / 2 - 1));
        check();
    }

    @Test
    void depotGivesBackTheNewestAndSendsTheOldestHome() {
        List<Integer> blocks = takeAll(3);
        slots.suspend();
        for (int block : blocks.subList(0, DEPOT)) {
            pool.give(block, slots);
        }
        assertThat(cached()).isEqualTo(DEPOT);
        assertThat(set.home()).isZero();
        pool.give(blocks.get(DEPOT), slots);
        assertThat(cached()).isEqualTo(DEPOT / 2 + 1);
        assertThat(set.home()).isEqualTo(DEPOT / 2);
        for (int i = DEPOT; i >= DEPOT / 2; i--) {
            assertThat(pool.take(slots)).isEqualTo(blocks.get(i));
        }
        assertThat(cached()).isZero();
        for (int i = 0; i < DEPOT / 2; i++) {
            assertThat(pool.take(slots)).as("from the slabs").isIn(blocks.subList(0, DEPOT / 2));
        }
        check();
    }

    @Test
    void poolWithoutMagazinesHasNoDepot() {
        MagazineLayout none = new MagazineLayout(0);
        ClassPool plain = new ClassPool(set, false, none, SIZE_CLASS);
        BiasedSlots few = new BiasedSlots(none.cellCount(), true);
        int block = plain.add(run(), few);
        assertThat(set.home()).isEqualTo(IN_SLAB - 1);
        plain.give(block, few);
        assertThat(set.home()).isEqualTo(IN_SLAB);
    }

    @Test
    void drainedMagazineIsEmpty() {
        pool.add(run(), slots);
        int[] cells = Objects.requireNonNull(slots.enter());
        pool.drain(cells);
        BiasedSlots.exit(cells);
        assertThat(inMagazine()).isZero();
        assertThat(cached() + set.home()).isEqualTo(IN_SLAB - 1);
        check();
    }

    @Test
    void everyBlockIsTakenOnce() {
        assertThat(new HashSet<>(takeAll(5))).hasSize(5 * IN_SLAB);
    }

    /// The fewest free blocks since the last call are what was not needed.
    @Test
    void whatWasNeededSinceTheLastSettleStays() {
        slots.suspend();
        List<Integer> blocks = takeAll(4);
        give(blocks);
        assertThat(pool.settle()).as("all were lent at first").isZero();
        List<Integer> again = take(2 * IN_SLAB); // from the lowest two
        give(again);
        assertThat(pool.settle()).as("pages of the two that were not needed").isEqualTo(2 * 4);
        assertThat(set.slabCount()).isEqualTo(2);
        give(take(IN_SLAB + 1));
        assertThat(pool.settle()).as("the second slab was needed").isZero();
        give(take(IN_SLAB));
        assertThat(pool.settle()).isEqualTo(4);
        assertThat(pool.settle()).isEqualTo(4);
        assertThat(set.slabCount()).isZero();
        check();
    }

    @Test
    void burstIsGoneAfterTwoSettles() {
        slots.suspend();
        give(takeAll(300)); // more than are looked at under one lock
        assertThat(pool.settle()).isZero();
        assertThat(pool.settle()).isEqualTo(300 * 4);
        check();
    }

    @Test
    void slabWithALentBlockStays() {
        slots.suspend();
        List<Integer> blocks = takeAll(3);
        int survivor = blocks.get(IN_SLAB + 3);
        blocks.removeIf(block -> block == survivor);
        give(blocks);
        assertThat(pool.relinquish()).isEqualTo(2 * 4);
        assertThat(set.home()).isEqualTo(IN_SLAB - 1);
        give(List.of(survivor));
        assertThat(pool.relinquish()).isEqualTo(4);
        check();
    }

    @Test
    void closedPoolLendsNothingAndTakesEverything() {
        slots.suspend();
        List<Integer> blocks = takeAll(1);
        pool.close();
        assertThatIllegalStateException().isThrownBy(() -> pool.take(slots)).withMessage("heap of blocks is closed");
        assertThatIllegalStateException().isThrownBy(() -> pool.add(run(), slots));
        pool.give(blocks.getFirst(), slots);
        assertThat(set.slabCount()).isZero();
        pool.close();
        check();
    }

    private SlabRun run() {
        return Objects.requireNonNull(memory.carve(set.shape().pages()));
    }

    /// {@return all blocks of so many new slabs}
    private List<Integer> takeAll(int slabs) {
        slots.suspend();
        List<Integer> blocks = new ArrayList<>();
        for (int i = 0; i < slabs; i++) {
            blocks.add(pool.add(run(), slots));
            blocks.addAll(take(IN_SLAB - 1));
        }
        slots.resume();
        assertThat(set.home()).isZero();
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

    private void give(List<Integer> blocks) {
        blocks.forEach(block -> pool.give(block, slots));
    }

    private void push(List<Integer> blocks) {
        int[] cells = Objects.requireNonNull(slots.enter());
        blocks.forEach(
                block -> assertThat(layout.push(cells, SIZE_CLASS, block)).isTrue());
        BiasedSlots.exit(cells);
    }

    private int inMagazine() {
        return layout.peekDepths(slots)[SIZE_CLASS];
    }

    private long cached() {
        return pool.stats(inMagazine(), memory.pageByteSize()).cachedBlocks();
    }

    private void check() {
        pool.checkInvariants(inMagazine());
    }
}
