package io.leasehold.page;

import static io.leasehold.page.FrameLayout.FRAME_BYTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.page.service.PageOwner;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PageFramesTest {

    private static final int TAG = 7;
    private static final int PAGES = 64;
    private static final int MAX_COUNT = 65_535;
    private static final int PAGE_SIZE_POWER = 12;
    private static final long FIRST_PAGE = 1L << 40; // the table never accesses the pages themselves

    private ScratchMemory table;
    private PageFrames frames;

    @BeforeEach
    void makeTable() {
        table = ScratchMemory.of((long) (PAGES + FrameLayout.GROUP_PAGES) * FRAME_BYTES);
        frames = new PageFrames("arena", TAG, table.address(), FIRST_PAGE, PAGES, PAGE_SIZE_POWER, new BitSet(), null);
    }

    @AfterEach
    void giveMemoryBack() {
        table.close();
    }

    @Test
    void claimedRunIsLiveAndKnownByItsHandle() {
        long run = run(3, 4);
        assertThat(run).isNotEqualTo(PageArena.NO_PAGE);
        assertThat(frames.isLive(run)).isTrue();
        assertThat(frames.address(run)).isEqualTo(FIRST_PAGE + 3 * 4096);
        assertThat(frames.pageCount(run)).isEqualTo(4);
        assertThat(frames.wireCount(run)).isZero();
        assertThat(frames.holdCount(run)).isZero();
        assertThat(frames.owner(run)).isNull();
        assertThat(frames.ownerIndex(run)).isZero();
    }

    @Test
    void freedPageIsRejectedByEveryCall() {
        long page = run(3, 4);
        assertThat(frames.free(page)).isEqualTo(4);
        assertThat(frames.isLive(page)).isFalse();
        for (ThrowingCallable call : calls(page)) {
            assertRefused(StateKind.FREED, call)
                    .contains("page is freed: handleGeneration=0, ")
                    .contains("index=3");
        }
        assertRefused(StateKind.FREED, () -> frames.free(page))
                .isEqualTo("cannot free, page is freed: handleGeneration=0, index=3, generation=1,"
                        + " state=free, pages=4, wires=0, holds=0, owner=unnamed, arena=arena");
    }

    @Test
    void pageWithANewOwnerIsStaleForEveryCallWithTheOldHandleAndUnharmed() {
        long old = run(3, 1);
        frames.free(old);
        long page = run(3, 2);
        assertThat(page).isNotEqualTo(old);
        for (ThrowingCallable call : calls(old)) {
            assertRefused(StateKind.STALE, call).contains("page has a new owner: handleGeneration=0, ");
        }
        assertThat(frames.isLive(old)).isFalse();
        assertThat(frames.isLive(page)).isTrue();
        assertThat(frames.wireCount(page)).isZero();
        assertThat(frames.holdCount(page)).isZero();
        assertThat(frames.pageCount(page)).isEqualTo(2);
        assertThat(frames.owner(page)).isNull();
    }

    @Test
    void handleOfAnotherArenaOrNoPageAtAllIsForeignForEveryCall() {
        run(3, 1);
        long otherTag = FrameLayout.handle(TAG + 1, FrameLayout.LIVE, 3);
        long pastTheEnd = FrameLayout.handle(TAG, FrameLayout.LIVE, PAGES);
        for (long page : new long[] {otherTag, pastTheEnd, PageArena.NO_PAGE, -1}) {
            for (ThrowingCallable call : calls(page)) {
                assertRefused(StateKind.FOREIGN, call)
                        .startsWith("page handle is not of this arena: handle=0x" + Long.toHexString(page))
                        .contains("arena=arena, address=0x10000000000, pageCount=64, pageByteSize=4096");
            }
            assertThat(frames.isLive(page)).isFalse();
        }
    }

    @Test
    void everyCallOnAClosedTableFails() {
        long page = run(3, 1);
        frames.close(PAGES);
        for (ThrowingCallable call : calls(page)) {
            assertRefused(StateKind.CLOSED, call).isEqualTo("arena is closed: arena=arena");
        }
        assertRefused(StateKind.CLOSED, () -> frames.pageAt(FIRST_PAGE + 3 * 4096));
        assertThat(frames.isLive(page)).isFalse();
    }

    @Test
    void wiredPageCannotBeFreedOrPinnedUntilTheLastWiringIsGivenUp() {
        long page = run(3, 1);
        frames.wire(page);
        frames.wire(page);
        assertThat(frames.wireCount(page)).isEqualTo(2);
        assertRefused(StateKind.WIRED, () -> frames.free(page))
                .isEqualTo("cannot free, page is wired: handleGeneration=0, index=3, generation=0,"
                        + " state=live, pages=1, wires=2, holds=0, owner=unnamed, arena=arena");
        assertRefused(StateKind.WIRED, () -> frames.pin("split", page)).startsWith("cannot split, page is wired");
        frames.unwire(page);
        assertRefused(StateKind.WIRED, () -> frames.free(page));
        frames.unwire(page);
        assertThat(frames.free(page)).isEqualTo(1);
    }

    @Test
    void heldPageCannotBeFreedOrPinnedUntilTheLastHoldIsGivenUp() {
        long page = run(3, 1);
        frames.hold(page);
        frames.hold(page);
        assertThat(frames.holdCount(page)).isEqualTo(2);
        assertRefused(StateKind.HELD, () -> frames.free(page))
                .contains("page is held")
                .contains("holds=2");
        assertRefused(StateKind.HELD, () -> frames.pin("split", page)).startsWith("cannot split, page is held");
        frames.unhold(page);
        frames.unhold(page);
        assertThat(frames.free(page)).isEqualTo(1);
    }

    @Test
    void pinIsAnExclusiveHold() {
        long page = run(3, 1);
        frames.pin("split", page);
        assertThat(frames.holdCount(page)).isEqualTo(1);
        assertRefused(StateKind.HELD, () -> frames.pin("split", page));
        frames.unhold(page);
        frames.pin("split", page);
    }

    @Test
    void pageWithoutWiringOrHoldCannotBeUnwiredOrUnheld() {
        long page = run(3, 1);
        assertRefused(StateKind.NOT_WIRED, () -> frames.unwire(page))
                .startsWith("cannot unwire, the count is at its limit: count=0, index=3");
        assertRefused(StateKind.NOT_WIRED, () -> frames.unhold(page))
                .startsWith("cannot unhold, the count is at its limit: count=0, index=3");
        frames.hold(page);
        assertRefused(StateKind.NOT_WIRED, () -> frames.unwire(page));
        frames.wire(page);
        frames.unhold(page);
        assertRefused(StateKind.NOT_WIRED, () -> frames.unhold(page));
        assertThat(frames.wireCount(page)).isEqualTo(1);
    }

    @Test
    void countsReachTheirBoundAndNotFurther() {
        long page = run(3, 1);
        for (int i = 0; i < MAX_COUNT; i++) {
            frames.wire(page);
            frames.hold(page);
        }
        assertRefused(StateKind.TOO_MANY, () -> frames.wire(page))
                .startsWith("cannot wire, the count is at its limit: count=65535, index=3");
        assertRefused(StateKind.TOO_MANY, () -> frames.hold(page))
                .startsWith("cannot hold, the count is at its limit: count=65535, index=3");
        assertThat(frames.wireCount(page)).isEqualTo(MAX_COUNT);
        assertThat(frames.holdCount(page)).isEqualTo(MAX_COUNT);
        assertThat(frames.isLive(page)).isTrue();
        for (int i = 0; i < MAX_COUNT; i++) {
            frames.unwire(page);
            frames.unhold(page);
        }
        assertThat(frames.free(page)).isEqualTo(1);
    }

    @Test
    void generationWrapsAroundAndOnlyThenAnOldHandleIsGoodAgain() {
        long first = run(3, 1);
        frames.free(first);
        // as if the page had been freed 2^28 - 1 times
        OffHeap.putLong(table.address() + FrameLayout.frameOffset(3), -FrameLayout.ONE_GENERATION);
        long last = run(3, 1);
        assertThat(FrameLayout.generation(FrameLayout.idleWord(last))).isEqualTo((1 << 28) - 1);
        assertThat(frames.isLive(first)).isFalse();
        assertThat(frames.isLive(last)).isTrue();
        frames.free(last);
        assertThat(frames.wordAt(3)).as("the generation runs into nothing else").isZero();
        long again = run(3, 1);
        assertThat(again).isEqualTo(first);
        assertThat(frames.isLive(last)).isFalse();
        assertRefused(StateKind.STALE, () -> frames.free(last)).contains("generation=0, state=live");
    }

    @Test
    void addressLeadsToItsAllocation() {
        long before = run(2, 1);
        long run = run(3, 4);
        long single = run(7, 1);
        for (long address = frames.address(run); address < frames.address(single); address += 512) {
            assertThat(frames.pageAt(address)).isEqualTo(run);
        }
        assertThat(frames.pageAt(frames.address(run) - 1)).isEqualTo(before);
        assertThat(frames.pageAt(frames.address(single))).isEqualTo(single);
        assertThat(frames.pageAt(frames.address(single) + 4095)).isEqualTo(single);
    }

    @Test
    void addressOfAFreePageLeadsNowhere() {
        run(3, 4);
        long freed = run(8, 2);
        long address = frames.address(freed) + 4096;
        frames.free(freed);
        assertRefused(StateKind.FREED, () -> frames.pageAt(address)).startsWith("page is not allocated: index=9");
        assertRefused(StateKind.FREED, () -> frames.pageAt(FIRST_PAGE)).startsWith("page is not allocated: index=0");
        assertRefused(StateKind.FREED, () -> frames.pageAt(FIRST_PAGE + 7 * 4096))
                .contains("index=7");
    }

    @Test
    void addressOutsideTheArenaIsForeign() {
        long all = run(0, PAGES);
        assertThat(frames.pageAt(FIRST_PAGE + PAGES * 4096L - 1)).isEqualTo(all);
        for (long address :
                new long[] {FIRST_PAGE - 1, FIRST_PAGE + PAGES * 4096L, 0, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertRefused(StateKind.FOREIGN, () -> frames.pageAt(address))
                    .startsWith("address is not of this arena: address=0x" + Long.toHexString(address) + ", ");
        }
    }

    @Test
    void ownerAndItsIndexAreKeptAndItsPagesCounted() {
        PageOwner ring = frames.register("ring");
        PageOwner slab = frames.register("slab");
        long run = run(3, 4);
        frames.own(run, ring, (1 << 24) - 1);
        assertThat(frames.owner(run)).isSameAs(ring);
        assertThat(frames.ownerIndex(run)).isEqualTo((1 << 24) - 1);
        assertThat(ring.pageCount()).isEqualTo(4);
        frames.own(run, slab, 0);
        assertThat(frames.owner(run)).isSameAs(slab);
        assertThat(frames.ownerIndex(run)).isZero();
        assertThat(ring.pageCount()).isZero();
        assertThat(slab.pageCount()).isEqualTo(4);
        frames.free(run);
        assertThat(slab.pageCount()).isZero();
        assertThat(frames.owner(run(3, 1)))
                .as("the next generation has no owner")
                .isNull();
    }

    @Test
    void ownerIsNamedInTheErrorOfAPage() {
        long page = run(3, 1);
        frames.own(page, frames.register("ring"), 17);
        frames.wire(page);
        assertRefused(StateKind.WIRED, () -> frames.free(page)).contains("owner=ring[17]");
    }

    @Test
    void ownerIndexOutOfItsBoundsIsRejected() {
        PageOwner ring = frames.register("ring");
        long page = run(3, 1);
        assertThatThrownBy(() -> frames.own(page, ring, 1 << 24))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("owner index is out of range: arena=arena, index=16777216, min=0, max=16777215");
        assertThatThrownBy(() -> frames.own(page, ring, -1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(frames.owner(page)).isNull();
        assertThat(ring.pageCount()).isZero();
    }

    /// A frame stores only the id of its owner. In another arena the same id belongs to another owner, or to none.
    @Test
    void ownerOfAnotherArenaIsRejectedAndChangesNothing() {
        PageFrames other = new PageFrames(
                "other", TAG + 1, table.address(), FIRST_PAGE, PAGES, PAGE_SIZE_POWER, new BitSet(), null);
        PageOwner sameNumber = other.register("stranger");
        PageOwner noSuchNumber = other.register("newcomer");
        PageOwner ring = frames.register("ring");
        long run = run(3, 4);
        frames.own(run, ring, 17);
        for (PageOwner foreign : List.of(sameNumber, noSuchNumber)) {
            assertThatThrownBy(() -> frames.own(run, foreign, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("owner is registered with another arena: owner=" + foreign.name() + ", arena=arena");
            assertThat(foreign.pageCount()).isZero();
        }
        assertThat(frames.owner(run)).isSameAs(ring);
        assertThat(frames.ownerIndex(run)).isEqualTo(17);
        assertThat(ring.pageCount()).isEqualTo(4);
    }

    @Test
    void lengtheningIsCountedForTheOwner() {
        PageOwner ring = frames.register("ring");
        long run = run(3, 4);
        frames.own(run, ring, 0);
        frames.lengthen(3, 2);
        assertThat(frames.pageCount(run)).isEqualTo(6);
        assertThat(ring.pageCount()).isEqualTo(6);
        frames.lengthen(3, -5);
        assertThat(ring.pageCount()).isEqualTo(1);
    }

    @Test
    void arenaDistinguishes254Owners() {
        List<PageOwner> owners = new ArrayList<>();
        for (int i = 1; i <= 254; i++) {
            owners.add(frames.register("owner " + i));
        }
        assertThatThrownBy(() -> frames.register("one more"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("too many page owners: arena=arena, name=one more, max=254");
        long page = run(3, 1);
        for (PageOwner owner : owners) {
            frames.own(page, owner, 5);
            assertThat(frames.owner(page)).isSameAs(owner);
            assertThat(frames.ownerIndex(page)).isEqualTo(5);
        }
        assertThat(owners.stream().mapToLong(PageOwner::pageCount).sum()).isEqualTo(1);
    }

    @Test
    void holdersAreNamedTheLargestFirst() {
        for (int i = 1; i <= 4; i++) {
            frames.own(run(10 * i, i), frames.register("owner " + i), 0);
        }
        assertThat(frames.owners().holders(12)).isEqualTo("owner 4=4, owner 3=3, owner 2=2, unnamed=2");
        assertThat(new PageOwners("arena").holders(3)).isEqualTo("unnamed=3");
    }

    @Test
    void everyLiveAllocationIsVisitedOnce() {
        List<Long> expected = List.of(run(0, 3), run(3, 1), run(10, 5), run(63, 1));
        frames.free(run(20, 2));
        List<Long> visited = new ArrayList<>();
        frames.forEachLive(PAGES, visited::add);
        assertThat(visited).isEqualTo(expected);
    }

    private long run(int index, int pages) {
        frames.setRun(index, pages);
        return frames.claim(index);
    }

    /// {@return all calls that take a handle}
    private List<ThrowingCallable> calls(long page) {
        PageOwner owner = frames.register("caller");
        return List.of(
                () -> frames.free(page),
                () -> frames.pin("split", page),
                () -> frames.wire(page),
                () -> frames.unwire(page),
                () -> frames.hold(page),
                () -> frames.unhold(page),
                () -> frames.own(page, owner, 1),
                () -> frames.owner(page),
                () -> frames.ownerIndex(page),
                () -> frames.address(page),
                () -> frames.pageCount(page),
                () -> frames.wireCount(page),
                () -> frames.holdCount(page));
    }

    private static AbstractStringAssert<?> assertRefused(StateKind kind, ThrowingCallable call) {
        return assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        PageStateException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .message();
    }
}
