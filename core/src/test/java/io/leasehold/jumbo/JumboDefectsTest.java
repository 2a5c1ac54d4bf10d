package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.jumbo.JumboStateException.Kind;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.Watchdog;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Each known defect of jumbo(9), mended; and what a user of it may count on, in the form that it has grown to.
class JumboDefectsTest {

    private static final int ORIGINAL_PAGES = 3072;

    @Test
    void factThatAPoolOf3072PagesHasThemAllAndGrowsOnFromThere() {
        JumboOptions options = JumboOptions.defaults().withPages(ORIGINAL_PAGES, 0);
        try (JumboBed bed = new JumboBed(options, 16)) {
            assertThat(bed.ring().initialise()).isTrue();
            List<Long> handles = bed.allocate(ORIGINAL_PAGES);
            long grows = bed.ring().stats().slabs().grows();
            handles.addAll(bed.allocate(1)); // where the original had no more
            assertThat(bed.ring().stats().slabs().grows()).isEqualTo(grows + 1);
            assertThat(bed.ring().stats().traffic().fallbacks()).isZero();
            bed.release(handles);
            bed.check();
        }
    }

    @Test
    void factThatPage3073IsNullAndCountedWhereTheBoundIsFixed() {
        JumboOptions options = JumboOptions.defaults().withPages(0, ORIGINAL_PAGES);
        try (JumboBed bed = new JumboBed(options, 16)) {
            List<Long> handles = bed.allocate(ORIGINAL_PAGES);
            assertThat(bed.ring().allocate()).isEqualTo(JumboPool.NONE);
            assertThat(bed.ring().stats().traffic().fallbacks()).isOne();
            bed.release(handles);
        }
    }

    @Test
    void factThatFreeingAFlippedPageFreesItsPlaceButNotThePage() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 64, 2);
                ScratchMemory target = ScratchMemory.of(4096)) {
            List<Long> handles = bed.exhaust();
            long message = handles.removeFirst();
            bed.ring().object(message).write(5);
            long consumers = bed.ring().exchange().flip(message, 0, 4096, target.address());
            assertThat(consumers).isNotNegative();
            assertThat(bed.ring().allocate()).as("the place is taken").isEqualTo(JumboPool.NONE);
            bed.ring().release(message);
            assertThat(bed.ring().stats().traffic().freedFlipped()).isOne();
            assertThat(bed.ring().stats().traffic().freedReturned()).isZero();
            handles.addAll(bed.allocate(1)); // the place is free
            Set<Long> addresses = new HashSet<>();
            handles.forEach(handle -> addresses.add(bed.ring().address(handle)));
            assertThat(addresses).hasSize(64).doesNotContain(bed.ring().address(consumers));
            bed.ring().object(consumers).check(5);
            bed.release(handles);
            bed.ring().exchange().adopt(consumers);
            bed.check();
        }
    }

    /// Defects 1, 3 and 9: no growth, nobody is told, nothing is counted.
    @Test
    void growsASlabAtATimeAndShrinksWhenIdle() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_16, 0, 4)) {
            List<Long> handles = bed.allocate(100);
            assertThat(bed.ring().stats().slabs().grows()).isEqualTo(7);
            assertThat(bed.ring().stats().pages().peak()).isBetween(100, 112);
            bed.release(handles);
            bed.settle(1);
            assertThat(bed.ring().stats().bytes().taken())
                    .as("needed a moment ago")
                    .isPositive();
            bed.settle(2);
            assertThat(bed.ring().stats().bytes().taken()).isZero();
            assertThat(bed.takenBytes()).isZero();
            JumboStats.Slabs slabs = bed.ring().stats().slabs();
            assertThat(slabs.shrinks()).isEqualTo(7);
            assertThat(slabs.removedPages()).isEqualTo(112);
            bed.settle(20);
            if (VirtualMemory.system().can(Capability.DECOMMIT)) {
                assertThat(bed.arena().stats().idlePages())
                        .as("given to the system")
                        .isZero();
            }
            bed.check();
        }
    }

    @Test
    void initialPagesStayWhenIdleButGoWhenSomebodyElseFindsNoMemory() {
        JumboOptions options = JumboBed.options(BufferSize.KIB_4).withPages(64, 0);
        try (JumboBed bed = new JumboBed(options, 2)) {
            assertThat(bed.ring().initialise()).isTrue();
            bed.release(bed.allocate(200));
            bed.settle(8);
            assertThat(bed.takenBytes()).isEqualTo(256 << 10);
            long all = bed.arena().allocateRun(512);
            assertThat(bed.ring().stats().pages().inRing()).isZero();
            assertThat(bed.ring().allocate()).isEqualTo(JumboPool.NONE);
            assertThat(bed.ring().stats().slabs().refusals()).isPositive();
            bed.arena().free(all);
            bed.release(bed.allocate(1));
        }
    }

    /// Defect 4: a page that is held when it is freed was lost, and its place too.
    @Test
    void freeOfAHeldPageIsDeferredAndCountedAndCompletes() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_64, 2, 2)) {
            List<Long> handles = bed.exhaust();
            long held = handles.removeFirst();
            bed.ring().object(held).write(3);
            bed.ring().hold(held);
            bed.ring().hold(held);
            bed.ring().release(held);
            bed.check();
            assertThat(bed.ring().stats().pages().deferredFree()).isOne();
            assertThat(bed.ring().allocate()).isEqualTo(JumboPool.NONE);
            JumboBed.refused(Kind.FREED, () -> bed.ring().release(held));
            bed.ring().unhold(held);
            bed.ring().object(held).check(3);
            assertThat(bed.ring().stats().pages().deferredFree()).isOne();
            bed.ring().unhold(held);
            assertThat(bed.ring().stats().pages().deferredFree()).isZero();
            JumboBed.refused(Kind.FREED, () -> bed.ring().unhold(held));
            handles.addAll(bed.allocate(1));
            bed.release(handles);
            bed.check();
        }
    }

    /// Defect 5: the second free gave one address to two.
    @Test
    void doubleFreeIsFoundAndSaysWhichPageAndWho() throws InterruptedException {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            long handle = bed.ring().allocate();
            int page = bed.ring().pageOf(bed.ring().address(handle));
            Watchdog watchdog = new Watchdog();
            Thread first = watchdog.start("first", () -> bed.ring().release(handle));
            watchdog.join();
            JumboStateException e =
                    JumboBed.refused(Kind.FREED, () -> bed.ring().release(handle));
            assertThat(e.page()).isEqualTo(page);
            assertThat(e.state()).isEqualTo(JumboState.FREE);
            assertThat(e.generation()).isEqualTo(2);
            assertThat(e.threadId()).isEqualTo(first.threadId());
            assertThat(e)
                    .hasMessage("cannot release, the page is freed: page=%d, state=FREE, generation=2, holds=0,"
                                    .formatted(page)
                            + " handle's generation=1, last thread=%d, thread=%d, ring=ring"
                                    .formatted(
                                            first.threadId(),
                                            Thread.currentThread().threadId()));
            List<Long> all = bed.exhaust();
            Set<Long> addresses = new HashSet<>();
            all.forEach(each -> addresses.add(bed.ring().address(each)));
            assertThat(addresses).hasSize(512).hasSize(all.size());
            JumboBed.refused(Kind.STALE, () -> bed.ring().release(handle));
            bed.release(all);
            bed.check();
        }
    }

    /// Defect 6: a part of the pool counted as success.
    @Test
    void initialisingIsAllOrNothing() {
        JumboOptions options = JumboBed.options(BufferSize.KIB_4).withPages(513, 0);
        try (JumboBed bed = new JumboBed(options, 2)) {
            assertThat(bed.ring().initialise()).isFalse();
            assertThat(bed.takenBytes()).isZero();
            bed.check();
        }
    }

    /// Defect 8: a flipped page showed what was behind the payload.
    @Test
    void flippedPageIsZeroBehindThePayload() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_9, 0, 2);
                ScratchMemory target = ScratchMemory.of(9216)) {
            long message = bed.ring().allocate();
            OffHeap.fill(bed.ring().address(message), 9216, (byte) 0x5A);
            long consumers = bed.ring().exchange().flip(message, 0, 5000, target.address());
            long address = bed.ring().address(consumers);
            assertThat(ScratchMemory.holds(address, 5000, 0x5A)).isTrue();
            assertThat(ScratchMemory.holds(address + 5000, 4216, 0)).isTrue();
            bed.ring().release(message);
            bed.ring().exchange().adopt(consumers);
        }
    }

    /// Defect 7: freeing took a lock of the whole kernel, and 2: nobody ever stole.
    @Test
    void thiefAndFreerOfOnePageAreTwoOfWhichOneWins() throws InterruptedException {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            for (int round = 0; round < 200; round++) {
                long handle = bed.ring().allocate();
                boolean[] freed = new boolean[1];
                long stolen = JumboPool.NONE;
                Watchdog watchdog = new Watchdog();
                watchdog.start("freer", () -> {
                    try {
                        bed.ring().release(handle);
                        freed[0] = true;
                    } catch (JumboStateException e) {
                        assertThat(e.kind()).isEqualTo(Kind.STOLEN);
                    }
                });
                try {
                    stolen = bed.ring().exchange().steal(handle);
                } catch (JumboStateException e) {
                    assertThat(e.kind()).isEqualTo(Kind.FREED);
                }
                watchdog.join();
                assertThat(freed[0]).isNotEqualTo(stolen >= 0);
                if (stolen >= 0) {
                    bed.ring().exchange().adopt(stolen);
                }
                bed.check();
            }
        }
    }

    @Test
    void bytesThatAreLiveStandBesideThoseThatArePinned() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            List<Long> handles = bed.allocate(200);
            long last = handles.removeLast();
            bed.release(handles);
            bed.settle(3);
            JumboStats.Bytes bytes = bed.ring().stats().bytes();
            assertThat(bytes.live()).isEqualTo(4096);
            assertThat(bytes.pinned()).isEqualTo(256 << 10);
            bed.ring().release(last);
            assertThat(bed.ring().trim()).isPositive();
            assertThat(bed.ring().stats().bytes()).isEqualTo(new JumboStats.Bytes(0, 0, 0));
        }
    }
}
