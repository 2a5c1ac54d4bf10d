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
        try (JumboFixture fixture = new JumboFixture(options, 16)) {
            assertThat(fixture.pool().initialise()).isTrue();
            List<Long> handles = fixture.allocate(ORIGINAL_PAGES);
            long grows = fixture.pool().stats().slabs().grows();
            handles.addAll(fixture.allocate(1)); // the original had no more pages
            assertThat(fixture.pool().stats().slabs().grows()).isEqualTo(grows + 1);
            assertThat(fixture.pool().stats().traffic().fallbacks()).isZero();
            fixture.release(handles);
            fixture.check();
        }
    }

    @Test
    void factThatPage3073IsNullAndCountedIfTheLimitIsFixed() {
        JumboOptions options = JumboOptions.builder().pages(0, ORIGINAL_PAGES).build();
        try (JumboFixture fixture = new JumboFixture(options, 16)) {
            List<Long> handles = fixture.allocate(ORIGINAL_PAGES);
            assertThat(fixture.pool().tryAllocate()).isEqualTo(JumboPool.NONE);
            assertThat(fixture.pool().stats().traffic().fallbacks()).isOne();
            fixture.release(handles);
        }
    }

    @Test
    void factThatFreeingAFlippedPageMakesRoomButDoesNotFreeThePage() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 64, 2);
                ScratchMemory target = ScratchMemory.of(4096)) {
            List<Long> handles = fixture.exhaust();
            long message = handles.removeFirst();
            fixture.pool().object(message).write(5);
            long consumers = fixture.pool().exchange().flip(message, 0, 4096, target.address());
            assertThat(consumers).isNotNegative();
            assertThat(fixture.pool().tryAllocate()).as("there is no room").isEqualTo(JumboPool.NONE);
            fixture.pool().free(message);
            assertThat(fixture.pool().stats().traffic().freedFlipped()).isOne();
            assertThat(fixture.pool().stats().traffic().freedReturned()).isZero();
            handles.addAll(fixture.allocate(1)); // there is room
            Set<Long> addresses = new HashSet<>();
            handles.forEach(handle -> addresses.add(fixture.pool().address(handle)));
            assertThat(addresses).hasSize(64).doesNotContain(fixture.pool().address(consumers));
            fixture.pool().object(consumers).check(5);
            fixture.release(handles);
            fixture.pool().exchange().adopt(consumers);
            fixture.check();
        }
    }

    /// Defects 1, 3 and 9: no growth, no notification, no count.
    @Test
    void growsASlabAtATimeAndShrinksWhenIdle() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_16, 0, 4)) {
            List<Long> handles = fixture.allocate(100);
            assertThat(fixture.pool().stats().slabs().grows()).isEqualTo(7);
            assertThat(fixture.pool().stats().pages().peak()).isBetween(100, 112);
            fixture.release(handles);
            fixture.decay(1);
            assertThat(fixture.pool().stats().bytes().taken())
                    .as("was needed since the last tick")
                    .isPositive();
            fixture.decay(2);
            assertThat(fixture.pool().stats().bytes().taken()).isZero();
            assertThat(fixture.takenBytes()).isZero();
            JumboStats.Slabs slabs = fixture.pool().stats().slabs();
            assertThat(slabs.shrinks()).isEqualTo(7);
            assertThat(slabs.removedPages()).isEqualTo(112);
            fixture.decay(20);
            if (VirtualMemory.system().can(Capability.DECOMMIT)) {
                assertThat(fixture.arena().stats().idlePages())
                        .as("decommitted")
                        .isZero();
            }
            fixture.check();
        }
    }

    @Test
    void initialPagesStayWhenIdleButAreFreedUnderMemoryPressure() {
        JumboOptions options =
                JumboFixture.options(BufferSize.KIB_4).toBuilder().pages(64, 0).build();
        try (JumboFixture fixture = new JumboFixture(options, 2)) {
            assertThat(fixture.pool().initialise()).isTrue();
            fixture.release(fixture.allocate(200));
            fixture.decay(8);
            assertThat(fixture.takenBytes()).isEqualTo(256 << 10);
            long all = fixture.arena().allocateRun(512);
            assertThat(fixture.pool().stats().pages().inPool()).isZero();
            assertThat(fixture.pool().tryAllocate()).isEqualTo(JumboPool.NONE);
            assertThat(fixture.pool().stats().slabs().refusals()).isPositive();
            fixture.arena().free(all);
            fixture.release(fixture.allocate(1));
        }
    }

    /// Defect 4: a page that was freed while it was held was leaked with its address.
    @Test
    void freeOfAHeldPageIsDeferredAndCountedAndCompletes() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_64, 2, 2)) {
            List<Long> handles = fixture.exhaust();
            long held = handles.removeFirst();
            fixture.pool().object(held).write(3);
            fixture.pool().hold(held);
            fixture.pool().hold(held);
            fixture.pool().free(held);
            fixture.check();
            assertThat(fixture.pool().stats().pages().deferredFree()).isOne();
            assertThat(fixture.pool().tryAllocate()).isEqualTo(JumboPool.NONE);
            JumboFixture.refused(StateKind.FREED, () -> fixture.pool().free(held));
            fixture.pool().unhold(held);
            fixture.pool().object(held).check(3);
            assertThat(fixture.pool().stats().pages().deferredFree()).isOne();
            fixture.pool().unhold(held);
            assertThat(fixture.pool().stats().pages().deferredFree()).isZero();
            JumboFixture.refused(StateKind.FREED, () -> fixture.pool().unhold(held));
            handles.addAll(fixture.allocate(1));
            fixture.release(handles);
            fixture.check();
        }
    }

    /// Defect 5: a double free gave one address to two callers.
    @Test
    void doubleFreeIsDetectedAndNamesThePageAndTheThread() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2)) {
            long handle = fixture.pool().tryAllocate();
            int page = fixture.pool().pageOf(fixture.pool().address(handle));
            Watchdog watchdog = new Watchdog();
            Thread first = watchdog.start("first", () -> fixture.pool().free(handle));
            watchdog.join();
            JumboStateException e =
                    JumboFixture.refused(StateKind.FREED, () -> fixture.pool().free(handle));
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
            List<Long> all = fixture.exhaust();
            Set<Long> addresses = new HashSet<>();
            all.forEach(each -> addresses.add(fixture.pool().address(each)));
            assertThat(addresses).hasSize(512).hasSize(all.size());
            JumboFixture.refused(StateKind.STALE, () -> fixture.pool().free(handle));
            fixture.release(all);
            fixture.check();
        }
    }

    /// Defect 6: a part of the initial pages counted as success.
    @Test
    void initialisingIsAllOrNothing() {
        JumboOptions options =
                JumboFixture.options(BufferSize.KIB_4).toBuilder().pages(512, 0).build();
        try (JumboFixture fixture = new JumboFixture(options, 2)) {
            long others = fixture.arena().allocate();
            assertThat(fixture.pool().initialise()).isFalse();
            assertThat(fixture.arena().stats().livePages()).isOne();
            fixture.arena().free(others);
            fixture.check();
        }
    }

    /// Defect 8: a flipped page showed the bytes behind the payload.
    @Test
    void flippedPageIsZeroBehindThePayload() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_9, 0, 2);
                ScratchMemory target = ScratchMemory.of(9216)) {
            long message = fixture.pool().tryAllocate();
            OffHeap.fill(fixture.pool().address(message), 9216, (byte) 0x5A);
            long consumers = fixture.pool().exchange().flip(message, 0, 5000, target.address());
            long address = fixture.pool().address(consumers);
            assertThat(ScratchMemory.holds(address, 5000, 0x5A)).isTrue();
            assertThat(ScratchMemory.holds(address + 5000, 4216, 0)).isTrue();
            fixture.pool().free(message);
            fixture.pool().exchange().adopt(consumers);
        }
    }

    /// Defect 7: freeing took a lock of the whole kernel. Defect 2: stealing was never used.
    @Test
    void ofAStealAndAFreeOfOnePageExactlyOneSucceeds() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2)) {
            for (int round = 0; round < 200; round++) {
                long handle = fixture.pool().tryAllocate();
                boolean[] freed = new boolean[1];
                long stolen = JumboPool.NONE;
                Watchdog watchdog = new Watchdog();
                watchdog.start("freer", () -> {
                    try {
                        fixture.pool().free(handle);
                        freed[0] = true;
                    } catch (JumboStateException e) {
                        assertThat(e.kind()).isEqualTo(StateKind.STOLEN);
                    }
                });
                try {
                    stolen = fixture.pool().exchange().steal(handle);
                } catch (JumboStateException e) {
                    assertThat(e.kind()).isEqualTo(StateKind.FREED);
                }
                watchdog.join();
                assertThat(freed[0]).isNotEqualTo(stolen >= 0);
                if (stolen >= 0) {
                    fixture.pool().exchange().adopt(stolen);
                }
                fixture.check();
            }
        }
    }

    @Test
    void statisticsHaveLiveAndPinnedBytes() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2)) {
            List<Long> handles = fixture.allocate(200);
            long last = handles.removeLast();
            fixture.release(handles);
            fixture.decay(3);
            JumboStats.Bytes bytes = fixture.pool().stats().bytes();
            assertThat(bytes.live()).isEqualTo(4096);
            assertThat(bytes.pinned()).isEqualTo(256 << 10);
            fixture.pool().free(last);
            assertThat(fixture.pool().trim()).isPositive();
            assertThat(fixture.pool().stats().bytes()).isEqualTo(new JumboStats.Bytes(0, 0, 0));
        }
    }
}
