package io.leasehold.page;

import static io.leasehold.memory.ScratchMemory.holds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import io.leasehold.memory.OffHeap;
import io.leasehold.page.service.PageOwner;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Allocating, freeing, growing and splitting: the contract of every [PageArena], for every kind of memory.
interface PageArenaContract extends PageArenaFixture {

    @Test
    default void newPageReadsAsZeroAndKeepsWhatIsWritten() {
        try (PageArena arena = open()) {
            long page = arena.allocate();
            long address = arena.frames().address(page);
            assertThat(holds(address, pageBytes(), 0)).isTrue();
            fill(arena, page, 0x5A);
            assertThat(holds(address, pageBytes(), 0x5A)).isTrue();
            arena.free(page);
            arena.checkInvariants();
        }
    }

    @Test
    default void pagesAndRunsDoNotOverlap() {
        try (PageArena arena = open()) {
            List<Long> all = allocate(arena, 40);
            for (int run : new int[] {2, 3, 4, 8, 16, 17, 31}) {
                all.add(arena.allocateRun(run));
            }
            for (int i = 0; i < all.size(); i++) {
                fill(arena, all.get(i), i + 1);
            }
            for (int i = 0; i < all.size(); i++) {
                assertThat(holds(arena.frames().address(all.get(i)), byteSize(arena, all.get(i)), i + 1))
                        .isTrue();
            }
            arena.checkInvariants();
            all.forEach(arena::free);
            arena.checkInvariants();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {4096, 16 << 10, 64 << 10, 2 << 20})
    default void addressIsAMultipleOfThePageSize(long pageByteSize) {
        long size = Math.max(pageByteSize, pageBytes());
        try (PageArena arena =
                open(options().toBuilder().pageByteSize(size).byteSize(6 * size).build())) {
            assertThat(arena.options().pageByteSize()).isEqualTo(size);
            assertThat(arena.frames().pageSizePower()).isEqualTo(Long.numberOfTrailingZeros(size));
            Set<Long> addresses = new HashSet<>();
            List<Long> pages = allocate(arena, 6);
            for (long page : pages) {
                long address = arena.frames().address(page);
                assertThat(address % size).isZero();
                assertThat(addresses.add(address)).isTrue();
                OffHeap.putLong(address + size - Long.BYTES, page);
            }
            for (long page : pages) {
                assertThat(OffHeap.getLong(arena.frames().address(page) + size - Long.BYTES))
                        .isEqualTo(page);
                arena.free(page);
            }
        }
    }

    @Test
    default void runLiesSideBySideAndEachOfItsAddressesLeadsToIt() {
        try (PageArena arena = open()) {
            long run = arena.allocateRun(21);
            PageFrames frames = arena.frames();
            assertThat(frames.pageCount(run)).isEqualTo(21);
            fill(arena, run, 7);
            for (int i = 0; i < 21; i++) {
                assertThat(frames.pageAt(frames.address(run) + i * pageBytes() + 1))
                        .isEqualTo(run);
            }
            arena.free(run);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 16, 64, 512})
    default void alignedRunBeginsAtAMultipleOfItsAlignment(int pages) {
        try (PageArena arena = open(options(1100))) {
            long first = arena.allocate();
            long byteAlignment = pages * pageBytes();
            long run = arena.tryAllocateRun(3, byteAlignment);
            assertThat(run).isNotEqualTo(PageArena.NO_PAGE);
            assertThat(arena.frames().address(run) % byteAlignment).isZero();
            assertThat(arena.frames().pageCount(run)).isEqualTo(3);
            arena.free(run);
            arena.free(first);
        }
    }

    @Test
    default void alignmentOutOfItsBoundsIsRejected() {
        try (PageArena arena = open()) {
            assertThatThrownBy(() -> arena.tryAllocateRun(1, 3))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("byteAlignment is not a power of two: byteAlignment=3, min=1, max=2097152");
            assertThatThrownBy(() -> arena.tryAllocateRun(1, 4 << 20))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("byteAlignment is out of bounds: byteAlignment=4194304, min=1, max=2097152");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE, PAGES + 1, Integer.MAX_VALUE})
    default void lengthOutOfItsBoundsIsRejected(int pages) {
        String message =
                "pages of a run are out of range: arena=" + name() + ", pages=" + pages + ", min=1, max=" + PAGES;
        try (PageArena arena = open()) {
            assertThatThrownBy(() -> arena.allocateRun(pages))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(message);
            assertThatThrownBy(() -> arena.tryAllocateRun(pages)).hasMessage(message);
            assertThatThrownBy(() -> arena.tryAllocateRun(pages, pageBytes())).hasMessage(message);
            assertThatThrownBy(() -> arena.tryAllocateRun(pages, Duration.ZERO)).hasMessage(message);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 16, 17})
    default void freedAllocationIsKnownToBeFreed(int pages) {
        try (PageArena arena = open()) {
            long run = arena.allocateRun(pages);
            arena.free(run);
            assertRefused(StateKind.FREED, () -> arena.free(run)).contains("cannot free, page is freed");
            assertRefused(StateKind.FREED, () -> arena.tryGrow(run, 1));
            assertRefused(StateKind.FREED, () -> arena.split(run, 1));
            assertRefused(StateKind.FREED, () -> arena.frames().wire(run));
            assertThat(arena.frames().isLive(run)).isFalse();
            arena.checkInvariants();
        }
    }

    @Test
    default void handleIsStaleOnceItsPageHasANewOwner() {
        try (PageArena arena = open(options(1))) {
            long old = arena.allocate();
            arena.free(old);
            long page = arena.allocate();
            assertThat(FrameLayout.index(page)).isEqualTo(FrameLayout.index(old));
            assertRefused(StateKind.STALE, () -> arena.free(old)).contains("cannot free, page has a new owner");
            assertThat(arena.frames().isLive(page)).isTrue();
            arena.free(page);
        }
    }

    @Test
    default void noPageIsForeign() {
        try (PageArena arena = open()) {
            assertRefused(StateKind.FOREIGN, () -> arena.free(PageArena.NO_PAGE));
        }
    }

    @Test
    default void handlesOfTwoArenasAreForeignToEachOther() {
        try (PageArena first = open();
                PageArena second = open()) {
            long mine = first.allocate();
            long other = second.allocate();
            assertRefused(StateKind.FOREIGN, () -> first.free(other)).contains("page handle is not of this arena");
            assertRefused(StateKind.FOREIGN, () -> second.frames().wire(mine));
            assertRefused(
                    StateKind.FOREIGN,
                    () -> second.frames().pageAt(first.frames().address(mine)));
            assertThat(second.frames().isLive(mine)).isFalse();
            first.free(mine);
            second.free(other);
        }
    }

    @Test
    default void wiredOrHeldPageIsNotFreed() {
        try (PageArena arena = open()) {
            long page = arena.allocate();
            arena.frames().wire(page);
            assertRefused(StateKind.WIRED, () -> arena.free(page))
                    .contains("page is wired")
                    .contains("wires=1");
            arena.frames().unwire(page);
            arena.frames().hold(page);
            assertRefused(StateKind.HELD, () -> arena.free(page))
                    .contains("page is held")
                    .contains("holds=1");
            arena.frames().unhold(page);
            arena.checkInvariants();
            arena.free(page);
        }
    }

    @Test
    default void pageIsFreedByAnyThread() throws InterruptedException {
        try (PageArena arena = open()) {
            List<Long> pages = allocate(arena, PAGES);
            Thread.ofPlatform()
                    .start(() -> pages.subList(0, 100).forEach(arena::free))
                    .join();
            Thread.ofVirtual()
                    .start(() -> pages.subList(100, PAGES).forEach(arena::free))
                    .join();
            assertThat(arena.stats().livePages()).isZero();
            arena.checkInvariants();
        }
    }

    @Test
    default void freedNeighboursServeAsOneRun() {
        try (PageArena arena = open()) {
            allocate(arena, PAGES).forEach(arena::free);
            long all = arena.allocateRun(PAGES);
            arena.free(all);
        }
    }

    @Test
    default void growthIsInPlaceAndKeepsHandleAndContent() {
        try (PageArena arena = open()) {
            long run = arena.allocateRun(20);
            PageOwner ring = arena.frames().register("ring");
            arena.frames().own(run, ring, 3);
            fill(arena, run, 1);
            assertThat(arena.tryGrow(run, 30)).isTrue();
            assertThat(arena.frames().pageCount(run)).isEqualTo(50);
            assertThat(ring.pageCount()).isEqualTo(50);
            assertThat(arena.frames().ownerIndex(run)).isEqualTo(3);
            long address = arena.frames().address(run);
            assertThat(holds(address, 20 * pageBytes(), 1)).isTrue();
            assertThat(holds(address + 20 * pageBytes(), 30 * pageBytes(), 0)).isTrue();
            arena.checkInvariants();
            arena.free(run);
            assertThat(ring.pageCount()).isZero();
            long all = arena.allocateRun(PAGES);
            arena.free(all);
        }
    }

    @Test
    default void growthEndsAtTheNextAllocationAndAtTheEndOfTheArena() {
        try (PageArena arena = open(options(64))) {
            long first = arena.allocateRun(20);
            long second = arena.allocateRun(20);
            assertThat(arena.frames().address(second)).isEqualTo(arena.frames().address(first) + 20 * pageBytes());
            assertThat(arena.tryGrow(first, 1)).isFalse();
            assertThat(arena.frames().pageCount(first)).isEqualTo(20);
            assertThat(arena.tryGrow(second, 25)).isFalse();
            assertThat(arena.tryGrow(second, Integer.MAX_VALUE)).isFalse();
            assertThat(arena.tryGrow(second, 24)).isTrue();
            assertThat(arena.frames().holdCount(second)).isZero();
            arena.checkInvariants();
            arena.free(second);
            assertThat(arena.tryGrow(first, 44)).isTrue();
            arena.free(first);
        }
    }

    @Test
    default void growthTakesPagesOutOfMagazines() {
        try (PageArena arena = open(options(64))) {
            List<Long> pages = allocate(arena, 64);
            pages.forEach(arena::free);
            assertThat(arena.stats().cachedPages()).isPositive();
            long run = arena.allocateRun(20);
            assertThat(arena.tryGrow(run, 44)).isTrue();
            arena.free(run);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    default void growthByNothingIsRejected(int pages) {
        try (PageArena arena = open()) {
            long run = arena.allocate();
            assertThatThrownBy(() -> arena.tryGrow(run, pages))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("pages to grow by are out of range: pages=" + pages + ", min=1");
            arena.free(run);
        }
    }

    @Test
    default void growthChangesTheKindOfRunThatIsFreed() {
        try (PageArena arena = open(options(32))) {
            long run = arena.allocateRun(17);
            assertThat(arena.tryGrow(run, 15)).isTrue();
            long rest = arena.split(run, 1);
            assertThat(arena.tryGrow(run, 1)).isFalse();
            arena.free(rest);
            assertThat(arena.tryGrow(run, 1)).isTrue();
            arena.free(run);
            arena.checkInvariants();
            arena.free(arena.allocateRun(32));
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "20, 1", "20, 19", "48, 16"})
    default void splitMakesTwoOfOne(int pages, int kept) {
        try (PageArena arena = open()) {
            long run = arena.allocateRun(pages);
            PageOwner ring = arena.frames().register("ring");
            arena.frames().own(run, ring, 3);
            fill(arena, run, 1);
            long rest = arena.split(run, kept);
            PageFrames frames = arena.frames();
            assertThat(frames.pageCount(run)).isEqualTo(kept);
            assertThat(frames.pageCount(rest)).isEqualTo(pages - kept);
            assertThat(frames.address(rest)).isEqualTo(frames.address(run) + kept * pageBytes());
            assertThat(holds(frames.address(run), pages * pageBytes(), 1)).isTrue();
            assertThat(frames.owner(run)).isSameAs(ring);
            assertThat(frames.owner(rest)).isNull();
            assertThat(ring.pageCount()).isEqualTo(kept);
            assertThat(frames.pageAt(frames.address(rest) - 1)).isEqualTo(run);
            arena.checkInvariants();
            arena.free(run);
            assertThat(frames.isLive(rest)).isTrue();
            arena.free(rest);
            arena.checkInvariants();
        }
    }

    @Test
    default void splitThatLeavesNothingIsRejectedAndChangesNothing() {
        try (PageArena arena = open()) {
            long run = arena.allocateRun(4);
            for (int pages : new int[] {0, -1, 4, 5}) {
                assertThatThrownBy(() -> arena.split(run, pages))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("pages to keep are out of range: pages=" + pages + ", min=1, max=3");
            }
            assertThat(arena.frames().pageCount(run)).isEqualTo(4);
            assertThat(arena.frames().holdCount(run)).isZero();
            arena.free(run);
        }
    }

    @Test
    default void wiredOrHeldRunIsNotSplit() {
        try (PageArena arena = open()) {
            long run = arena.allocateRun(4);
            arena.frames().wire(run);
            assertRefused(StateKind.WIRED, () -> arena.split(run, 1)).contains("cannot split, page is wired");
            arena.frames().unwire(run);
            arena.frames().hold(run);
            assertRefused(StateKind.HELD, () -> arena.split(run, 1)).contains("cannot split, page is held");
            arena.frames().unhold(run);
            assertThat(arena.frames().pageCount(run)).isEqualTo(4);
            arena.free(run);
        }
    }
}
