package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.error.StateKind;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.Watchdog;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Each known defect of jumbo(9), and that it is fixed here; and facts that users of jumbo(9) rely on, in their
/// extended form.
class JumboDefectsTest {

    private static final int ORIGINAL_PAGES = 3072;

    @Test
    void factThatAPoolOf3072PagesHasAllOfThemAndGrowsFurther() {
        JumboOptions options = JumboOptions.builder().pages(ORIGINAL_PAGES, 0).build();
        try (JumboBed bed = new JumboBed(options, 16)) {
            assertThat(bed.pool().initialise()).isTrue();
            List<Long> handles = bed.allocate(ORIGINAL_PAGES);
            long grows = bed.pool().stats().slabs().grows();
            handles.addAll(bed.allocate(1)); // the original had no more pages
            assertThat(bed.pool().stats().slabs().grows()).isEqualTo(grows + 1);
            assertThat(bed.pool().stats().traffic().fallbacks()).isZero();
            bed.release(handles);
            bed.check();
        }
    }

    @Test
    void factThatPage3073IsNullAndCountedIfTheLimitIsFixed() {
        JumboOptions options = JumboOptions.builder().pages(0, ORIGINAL_PAGES).build();
        try (JumboBed bed = new JumboBed(options, 16)) {
            List<Long> handles = bed.allocate(ORIGINAL_PAGES);
            assertThat(bed.pool().tryAllocate()).isEqualTo(JumboPool.NONE);
            assertThat(bed.pool().stats().traffic().fallbacks()).isOne();
            bed.release(handles);
        }
    }

    @Test
    void factThatFreeingAFlippedPageMakesRoomButDoesNotFreeThePage() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 64, 2);
                ScratchMemory target = ScratchMemory.of(4096)) {
            List<Long> handles = bed.exhaust();
            long message = handles.removeFirst();
            bed.pool().object(message).write(5);
            long consumers = bed.pool().exchange().flip(message, 0, 4096, target.address());
            assertThat(consumers).isNotNegative();
            assertThat(bed.pool().tryAllocate()).as("there is no room").isEqualTo(JumboPool.NONE);
            bed.pool().free(message);
            assertThat(bed.pool().stats().traffic().freedFlipped()).isOne();
            assertThat(bed.pool().stats().traffic().freedReturned()).isZero();
            handles.addAll(bed.allocate(1)); // there is room
            Set<Long> addresses = new HashSet<>();
            handles.forEach(handle -> addresses.add(bed.pool().address(handle)));
            assertThat(addresses).hasSize(64).doesNotContain(bed.pool().address(consumers));
            bed.pool().object(consumers).check(5);
            bed.release(handles);
            bed.pool().exchange().adopt(consumers);
            bed.check();
        }
    }

    /// Defects 1, 3 and 9: no growth, no notification, no count.
    @Test
    void growsASlabAtATimeAndShrinksWhenIdle() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_16, 0, 4)) {
            List<Long> handles = bed.allocate(100);
            assertThat(bed.pool().stats().slabs().grows()).isEqualTo(7);
            assertThat(bed.pool().stats().pages().peak()).isBetween(100, 112);
            bed.release(handles);
            bed.decay(1);
            assertThat(bed.pool().stats().bytes().taken())
                    .as("was needed since the last tick")
                    .isPositive();
            bed.decay(2);
            assertThat(bed.pool().stats().bytes().taken()).isZero();
            assertThat(bed.takenBytes()).isZero();
            JumboStats.Slabs slabs = bed.pool().stats().slabs();
            assertThat(slabs.shrinks()).isEqualTo(7);
            assertThat(slabs.removedPages()).isEqualTo(112);
            bed.decay(20);
            if (VirtualMemory.system().can(Capability.DECOMMIT)) {
                assertThat(bed.arena().stats().idlePages()).as("decommitted").isZero();
            }
            bed.check();
        }
    }

    @Test
    void initialPagesStayWhenIdleButAreFreedUnderMemoryPressure() {
        JumboOptions options =
                JumboBed.options(BufferSize.KIB_4).toBuilder().pages(64, 0).build();
        try (JumboBed bed = new JumboBed(options, 2)) {
            assertThat(bed.pool().initialise()).isTrue();
            bed.release(bed.allocate(200));
            bed.decay(8);
            assertThat(bed.takenBytes()).isEqualTo(256 << 10);
            long all = bed.arena().allocateRun(512);
            assertThat(bed.pool().stats().pages().inPool()).isZero();
            assertThat(bed.pool().tryAllocate()).isEqualTo(JumboPool.NONE);
            assertThat(bed.pool().stats().slabs().refusals()).isPositive();
            bed.arena().free(all);
            bed.release(bed.allocate(1));
        }
    }

    /// Defect 4: a page that was freed while it was held was leaked with its address.
    @Test
    void freeOfAHeldPageIsDeferredAndCountedAndCompletes() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_64, 2, 2)) {
            List<Long> handles = bed.exhaust();
            long held = handles.removeFirst();
            bed.pool().object(held).write(3);
            bed.pool().hold(held);
            bed.pool().hold(held);
            bed.pool().free(held);
            bed.check();
            assertThat(bed.pool().stats().pages().deferredFree()).isOne();
            assertThat(bed.pool().tryAllocate()).isEqualTo(JumboPool.NONE);
            JumboBed.refused(StateKind.FREED, () -> bed.pool().free(held));
            bed.pool().unhold(held);
            bed.pool().object(held).check(3);
            assertThat(bed.pool().stats().pages().deferredFree()).isOne();
            bed.pool().unhold(held);
            assertThat(bed.pool().stats().pages().deferredFree()).isZero();
            JumboBed.refused(StateKind.FREED, () -> bed.pool().unhold(held));
            handles.addAll(bed.allocate(1));
            bed.release(handles);
            bed.check();
        }
    }

    /// Defect 5: a double free gave one address to two callers.
    @Test
    void doubleFreeIsDetectedAndNamesThePageAndTheThread() throws InterruptedException {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            long handle = bed.pool().tryAllocate();
            int page = bed.pool().pageOf(bed.pool().address(handle));
            Watchdog watchdog = new Watchdog();
            Thread first = watchdog.start("first", () -> bed.pool().free(handle));
            watchdog.join();
            JumboStateException e =
                    JumboBed.refused(StateKind.FREED, () -> bed.pool().free(handle));
            assertThat(e.page()).isEqualTo(page);
            assertThat(e.state()).isEqualTo(JumboState.FREE);
            assertThat(e.generation()).isEqualTo(2);
            assertThat(e.threadId()).isEqualTo(first.threadId());
            assertThat(e)
                    .hasMessage("cannot free, the page is freed: page=%d, state=FREE, generation=2, holds=0,"
                                    .formatted(page)
                            + " handleGeneration=1, lastThread=%d, thread=%d, pool=pool"
                                    .formatted(
                                            first.threadId(),
                                            Thread.currentThread().threadId()));
            List<Long> all = bed.exhaust();
            Set<Long> addresses = new HashSet<>();
            all.forEach(each -> addresses.add(bed.pool().address(each)));
            assertThat(addresses).hasSize(512).hasSize(all.size());
            JumboBed.refused(StateKind.STALE, () -> bed.pool().free(handle));
            bed.release(all);
            bed.check();
        }
    }

    /// Defect 6: a part of the initial pages counted as success.
    @Test
    void initialisingIsAllOrNothing() {
        JumboOptions options =
                JumboBed.options(BufferSize.KIB_4).toBuilder().pages(513, 0).build();
        try (JumboBed bed = new JumboBed(options, 2)) {
            assertThat(bed.pool().initialise()).isFalse();
            assertThat(bed.takenBytes()).isZero();
            bed.check();
        }
    }

    /// Defect 8: a flipped page showed the bytes behind the payload.
    @Test
    void flippedPageIsZeroBehindThePayload() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_9, 0, 2);
                ScratchMemory target = ScratchMemory.of(9216)) {
            long message = bed.pool().tryAllocate();
            OffHeap.fill(bed.pool().address(message), 9216, (byte) 0x5A);
            long consumers = bed.pool().exchange().flip(message, 0, 5000, target.address());
            long address = bed.pool().address(consumers);
            assertThat(ScratchMemory.holds(address, 5000, 0x5A)).isTrue();
            assertThat(ScratchMemory.holds(address + 5000, 4216, 0)).isTrue();
            bed.pool().free(message);
            bed.pool().exchange().adopt(consumers);
        }
    }

    /// Defect 7: freeing took a lock of the whole kernel. Defect 2: stealing was never used.
    @Test
    void ofAStealAndAFreeOfOnePageExactlyOneSucceeds() throws InterruptedException {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            for (int round = 0; round < 200; round++) {
                long handle = bed.pool().tryAllocate();
                boolean[] freed = new boolean[1];
                long stolen = JumboPool.NONE;
                Watchdog watchdog = new Watchdog();
                watchdog.start("freer", () -> {
                    try {
                        bed.pool().free(handle);
                        freed[0] = true;
                    } catch (JumboStateException e) {
                        assertThat(e.kind()).isEqualTo(StateKind.STOLEN);
                    }
                });
                try {
                    stolen = bed.pool().exchange().steal(handle);
                } catch (JumboStateException e) {
                    assertThat(e.kind()).isEqualTo(StateKind.FREED);
                }
                watchdog.join();
                assertThat(freed[0]).isNotEqualTo(stolen >= 0);
                if (stolen >= 0) {
                    bed.pool().exchange().adopt(stolen);
                }
                bed.check();
            }
        }
    }

    @Test
    void statisticsHaveLiveAndPinnedBytes() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            List<Long> handles = bed.allocate(200);
            long last = handles.removeLast();
            bed.release(handles);
            bed.decay(3);
            JumboStats.Bytes bytes = bed.pool().stats().bytes();
            assertThat(bytes.live()).isEqualTo(4096);
            assertThat(bytes.pinned()).isEqualTo(256 << 10);
            bed.pool().free(last);
            assertThat(bed.pool().trim()).isPositive();
            assertThat(bed.pool().stats().bytes()).isEqualTo(new JumboStats.Bytes(0, 0, 0));
        }
    }
}
