package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory.Capability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Failures of kernel calls at the places where they matter most, one case each.
class PageArenaRefusalTest {

    private static final int PAGES = 64;
    private static final long TICK = 1_000_000_000;
    private static final long LARGE_PAGE = 2 << 20;
    private static final long BATCH_BYTES = FrameReclaimer.BATCH_BYTES;
    private static final int BATCH_PAGES = (int) (BATCH_BYTES / LARGE_PAGE);

    private final LedgerVirtualMemory ledger = new LedgerVirtualMemory(Set.of());
    private final FaultyVirtualMemory memory = new FaultyVirtualMemory(ledger);
    private final MappingBudget mappings = new MappingBudget(100);
    private final Reservations reservations = new Reservations(memory, mappings);
    private final long pageBytes = Math.max(4096, memory.pageSize());

    @Test
    void failedForcibleCloseKeepsTheAddressSpaceWhenRepeated() {
        need(Capability.DECOMMIT);
        PageArena arena = open(options -> options);
        arena.allocate();
        memory.failOnce(Call.DECOMMIT, 1, Errno.ENOMEM);
        assertThrows(SystemCallException.class, arena::closeForcibly);
        arena.closeForcibly();
        assertThat(reservations.retainedCount())
                .as("regions for the next owner, though pointers into them are left")
                .isZero();
    }

    @Test
    void arenaWithLockedPagesCanBeClosedForcibly() {
        need(Capability.LOCK);
        PageArena arena = open(options -> options.toBuilder().lockWired(true).build());
        long mapped = mappings.used();
        arena.frames().wire(arena.allocate());
        assertThat(ledger.lockedPageCount()).isEqualTo(1);
        assertThat(mappings.used()).isEqualTo(mapped + 2);
        assertThat(arena.closeForcibly()).isEqualTo(1);
        assertThat(ledger.lockedPageCount()).isZero();
        assertThat(mappings.used()).isEqualTo(mapped);
    }

    @Test
    void pageCannotBeLockedWhileTheArenaIsClosedForcibly() {
        need(Capability.LOCK);
        PageArena arena = open(options -> options.toBuilder().lockWired(true).build());
        long[] pages = LongStream.of(arena.allocate(), arena.allocate())
                .boxed()
                .sorted(Comparator.comparingLong(arena.frames()::address))
                .mapToLong(Long::longValue)
                .toArray();
        arena.frames().wire(pages[1]);
        // the close has passed the lower page by now
        ledger.beforeUnlock(() ->
                assertThrows(PageStateException.class, () -> arena.frames().wire(pages[0])));
        assertThat(arena.closeForcibly()).isEqualTo(2);
        assertThat(ledger.lockedPageCount()).isZero();
    }

    @Test
    void pagesThatCouldOnlyHalfBeLockedAreNotLocked() {
        need(Capability.LOCK);
        PageArena arena = open(options -> options.toBuilder().lockWired(true).build());
        long run = arena.allocateRun(4);
        ledger.lockOnlyHalf(true);
        assertThrows(SystemCallException.class, () -> arena.frames().wire(run));
        assertThat(arena.frames().wireCount(run)).isZero();
        assertThat(ledger.lockedPageCount())
                .as("pages locked by a lock that failed")
                .isZero();
        arena.free(run);
        assertThat(arena.trim()).as("bytes given back").isGreaterThanOrEqualTo(4 * pageBytes);
        arena.close();
    }

    @Test
    void exhaustionByAFailedBarrierIsItsCause() throws InterruptedException {
        need(Capability.BARRIER);
        PageArena arena = open(options -> options);
        // into the magazine of another thread, which cannot be flushed without a barrier
        Thread.ofPlatform().start(() -> arena.free(arena.allocate())).join();
        memory.failFrom(Call.BARRIER, 1, Errno.EPERM);
        PageExhaustedException e = assertThrows(PageExhaustedException.class, () -> arena.allocateRun(PAGES));
        assertThat(e).hasCauseInstanceOf(SystemCallException.class);
        memory.disarm();
        arena.free(arena.allocateRun(PAGES));
        arena.close();
    }

    @Test
    void exhaustionByAFailedDecommitIsItsCause() {
        need(Capability.DECOMMIT);
        MemoryBudget parent = MemoryBudget.of("parent", 64 << 20);
        PageArena arena = open(options -> options.toBuilder().budget(parent).build());
        long idle = arena.allocateRun(5);
        arena.allocateRun(1);
        hog(parent);
        arena.free(idle);
        memory.failFrom(Call.DECOMMIT, 1, Errno.ENOMEM);
        // 40 pages are adjacent, and only a decommit of the idle ones could free the bytes for some of them
        PageExhaustedException e = assertThrows(PageExhaustedException.class, () -> arena.allocateRun(40));
        assertThat(e).hasCauseInstanceOf(SystemCallException.class);
    }

    @Test
    void growingUsesTheBudgetThatIdlePagesHold() {
        need(Capability.DECOMMIT);
        MemoryBudget parent = MemoryBudget.of("parent", 64 << 20);
        PageArena arena = open(options -> options.toBuilder().budget(parent).build());
        long idle = arena.allocateRun(9);
        long run = arena.allocateRun(9);
        hog(parent);
        arena.free(idle);
        assertThat(arena.tryGrow(run, 5)).as("grown into free pages").isTrue();
    }

    @Test
    void runWhosePrefaultFailsOnceIsAllocatedAndPrefaulted() {
        need(Capability.RESIDENCY);
        PageArena arena = open(options -> options.toBuilder().prefault(true).build());
        memory.failOnce(Call.ADVISE, 1, Errno.EAGAIN);
        long run = arena.allocateRun(20);
        assertThat(memory.injected()).isEqualTo(1);
        assertThat(arena.stats().kernelRefusals()).isEqualTo(1);
        assertThat(arena.residentBytes()).isEqualTo(20 * pageBytes);
        arena.free(run);
        arena.close();
    }

    @Test
    void runWhosePrefaultFailedIsPrefaultedForALaterAllocation() {
        need(Capability.RESIDENCY);
        PageArena arena = open(options -> options.toBuilder().prefault(true).build());
        memory.failFrom(Call.ADVISE, 1, Errno.ENOMEM);
        PageExhaustedException e = assertThrows(PageExhaustedException.class, () -> arena.allocateRun(20));
        assertThat(e).hasCauseInstanceOf(SystemCallException.class);
        assertThat(arena.stats().livePages()).isZero();
        assertThat(arena.stats().idlePages())
                .as("pages that may hold memory now")
                .isEqualTo(20);
        arena.checkInvariants();
        memory.disarm();
        long run = arena.allocateRun(20);
        assertThat(arena.residentBytes()).isEqualTo(20 * pageBytes);
        arena.free(run);
        arena.close();
    }

    /// The second advice is for the pages that fill the magazine.
    @Test
    void pagesOfAMagazineWhosePrefaultFailedArePrefaultedForALaterAllocation() {
        need(Capability.RESIDENCY);
        PageArena arena = open(options -> options.toBuilder().prefault(true).build());
        memory.failOnce(Call.ADVISE, 2, Errno.EAGAIN);
        List<Long> pages = new ArrayList<>();
        for (int i = 0; i < PAGES; i++) {
            pages.add(arena.allocate());
        }
        assertThat(memory.injected()).isEqualTo(1);
        assertThat(arena.residentBytes()).isEqualTo(PAGES * pageBytes);
        pages.forEach(arena::free);
        arena.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void failedBatchDoesNotDelayOtherBatchesAndDecaysLater(int nth) {
        need(Capability.DECOMMIT);
        PageArena arena = openOfThreeBatches();
        arena.free(arena.allocateRun(3 * BATCH_PAGES));
        memory.failOnce(Call.DECOMMIT, nth, Errno.ENOMEM);
        arena.decay().step(9 * TICK);
        assertThat(arena.stats().decommitFailures()).isEqualTo(1);
        assertThat(arena.stats().idlePages()).as("idle pages, those refused").isEqualTo(BATCH_PAGES);
        arena.checkInvariants();
        arena.decay().step(17 * TICK);
        assertThat(arena.stats().idlePages()).as("young since the refusal").isEqualTo(BATCH_PAGES);
        arena.decay().step(18 * TICK);
        assertAllWentOnce(arena);
    }

    @Test
    void passByAgeEndsThoughEveryBatchFails() {
        need(Capability.DECOMMIT);
        PageArena arena = openOfThreeBatches();
        arena.free(arena.allocateRun(3 * BATCH_PAGES));
        memory.failFrom(Call.DECOMMIT, 1, Errno.ENOMEM);
        arena.decay().step(9 * TICK);
        assertThat(arena.stats().decommitFailures()).isEqualTo(3);
        assertThat(arena.stats().idlePages()).isEqualTo(3 * BATCH_PAGES);
        memory.disarm();
        arena.decay().step(18 * TICK);
        assertAllWentOnce(arena);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void trimSkipsFailedBatchesAndTheNextTrimDecommitsThem(int nth) {
        need(Capability.DECOMMIT);
        PageArena arena = openOfThreeBatches();
        arena.free(arena.allocateRun(3 * BATCH_PAGES));
        memory.failOnce(Call.DECOMMIT, nth, Errno.ENOMEM);
        assertThat(arena.trim()).as("bytes of the other batches").isEqualTo(2 * BATCH_BYTES);
        assertThat(arena.stats().idlePages()).isEqualTo(BATCH_PAGES);
        arena.checkInvariants();
        assertThat(arena.trim()).isEqualTo(BATCH_BYTES);
        assertAllWentOnce(arena);
    }

    @Test
    void failedReleaseKeepsTheOtherRegions() {
        need(Capability.DECOMMIT);
        open(options -> options).close();
        assertThat(reservations.retainedCount()).isEqualTo(2);
        memory.failOnce(Call.RELEASE, 2, Errno.ENOMEM);
        assertThrows(SystemCallException.class, reservations::releaseRetained);
        assertThat(reservations.retainedCount()).as("regions still retained").isEqualTo(1);
        assertThat(mappings.used()).isEqualTo(2);
        reservations.releaseRetained();
        assertThat(mappings.used()).isZero();
        assertThat(ledger.reservedBytes()).isZero();
    }

    /// Opens an arena whose pages are decommitted in three batches, with a decay of eight ticks.
    private PageArena openOfThreeBatches() {
        return open(options -> options.toBuilder()
                .pageByteSize(LARGE_PAGE)
                .byteSize(3 * BATCH_BYTES)
                .decay(Duration.ofNanos(Decay.TICKS * TICK))
                .build());
    }

    /// Checks that no page is lost, neither in the arena nor in the budget.
    private void assertAllWentOnce(PageArena arena) {
        PageArenaStats stats = arena.stats();
        assertThat(stats.idlePages() + stats.transitPages()).isZero();
        assertThat(stats.committedBytes()).isEqualTo(3L * BATCH_PAGES * ArenaSpace.TABLE_BYTES_PER_PAGE);
        arena.checkInvariants();
        arena.free(arena.allocateRun(3 * BATCH_PAGES));
        arena.close();
        assertThat(reservations.retainedCount()).isEqualTo(2);
    }

    private PageArena open(UnaryOperator<PageArenaOptions> change) {
        PageArenaOptions options = PageArenaOptions.builder()
                .byteSize(PAGES * pageBytes)
                .budget(MemoryBudget.of("parent", 64 << 20))
                .build();
        return PageArena.open(change.apply(options), reservations, 0);
    }

    /// Reserves the rest of a budget, except for less than a page.
    private void hog(MemoryBudget budget) {
        assertThat(budget.tryReserve(budget.byteLimit() - budget.usedBytes())).isTrue();
    }

    private void need(Capability capability) {
        if (!memory.can(capability)) {
            System.out.println("skipped: " + memory + " has not " + capability);
        }
        assumeTrue(memory.can(capability), () -> memory + " has not " + capability);
    }
}
