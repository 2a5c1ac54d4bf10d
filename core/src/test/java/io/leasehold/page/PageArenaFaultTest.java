package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.Errno;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.PageArenaFaultRun.Variant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every kernel call in the lifetime of an arena fails once, and then permanently, with every possible error. After
/// each failure nothing is lost and the arena works.
///
/// The loop is that of SQLite: fail the first call, then the second, until a run ends without a fault.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PageArenaFaultTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int RANDOM_RUNS = SOAK ? 5_000 : 40;

    /// Number of errors of each call in the short form. The first ones are the most likely.
    private static final int SHORT_ERRNOS = 2;

    private static final int ESRCH = 3;
    private static final int EDQUOT = 122;
    private static final int EHWPOISON = 133;

    private long injected;
    private int runs;

    /// {@return the errors in the man page of a call that an arena can get}
    private static List<Integer> errnosOf(Call call) {
        return switch (call) {
            case RESERVE -> List.of(Errno.ENOMEM, Errno.EAGAIN, Errno.EINVAL, Errno.EPERM, Errno.EOVERFLOW);
            case COMMIT -> List.of(Errno.ENOMEM, Errno.EACCES, Errno.EINVAL);
            case DECOMMIT ->
                List.of(
                        Errno.EAGAIN,
                        Errno.EINVAL,
                        Errno.ENOMEM,
                        Errno.EIO,
                        Errno.EBADF,
                        Errno.EPERM,
                        Errno.EINTR,
                        Errno.ENOSPC,
                        ESRCH);
            case RELEASE -> List.of(Errno.ENOMEM, Errno.EINVAL);
            case PROTECT, REMAP -> List.of(Errno.ENOMEM);
            case ADVISE ->
                List.of(Errno.EAGAIN, Errno.EINVAL, Errno.ENOMEM, Errno.EFAULT, Errno.EIO, Errno.EPERM, EHWPOISON);
            case LOCK, UNLOCK -> List.of(Errno.ENOMEM, Errno.EAGAIN, Errno.EINVAL, Errno.EPERM);
            case CREATE_MEMORY ->
                List.of(
                        Errno.ENOMEM,
                        Errno.EMFILE,
                        Errno.ENFILE,
                        Errno.EINVAL,
                        Errno.EPERM,
                        Errno.EFBIG,
                        Errno.ENOSPC,
                        Errno.EINTR);
            case CLOSE_MEMORY -> List.of(Errno.EIO, Errno.EBADF, Errno.EINTR, Errno.ENOSPC, EDQUOT);
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
            case RESIDENT -> List.of(Errno.EAGAIN, Errno.EFAULT, Errno.EINVAL, Errno.ENOMEM);
            case BARRIER -> List.of(Errno.EPERM, Errno.ENOSYS, Errno.EINVAL);
        };
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsLostWhicheverCallFails(Variant variant) {
        assumePossible(variant);
        Set<Call> made = callsOf(variant);
        assertThat(made).contains(Call.RESERVE, Call.COMMIT);
        for (Call call : made) {
            List<Integer> errnos = errnosOf(call);
            for (int errno : SOAK ? errnos : errnos.subList(0, Math.min(errnos.size(), SHORT_ERRNOS))) {
                failEachInTurn(variant, call, errno, true);
                failEachInTurn(variant, call, errno, false);
            }
        }
    }

    /// Several faults of several kinds in one run, so that the cleanup after one fault meets another.
    @ParameterizedTest
    @EnumSource
    void nothingIsLostWhateverFailsTogether(Variant variant) {
        assumePossible(variant);
        Call[] made = callsOf(variant).toArray(Call[]::new);
        Set<Integer> errnos =
                Stream.of(made).flatMap(call -> errnosOf(call).stream()).collect(Collectors.toSet());
        Long replayed = Long.getLong("seed");
        SplittableRandom seeds = SOAK ? new SplittableRandom() : new SplittableRandom(20261121);
        for (int i = 0; i < (replayed == null ? RANDOM_RUNS : 1); i++) {
            long seed = replayed == null ? seeds.nextLong() : replayed;
            SplittableRandom random = new SplittableRandom(seed);
            run(variant + ", -Dseed=" + seed, new PageArenaFaultRun(variant, errnos, memory -> {
                if (random.nextInt(8) == 0) {
                    memory.disarm();
                }
                if (random.nextInt(3) == 0) {
                    armOne(memory, made[random.nextInt(made.length)], random);
                }
            }));
        }
    }

    @Test
    void everyErrorHasAName() {
        for (Call call : Call.values()) {
            assertThat(errnosOf(call)).isNotEmpty().doesNotHaveDuplicates();
        }
    }

    @AfterAll
    void enoughFaultsWereInjected() {
        System.out.printf("faults: injected=%,d, runs=%,d%n", injected, runs);
        boolean isNative = VirtualMemory.system().can(Capability.DECOMMIT);
        assertThat(injected).as("injected faults").isGreaterThan(isNative ? 3_000 : 300);
    }

    private void failEachInTurn(Variant variant, Call call, int errno, boolean once) {
        long before;
        int nth = 0;
        do {
            before = injected;
            int number = ++nth;
            String name = variant + ", " + call + " " + number + (once ? " once" : " for good") + ", errno=" + errno;
            PageArenaFaultRun run = new PageArenaFaultRun(variant, Set.of(errno), memory -> {});
            if (once) {
                run.memory.failOnce(call, number, errno);
            } else {
                run.memory.failFrom(call, number, errno);
            }
            run(name, run);
        } while (injected > before);
        assertThat(nth).as("runs with a fault of %s", call).isGreaterThan(1);
    }

    private void run(String name, PageArenaFaultRun run) {
        try {
            run.run();
        } catch (Throwable e) {
            throw new AssertionError("after a fault: " + name + ": " + e.getMessage(), e);
        } finally {
            runs++;
            injected += run.memory.injected();
        }
    }

    private Set<Call> callsOf(Variant variant) {
        PageArenaFaultRun clean = new PageArenaFaultRun(variant, Set.of(), memory -> {});
        Set<Call> calls = EnumSet.noneOf(Call.class);
        run(variant + ", none", clean);
        for (Call call : Call.values()) {
            // releaseRetained is only for tests and called without faults
            boolean isUsed = call != Call.RELEASE || !(clean.memory.can(Capability.DECOMMIT) || variant.isForced());
            if (clean.memory.count(call) > 0 && isUsed) {
                calls.add(call);
            }
        }
        return calls;
    }

    private static void armOne(FaultyVirtualMemory memory, Call call, SplittableRandom random) {
        List<Integer> errnos = errnosOf(call);
        int errno = errnos.get(random.nextInt(errnos.size()));
        int nth = 1 + random.nextInt(3);
        if (random.nextBoolean()) {
            memory.failOnce(call, nth, errno);
        } else {
            memory.failFrom(call, nth, errno);
        }
    }

    private static void assumePossible(Variant variant) {
        LedgerVirtualMemory memory = new LedgerVirtualMemory(variant.hidden());
        String reason = "skipped: " + variant + ": " + memory;
        if (!variant.isPossible(memory)) {
            System.out.println(reason);
        }
        assumeTrue(variant.isPossible(memory), reason);
    }
}
