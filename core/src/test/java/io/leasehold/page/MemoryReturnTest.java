package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.AddressSpace;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.opentest4j.TestAbortedException;

/// The memory of a burst is decommitted within the decay and one more second, and is not committed again, without any
/// further call of the program. A short form always runs, the full form with `-Dleasehold.soak=true`.
///
/// The heap of the forked JVM is fixed and touched beforehand. The optimising compiler is off, since it allocates some
/// MiB at any time. So only off-heap memory changes. The charge of the control group is checked besides resident
/// memory, since huge pages can hide one from the other.
@Tag("os")
@Timeout(600)
class MemoryReturnTest {

    private static final boolean IS_SOAK = Boolean.getBoolean("leasehold.soak");
    private static final long BURST_BYTES = IS_SOAK ? 1L << 30 : 64 << 20;
    private static final int STAY_SECONDS = IS_SOAK ? 60 : 3;
    private static final long GROUP_BYTES = 4L << 30;

    private static final ForkedProgram.Plan FIXED_HEAP = ForkedProgram.of(MemoryReturnProgram.class)
            .with("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    /// The JVM of each test. They run side by side, since they wait most of the time.
    private static @Nullable Burst nothingKept;

    private static @Nullable Burst onePageInAHundredKept;

    @BeforeAll
    static void start() throws Exception {
        TestMemory.require(AddressSpace.isNative(), "memory goes back to the system in native mode only");
        TestMemory.require(
                Files.isReadable(Path.of("/proc/self/smaps_rollup")), "the kernel does not report resident memory");
        nothingKept = Burst.start(0, 2);
        onePageInAHundredKept = Burst.start(100, 3);
    }

    @Test
    void burstThatIsFreedLeavesAtMostTwoPercentMoreThanBefore() throws Exception {
        check(Objects.requireNonNull(nothingKept));
    }

    @Test
    void burstOfWhichOnePageInAHundredStaysLeavesAtMostThreePercentOfItself() throws Exception {
        check(Objects.requireNonNull(onePageInAHundredKept));
    }

    @AfterAll
    static void end() throws Exception {
        for (Burst burst : Arrays.asList(nothingKept, onePageInAHundredKept)) {
            if (burst != null) { // otherwise the tests are skipped
                burst.end();
            }
        }
    }

    private static void check(Burst burst) {
        ForkedProgram forked = burst.forked.join();
        System.out.println("MemoryReturnTest, burst of " + (BURST_BYTES >> 20) + " MiB, keeping "
                + (burst.keepOneIn == 0 ? "nothing" : "one page in " + burst.keepOneIn) + ":\n"
                + forked.output().indent(4));
        assertThat(forked.hasCrashed()).as("%s", forked).isFalse();
        assertThat(forked.value("result")).as("%s", forked).isEqualTo("holds");
        assertThat(forked.exitCode()).as("%s", forked).isZero();
        assertThat(forked.value("maintenanceEnds")).isEqualTo("true");
    }

    /// A JVM that runs one burst.
    ///
    /// @param keepOneIn number of pages of which one is kept, 0 for none
    private record Burst(
            int keepOneIn,
            CompletableFuture<ForkedProgram> forked,
            @Nullable ScratchCgroup group) {

        static Burst start(int keepOneIn, int percent) throws Exception {
            long seed = Seeds.next("MemoryReturnTest");
            ScratchCgroup group = groupIfPossible();
            ForkedProgram.Plan plan = group == null ? FIXED_HEAP : group.around(FIXED_HEAP);
            return new Burst(
                    keepOneIn,
                    ForkedProgram.start(() -> plan.run(
                            Long.toString(BURST_BYTES),
                            Integer.toString(keepOneIn),
                            Long.toString(seed),
                            Integer.toString(percent),
                            Integer.toString(STAY_SECONDS),
                            group == null ? "" : group.usageFile().toString())),
                    group);
        }

        /// Waits for the JVM, and removes its control group.
        void end() throws Exception {
            forked.handle((end, failure) -> end).join();
            if (group != null) {
                group.close();
            }
        }
    }

    /// {@return a control group for the forked JVM, or null with a message if only resident memory can be measured}
    private static @Nullable ScratchCgroup groupIfPossible() throws Exception {
        try {
            return ScratchCgroup.require(GROUP_BYTES);
        } catch (TestAbortedException e) {
            System.out.println("MemoryReturnTest looks at resident memory only: " + e.getMessage());
            return null;
        }
    }
}
