package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.time.Duration;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Who keeps pages in stock above an arena: when he is asked for them, and what it matters if he fails.
@Timeout(120)
class PageReclaimerTest {

    private static final int PAGES = 64;

    private final Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(100));
    private final long pageBytes = Math.max(4096, VirtualMemory.system().pageSize());

    @AfterEach
    void releaseParked() {
        reservations.releaseParked();
    }

    static Stream<Arguments> allocations() {
        return Stream.of(
                allocation("allocate", PageArena::allocate),
                allocation("tryAllocate", PageArena::tryAllocate),
                allocation("allocateRun", arena -> arena.allocateRun(16)),
                allocation("tryAllocateRun", arena -> arena.tryAllocateRun(PAGES)),
                allocation(
                        "aligned",
                        arena -> arena.tryAllocateRun(3, 4 * arena.options().pageByteSize())),
                allocation("waiting", arena -> waiting(arena, 1, Duration.ZERO)));
    }

    private static Arguments allocation(String name, ToLongFunction<PageArena> allocation) {
        return Arguments.of(name, allocation);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("allocations")
    void allocationThatFindsNoPageAsksOnceAndLooksAgain(String name, ToLongFunction<PageArena> allocation) {
        try (PageArena arena = open()) {
            StockReclaimer stock = new StockReclaimer(arena).fill(PAGES);
            assertThat(stock.asked).hasValue(0);
            long page = allocation.applyAsLong(arena);
            assertThat(page).as(name).isNotEqualTo(PageArena.NO_PAGE);
            assertThat(stock.asked).hasValue(1);
            assertThat(arena.stats().livePages()).isEqualTo(arena.frames().pageCount(page));
            arena.checkInvariants();
            arena.free(page);
        }
    }

    @Test
    void allocationThatFindsAPageAsksNobody() throws InterruptedException {
        try (PageArena arena = open()) {
            long last = arena.allocateRun(2);
            StockReclaimer stock = new StockReclaimer(arena).fill(PAGES - 2);
            arena.free(last);
            arena.free(arena.allocateRun(2));
            arena.free(arena.allocate());
            arena.free(arena.tryAllocateRun(2, Duration.ofSeconds(1)));
            assertThat(stock.asked).hasValue(0);
            assertThat(stock.shrink()).isEqualTo(PAGES - 2);
        }
    }

    @Test
    void tenantThatFreesNothingChangesNothing() throws InterruptedException {
        try (PageArena arena = open()) {
            long run = arena.allocateRun(PAGES);
            assertThat(arena.tryAllocate()).isEqualTo(PageArena.NO_PAGE);
            PageArenaStats before = arena.stats();
            PageExhaustedException alone = exhaustion(arena);
            long allocations = arena.stats().allocations() - before.allocations();
            StockReclaimer stock = new StockReclaimer(arena);
            before = arena.stats();
            PageExhaustedException asked = exhaustion(arena);
            assertThat(stock.asked).hasValue(1);
            assertThat(asked).hasMessage(alone.getMessage()).hasNoCause();
            assertThat(arena.stats().allocations() - before.allocations()).isEqualTo(allocations);
            assertThat(arena.stats().livePages()).isEqualTo(PAGES);
            assertThat(arena.tryAllocateRun(2)).isEqualTo(PageArena.NO_PAGE);
            assertThat(arena.tryAllocateRun(1, Duration.ofMillis(1))).isEqualTo(PageArena.NO_PAGE);
            assertThat(arena.stats().livePages()).isEqualTo(PAGES);
            arena.checkInvariants();
            arena.free(run);
        }
    }

    @Test
    void pagesThatAnotherGotOutOfATenantAreFoundThoughHeSaysHeFreedNone() {
        try (PageArena arena = open()) {
            StockReclaimer stock = new StockReclaimer(arena) {
                @Override
                public int shrink() {
                    super.shrink(); // as if for somebody who asked at the same time
                    return super.shrink();
                }
            };
            stock.fill(PAGES);
            arena.free(arena.allocate());
            assertThat(stock.asked).hasValue(2);
        }
    }

    @Test
    void everyTenantIsAskedAndWhoIsForgottenIsNot() {
        try (PageArena arena = open()) {
            StockReclaimer first = new StockReclaimer(arena).fill(PAGES / 2);
            StockReclaimer second = new StockReclaimer(arena).fill(PAGES / 2);
            arena.addReclaimer(second);
            arena.free(arena.allocateRun(PAGES));
            assertThat(first.asked).hasValue(1);
            assertThat(second.asked).as("of one who was made known twice").hasValue(1);
            arena.removeReclaimer(first);
            arena.removeReclaimer(first);
            first.fill(PAGES / 2);
            second.fill(PAGES / 2);
            arena.free(arena.allocate());
            assertThat(first.asked).hasValue(1);
            assertThat(second.asked).hasValue(2);
            assertThat(first.shrink()).isEqualTo(PAGES / 2);
        }
    }

    @Test
    void trimAsks() {
        try (PageArena arena = open()) {
            StockReclaimer stock = new StockReclaimer(arena).fill(PAGES);
            long bytes = arena.trim();
            assertThat(stock.asked).hasValue(1);
            assertThat(arena.stats().livePages()).isZero();
            assertThat(arena.stats().cachedPages()).isZero();
            if (reservations.memory().can(Capability.DECOMMIT)) {
                assertThat(bytes).isEqualTo(PAGES * pageBytes);
            }
        }
    }

    @Test
    void growthAsksNobody() {
        try (PageArena arena = open()) {
            long page = arena.allocate();
            StockReclaimer stock = new StockReclaimer(arena).fill(PAGES - 1);
            assertThat(arena.tryGrow(page, 1)).isFalse();
            assertThat(stock.asked).hasValue(0);
            arena.free(page);
            stock.shrink();
        }
    }

    @Test
    void tenantThatThrowsKeepsNobodyFromAPage() {
        try (PageArena arena = open()) {
            StockReclaimer faulty = new StockReclaimer(arena) {
                @Override
                public int shrink() {
                    super.shrink();
                    throw new IllegalStateException("broken");
                }
            };
            StockReclaimer sound = new StockReclaimer(arena);
            faulty.fill(PAGES / 2);
            sound.fill(PAGES / 2);
            long run = arena.allocateRun(PAGES);
            assertThat(faulty.asked).hasValue(1);
            assertThat(sound.asked).as("the next tenant").hasValue(1);
            PageExhaustedException e = exhaustion(arena);
            assertThat(e).hasNoCause();
            assertThat(faulty.asked).as("asked in spite of his failure").hasValue(2);
            arena.checkInvariants();
            arena.free(run);
            arena.trim();
            assertThat(faulty.asked).hasValue(3);
            assertThat(arena.stats().livePages()).isZero();
        }
    }

    @Test
    void errorOfATenantReachesWhoAskedAndLeavesTheArenaInOrder() {
        try (PageArena arena = open()) {
            long run = arena.allocateRun(PAGES);
            PageReclaimer faulty = new StockReclaimer(arena) {
                @Override
                public int shrink() {
                    boolean isFirst = asked.incrementAndGet() % 2 == 1;
                    if (isFirst) {
                        return 0; // so that a waiter comes to wait
                    }
                    throw new AssertionError("broken");
                }
            };
            assertThatThrownBy(() -> arena.tryAllocateRun(1, Duration.ofSeconds(60)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessage("broken");
            assertThat(arena.tryAllocate()).isEqualTo(PageArena.NO_PAGE);
            assertThatThrownBy(arena::tryAllocate).hasMessage("broken");
            assertThat(arena.tryAllocate()).isEqualTo(PageArena.NO_PAGE);
            assertThatThrownBy(arena::trim).hasMessage("broken");
            arena.removeReclaimer(faulty);
            arena.checkInvariants();
            arena.free(run);
            arena.free(arena.allocate());
            assertThat(arena.stats().cachedPages())
                    .as("pages in magazines, which nobody left shut")
                    .isPositive();
        }
    }

    @Test
    void closedArenaAsksNobody() {
        PageArena arena = open();
        StockReclaimer stock = new StockReclaimer(arena);
        arena.close();
        assertThatThrownBy(arena::tryAllocate).isInstanceOf(PageStateException.class);
        assertThatThrownBy(() -> arena.tryAllocateRun(1, Duration.ZERO)).isInstanceOf(PageStateException.class);
        assertThat(arena.trim()).isZero();
        assertThat(stock.asked).hasValue(0);
    }

    @Test
    void closeThatIsRefusedForgetsNoTenant() {
        try (PageArena arena = open()) {
            StockReclaimer stock = new StockReclaimer(arena).fill(1);
            assertThatThrownBy(arena::close).isInstanceOf(IllegalStateException.class);
            arena.trim();
            assertThat(stock.asked).hasValue(1);
        }
    }

    private static PageExhaustedException exhaustion(PageArena arena) {
        try {
            arena.free(arena.allocate());
        } catch (PageExhaustedException e) {
            return e;
        }
        throw new AssertionError("there was a page");
    }

    private static long waiting(PageArena arena, int pages, Duration timeout) {
        try {
            return arena.tryAllocateRun(pages, timeout);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private PageArena open() {
        return PageArena.open(options(), reservations, 0);
    }

    private PageArenaOptions options() {
        return PageArenaOptions.defaults()
                .withName("let")
                .withByteSize(PAGES * pageBytes)
                .withPageByteSize(pageBytes)
                .withDecay(PageArenaOptions.NO_DECAY)
                .withBudget(MemoryBudget.of("test", 1 << 30));
    }
}
