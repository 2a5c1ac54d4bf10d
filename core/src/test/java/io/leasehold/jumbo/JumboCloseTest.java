package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.leasehold.error.StateKind;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.page.PageArena;
import io.leasehold.page.Watchdog;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/// How a pool is closed, and which options are rejected.
class JumboCloseTest {

    @Test
    void closeThrowsWhilePagesAreInUseOrStolenAndNamesThem() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_16, 0, 2)) {
            List<Long> handles = fixture.allocate(2);
            int page = fixture.pool().object(handles.getFirst()).page;
            assertThatIllegalStateException()
                    .isThrownBy(fixture.pool()::close)
                    .withMessageStartingWith("pool has pages in use: pool=pool, inUse=2, first=JumboPage(page="
                            + page + ", state=LEASED, generation=1, holds=0, lastThread="
                            + Thread.currentThread().threadId());
            fixture.check();
            long stolen = fixture.pool().exchange().steal(handles.removeFirst());
            fixture.release(handles);
            assertThatIllegalStateException().isThrownBy(fixture.pool()::close).withMessageContaining("state=STOLEN");
            fixture.pool().exchange().adopt(stolen);
            fixture.release(fixture.allocate(3)); // the pool is still open
            fixture.pool().close();
            fixture.pool().close();
            JumboFixture.refused(StateKind.CLOSED, fixture.pool()::tryAllocate);
            JumboFixture.refused(StateKind.REMOVED, () -> fixture.pool().free(stolen));
            assertThat(fixture.pool().trim()).isZero();
            assertThat(fixture.pool().closeForcibly()).isZero();
            fixture.decay(3);
        }
    }

    @Test
    void poolThatWasNeverUsedCloses() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_16, 0, 2)) {
            fixture.pool().close();
            JumboFixture.refused(StateKind.CLOSED, fixture.pool()::initialise);
            JumboFixture.refused(StateKind.CLOSED, fixture.pool()::tryAllocate);
        }
    }

    @Test
    void forcedCloseLeavesPagesToTheirHoldersUntilTheyAreReleased() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2)) {
            List<Long> handles = fixture.allocate(40);
            long address = fixture.pool().address(handles.getFirst());
            long stolen = fixture.pool().exchange().steal(handles.removeLast());
            assertThat(fixture.pool().closeForcibly()).isEqualTo(40);
            assertThat(fixture.pool().pageOf(address)).isEqualTo(JumboPool.NOT_IN_SERVICE);
            JumboFixture.refused(StateKind.CLOSED, () -> fixture.pool().object(handles.getFirst()));
            assertThat(remainingPages(fixture.arena())).isNotEmpty().doesNotContain(address);
            Watchdog watchdog = new Watchdog();
            watchdog.start("late", () -> handles.forEach(fixture.pool()::free));
            watchdog.join();
            handles.forEach(handle ->
                    JumboFixture.refused(StateKind.FREED, () -> fixture.pool().free(handle)));
            assertThat(fixture.takenBytes()).isPositive();
            fixture.pool().exchange().adopt(stolen); // the last page
            assertThat(fixture.takenBytes()).isZero();
            JumboFixture.refused(
                    StateKind.REMOVED, () -> fixture.pool().exchange().adopt(stolen));
        }
    }

    @Test
    void forcedCloseAmongSeveralAllocationsLeavesThePagesBeforeItToTheCaller() {
        AtomicReference<JumboFixture> closing = new AtomicReference<>();
        JumboOptions options = JumboFixture.options(BufferSize.KIB_4).toBuilder()
                .watermarks(2, 100, isHigh -> closing.get().pool().closeForcibly())
                .build();
        try (JumboFixture fixture = new JumboFixture(options, 2)) {
            closing.set(fixture);
            long[] handles = new long[200];
            int count = fixture.pool().tryAllocate(handles, 0, handles.length);
            assertThat(count).isBetween(100, 199);
            JumboFixture.refused(StateKind.CLOSED, () -> fixture.pool().tryAllocate(handles, 0, 1));
            fixture.pool().free(handles, 0, count);
            assertThat(fixture.takenBytes()).isZero();
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
            try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_64, 0, 4)) {
                Watchdog watchdog = new Watchdog();
                AtomicInteger turns = new AtomicInteger();
                for (int t = 0; t < 3; t++) {
                    watchdog.start("allocator " + t, () -> {
                        try {
                            while (true) {
                                long handle = fixture.pool().tryAllocate();
                                if (handle >= 0) {
                                    fixture.pool().free(handle);
                                }
                                if (turns.incrementAndGet() % 8 == 0) {
                                    fixture.pool().trim();
                                }
                            }
                        } catch (JumboStateException e) {
                            assertThat(e.kind()).isEqualTo(StateKind.CLOSED);
                        }
                    });
                }
                watchdog.await("they allocate", () -> turns.get() > 50);
                if (round % 2 == 0) {
                    fixture.pool().closeForcibly();
                } else {
                    closePatiently(fixture.pool());
                }
                watchdog.join();
                assertThat(fixture.takenBytes())
                        .as("bytes left, round %d", round)
                        .isZero();
            }
        }
    }

    /// A thread in its slot may be about to open it and to keep a page there, though no slot is known to be open.
    @Test
    void closingWaitsForThreadInItsSlotThoughNoSlotIsOpen() throws InterruptedException {
        boolean waited = false;
        for (int attempt = 0; attempt < 20 && !waited; attempt++) { // the wait has an end, which a slow test may miss
            try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_64, 0, 4)) {
                JumboPool<?> pool = fixture.pool();
                Shards shards = pool.supply().shards();
                pool.free(pool.tryAllocate());
                pool.trim();
                assertThat(shards.areOpen()).isFalse();

                int[] cells = Objects.requireNonNull(shards.slots().enter());
                Thread closer = new Thread(pool::closeForcibly, "closer");
                closer.start();
                while (!waited && closer.isAlive()) {
                    waited = Arrays.stream(closer.getStackTrace())
                            .anyMatch(frame -> frame.getMethodName().equals("awaitIdle"));
                }
                BiasedSlots.exit(cells);
                closer.join();
            }
        }
        assertThat(waited).as("the closing thread waited for the slot").isTrue();
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

    @Test
    @SuppressWarnings("NullAway") // that is what is tested
    void missingOptionIsRefusedWhenTheOptionsAreMade() {
        JumboOptions options = JumboOptions.defaults();
        assertThatNullPointerException()
                .isThrownBy(() -> options.toBuilder().watermarks(1, 2, null))
                .withMessage("listener is null");
        assertThatNullPointerException()
                .isThrownBy(() -> options.toBuilder().bufferSize(null).build())
                .withMessage("bufferSize is null");
        assertThatNullPointerException()
                .isThrownBy(() -> options.toBuilder().name(null).build())
                .withMessage("name is null");
    }

    private static void refusesOption(String message, Runnable call) {
        assertThatIllegalArgumentException().isThrownBy(call::run).withMessage(message);
    }
}
