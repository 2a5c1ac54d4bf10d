package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.Seeds;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MagazineLayoutTest {

    private static final int MAX_BYTES = 16 << 10;
    private static final int C = SizeClasses.of(1024); // a magazine has eight blocks of it

    private final MagazineLayout layout = MagazineLayout.of(MAX_BYTES);
    private final int[] cells = cells(layout);

    private static int[] cells(MagazineLayout layout) {
        int[] cells = new int[BiasedSlot.FIRST + layout.cellCount()];
        layout.open(cells);
        return cells;
    }

    @Test
    void newSlotIsShutUntilItIsOpenedAndAgainOnceItIsEmpty() {
        MagazineLayout some = MagazineLayout.of(MAX_BYTES);
        int[] shut = new int[BiasedSlot.FIRST + some.cellCount()];
        for (int round = 0; round < 2; round++) {
            assertThat(some.push(shut, C, 1)).isFalse();
            assertThat(shut[MagazineLayout.SPACE]).isZero();
            assertThat(some.open(shut)).isTrue();
            assertThat(some.open(shut)).isFalse();
            assertThat(some.push(shut, C, 1)).isTrue();
            assertThat(some.shut(shut)).as("a slot with a block").isFalse();
            assertThat(pop(some, shut, C)).isEqualTo(1);
            assertThat(some.shut(shut)).isTrue();
            assertThat(some.shut(shut)).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 16, 4 << 10, 128 << 10, 64 << 20})
    void magazineHoldsHalfOfTheThreadCache(int maxBytes) {
        MagazineLayout some = MagazineLayout.of(maxBytes);
        for (int c = 0; c < SizeClasses.COUNT; c++) {
            int size = SizeClasses.byteSize(c);
            int expected = size > maxBytes ? 0 : Math.clamp(maxBytes / 2 / size, 1, 64);
            assertThat(some.depth(c)).as("of %d B", size).isEqualTo(expected);
        }
    }

    /// Allocators come and go with any cache size, so their layouts must go with them.
    @Test
    void layoutThatNoHeapUsesCanBeCollected() throws InterruptedException {
        ReferenceQueue<Object> collected = new ReferenceQueue<>();
        WeakReference<Object> first = new WeakReference<>(MagazineLayout.of(12_345), collected);
        assertThat(MagazineLayout.of(12_345)).isSameAs(first.get());
        assertThat(MagazineLayout.of(54_321).depth(0)).isPositive();
        Reference<?> gone = null;
        for (int round = 0; gone == null && round < 600; round++) {
            System.gc();
            gone = collected.remove(100);
        }
        assertThat(gone).isSameAs(first);
    }

    @Test
    void newestBlockIsTakenFirst() {
        for (int block = 1; block <= 8; block++) {
            assertThat(layout.push(cells, C, block)).isTrue();
        }
        assertThat(layout.push(cells, C, 9)).isFalse();
        for (int block = 8; block >= 1; block--) {
            assertThat(pop(layout, cells, C)).isEqualTo(block);
        }
        assertThat(pop(layout, cells, C)).isEqualTo(MagazineLayout.NONE);
        assertThat(pop(layout, cells, C)).isEqualTo(MagazineLayout.NONE);
    }

    @Test
    void olderHalfIsRemoved() {
        for (int block = 1; block <= 5; block++) {
            layout.push(cells, C, block);
        }
        int[] out = new int[8];
        assertThat(layout.takeOlderHalf(cells, C, out)).isEqualTo(3);
        assertThat(out).startsWith(1, 2, 3, 0);
        assertThat(layout.takeOlderHalf(cells, C, out)).isEqualTo(1);
        assertThat(out).startsWith(4, 2, 3, 0);
        assertThat(pop(layout, cells, C)).isEqualTo(5);
        assertThat(layout.takeOlderHalf(cells, C, out)).isZero();
        for (int block = 1; block <= 8; block++) {
            assertThat(layout.push(cells, C, block)).isTrue();
        }
    }

    @Test
    void allMagazinesTogetherHoldTheThreadCache() {
        int large = SizeClasses.of(MAX_BYTES / 2);
        assertThat(layout.depth(large)).isEqualTo(1);
        assertThat(layout.push(cells, large, 1)).isTrue();
        for (int block = 0; block < 8; block++) {
            assertThat(layout.push(cells, C, block)).isTrue();
        }
        assertThat(layout.push(cells, 0, 7)).as("16 B more").isFalse();
        assertThat(pop(layout, cells, C)).isEqualTo(7);
        for (int block = 0; block < 64; block++) {
            assertThat(layout.push(cells, 0, block)).isTrue();
        }
        assertThat(layout.push(cells, 1, 7)).as("32 B more").isFalse();
        assertThat(layout.takeOlderHalf(cells, large, new int[1])).isEqualTo(1);
        assertThat(layout.push(cells, 1, 7)).isTrue();
    }

    @Test
    void blockAsLargeAsTheBoundIsKeptAlone() {
        int c = SizeClasses.of(MAX_BYTES);
        assertThat(layout.push(cells, c, 1)).isTrue();
        assertThat(layout.push(cells, c, 2)).isFalse();
        assertThat(layout.push(cells, 0, 2)).isFalse();
        assertThat(pop(layout, cells, c)).isEqualTo(1);
        assertThat(layout.push(cells, c + 1, 1)).isFalse();
    }

    @Test
    void filledClassesAreFoundInTheirOrder() {
        layout.push(cells, 5, 1);
        layout.push(cells, 9, 1);
        assertThat(layout.nextFilled(cells, 0)).isEqualTo(5);
        assertThat(layout.nextFilled(cells, 5)).isEqualTo(5);
        assertThat(layout.nextFilled(cells, 6)).isEqualTo(9);
        assertThat(layout.nextFilled(cells, 10)).isEqualTo(MagazineLayout.NONE);
        pop(layout, cells, 5);
        assertThat(layout.nextFilled(cells, 0)).isEqualTo(9);
    }

    @Test
    void spaceIsWhatBlocksLeave() {
        assertThat(cells[MagazineLayout.SPACE]).isEqualTo(MAX_BYTES);
        layout.push(cells, C, 1);
        layout.push(cells, C, 2);
        assertThat(cells[MagazineLayout.SPACE]).isEqualTo(MAX_BYTES - 2 * SizeClasses.byteSize(C));
        layout.takeOlderHalf(cells, C, new int[2]);
        assertThat(cells[MagazineLayout.SPACE]).isEqualTo(MAX_BYTES - SizeClasses.byteSize(C));
    }

    @Test
    void layoutOfZeroBytesHasNoMagazine() {
        MagazineLayout none = MagazineLayout.of(0);
        int[] few = cells(none);
        for (int c = 0; c < SizeClasses.COUNT; c++) {
            assertThat(none.push(few, c, 1)).isFalse();
            assertThat(pop(none, few, c)).isEqualTo(MagazineLayout.NONE);
            assertThat(none.takeOlderHalf(few, c, new int[0])).isZero();
        }
    }

    @Test
    void magazinesBehaveLikePlainStacks() {
        SplittableRandom random = Seeds.random("magazinesBehaveLikePlainStacks");
        MagazineLayout large = MagazineLayout.of(128 << 10);
        int[] all = cells(large);
        int[] out = new int[64];
        List<Deque<Integer>> stacks = new ArrayList<>();
        for (int c = 0; c < SizeClasses.COUNT; c++) {
            stacks.add(new ArrayDeque<>());
        }
        long bytes = 0;
        for (int i = 0; i < 300_000; i++) {
            int c = random.nextInt(SizeClasses.of(200_000));
            Deque<Integer> stack = stacks.get(c);
            int size = SizeClasses.byteSize(c);
            switch (random.nextInt(5)) {
                case 0 -> {
                    int count = large.takeOlderHalf(all, c, out);
                    assertThat(count).isEqualTo((stack.size() + 1) / 2);
                    for (int k = 0; k < count; k++) {
                        assertThat(out[k]).isEqualTo(stack.removeLast());
                        bytes -= size;
                    }
                }
                case 1, 2 -> {
                    boolean fits = stack.size() < large.depth(c) && bytes + size <= 128 << 10;
                    assertThat(large.push(all, c, i)).isEqualTo(fits);
                    if (fits) {
                        stack.push(i);
                        bytes += size;
                    }
                }
                default -> {
                    int block = pop(large, all, c);
                    assertThat(block).isEqualTo(stack.isEmpty() ? MagazineLayout.NONE : stack.pop());
                    bytes -= block == MagazineLayout.NONE ? 0 : size;
                }
            }
        }
    }

    private static int pop(MagazineLayout layout, int[] cells, int sizeClass) {
        int block = layout.peek(cells, sizeClass);
        if (block >= 0) {
            layout.drop(cells, sizeClass);
        }
        return block;
    }
}
