package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.Errno;
import io.leasehold.os.AddressSpace;
import io.leasehold.os.ForkedJvm;
import io.leasehold.os.SeccompFilter.Call;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Everything works in a container that rejects system calls: each call alone, and all of them at once; from the start
/// of the process, or from a moment when everything is in use. The package comment of `os` lists the features that are
/// lost.
@Tag("os")
class ContainerTest {

    /// The error numbers of filters. The short form of this test tries the second one with all calls only.
    private static final int[] ERRORS = {Errno.EPERM, Errno.ENOSYS};

    private static final boolean IS_SOAK = Boolean.getBoolean("leasehold.soak");

    /// Rejected only together with the others, because Leasehold never makes these calls, or ignores their results.
    private static final Set<Call> NEVER_ALONE =
            EnumSet.of(Call.IO_URING_SETUP, Call.USERFAULTFD, Call.SCHED_YIELD, Call.MUNLOCK);

    /// Calls that a probe at the start decides about. A filter that is installed later meets other code.
    private static final Set<Call> ASKED_LATE = EnumSet.of(Call.MEMBARRIER, Call.PROCESS_MADVISE, Call.MADVISE);

    @BeforeAll
    static void skipWithoutNativeMemory() {
        assumeTrue(AddressSpace.isNative(), "native memory is not in use");
    }

    record Refusal(Set<Call> calls, int errno, boolean isLate) {

        @Override
        public String toString() {
            String names = calls.size() == Call.values().length ? "all calls" : calls.toString();
            return names + ", errno=" + errno + (isLate ? ", late" : "");
        }
    }

    static Stream<Refusal> refusals() {
        List<Refusal> refusals = new ArrayList<>();
        for (int errno : ERRORS) {
            refusals.add(new Refusal(EnumSet.allOf(Call.class), errno, false));
            refusals.add(new Refusal(EnumSet.allOf(Call.class), errno, true));
            if (errno == ERRORS[0] || IS_SOAK) {
                for (Call call : EnumSet.complementOf(EnumSet.copyOf(NEVER_ALONE))) {
                    refusals.add(new Refusal(EnumSet.of(call), errno, false));
                }
                for (Call call : ASKED_LATE) {
                    refusals.add(new Refusal(EnumSet.of(call), errno, true));
                }
            }
        }
        return refusals.stream();
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void everyPromiseIsKept(Refusal refusal) throws Exception {
        ForkedJvm forked = ForkedJvm.run(
                List.of(
                        ForkedJvm.rootOf(ContainerProgram.class),
                        ForkedJvm.rootOf(AddressSpace.class),
                        ForkedJvm.rootOf(ByteBuf.class),
                        ForkedJvm.rootOf(ResourceLeakDetector.class)),
                ContainerProgram.class,
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-D" + ContainerProgram.CALLS + "="
                        + refusal.calls.stream().map(Call::name).collect(Collectors.joining(",")),
                "-D" + ContainerProgram.ERRNO + "=" + refusal.errno,
                "-D" + ContainerProgram.LATE + "=" + refusal.isLate);
        if (forked.output().contains("skipped")) {
            System.out.println("skipped, this machine installs no seccomp filter");
        }
        assumeFalse(forked.output().contains("skipped"), "this machine installs no seccomp filter");
        assertThat(forked.output()).contains("ok, ");
        assertThat(forked.exitCode()).as(forked.output()).isZero();
    }
}
