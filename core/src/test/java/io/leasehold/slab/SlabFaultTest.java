package io.leasehold.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.Errno;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.slab.SlabFaultRun.Setup;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Each system call of a heap fails once, and then always. After each failure nothing is lost and everything works.
///
/// The loop is that of SQLite: fail the first call, then the second, until a run ends without the fault.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SlabFaultTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int RANDOM_RUNS = SOAK ? 1_000 : 3;

    private long injected;
    private int runs;

    private static List<Integer> errnosOf(Call call) {
        return switch (call) {
            case DECOMMIT, LOCK, UNLOCK, ADVISE -> List.of(Errno.EAGAIN, Errno.ENOMEM);
            default -> List.of(Errno.ENOMEM);
        };
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsLostWhicheverCallFails(Setup setup) {
        assumePossible(setup);
        for (Call call : callsOf(setup)) {
            for (int errno : SOAK ? errnosOf(call) : List.of(Errno.ENOMEM)) {
                failEachInTurn(setup, call, errno, true);
                failEachInTurn(setup, call, errno, false);
            }
        }
    }

    /// Several faults of several kinds in one run, so that the clean-up after one fault meets another.
    @ParameterizedTest
    @EnumSource
    void nothingIsLostWhateverFailsTogether(Setup setup) {
        assumePossible(setup);
        Call[] made = callsOf(setup).toArray(Call[]::new);
        Long replayed = Long.getLong("seed");
        SplittableRandom seeds = SOAK ? new SplittableRandom() : new SplittableRandom(20261123);
        for (int i = 0; i < (replayed == null ? RANDOM_RUNS : 1); i++) {
            long seed = replayed == null ? seeds.nextLong() : replayed;
            SplittableRandom random = new SplittableRandom(seed);
            Set<Integer> errnos = Set.of(Errno.ENOMEM, Errno.EAGAIN);
            run(setup + ", -Dseed=" + seed, new SlabFaultRun(setup, errnos, memory -> {
                if (random.nextInt(8) == 0) {
                    memory.disarm();
                }
                if (random.nextInt(4) == 0) {
                    Call call = made[random.nextInt(made.length)];
                    int errno = errnosOf(call).get(random.nextInt(errnosOf(call).size()));
                    if (random.nextBoolean()) {
                        memory.failOnce(call, 1 + random.nextInt(3), errno);
                    } else {
                        memory.failFrom(call, 1 + random.nextInt(3), errno);
                    }
                }
            }));
        }
    }

    @AfterAll
    void enoughFaultsWereInjected() {
        System.out.printf("slab faults: injected=%,d, runs=%,d%n", injected, runs);
        assertThat(injected).as("injected faults").isPositive();
    }

    private void failEachInTurn(Setup setup, Call call, int errno, boolean once) {
        long before;
        int nth = 0;
        do {
            before = injected;
            // the distance doubles, or hundreds of locks would take hundreds of runs
            nth += SOAK ? 1 : 1 + nth;
            int number = nth;
            SlabFaultRun run = new SlabFaultRun(setup, Set.of(errno), memory -> {});
            if (once) {
                run.memory.failOnce(call, number, errno);
            } else {
                run.memory.failFrom(call, number, errno);
            }
            run(setup + ", " + call + " " + number + (once ? " once" : " for good") + ", errno=" + errno, run);
        } while (injected > before);
        assertThat(nth).as("runs with a fault of %s", call).isGreaterThan(1);
    }

    private void run(String name, SlabFaultRun run) {
        try {
            run.run();
        } catch (Throwable e) {
            throw new AssertionError("after a fault: " + name + ": " + e.getMessage(), e);
        } finally {
            runs++;
            injected += run.memory.injected();
        }
    }

    /// {@return the system calls of a run without a fault, except for opening and closing the arena}
    private Set<Call> callsOf(Setup setup) {
        SlabFaultRun clean = new SlabFaultRun(setup, Set.of(), memory -> {});
        long[] opened = new long[Call.values().length];
        for (Call call : Call.values()) {
            opened[call.ordinal()] = clean.memory.count(call);
        }
        run(setup + ", none", clean);
        Set<Call> calls = EnumSet.noneOf(Call.class);
        for (Call call : Call.values()) {
            boolean isOfTheArena = call == Call.RELEASE
                    || call == Call.CLOSE_MEMORY
                    || call == Call.MAP
                    || call == Call.UNMAP
                    || call == Call.PROTECT;
            if (clean.memory.count(call) > opened[call.ordinal()] && !isOfTheArena) {
                calls.add(call);
            }
        }
        System.out.println("slab faults: " + setup + ", " + calls);
        return calls;
    }

    private static void assumePossible(Setup setup) {
        VirtualMemory memory = VirtualMemory.system();
        String reason = "skipped: " + setup + ": " + memory;
        if (!setup.isPossible(memory)) {
            System.out.println(reason);
        }
        assumeTrue(setup.isPossible(memory), reason);
    }
}
