package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.Pace;
import io.leasehold.page.service.PageReclaimer;
import java.time.Duration;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Reclaimers of an arena: when they are called, and what follows if one fails.
@Timeout(600)
class PageReclaimerTest {

    private static final int PAGES = 64;

    private final Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(100));
    private final long pageBytes = Math.max(4096, VirtualMemory.system().pageSize());

    @AfterEach
    void releaseRetained() {
        reservations.releaseRetained();
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
    void allocationThatFindsNoPageCallsReclaimersOnceAndRetries(String name, ToLongFunction<PageArena> allocation) {
        try (PageArena arena = open()) {
            CachingReclaimer reclaimer = new CachingReclaimer(arena).fill(PAGES);
            assertThat(reclaimer.shrinks).hasValue(0);
            long page = allocation.applyAsLong(arena);
            assertThat(page).as(name).isNotEqualTo(PageArena.NO_PAGE);
            assertThat(reclaimer.shrinks).hasValue(1);
            assertThat(arena.stats().livePages()).isEqualTo(arena.frames().pageCount(page));
            arena.checkInvariants();
            arena.free(page);
        }
    }

    @Test
    void allocationThatFindsAPageCallsNoReclaimer() throws InterruptedException {
        try (PageArena arena = open()) {
            long last = arena.allocateRun(2);
            CachingReclaimer reclaimer = new CachingReclaimer(arena).fill(PAGES - 2);
            arena.free(last);
            arena.free(arena.allocateRun(2));
            arena.free(arena.allocate());
            arena.free(arena.tryAllocateRun(2, Duration.ofSeconds(1)));
            assertThat(reclaimer.shrinks).hasValue(0);
            assertThat(reclaimer.shrink()).isEqualTo(PAGES - 2);
        }
    }

    @Test
    void pagesThatADecayFreesAreInThePoolAtOnce() {
        PageArenaOptions decaying =
                options().toBuilder().decay(Duration.ofSeconds(8)).build();
        try (PageArena arena = PageArena.open(decaying, reservations, 0)) {
            CachingReclaimer reclaimer = new CachingReclaimer(arena) {
                @Override
                public Progress decay(Pace pace) {
                    return shrink() > 0 ? Progress.NEXT_TICK : Progress.DONE;
                }
            };
            arena.decay().step(0);
            assertThat(arena.trim()).isZero();
            reclaimer.fill(PAGES);
            arena.decay().step(1);
            assertThat(reclaimer.pages).isEmpty();
            assertThat(arena.stats().cachedPages()).isZero();
        }
    }

    @Test
    void reclaimerThatFreesNothingChangesNothing() throws InterruptedException {
        try (PageArena arena = open()) {
            long run = arena.allocateRun(PAGES);
            assertThat(arena.tryAllocate()).isEqualTo(PageArena.NO_PAGE);
            PageArenaStats before = arena.stats();
            PageExhaustedException alone = exhaustion(arena);
            long allocations = arena.stats().allocations() - before.allocations();
            CachingReclaimer reclaimer = new CachingReclaimer(arena);
            before = arena.stats();
            PageExhaustedException withReclaimer = exhaustion(arena);
            assertThat(reclaimer.shrinks).hasValue(1);
            assertThat(withReclaimer).hasMessage(alone.getMessage()).hasNoCause();
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
    void pagesThatAConcurrentShrinkFreedAreFoundThoughOursFreedNone() {
        try (PageArena arena = open()) {
            CachingReclaimer reclaimer = new CachingReclaimer(arena) {
                @Override
                public int shrink() {
                    super.shrink(); // as if a concurrent request called it
                    return super.shrink();
                }
            };
            reclaimer.fill(PAGES);
            arena.free(arena.allocate());
            assertThat(reclaimer.shrinks).hasValue(2);
        }
    }

    @Test
    void everyReclaimerIsCalledUntilItIsRemoved() {
        try (PageArena arena = open()) {
            CachingReclaimer first = new CachingReclaimer(arena).fill(PAGES / 2);
            CachingReclaimer second = new CachingReclaimer(arena).fill(PAGES / 2);
            ArenaAccess.of(arena).addReclaimer(second);
            arena.free(arena.allocateRun(PAGES));
            assertThat(first.shrinks).hasValue(1);
            assertThat(second.shrinks)
                    .as("of a reclaimer that was registered twice")
                    .hasValue(1);
            ArenaAccess.of(arena).removeReclaimer(first);
            ArenaAccess.of(arena).removeReclaimer(first);
            first.fill(PAGES / 2);
            second.fill(PAGES / 2);
            arena.free(arena.allocate());
            assertThat(first.shrinks).hasValue(1);
            assertThat(second.shrinks).hasValue(2);
            assertThat(first.shrink()).isEqualTo(PAGES / 2);
        }
    }

    @Test
    void trimCallsReclaimers() {
        try (PageArena arena = open()) {
            CachingReclaimer reclaimer = new CachingReclaimer(arena).fill(PAGES);
            long bytes = arena.trim();
            assertThat(reclaimer.shrinks).hasValue(1);
            assertThat(arena.stats().livePages()).isZero();
            assertThat(arena.stats().cachedPages()).isZero();
            if (reservations.memory().can(Capability.DECOMMIT)) {
                assertThat(bytes).isEqualTo(PAGES * pageBytes);
            }
        }
    }

    @Test
    void growthCallsNoReclaimer() {
        try (PageArena arena = open()) {
            long page = arena.allocate();
            CachingReclaimer reclaimer = new CachingReclaimer(arena).fill(PAGES - 1);
            assertThat(arena.tryGrow(page, 1)).isFalse();
            assertThat(reclaimer.shrinks).hasValue(0);
            arena.free(page);
            reclaimer.shrink();
        }
    }

    @Test
    void reclaimerThatThrowsDoesNotStopTheOthers() {
        try (PageArena arena = open()) {
            CachingReclaimer faulty = new CachingReclaimer(arena) {
                @Override
                public int shrink() {
                    super.shrink();
                    throw new IllegalStateException("broken");
                }
            };
            CachingReclaimer sound = new CachingReclaimer(arena);
            faulty.fill(PAGES / 2);
            sound.fill(PAGES / 2);
            long run = arena.allocateRun(PAGES);
            assertThat(faulty.shrinks).hasValue(1);
            assertThat(sound.shrinks).as("the next reclaimer").hasValue(1);
            PageExhaustedException e = exhaustion(arena);
            assertThat(e).hasNoCause();
            assertThat(faulty.shrinks).as("called in spite of its failure").hasValue(2);
            arena.checkInvariants();
            arena.free(run);
            arena.trim();
            assertThat(faulty.shrinks).hasValue(3);
            assertThat(arena.stats().livePages()).isZero();
        }
    }

    @Test
    void errorOfAReclaimerDoesNotStopTheOthers() {
        try (PageArena arena = open()) {
            CachingReclaimer faulty = new CachingReclaimer(arena) {
                @Override
                public int shrink() {
                    super.shrink();
                    throw new LinkageError("broken");
                }
            };
            CachingReclaimer sound = new CachingReclaimer(arena).fill(PAGES);
            assertThatThrownBy(arena::tryAllocate).hasMessage("broken");
            assertThat(sound.shrinks).as("the next reclaimer").hasValue(1);
            arena.free(arena.allocate());
            ArenaAccess.of(arena).removeReclaimer(faulty);
        }
    }

    @Test
    void errorOfAReclaimerReachesTheCallerAndLeavesTheArenaConsistent() {
        try (PageArena arena = open()) {
            long run = arena.allocateRun(PAGES);
            PageReclaimer faulty = new CachingReclaimer(arena) {
                @Override
                public int shrink() {
                    boolean isFirst = shrinks.incrementAndGet() % 2 == 1;
                    if (isFirst) {
                        return 0; // so that the request begins to wait
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
            ArenaAccess.of(arena).removeReclaimer(faulty);
            arena.checkInvariants();
            arena.free(run);
            arena.free(arena.allocate());
            assertThat(arena.stats().cachedPages())
                    .as("pages in magazines, which are open again")
                    .isPositive();
        }
    }

    @Test
    void closedArenaCallsNoReclaimer() {
        PageArena arena = open();
        CachingReclaimer reclaimer = new CachingReclaimer(arena);
        arena.close();
        assertThatThrownBy(arena::tryAllocate).isInstanceOf(PageStateException.class);
        assertThatThrownBy(() -> arena.tryAllocateRun(1, Duration.ZERO)).isInstanceOf(PageStateException.class);
        assertThat(arena.trim()).isZero();
        assertThat(reclaimer.shrinks).hasValue(0);
    }

    @Test
    void closeThatIsRejectedKeepsAllReclaimers() {
        try (PageArena arena = open()) {
            CachingReclaimer reclaimer = new CachingReclaimer(arena).fill(1);
            assertThatThrownBy(arena::close).isInstanceOf(IllegalStateException.class);
            arena.trim();
            assertThat(reclaimer.shrinks).hasValue(1);
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
        return PageArenaOptions.builder()
                .name("reclaimed")
                .byteSize(PAGES * pageBytes)
                .pageByteSize(pageBytes)
                .decay(PageArenaOptions.NO_DECAY)
                .budget(MemoryBudget.of("test", 1 << 30))
                .build();
    }
}
