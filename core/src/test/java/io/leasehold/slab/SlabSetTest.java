package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Slabs of 1 KiB blocks, sixteen each.
class SlabSetTest {

    private static final int IN_SLAB = 16;

    private final SlabMemory memory = new ArrayMemory();
    private final SlabSet<String> set = new SlabSet<>(memory, new IdleStock(Long.MAX_VALUE / 2, Long.MAX_VALUE), 1024);

    @Test
    void lowestSlabLendsFirst() {
        int low = add();
        int high = add();
        assertThat(take(IN_SLAB)).allMatch(block -> slab(block) == slab(low));
        assertThat(slab(set.take())).isEqualTo(slab(high));
        set.comeHome(low + 3);
        assertThat(set.take()).isEqualTo(low + 3);
        set.checkInvariants();
    }

    @Test
    void emptySetLendsNothing() {
        assertThat(set.take()).isEqualTo(MagazineLayout.NONE);
        add();
        take(IN_SLAB);
        assertThat(set.take()).isEqualTo(MagazineLayout.NONE);
        set.checkInvariants();
    }

    @Test
    void numberOfASlabThatWentIsUsedAgain() {
        add();
        int middle = add();
        add();
        assertThat(set.giveBack(slab(middle), IN_SLAB, false)).isEqualTo(IN_SLAB);
        assertThat(set.slabCount()).isEqualTo(2);
        set.checkInvariants();
        assertThat(add()).isEqualTo(middle);
        set.checkInvariants();
    }

    @Test
    void objectsGoWithTheirSlab() {
        int block = add();
        set.bind(block, "bound");
        set.bind(block + 5, "other");
        assertThat(set.object(block)).isEqualTo("bound");
        assertThat(set.object(block + 1)).isNull();
        set.giveBack(slab(block), IN_SLAB, false);
        assertThat(set.object(block)).isNull();
        assertThat(add()).isEqualTo(block);
        assertThat(set.object(block + 5)).isNull();
    }

    @Test
    void slabStaysThatHasMoreBlocksThanMayGo() {
        int block = add();
        assertThat(set.giveBack(slab(block), IN_SLAB - 1, false)).isZero();
        assertThat(set.slabCount()).isEqualTo(1);
    }

    @Test
    void slabStaysThatHasABlockOut() {
        int block = add();
        take(1);
        assertThat(set.giveBack(slab(block), IN_SLAB, false)).isZero();
        assertThat(set.home()).isEqualTo(IN_SLAB - 1);
    }

    @Test
    void slabsAreCounted() {
        for (int i = 1; i <= 100; i++) {
            add();
            assertThat(set.slabCount()).isEqualTo(i);
            assertThat(set.present()).isEqualTo(i * IN_SLAB);
            assertThat(set.home()).isEqualTo(i * IN_SLAB);
            assertThat(set.pages()).isEqualTo(i * 4);
            set.checkInvariants();
        }
        set.clear();
        assertThat(set.slabCount() + set.present() + set.home() + set.pages()).isZero();
        set.checkInvariants();
    }

    @Test
    void highestSlabsAreFoundFirst() {
        for (int i = 0; i < 5; i++) {
            add();
        }
        take(IN_SLAB * 2); // 0 and 1
        assertThat(set.previousWithBlocks(Integer.MAX_VALUE)).isEqualTo(4);
        assertThat(set.previousWithBlocks(3)).isEqualTo(3);
        assertThat(set.previousWithBlocks(1)).isEqualTo(-1);
        assertThat(set.previousWithBlocks(-1)).isEqualTo(-1);
    }

    @Test
    void runThatIsTooShortHasFewerBlocks() {
        SlabRun run = Objects.requireNonNull(memory.carve(1));
        set.add(run, true);
        assertThat(set.present()).isEqualTo(4);
        assertThat(set.home()).isEqualTo(4);
        assertThat(set.pages()).isEqualTo(1);
        List<Integer> blocks = take(4);
        assertThat(set.take()).isEqualTo(MagazineLayout.NONE);
        blocks.forEach(set::comeHome);
        set.checkInvariants();
        assertThat(set.giveBack(0, 4, false)).isEqualTo(4);
    }

    /// Two sizes share the stock: each keeps one idle slab, and no more once it is full.
    @Test
    void idleSlabsBeyondTheStockGoAtOnce() {
        IdleStock stock = new IdleStock(2 * 4, 2 * 4);
        SlabSet<String> small = new SlabSet<>(memory, stock, 1024);
        SlabSet<String> large = new SlabSet<>(memory, stock, 4096);
        lendAndReturn(small, 3);
        assertThat(small.slabCount()).as("two fit the stock").isEqualTo(2);
        lendAndReturn(large, 3);
        assertThat(large.slabCount()).as("one stays whatever the stock").isEqualTo(1);
        small.clear();
        large.clear();
        lendAndReturn(large, 3);
        assertThat(large.slabCount()).as("the stock was empty again").isEqualTo(2);
        small.checkInvariants();
        large.checkInvariants();
    }

    /// A sixteenth of what is held: of 16 slabs one more may wait than of few.
    @Test
    void stockGrowsWithWhatIsHeld() {
        IdleStock stock = new IdleStock(4, 4 * 4);
        SlabSet<String> few = new SlabSet<>(memory, stock, 1024);
        lendAndReturn(few, 3);
        assertThat(few.slabCount()).isEqualTo(1);
        SlabSet<String> many = new SlabSet<>(memory, stock, 1024);
        for (int i = 0; i < 16; i++) {
            many.add(Objects.requireNonNull(memory.carve(many.shape().pages())), true);
        }
        while (many.take() >= 0) {
            many.checkInvariants();
        }
        lendAndReturn(few, 2);
        assertThat(few.slabCount()).as("one that was there, and one more").isEqualTo(2);
    }

    /// An array costs its zeroes anew.
    @Test
    void largeSlabThatIsCostlyToMakeWaitsBesideAFullStock() {
        SlabSet<String> large = new SlabSet<>(memory, new IdleStock(0, 0), 1 << 20);
        lendAndReturn(large, 2);
        assertThat(large.slabCount()).isEqualTo(1);
    }

    private void lendAndReturn(SlabSet<String> of, int slabs) {
        List<Integer> blocks = new ArrayList<>();
        for (int i = 0; i < slabs; i++) {
            of.add(Objects.requireNonNull(memory.carve(of.shape().pages())), true);
            for (int block = of.take(); block >= 0; block = of.take()) {
                blocks.add(block);
            }
        }
        blocks.forEach(of::comeHome);
    }

    @Test
    void rejectsBlocksThatNoSlabHas() {
        assertThatIllegalStateException()
                .isThrownBy(() -> set.comeHome(3 * IN_SLAB))
                .withMessage("no slab has this block: byteSize=1024, slab=3");
        set.giveBack(slab(add()), IN_SLAB, false);
        assertThatIllegalStateException().isThrownBy(() -> set.comeHome(0));
    }

    private int add() {
        return set.add(Objects.requireNonNull(memory.carve(set.shape().pages())), true);
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
