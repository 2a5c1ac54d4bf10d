package io.leasehold.page;

import static io.leasehold.page.FreeMap.NONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.OffHeap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FreeMapTest {

    private static final int PAGES = 2000; // four pageblocks, the last one partial
    private static final int PAGEBLOCK = BitmapLayout.PAGEBLOCK_PAGES;

    private FreeMapFixture fixture;
    private FreeMap map;

    @BeforeEach
    void makeMap() {
        fixture = new FreeMapFixture(PAGES);
        map = fixture.map;
    }

    @AfterEach
    void giveMemoryBack() {
        map.checkInvariants(PAGES);
        fixture.close();
    }

    @Test
    void newMapIsFreeAndCold() {
        assertThat(map.freePages()).isEqualTo(PAGES);
        assertThat(map.idlePages()).isZero();
        assertThat(map.warmPages()).isZero();
        assertThat(map.find(PAGES, 1, false)).isZero();
        assertThat(map.find(1, 1, true)).isEqualTo(NONE);
    }

    @Test
    void firstFitIsTheLowestRunThatIsLongEnough() {
        map.take(0, PAGES);
        map.giveIdle(100, 2, 0);
        map.giveIdle(700, 5, 0);
        map.giveIdle(900, 5, 0);
        assertThat(map.find(1, 1, false)).isEqualTo(100);
        assertThat(map.find(2, 1, false)).isEqualTo(100);
        assertThat(map.find(3, 1, false)).isEqualTo(700);
        assertThat(map.find(5, 1, false)).isEqualTo(700);
        assertThat(map.find(6, 1, false)).isEqualTo(NONE);
    }

    @ParameterizedTest
    @CsvSource({"62, 4", "60, 200", "510, 4", "500, 600", "448, 64", "448, 576", "1023, 977"})
    void runIsFoundAcrossWordsAndPageblocks(int page, int n) {
        map.take(0, PAGES);
        map.giveIdle(page, n, 0);
        assertThat(map.find(n, 1, false)).isEqualTo(page);
        assertThat(map.find(n, 1, true)).isEqualTo(page);
        assertThat(map.find(n + 1, 1, false)).isEqualTo(NONE);
        // once more, after the search for a longer run that failed
        assertThat(map.find(n, 1, false)).isEqualTo(page);
    }

    @Test
    void rememberedLengthDoesNotHideARunAcrossPageblocks() {
        map.take(0, PAGES);
        map.giveIdle(PAGEBLOCK - 3, 6, 0);
        assertThat(map.find(7, 1, false)).isEqualTo(NONE);
        assertThat(map.find(6, 1, false)).isEqualTo(PAGEBLOCK - 3);
        assertThat(map.find(5, 4, false)).isEqualTo(NONE);
        assertThat(map.find(3, 4, false)).isEqualTo(PAGEBLOCK);
    }

    @Test
    void rememberedLengthIsForgottenWhenNeighboursAreFreed() {
        map.take(0, PAGES);
        map.giveIdle(10, 2, 0);
        assertThat(map.find(3, 1, false)).isEqualTo(NONE);
        map.giveIdle(12, 1, 0);
        assertThat(map.find(3, 1, false)).isEqualTo(10);
        assertThat(map.find(3, 1, true)).isEqualTo(10);
    }

    @ParameterizedTest
    @CsvSource({"2, 102", "4, 104", "8, 104", "16, 112", "64, 128", "512, 512"})
    void alignedRunBeginsAtAMultiple(int align, int expected) {
        map.take(0, 101);
        assertThat(map.find(3, align, false)).isEqualTo(expected);
    }

    @Test
    void runThatIsTooShortAfterAlignmentIsSkipped() {
        map.take(0, PAGES);
        map.giveIdle(101, 6, 0); // pages 104 to 106 remain after alignment to 4
        map.giveIdle(1300, 4, 0);
        assertThat(map.find(3, 4, false)).isEqualTo(104);
        assertThat(map.find(4, 4, false)).isEqualTo(1300);
        assertThat(map.find(4, 1, false)).isEqualTo(101);
    }

    @Test
    void idleSearchSkipsColdPages() {
        map.take(0, 40);
        map.giveIdle(20, 10, 0);
        map.giveCold(0, 10);
        assertThat(map.find(5, 1, true)).isEqualTo(20);
        assertThat(map.find(11, 1, true)).isEqualTo(NONE);
        assertThat(map.find(5, 1, false)).isZero();
        assertThat(map.idlePages()).isEqualTo(10);
        assertThat(map.warmPages()).isEqualTo(30);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 511, 512, 513, 1023, 1025})
    void lastPageblockThatIsPartialHoldsItsPagesAndNoneMore(int pageCount) {
        try (FreeMapFixture small = new FreeMapFixture(pageCount)) {
            assertThat(small.map.freePages()).isEqualTo(pageCount);
            assertThat(small.map.find(pageCount, 1, false)).isZero();
            assertThat(small.map.find(pageCount + 1, 1, false)).isEqualTo(NONE);
            assertThat(small.map.isFree(0, pageCount)).isTrue();
            assertThat(small.map.isFree(0, pageCount + 1)).isFalse();
            assertThat(small.map.isFree(pageCount - 1, 2)).isFalse();
            small.map.take(0, pageCount);
            assertThat(small.map.freePages()).isZero();
            assertThat(small.map.find(1, 1, false)).isEqualTo(NONE);
            small.map.giveIdle(pageCount - 1, 1, 0);
            assertThat(small.map.find(1, 1, false)).isEqualTo(pageCount - 1);
            assertThat(small.map.find(1, 1, true)).isEqualTo(pageCount - 1);
            small.map.checkInvariants(0);
        }
    }

    @Test
    void questionsAboutARunCountItsPages() {
        map.take(60, 10);
        map.giveCold(62, 4);
        assertThat(map.coldIn(58, 14)).isEqualTo(8);
        assertThat(map.coldIn(60, 2)).isZero();
        assertThat(map.isFree(62, 4)).isTrue();
        assertThat(map.isFree(61, 4)).isFalse();
        assertThat(map.isFree(0, 60)).isTrue();
        assertThat(map.isFree(PAGES - 1, Integer.MAX_VALUE)).isFalse();
        assertThat(map.firstUsed(0, PAGES)).isEqualTo(60);
        assertThat(map.firstUsed(62, 4)).isEqualTo(NONE);
        assertThat(map.firstUsed(62, 5)).isEqualTo(66);
        assertThat(map.firstUsed(70, PAGES - 70)).isEqualTo(NONE);
        assertThat(map.firstUsed(70, PAGES)).as("beyond the end").isEqualTo(PAGES);
    }

    @Test
    void idleSinglesAreTheLowestOnes() {
        map.take(0, 1100);
        map.giveIdle(7, 1, 0);
        map.giveIdle(600, 3, 0);
        map.giveCold(20, 5);
        int[] out = new int[8];
        assertThat(map.takeIdleSingles(out, 3)).isEqualTo(3);
        assertThat(out).startsWith(7, 600, 601);
        assertThat(map.takeIdleSingles(out, 8)).isEqualTo(1);
        assertThat(out[0]).isEqualTo(602);
        assertThat(map.takeIdleSingles(out, 8)).isZero();
        assertThat(map.idlePages()).isZero();
        assertThat(map.isFree(20, 5)).isTrue();
    }

    @Test
    void idlePagesAreTakenWhenTheyAreOldEnoughAndNotBefore() {
        map.take(0, 30);
        map.giveIdle(0, 5, 10);
        map.giveIdle(10, 5, 12);
        map.giveIdle(20, 5, 14);
        DecommitBatch batch = new DecommitBatch(1000);
        map.takeIdle(batch, 18, 9, 1);
        assertThat(batch.count()).isZero();
        batch.continueAt(0);
        map.takeIdle(batch, 21, 9, 1);
        assertThat(FreeMapFixture.pages(batch)).containsExactly(0, 1, 2, 3, 4, 10, 11, 12, 13, 14);
        assertThat(batch.count()).isEqualTo(2);
        assertThat(batch.warm()).isEqualTo(10);
        assertThat(map.isFree(0, 5)).isFalse();
        assertThat(map.idlePages()).isEqualTo(5);
        assertThat(map.warmPages()).as("charged until the kernel has taken it").isEqualTo(30);
        map.giveCold(0, 5);
        assertThat(map.warmPages()).isEqualTo(25);
        assertThat(map.isFree(0, 5)).isTrue();
    }

    @Test
    void ageIsThatOfThePageAndNotOfItsNeighbours() {
        map.take(0, 10);
        map.giveIdle(0, 10, 0);
        map.take(4, 2);
        map.giveIdle(4, 2, 8);
        DecommitBatch batch = new DecommitBatch(1000);
        map.takeIdle(batch, 9, 9, 1);
        assertThat(FreeMapFixture.pages(batch)).containsExactly(0, 1, 2, 3, 6, 7, 8, 9);
    }

    @Test
    void ageGoesOnWhereItsByteWrapsAround() {
        map.take(0, 2);
        map.giveIdle(0, 1, 250);
        map.giveIdle(1, 1, 258);
        DecommitBatch batch = new DecommitBatch(1000);
        map.takeIdle(batch, 259, 9, 1);
        assertThat(FreeMapFixture.pages(batch)).containsExactly(0);
        batch.clear();
        batch.continueAt(0);
        map.takeIdle(batch, 267, 9, 1);
        assertThat(FreeMapFixture.pages(batch)).containsExactly(1);
    }

    @Test
    void pagesOfAnyAgeAreTakenWhereNoAgeIsAskedFor() {
        map.take(0, 3);
        map.giveIdle(0, 3, 200);
        DecommitBatch batch = new DecommitBatch(1000);
        map.takeIdle(batch, 0, 0, 1);
        assertThat(batch.total()).isEqualTo(3);
    }

    @Test
    void batchTakesNoMorePagesThanItMay() {
        map.take(0, 1500);
        map.giveIdle(0, 1500, 0);
        DecommitBatch batch = new DecommitBatch(700);
        map.takeIdle(batch, 9, 9, 1);
        assertThat(batch.total()).isEqualTo(700);
        assertThat(batch.count()).as("touching runs are one").isEqualTo(1);
        batch.clear();
        map.takeIdle(batch, 9, 9, 1);
        assertThat(batch.page(0)).isEqualTo(700);
    }

    @Test
    void batchTakesNoMoreRunsThanItMay() {
        map.take(0, PAGES);
        for (int page = 0; page < PAGES; page += 2) {
            map.giveIdle(page, 1, 0);
        }
        DecommitBatch batch = new DecommitBatch(PAGES);
        map.takeIdle(batch, 9, 9, 1);
        assertThat(batch.count()).isEqualTo(256);
        assertThat(batch.isFull()).isTrue();
        batch.clear();
        map.takeIdle(batch, 9, 9, 1);
        assertThat(batch.count()).isEqualTo(256);
        assertThat(batch.page(0)).isEqualTo(512);
    }

    @Test
    void hugeFrameIsTakenWholeOrNotAtAll() {
        map.take(0, 128);
        map.giveIdle(0, 31, 0); // page 31 is still used
        map.giveIdle(32, 32, 0);
        map.giveIdle(64, 31, 0);
        map.giveIdle(95, 1, 5); // one page of the third frame is young
        map.giveIdle(96, 8, 0);
        map.giveCold(104, 24); // the fourth frame is free, and partly cold already
        DecommitBatch batch = new DecommitBatch(1000);
        map.takeIdle(batch, 9, 9, 32);
        assertThat(batch.count()).isEqualTo(2);
        assertThat(batch.page(0)).isEqualTo(32);
        assertThat(batch.pageCount(0)).isEqualTo(32);
        assertThat(batch.page(1)).isEqualTo(96);
        assertThat(batch.pageCount(1)).isEqualTo(32);
        assertThat(batch.total()).isEqualTo(64);
        assertThat(batch.warm()).as("pages that give memory back").isEqualTo(40);
        assertThat(map.isFree(96, 32)).isFalse();
        map.checkInvariants(64);
        // the decommit failed: cold pages stay cold
        map.giveIdle(96, 32, 9);
        assertThat(map.coldIn(96, 32)).isEqualTo(24);
        assertThat(map.isFree(96, 32)).isTrue();
    }

    @Test
    void brokenBitmapIsNoticed() {
        map.take(0, 100);
        map.giveIdle(0, 50, 0);
        map.checkInvariants(0);
        try (FreeMapFixture other = new FreeMapFixture(PAGES)) {
            other.map.take(0, 3);
            OffHeap.putLong(other.usedBits(), 0);
            assertThatThrownBy(() -> other.map.checkInvariants(0))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageStartingWith("I1");
        }
    }

    /// On a kernel with pages of 16 KiB a huge page has 32 MiB, which are four pageblocks.
    @Test
    void hugeFrameOfSeveralPageblocksIsTakenWholeOrNot() {
        int frame = 2 * PAGEBLOCK;
        int due = Decay.TICKS + 1;
        map.take(0, PAGES);
        for (int pageblock = 3; pageblock >= 0; pageblock--) { // so that the lowest one is visited first
            int first = pageblock * PAGEBLOCK;
            map.giveIdle(first, Math.min(PAGEBLOCK, PAGES - first), 0);
        }
        map.take(0, 1);
        DecommitBatch batch = new DecommitBatch(PAGES);
        while (map.takeAged(batch, due, frame)) {
            // until no pageblock is due
        }
        assertThat(batch.count()).isEqualTo(1);
        assertThat(batch.page(0)).as("the first frame is in use").isEqualTo(frame);
        assertThat(batch.pageCount(0)).as("the last frame ends with the arena").isEqualTo(PAGES - frame);
        map.giveCold(batch);
    }
}
