package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.Eventually;
import io.leasehold.page.PageArena;
import io.leasehold.page.Watchdog;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every kernel call that the life of a pool of windows makes fails once, and then for good, with every error it can
/// give; after each the pool is whole, no other lease was disturbed and everything works.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LeasePoolFaultTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int RANDOM_RUNS = SOAK ? 20_000 : 300;

    /// What a pool asks the kernel for; [Call#RELEASE] only happens where nothing is retained.
    private static final List<Call> CALLS = List.of(Call.RESERVE, Call.COMMIT, Call.MAP, Call.UNMAP);

    private long injected;
    private int runs;

    @BeforeAll
    void windowsNeedMemoryFiles() {
        TestMemory.require(VirtualMemory.system(), Capability.MAP);
    }

    /// {@return what the man page of a call says that it can answer, as far as a pool can meet it}
    private static List<Integer> errnosOf(Call call) {
        return switch (call) {
            case RESERVE -> List.of(Errno.ENOMEM, Errno.EAGAIN, Errno.EINVAL, Errno.EPERM, Errno.EOVERFLOW);
            case COMMIT -> List.of(Errno.ENOMEM, Errno.EACCES, Errno.EINVAL);
            // ENOMEM is also what a process gets that has as many mappings as it may
            case MAP ->
                List.of(
                        Errno.ENOMEM,
                        Errno.EAGAIN,
                        Errno.EINVAL,
                        Errno.ENFILE,
                        Errno.EBADF,
                        Errno.EPERM,
                        Errno.ENODEV,
                        Errno.EACCES);
            case UNMAP -> List.of(Errno.ENOMEM, Errno.EAGAIN, Errno.EINVAL);
            default -> throw new AssertionError(call);
        };
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void thePoolStaysWholeWhicheverCallFails(boolean forced) {
        for (Call call : CALLS) {
            for (int errno : errnosOf(call)) {
                failEachInTurn(forced, call, errno, true);
                failEachInTurn(forced, call, errno, false);
            }
        }
    }

    /// A mapping is refused and so is the call that repairs the hole.
    @ParameterizedTest
    @ValueSource(ints = {Errno.ENOMEM, Errno.EAGAIN, Errno.EINVAL})
    void thePoolStaysWholeIfAHoleCannotBeRepaired(int errno) {
        long before;
        int nth = 0;
        do {
            before = injected;
            int number = ++nth;
            LeasePoolFaultRun run = new LeasePoolFaultRun(Set.of(errno), false, memory -> {});
            run.memory.failOnce(Call.MAP, number, errno);
            run.memory.failOnce(Call.UNMAP, 1, errno);
            run("hole " + number + ", errno=" + errno, run);
        } while (injected > before + 1);
        assertThat(nth).as("holes").isGreaterThanOrEqualTo(10);
    }

    /// Several faults of several kinds in one run, so that what cleans up after one fault meets another.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void thePoolStaysWholeWhateverFailsTogether(boolean forced) {
        Set<Integer> errnos =
                CALLS.stream().flatMap(call -> errnosOf(call).stream()).collect(Collectors.toSet());
        Long replayed = Long.getLong("seed");
        SplittableRandom seeds = SOAK ? new SplittableRandom() : new SplittableRandom(20261122);
        for (int i = 0; i < (replayed == null ? RANDOM_RUNS : 1); i++) {
            long seed = replayed == null ? seeds.nextLong() : replayed;
            SplittableRandom random = new SplittableRandom(seed);
            run("forced=" + forced + ", -Dseed=" + seed, new LeasePoolFaultRun(errnos, forced, memory -> {
                if (random.nextInt(4) == 0) {
                    memory.disarm();
                }
                if (random.nextInt(3) == 0) {
                    arm(memory, CALLS.get(random.nextInt(CALLS.size())), random);
                }
            }));
        }
    }

    /// The first threads that wait for the only window hit the fault. The window goes to the next waiters.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 6})
    void whoeverWaitsIsServedAfterTheRefusalsOfOthers(int refusals) throws InterruptedException {
        int waiters = 6;
        Fixture fixture = new Fixture(1, waiters + 1);
        long first = fixture.pool.acquireHandle(fixture.pages[0]);
        AtomicInteger refused = new AtomicInteger();
        AtomicInteger served = new AtomicInteger();
        Watchdog watchdog = new Watchdog();
        for (int i = 1; i <= waiters; i++) {
            long page = fixture.pages[i];
            Watchdog.Task task = () -> {
                try {
                    fixture.use(page);
                    served.incrementAndGet();
                } catch (SystemCallException e) {
                    assertThat(e.errno()).isEqualTo(Errno.ENOMEM);
                    if (refused.incrementAndGet() == refusals) {
                        fixture.memory.disarm();
                    }
                }
            };
            if (i % 2 == 0) {
                watchdog.start("waiter " + i, task);
            } else {
                watchdog.startVirtual("waiter " + i, task);
            }
            int count = i;
            Eventually.holds("a thread waits", () -> fixture.pool.stats().waited() == count);
        }
        assertThat(OffHeap.getLong(fixture.pool.address(first))).isEqualTo(fixture.pages[0]);
        fixture.memory.failFrom(Call.MAP, 1, Errno.ENOMEM);
        fixture.pool.free(first);
        watchdog.join();
        // others may have had their mapping refused before the first to count took the fault back
        assertThat(refused.get()).isGreaterThanOrEqualTo(refusals);
        assertThat(served.get()).isEqualTo(waiters - refused.get());
        fixture.close();
    }

    @Test
    void oneRefusalTakesTheWindowFromNobodyElse() throws InterruptedException {
        int waiters = 6;
        for (int nth = 1; nth <= waiters + 1; nth++) {
            Fixture fixture = new Fixture(2, waiters + 2);
            long kept = fixture.pool.acquireHandle(fixture.pages[0]);
            long first = fixture.pool.acquireHandle(fixture.pages[1]);
            AtomicInteger refused = new AtomicInteger();
            Watchdog watchdog = new Watchdog();
            for (int i = 2; i < waiters + 2; i++) {
                long page = fixture.pages[i];
                watchdog.startVirtual("waiter " + i, () -> {
                    try {
                        fixture.use(page);
                    } catch (SystemCallException e) {
                        assertThat(e.errno()).isEqualTo(Errno.EAGAIN);
                        refused.incrementAndGet();
                    }
                });
            }
            Eventually.holds("all wait", () -> fixture.pool.stats().waited() == waiters);
            fixture.memory.failOnce(Call.MAP, nth, Errno.EAGAIN);
            fixture.pool.free(first);
            watchdog.join();
            assertThat(refused.get()).as("refused, nth=%d", nth).isEqualTo(nth <= waiters ? 1 : 0);
            assertThat(OffHeap.getLong(fixture.pool.address(kept))).isEqualTo(fixture.pages[0]);
            fixture.pool.free(kept);
            fixture.close();
        }
    }

    @Test
    void aRefusedMissIsNoLeaseAndTheNextOneWorks() {
        Fixture fixture = new Fixture(1, 3);
        fixture.use(fixture.pages[0]);
        fixture.memory.failOnce(Call.MAP, 1, Errno.ENOMEM);
        assertThatThrownBy(() -> fixture.pool.acquire(fixture.pages[1]))
                .isInstanceOfSatisfying(
                        SystemCallException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM));
        assertThat(fixture.pool.stats().used()).isZero();
        assertThat(fixture.pool.stats().leases()).isZero();
        long maps = fixture.memory.count(Call.MAP);
        fixture.use(fixture.pages[0]); // the window's old page is gone too: the mapping that failed may have removed it
        assertThat(fixture.memory.count(Call.MAP)).isEqualTo(maps + 1);
        fixture.use(fixture.pages[1]);
        fixture.close();
    }

    @Test
    void aPoolThatFindsNoMappingsLeftTakesNone() {
        MappingBudget mappings = new MappingBudget(10);
        Reservations reservations = new Reservations(VirtualMemory.system(), mappings);
        PageArena arena = LeasePoolFaultRun.open(reservations, 4);
        long used = mappings.used();
        for (long slots = 10 - used - 1; slots <= 10 - used + 1; slots++) {
            // the windows themselves fit, but not the region that they lie in; or not even they
            LeasePoolOptions options = LeasePoolOptions.windowed((int) slots);
            assertThatThrownBy(() -> LeasePool.open(arena, options))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("out of kernel mappings");
            assertThat(mappings.used()).isEqualTo(used);
        }
        LeasePool.open(arena, LeasePoolOptions.windowed((int) (10 - used - 2))).close();
        arena.close();
        reservations.releaseRetained();
        assertThat(mappings.used()).isZero();
    }

    @AfterAll
    void enoughFaultsWereInjected() {
        System.out.printf("lease faults: injected=%,d, runs=%,d%n", injected, runs);
        if (VirtualMemory.system().can(Capability.MAP)) {
            assertThat(injected).as("injected faults").isGreaterThan(2_000);
        }
    }

    private void failEachInTurn(boolean forced, Call call, int errno, boolean once) {
        long before;
        int nth = 0;
        do {
            before = injected;
            int number = ++nth;
            LeasePoolFaultRun run = new LeasePoolFaultRun(Set.of(errno), forced, memory -> {});
            if (once) {
                run.memory.failOnce(call, number, errno);
            } else {
                run.memory.failFrom(call, number, errno);
            }
            run(call + " " + number + (once ? " once" : " for good") + ", forced=" + forced + ", errno=" + errno, run);
        } while (injected > before);
        assertThat(nth).as("runs with a fault of %s", call).isGreaterThan(1);
    }

    private void run(String name, LeasePoolFaultRun run) {
        try {
            run.run();
        } catch (Throwable e) {
            throw new AssertionError("after a fault: " + name + ": " + e.getMessage(), e);
        } finally {
            runs++;
            injected += run.memory.injected();
        }
    }

    private static void arm(FaultyVirtualMemory memory, Call call, SplittableRandom random) {
        List<Integer> errnos = errnosOf(call);
        int errno = errnos.get(random.nextInt(errnos.size()));
        int nth = 1 + random.nextInt(3);
        if (random.nextBoolean()) {
            memory.failOnce(call, nth, errno);
        } else {
            memory.failFrom(call, nth, errno);
        }
    }

    /// A pool over memory that can fail, and wired pages that have their handle as their first word.
    private static final class Fixture {

        final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());
        private final MappingBudget mappings = new MappingBudget(100);
        private final Reservations reservations = new Reservations(memory, mappings);
        private final PageArena arena;
        final long[] pages;
        final LeasePool pool;

        Fixture(int slots, int pageCount) {
            arena = LeasePoolFaultRun.open(reservations, pageCount);
            pages = Stream.generate(arena::allocate)
                    .limit(pageCount)
                    .mapToLong(Long::longValue)
                    .toArray();
            for (long page : pages) {
                arena.frames().wire(page);
                OffHeap.putLong(arena.frames().address(page), page);
            }
            pool = LeasePool.open(arena, LeasePoolOptions.windowed(slots));
        }

        void use(long page) {
            try (Lease lease = pool.acquire(page)) {
                assertThat(lease.getLong(0)).isEqualTo(page);
            }
        }

        void close() {
            memory.disarm();
            pool.checkInvariants();
            assertThat(pool.stats().leases()).isZero();
            assertThat(pool.stats().used()).isZero();
            for (long page : pages) {
                use(page);
                assertThat(arena.frames().wireCount(page)).isEqualTo(1);
                arena.frames().unwire(page);
            }
            pool.close();
            arena.closeForcibly();
            assertThat(mappings.used()).isGreaterThanOrEqualTo(2L * reservations.retainedCount());
            reservations.releaseRetained();
        }
    }
}
