package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Tests sets of slabs of 1 KiB blocks, with sixteen blocks each.
class SlabSetTest {

    private static final int IN_SLAB = 16;
    private static final int PAGES = 4;

    private final SlabMemory memory = new ArrayMemory(SlabHeap.class);
    private final SlabSet<String> set = set(1024, new RetainedSlabs(Long.MAX_VALUE / 2, Long.MAX_VALUE));

    @Test
    void lowestSlabAllocatesFirst() {
        int low = add();
        int high = add();
        assertThat(take(IN_SLAB)).allMatch(block -> slab(block) == slab(low));
        assertThat(slab(set.take())).isEqualTo(slab(high));
        set.put(low + 3);
        assertThat(set.take()).isEqualTo(low + 3);
        set.checkInvariants();
    }

    @Test
    void emptySetAllocatesNothing() {
        assertThat(set.take()).isEqualTo(MagazineLayout.NONE);
        add();
        take(IN_SLAB);
        assertThat(set.take()).isEqualTo(MagazineLayout.NONE);
        set.checkInvariants();
    }

    @Test
    void numberOfAFreedSlabIsReused() {
        add();
        int middle = add();
        add();
        List<Integer> blocks = take(3 * IN_SLAB);
        blocks.stream().filter(block -> slab(block) == slab(middle)).forEach(set::put);
        assertThat(set.removeEmpty(IN_SLAB)).isNotNull();
        assertThat(set.slabCount()).isEqualTo(2);
        set.checkInvariants();
        assertThat(add()).isEqualTo(middle);
        set.checkInvariants();
    }

    @Test
    void objectsAreDroppedWithTheirSlab() {
        int block = add();
        set.bind(block, "bound");
        set.bind(block + 5, "other");
        assertThat(set.objects().object(block)).isEqualTo("bound");
        assertThat(set.objects().object(block + 1)).isNull();
        set.removeEmpty(IN_SLAB);
        assertThat(set.objects().object(block)).isNull();
        assertThat(add()).isEqualTo(block);
        assertThat(set.objects().object(block + 5)).isNull();
    }

    @Test
    void slabWithMoreBlocksThanTheMaximumStays() {
        add();
        assertThat(set.removeEmpty(IN_SLAB - 1)).isNull();
        assertThat(set.slabCount()).isEqualTo(1);
    }

    @Test
    void slabWithATakenBlockStays() {
        add();
        take(1);
        assertThat(set.removeEmpty(IN_SLAB)).isNull();
        assertThat(set.free()).isEqualTo(IN_SLAB - 1);
    }

    @Test
    void slabsAreCounted() {
        for (int i = 1; i <= 100; i++) {
            add();
            assertThat(set.slabCount()).isEqualTo(i);
            assertThat(set.present()).isEqualTo(i * IN_SLAB);
            assertThat(set.free()).isEqualTo(i * IN_SLAB);
            assertThat(set.pages()).isEqualTo(i * PAGES);
            set.checkInvariants();
        }
        while (set.removeAny(false) != null) {
            set.checkInvariants();
        }
        assertThat(set.slabCount() + set.present() + set.free() + set.pages()).isZero();
        set.checkInvariants();
    }

    @Test
    void highestEmptySlabIsRemovedFirst() {
        for (int i = 0; i < 5; i++) {
            add();
        }
        take(IN_SLAB * 2); // 0 and 1
        for (int left = 4; left >= 2; left--) {
            set.removeEmpty(IN_SLAB);
            assertThat(set.slabCount()).isEqualTo(left);
        }
        assertThat(set.removeEmpty(IN_SLAB)).isNull();
        set.checkInvariants();
    }

    @Test
    void runThatIsTooShortHasFewerBlocks() {
        SlabRun run = Objects.requireNonNull(memory.carve(1));
        set.add(run, true);
        assertThat(set.present()).isEqualTo(4);
        assertThat(set.free()).isEqualTo(4);
        assertThat(set.pages()).isEqualTo(1);
        List<Integer> blocks = take(4);
        assertThat(set.take()).isEqualTo(MagazineLayout.NONE);
        blocks.forEach(set::put);
        set.checkInvariants();
        assertThat(set.removeEmpty(4)).isNotNull();
    }

    /// Two sizes share the limit. Each retains one empty slab, and no more once the limit is reached.
    @Test
    void emptySlabsBeyondTheLimitAreEvicted() {
        RetainedSlabs retained = new RetainedSlabs(2 * PAGES, 2 * PAGES);
        SlabSet<String> small = set(1024, retained);
        SlabSet<String> large = set(4096, retained);
        allocateAndFree(small, 3);
        assertThat(small.slabCount()).as("two are within the limit").isEqualTo(2);
        allocateAndFree(large, 3);
        assertThat(large.slabCount()).as("one stays whatever the limit").isEqualTo(1);
        while (small.removeAny(false) != null || large.removeAny(false) != null) {
            small.checkInvariants();
        }
        allocateAndFree(large, 3);
        assertThat(large.slabCount()).as("nothing was retained any more").isEqualTo(2);
        small.checkInvariants();
        large.checkInvariants();
    }

    @Test
    void slabsThatWereInUseTogetherAreRetainedForTwoTicks() {
        RetainedSlabs retained = new RetainedSlabs(0, 8 * PAGES);
        SlabSet<String> set = set(1024, retained);
        allocateAndFree(set, 3);
        assertThat(set.slabCount()).as("peak of this tick").isEqualTo(3);
        retained.beginTick();
        putAndEvict(set, set.take());
        assertThat(set.slabCount()).as("peak of the last tick").isEqualTo(3);
        retained.beginTick();
        putAndEvict(set, set.take());
        assertThat(set.slabCount()).as("only one was in use since then").isEqualTo(1);
        set.checkInvariants();
    }

    /// The limit is at least 1/32 of the held pages: two slabs of 68.
    @Test
    void limitGrowsWithWhatIsHeld() {
        RetainedSlabs retained = new RetainedSlabs(0, 8 * PAGES);
        SlabSet<String> few = set(1024, retained);
        allocateAndFree(few, 4);
        SlabSet<String> many = set(1024, retained);
        for (int i = 0; i < 64; i++) {
            many.add(run(many), true);
        }
        while (many.take() >= 0) {
            many.checkInvariants();
        }
        retained.beginTick();
        retained.beginTick();
        putAndEvict(few, few.take());
        assertThat(few.slabCount()).isEqualTo(2);
    }

    /// A new array must be zeroed.
    @Test
    void largeSlabThatIsCostlyToMakeStaysWhateverTheLimit() {
        SlabSet<String> large = set(1 << 20, new RetainedSlabs(0, 0));
        allocateAndFree(large, 2);
        assertThat(large.slabCount()).isEqualTo(1);
    }

    /// Random operations on thousands of slabs, so that every array is grown and copied.
    @Test
    void setDoesWhatAListOfFreeBlocksDoes() {
        SplittableRandom random = new SplittableRandom(3);
        List<Integer> out = new ArrayList<>();
        for (int step = 0; step < 200_000; step++) {
            int choice = random.nextInt(100);
            if (choice < 50) {
                int block = set.take();
                if (block >= 0) {
                    assertThat(set.objects().object(block)).isIn(null, "block " + block);
                    set.bind(block, "block " + block);
                    out.add(block);
                } else {
                    add();
                }
            } else if (choice < (step % 60_000 < 40_000 ? 75 : 99)) {
                if (!out.isEmpty()) {
                    int at = random.nextInt(out.size());
                    int block = out.set(at, out.getLast());
                    out.removeLast();
                    assertThat(set.objects().object(block)).isEqualTo("block " + block);
                    set.put(block);
                }
            } else if (step % 3 == 0) {
                set.removeEmpty(random.nextInt(2 * IN_SLAB));
            }
            assertThat(set.present() - set.free()).isEqualTo(out.size());
            if (step % 5_000 == 0) {
                set.checkInvariants();
            }
        }
        set.checkInvariants();
    }

    @Test
    void rejectsBlocksThatNoSlabHas() {
        assertThatIllegalStateException()
                .isThrownBy(() -> set.put(3 * IN_SLAB))
                .withMessage("no slab has this block: byteSize=1024, slab=3");
        add();
        set.removeEmpty(IN_SLAB);
        assertThatIllegalStateException().isThrownBy(() -> set.put(0));
    }

    private void allocateAndFree(SlabSet<String> of, int slabs) {
        List<Integer> blocks = new ArrayList<>();
        for (int i = 0; i < slabs; i++) {
            of.add(run(of), true);
            for (int block = of.take(); block >= 0; block = of.take()) {
                blocks.add(block);
            }
        }
        for (int block : blocks) {
            putAndEvict(of, block);
        }
    }

    private static void putAndEvict(SlabSet<String> of, int block) {
        of.put(block);
        while (of.hasExcess()) {
            assertThat(of.removeEmpty(Integer.MAX_VALUE)).isNotNull();
        }
    }

    private SlabSet<String> set(int byteSize, RetainedSlabs retained) {
        return new SlabSet<>(memory, retained, byteSize);
    }

    private SlabRun run(SlabSet<String> of) {
        return Objects.requireNonNull(memory.carve(of.shape().pages()));
    }

    private int add() {
        return set.add(run(set), true);
    }

    private List<Integer> take(int count) {
        List<Integer> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            blocks.add(set.take());
        }
        return blocks;
    }

    private static int slab(int block) {
        return block / IN_SLAB;
    }
}
