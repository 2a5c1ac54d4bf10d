package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import java.util.BitSet;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameLayoutTest {

    private static final int CACHE_LINE = 64;
    private static final long LAST_GENERATION = (1L << 28) - 1;

    @ParameterizedTest
    @CsvSource({"1, 0, 0", "255, 268435455, 268435455", "128, 1, 134217728", "7, 134217728, 12"})
    void handleKeepsTagGenerationAndIndex(int tag, long generation, int index) {
        long word = generation << 36 | FrameLayout.LIVE;
        long handle = FrameLayout.handle(tag, word, index);
        assertThat(handle).isNotZero();
        assertThat(FrameLayout.tag(handle)).isEqualTo(tag);
        assertThat(FrameLayout.index(handle)).isEqualTo(index);
        assertThat(FrameLayout.generation(FrameLayout.idleWord(handle))).isEqualTo(generation);
        assertThat(FrameLayout.idleWord(handle)).isEqualTo(word);
    }

    @Test
    void handleDoesNotDependOnWiresHoldsAndState() {
        long word = 5L * FrameLayout.ONE_GENERATION;
        long busy = word | FrameLayout.LIVE | 0xFFFF * FrameLayout.ONE_WIRE | 0xFFFF;
        assertThat(FrameLayout.handle(3, busy, 9)).isEqualTo(FrameLayout.handle(3, word, 9));
    }

    @Test
    void wordKeepsItsCountsApart() {
        long word = LAST_GENERATION << 36 | FrameLayout.LIVE | 0xFFFE * FrameLayout.ONE_WIRE | 0xFFFD;
        assertThat(FrameLayout.wires(word)).isEqualTo(0xFFFE);
        assertThat(FrameLayout.holds(word)).isEqualTo(0xFFFD);
        assertThat(FrameLayout.generation(word)).isEqualTo(LAST_GENERATION);
        assertThat(FrameLayout.isLive(word)).isTrue();
        assertThat(FrameLayout.isLive(word & ~FrameLayout.LIVE)).isFalse();
    }

    @Test
    void wordIsCurrentWithAnyCountsButOnlyWhileLiveAndOfTheSameGeneration() {
        long word = 5L * FrameLayout.ONE_GENERATION | FrameLayout.LIVE;
        long handle = FrameLayout.handle(3, word, 9);
        assertThat(FrameLayout.isCurrent(word, handle)).isTrue();
        assertThat(FrameLayout.isCurrent(word + 7 * FrameLayout.ONE_WIRE + 2, handle))
                .isTrue();
        assertThat(FrameLayout.isCurrent(word - FrameLayout.LIVE, handle)).isFalse();
        assertThat(FrameLayout.isCurrent(word + FrameLayout.ONE_GENERATION, handle))
                .isFalse();
        assertThat(FrameLayout.isCurrent(word - FrameLayout.ONE_GENERATION, handle))
                .isFalse();
    }

    @Test
    void generationAfterTheLastIsTheFirst() {
        long word = LAST_GENERATION << 36 | FrameLayout.LIVE;
        long freed = word - FrameLayout.LIVE + FrameLayout.ONE_GENERATION;
        assertThat(freed).isEqualTo(FrameLayout.FREE);
        assertThat(FrameLayout.generation(freed)).isZero();
    }

    @Test
    void untouchedFrameIsFreeAndOfTheFirstGeneration() {
        assertThat(FrameLayout.isLive(0)).isFalse();
        assertThat(FrameLayout.generation(0)).isZero();
        assertThat(FrameLayout.FREE).isZero();
    }

    /// The lowest free pages are neighbours, and may go to different threads that write their frames all the time.
    @ParameterizedTest
    @ValueSource(ints = {0, 64, 100_000, FrameLayout.MAX_PAGES - 256})
    void framesOfNeighboursLieInDifferentCacheLines(int first) {
        for (int index = first; index < first + 240; index++) {
            long offset = FrameLayout.frameOffset(index);
            assertThat(offset % FrameLayout.FRAME_BYTES).as("page %d", index).isZero();
            for (int other = index + 1; other < index + 16; other++) {
                assertThat(FrameLayout.frameOffset(other) / CACHE_LINE)
                        .as("cache line of the frames of pages %d and %d", index, other)
                        .isNotEqualTo(offset / CACHE_LINE);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100_032, FrameLayout.MAX_PAGES - FrameLayout.GROUP_PAGES})
    void framesOfAGroupFillItsPartOfTheTableAndNothingElse(int first) {
        SortedSet<Long> offsets = new TreeSet<>();
        for (int index = first; index < first + FrameLayout.GROUP_PAGES; index++) {
            offsets.add(FrameLayout.frameOffset(index));
        }
        assertThat(offsets).hasSize(FrameLayout.GROUP_PAGES);
        assertThat(offsets.first()).isEqualTo((long) first * FrameLayout.FRAME_BYTES);
        assertThat(offsets.last()).isEqualTo((long) (first + FrameLayout.GROUP_PAGES - 1) * FrameLayout.FRAME_BYTES);
    }

    /// A group that is only partly used still takes all of its lines, so the table is longer than its pages.
    @Test
    void framesOfAllPagesLieInTheTablesOfTheirArena() {
        Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(100));
        MemoryBudget budget = MemoryBudget.of("test", 1 << 30);
        long pageBytes = Math.max(4096, reservations.memory().pageSize());
        PageArenaOptions options = PageArenaOptions.builder()
                .pageByteSize(pageBytes)
                .budget(budget)
                .build();
        for (int pages = 512; pages > 0; pages--) { // each arena at the addresses of the one before
            ArenaSpace space = ArenaSpace.open(
                    options.toBuilder().byteSize(pages * pageBytes).build(), reservations, budget);
            long last = space.tables.address() + space.tables.byteSize() - FrameLayout.FRAME_BYTES;
            assertThat(space.frames % CACHE_LINE).isZero();
            for (int index = 0; index < pages; index++) {
                assertThat(space.frames + FrameLayout.frameOffset(index))
                        .as("frame of page %d of %d", index, pages)
                        .isBetween(space.stamps + pages, last);
            }
            space.close(new BitSet());
        }
        reservations.releaseRetained();
    }

    @Test
    void bitmapIsWholePageblocks() {
        assertThat(BitmapLayout.byteSize(1)).isEqualTo(64);
        assertThat(BitmapLayout.byteSize(512)).isEqualTo(64);
        assertThat(BitmapLayout.byteSize(513)).isEqualTo(128);
        assertThat(BitmapLayout.pageblocks(1025)).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({"0, 64, -1", "0, 1, 1", "63, 64, -9223372036854775808", "63, 900, -9223372036854775808", "66, 68, 12"})
    void maskCoversThePagesOfOneWord(int page, int end, long expected) {
        assertThat(BitmapLayout.mask(page, end)).isEqualTo(expected);
    }
}
