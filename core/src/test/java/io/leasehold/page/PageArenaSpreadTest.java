package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.Errno;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.memory.Seeds;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The limit counts memory, not addresses: a run is rejected only if its bytes exceed the limit.
class PageArenaSpreadTest {

    private static final long MIB = 1 << 20;
    private static final int SPREAD = 16;

    /// Number of pages. With 4 KiB each, sixteen times their bytes is the minimum address range of an arena.
    private static final int LIMIT = 16 << 10;

    private static final int PORTABLE_LIMIT = 1024;

    private final LedgerVirtualMemory ledger = new LedgerVirtualMemory(Set.of());
    private final FaultyVirtualMemory memory = new FaultyVirtualMemory(ledger);
    private final long pageBytes = Math.max(4096, memory.pageSize());
    private final MemoryBudget budget = MemoryBudget.of("test", 1L << 40);
    private final Reservations reservations = new Reservations(memory, new MappingBudget(1_000), SPREAD);

    /// Portable memory, even if native memory is available.
    private static final class Portable implements AutoCloseable {
        private final ScratchMemory scratch;
        private final VirtualMemory memory;

        Portable(int mib) {
            scratch = ScratchMemory.of(mib * MIB, 2 << 20);
            memory = TestMemory.portable(scratch);
        }

        @Override
        public void close() {
            scratch.close();
        }
    }

    /// An allocation of the walk.
    private record Run(long page, int index, int pages) {}

    @AfterEach
    void releaseRetained() {
        memory.disarm();
        reservations.releaseRetained();
        assertThat(ledger.reservedBytes()).as("address space left").isZero();
    }

    /// On a kernel with pages of 16 KiB a huge page has 32 MiB. Frames that are shifted would split the huge pages.
    @Test
    void hugeFramesBeginWhereHugePagesDo() {
        TestMemory.require(memory, Capability.DECOMMIT);
        long hugePage = 32 * MIB;
        ledger.hugePageSize(hugePage);
        List<PageArena> arenas = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            PageArena left = open(LIMIT + 32); // 2 MiB more than 1 GiB of addresses
            left.allocate();
            left.closeForcibly(); // leaves addresses that are shifted
            PageArenaOptions options =
                    left.options().toBuilder().hugePages(true).build();
            arenas.add(PageArena.open(options, reservations, 0));
            assertThat(arenas.getLast().baseAddress() % hugePage).isZero();
        }
        arenas.forEach(PageArena::close);
    }

    @Test
    void oneSmallRunInTheMiddleDoesNotBlockALongOne() {
        TestMemory.require(memory, Capability.DECOMMIT);
        try (PageArena arena = open(LIMIT)) {
            long half = arena.allocateRun(LIMIT / 2);
            long small = arena.allocateRun(1);
            arena.free(half);
            long longer = arena.allocateRun(LIMIT - 1);
            assertThat(arena.stats().livePages()).isEqualTo(LIMIT);
            assertThat(arena.stats().committedBytes()).isLessThanOrEqualTo(arena.byteSize() + tableBytes(arena));
            arena.checkInvariants();
            arena.free(small);
            arena.free(longer);
        }
    }

    /// Keeps one run in each stretch of addresses, and then requests runs that just do not fit between the kept ones,
    /// twice as long in each round (J. M. Robson's attack).
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void attackOnFirstFitFindsEveryRun(int seed) {
        TestMemory.require(memory, Capability.DECOMMIT);
        attack(reservations, LIMIT, LIMIT, new SplittableRandom(seed));
    }

    /// Without decommit each page that was ever used counts. The demand of first fit for `n` pages in runs of up to `m`
    /// is within the limit if `n * (1 + 1/2 + ... + 1/m) / ln 2` is.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void attackOnTheFirstFitOfThePortableFormFindsEveryRun(int seed) {
        try (Portable portable = new Portable(64)) {
            Reservations all = new Reservations(portable.memory, new MappingBudget(1_000), 4);
            attack(all, PORTABLE_LIMIT, portableLive(), new SplittableRandom(seed));
        }
    }

    private void attack(Reservations from, int limit, int most, SplittableRandom random) {
        try (PageArena arena = open(from, limit)) {
            List<Run> live = new ArrayList<>();
            int livePages = 0;
            for (int length = 1; length <= most; length *= 2) {
                while (livePages + length <= most) {
                    live.add(allocate(arena, length));
                    livePages += length;
                }
                arena.checkInvariants();
                livePages = keepOneOfEach(arena, live, 2 * length, random);
            }
            live.forEach(run -> arena.free(run.page));
            arena.checkInvariants();
        }
    }

    /// Keeps one run in each stretch of addresses that is `stretch` pages long.
    ///
    /// @return number of live pages
    private static int keepOneOfEach(PageArena arena, List<Run> live, int stretch, SplittableRandom random) {
        live.sort((a, b) -> Integer.compare(a.index, b.index));
        int offset = random.nextInt(stretch);
        int last = -1;
        int pages = 0;
        for (Run run : List.copyOf(live)) {
            int at = (run.index + offset) / stretch;
            if (at == last) {
                arena.free(run.page);
                live.remove(run);
            } else {
                last = at;
                pages += run.pages;
            }
        }
        return pages;
    }

    @Test
    void anySequenceWithinTheLimitIsServed() {
        TestMemory.require(memory, Capability.DECOMMIT);
        walk(reservations, LIMIT, LIMIT, Seeds.random("anySequenceWithinTheLimitIsServed"));
    }

    @Test
    void anySequenceWithinAPartOfTheLimitIsServedByThePortableForm() {
        try (Portable portable = new Portable(64)) {
            Reservations all = new Reservations(portable.memory, new MappingBudget(1_000), 4);
            walk(all, PORTABLE_LIMIT, portableLive(), Seeds.random("anySequenceIsServedByThePortableForm"));
        }
    }

    /// Random runs, most of them short, with trims and ticks of the clock between them.
    private void walk(Reservations from, int limit, int most, SplittableRandom random) {
        try (PageArena arena = open(from, limit)) {
            List<Run> live = new ArrayList<>();
            int livePages = 0;
            long now = 0;
            for (int step = 0; step < 20_000; step++) {
                int pages = 1 << random.nextInt(Integer.SIZE - Integer.numberOfLeadingZeros(most));
                pages = Math.min(most, random.nextInt(pages) + 1);
                while (livePages + pages > most) {
                    Run freed = live.remove(random.nextInt(live.size()));
                    arena.free(freed.page);
                    livePages -= freed.pages;
                }
                live.add(allocate(arena, pages));
                livePages += pages;
                if (random.nextInt(1_000) == 0) {
                    arena.trim();
                }
                if (random.nextInt(100) == 0) {
                    now += 100_000_000;
                    arena.decay().step(now);
                }
                if (step % 500 == 0) {
                    arena.checkInvariants();
                    assertThat(arena.stats().livePages()).isEqualTo(livePages);
                    assertThat(arena.stats().committedBytes())
                            .isLessThanOrEqualTo(arena.byteSize() + tableBytes(arena));
                }
            }
            live.forEach(run -> arena.free(run.page));
        }
    }

    @Test
    void limitIsReachedWhereItIsSaidToBe() {
        try (PageArena arena = open(LIMIT)) {
            assertThat(arena.byteSize()).isEqualTo(LIMIT * pageBytes);
            assertThat(arena.addressByteSize()).isGreaterThanOrEqualTo(SPREAD * arena.byteSize());
            List<Long> pages = new ArrayList<>();
            for (long page = arena.tryAllocate(); page != PageArena.NO_PAGE; page = arena.tryAllocate()) {
                pages.add(page);
            }
            assertThat(pages).hasSize(LIMIT);
            assertThatThrownBy(() -> arena.allocateRun(2))
                    .isInstanceOf(PageExhaustedException.class)
                    .hasMessageStartingWith(
                            "no run of 2 pages, the limit is reached: arena=pages, live=16384, free=0,");
            pages.forEach(arena::free);
            arena.checkInvariants();
        }
    }

    /// The first call checks the available addresses. The second and third reserve pages and tables.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void arenaOpensWithFewerAddressesIfTheSystemHasNoMore(int nth) {
        memory.failOnce(Call.RESERVE, nth, Errno.ENOMEM);
        try (PageArena arena = open(LIMIT)) {
            assertThat(arena.addressByteSize()).isEqualTo(SPREAD * arena.byteSize() / 2);
            arena.free(arena.allocateRun(LIMIT));
            arena.checkInvariants();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 8, 12, 40, 64})
    void arenaOpensInTheAddressesThatThereAre(int mib) {
        try (Portable portable = new Portable(mib)) {
            Reservations few = new Reservations(portable.memory, new MappingBudget(1_000), SPREAD);
            try (PageArena arena = open(few, PORTABLE_LIMIT)) {
                assertThat(arena.addressByteSize()).isBetween(arena.byteSize(), Math.max(4, mib / 2) * MIB);
                arena.free(arena.allocateRun(PORTABLE_LIMIT));
                arena.checkInvariants();
            }
        }
    }

    @Test
    void limitThatWasNotNamedIsNoMoreThanThereAreAddressesFor() {
        try (Portable portable = new Portable(128)) {
            Reservations few = new Reservations(portable.memory, new MappingBudget(1_000), 4);
            PageArenaOptions unnamed = PageArenaOptions.builder()
                    .budget(MemoryBudget.of("large", 100 * MIB))
                    .build();
            try (PageArena first = PageArena.open(unnamed, few, 0);
                    PageArena second =
                            PageArena.open(unnamed.toBuilder().name("second").build(), few, 0)) {
                assertThat(first.byteSize()).isEqualTo(100 * MIB);
                assertThat(second.byteSize()).isEqualTo(25 * MIB);
            }
        }
    }

    private PageArena open(int pages) {
        return open(reservations, pages);
    }

    private PageArena open(Reservations from, int pages) {
        PageArenaOptions options = PageArenaOptions.builder()
                .pageByteSize(pageBytes)
                .byteSize(pages * pageBytes)
                .budget(budget)
                .build();
        return PageArena.open(options, from, 0);
    }

    /// Allocates a run, and fails if that is rejected.
    private static Run allocate(PageArena arena, int pages) {
        long page = arena.allocateRun(pages);
        return new Run(page, FrameLayout.index(page), pages);
    }

    private static long tableBytes(PageArena arena) {
        return arena.stats().tableBytes();
    }

    /// {@return number of pages that can be live at a time if each page counts that was ever used}
    private static int portableLive() {
        double sum = 0;
        for (int i = 1; i <= PORTABLE_LIMIT; i++) {
            sum += 1.0 / i;
        }
        return (int) (PORTABLE_LIMIT * Math.log(2) / sum);
    }
}
