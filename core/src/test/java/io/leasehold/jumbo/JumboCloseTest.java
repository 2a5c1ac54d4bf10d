package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.leasehold.error.StateKind;
import io.leasehold.page.PageArena;
import io.leasehold.page.Watchdog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// How a pool is closed, and which options are rejected.
class JumboCloseTest {

    @Test
    void closeThrowsWhilePagesAreInUseOrStolenAndNamesThem() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_16, 0, 2)) {
            List<Long> handles = bed.allocate(2);
            int page = bed.pool().object(handles.getFirst()).page;
            assertThatIllegalStateException()
                    .isThrownBy(bed.pool()::close)
                    .withMessageStartingWith("pool has pages in use: pool=pool, inUse=2, first=JumboPage(page="
                            + page + ", state=LEASED, generation=1, holds=0, lastThread="
                            + Thread.currentThread().threadId());
            bed.check();
            long stolen = bed.pool().exchange().steal(handles.removeFirst());
            bed.release(handles);
            assertThatIllegalStateException().isThrownBy(bed.pool()::close).withMessageContaining("state=STOLEN");
            bed.pool().exchange().adopt(stolen);
            bed.release(bed.allocate(3)); // the pool is still open
            bed.pool().close();
            bed.pool().close();
            JumboBed.refused(StateKind.CLOSED, bed.pool()::tryAllocate);
            JumboBed.refused(StateKind.REMOVED, () -> bed.pool().free(stolen));
            assertThat(bed.pool().trim()).isZero();
            assertThat(bed.pool().closeForcibly()).isZero();
            bed.decay(3);
        }
    }

    @Test
    void poolThatWasNeverUsedCloses() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_16, 0, 2)) {
            bed.pool().close();
            JumboBed.refused(StateKind.CLOSED, bed.pool()::initialise);
            JumboBed.refused(StateKind.CLOSED, bed.pool()::tryAllocate);
        }
    }

    @Test
    void forcedCloseLeavesPagesToTheirHoldersUntilTheyAreReleased() throws InterruptedException {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            List<Long> handles = bed.allocate(40);
            long address = bed.pool().address(handles.getFirst());
            long stolen = bed.pool().exchange().steal(handles.removeLast());
            assertThat(bed.pool().closeForcibly()).isEqualTo(40);
            assertThat(bed.pool().pageOf(address)).isEqualTo(JumboPool.NOT_IN_SERVICE);
            JumboBed.refused(StateKind.CLOSED, () -> bed.pool().object(handles.getFirst()));
            assertThat(remainingPages(bed.arena())).isNotEmpty().doesNotContain(address);
            Watchdog watchdog = new Watchdog();
            watchdog.start("late", () -> handles.forEach(bed.pool()::free));
            watchdog.join();
            handles.forEach(
                    handle -> JumboBed.refused(StateKind.FREED, () -> bed.pool().free(handle)));
            assertThat(bed.takenBytes()).isPositive();
            bed.pool().exchange().adopt(stolen); // the last page
            assertThat(bed.takenBytes()).isZero();
            JumboBed.refused(StateKind.REMOVED, () -> bed.pool().exchange().adopt(stolen));
        }
    }

    /// {@return the addresses of all pages that an arena still has, allocated and freed again}
    private static List<Long> remainingPages(PageArena arena) {
        List<Long> pages = new ArrayList<>();
        List<Long> addresses = new ArrayList<>();
        for (long page = arena.tryAllocate(); page != PageArena.NO_PAGE; page = arena.tryAllocate()) {
            pages.add(page);
            addresses.add(arena.frames().address(page));
        }
        pages.forEach(arena::free);
        return addresses;
    }

    /// A thread that is adding a slab when the pool is closed leaves no page in use.
    @Test
    void closingRacesWithAllocations() throws InterruptedException {
        for (int round = 0; round < 10; round++) {
            try (JumboBed bed = new JumboBed(BufferSize.KIB_64, 0, 4)) {
                Watchdog watchdog = new Watchdog();
                AtomicInteger turns = new AtomicInteger();
                for (int t = 0; t < 3; t++) {
                    watchdog.start("allocator " + t, () -> {
                        try {
                            while (true) {
                                long handle = bed.pool().tryAllocate();
                                if (handle >= 0) {
                                    bed.pool().free(handle);
                                }
                                if (turns.incrementAndGet() % 8 == 0) {
                                    bed.pool().trim();
                                }
                            }
                        } catch (JumboStateException e) {
                            assertThat(e.kind()).isEqualTo(StateKind.CLOSED);
                        }
                    });
                }
                watchdog.await("they allocate", () -> turns.get() > 50);
                if (round % 2 == 0) {
                    bed.pool().closeForcibly();
                } else {
                    closePatiently(bed.pool());
                }
                watchdog.join();
                assertThat(bed.takenBytes()).as("bytes left, round %d", round).isZero();
            }
        }
    }

    private static void closePatiently(JumboPool<?> pool) {
        while (true) {
            try {
                pool.close();
                return;
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageStartingWith("pool has pages in use: pool=pool, inUse=");
            }
        }
    }

    @Test
    void optionsAreCheckedAndErrorsNameTheBound() {
        JumboOptions options = JumboOptions.defaults();
        refusesOption(
                "slabByteSize is out of bounds: slabByteSize=131072, min=262144, max=2097152",
                () -> options.toBuilder().slabByteSize(128 << 10).build());
        refusesOption(
                "slabByteSize is out of bounds: slabByteSize=4194304, min=262144, max=2097152",
                () -> options.toBuilder().slabByteSize(4 << 20).build());
        refusesOption(
                "initialPages is out of bounds: initialPages=11, min=0, max=10",
                () -> options.toBuilder().pages(11, 10).build());
        refusesOption(
                "maxPages is out of bounds: maxPages=-1, min=0, max=268435456",
                () -> options.toBuilder().pages(0, -1).build());
        refusesOption(
                "shards is out of bounds: shards=-1, min=0, max=1024",
                () -> options.toBuilder().shards(-1).build());
        refusesOption(
                "watermarks are out of order: low=5, high=5, min=0; choose low below high",
                () -> options.toBuilder().watermarks(5, 5, isHigh -> {}).build());
        refusesOption(
                "watermarks.high is out of bounds: watermarks.high=11, min=1, max=10",
                () -> options.toBuilder()
                        .pages(0, 10)
                        .watermarks(1, 11, isHigh -> {})
                        .build());
    }

    private static void refusesOption(String message, Runnable call) {
        assertThatIllegalArgumentException().isThrownBy(call::run).withMessage(message);
    }
}
