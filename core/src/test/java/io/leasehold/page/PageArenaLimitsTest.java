package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.error.Errno;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.AddressSpace;
import io.leasehold.os.VirtualMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Limits of the operating system in a JVM of its own. Each limit must lead to an error that names the call, and never
/// end the process.
@Tag("os")
@Timeout(600)
class PageArenaLimitsTest {

    private static final long MIB = 1 << 20;

    /// Options of a JVM that needs little memory, all of it at the start.
    private static final ForkedProgram.Plan SMALL_JVM = ForkedProgram.of(PageArenaLimitsProgram.class)
            .with(
                    "-Xms64m",
                    "-Xmx64m",
                    "-XX:+UseSerialGC",
                    "-XX:ReservedCodeCacheSize=32m",
                    "-XX:CompressedClassSpaceSize=32m",
                    "-Xshare:auto",
                    "-Xint");

    @BeforeAll
    static void skipWithoutNativeMemory() {
        TestMemory.require(AddressSpace.isNative(), "the limits are those of native memory");
    }

    @Test
    void failedReservationIsAnErrorThatNamesTheCall() throws Exception {
        long base = Long.parseLong(ended(SMALL_JVM.run("address-space")).value("baseKib"));
        long limit = base + 512 * 1024; // too little for the large arena, enough for the small one
        ForkedProgram limited = ended(SMALL_JVM.afterShell("ulimit -v " + limit).run("address-space"));
        assertThat(limited.value("large"))
                .startsWith("mmap(byteSize=4294967296, ")
                .contains("ENOMEM");
        assertThat(limited.value("small")).isEqualTo("works");
    }

    @Test
    void failedCommitIsExhaustionWithTheErrorAsItsCause() throws Exception {
        ForkedProgram unlimited = ended(SMALL_JVM.run("data"));
        assertThat(unlimited.value("runs")).isEqualTo("32");
        // half of the arena's limit; the last 5 MiB are for the JVM, since new pages are committed in steps of 8 MiB.
        // So
        // the JVM may need 3 MiB less when the last step is committed, or 5 MiB more afterwards
        long limit = Long.parseLong(unlimited.value("dataKib")) - (128 - 5) * 1024;
        ForkedProgram limited = ended(SMALL_JVM.afterShell("ulimit -d " + limit).run("data"));
        assertThat(limited.value("refusal"))
                .startsWith("no run of 2048 pages, the kernel call failed: arena=pages, live=");
        assertThat(limited.value("cause"))
                .startsWith("io.leasehold.error.SystemCallException: mprotect(address=0x")
                .contains("ENOMEM");
        assertThat(Integer.parseInt(limited.value("runs"))).isBetween(10, 18);
        assertThat(Long.parseLong(limited.value("kernelRefusals"))).isPositive();
    }

    @Test
    void failedLockLeavesThePageUnwired() throws Exception {
        ForkedProgram.Plan plan = withoutRightToLock(SMALL_JVM.afterShell("ulimit -l 64"));
        ForkedProgram limited = ended(plan.run("lock"));
        assertThat(limited.value("wire"))
                .matches("mlock (" + Errno.ENOMEM + "|" + Errno.EPERM + "|" + Errno.EAGAIN
                        + ") mlock\\(address=0x[0-9a-f]+, byteSize=1048576\\) failed: .*; raise RLIMIT_MEMLOCK .*");
        assertThat(limited.value("wires")).isEqualTo("0");
        assertThat(limited.value("mappings")).isEqualTo("0");
        assertThat(limited.value("page")).isEqualTo("locked");
    }

    @Test
    void lockWithoutPrivilegeFailsToo() throws Exception {
        ForkedProgram.Plan plan = withoutRightToLock(SMALL_JVM.afterShell("ulimit -l 0"));
        ForkedProgram limited = ended(plan.run("lock"));
        assertThat(limited.value("open"))
                .startsWith("lockWired needs mlock(2): arena=pages, ")
                .contains("hasLock=false")
                .contains("raise RLIMIT_MEMLOCK (ulimit -l)");
    }

    @Test
    void heapThatLeavesNoSpaceIsRejectedWithASentenceEachTime() throws Exception {
        long heap = VirtualMemory.system().memoryLimit() - 20 * MIB;
        ForkedProgram forked = ended(ForkedProgram.of(PageArenaLimitsProgram.class)
                .with("-Xms16m", "-Xmx" + heap)
                .run("default-budget"));
        for (String attempt : List.of("first", "second")) {
            assertThat(forked.value(attempt))
                    .startsWith("no room for off-heap memory: a limit of ")
                    .endsWith("lower -Xmx, raise the limit, or give the arena a budget of its own");
        }
        assertThat(forked.value("own")).isEqualTo("works");
    }

    @Test
    void controlGroupWithoutSpaceIsRejectedWithASentence() throws Exception {
        try (ScratchCgroup group = ScratchCgroup.require(200 * MIB)) {
            ForkedProgram forked =
                    ended(group.around(SMALL_JVM.with("-Xmx180m")).run("default-budget"));
            assertThat(forked.value("first"))
                    .matches("no room for off-heap memory: a limit of 209,715,200 B less a maximum heap of [0-9,]+ B"
                            + " less a margin of [0-9,]+ B leaves [0-9,]+ B, and at least 16,777,216 B are needed;"
                            + " lower -Xmx, raise the limit, or give the arena a budget of its own");
            assertThat(group.kills()).isZero();
        }
    }

    @Test
    void defaultBudgetIsFilledInASmallGroupAndNoProcessIsKilled() throws Exception {
        try (ScratchCgroup group = ScratchCgroup.require(300 * MIB)) {
            ForkedProgram forked =
                    ended(group.around(SMALL_JVM.with("-XX:+AlwaysPreTouch")).run("fill"));
            long bound = Long.parseLong(forked.value("bound"));
            assertThat(bound).isBetween(100 * MIB, 120 * MIB);
            assertThat(forked.value("refusal")).contains("no run of 1 pages, the budget is used up: arena=pages");
            assertThat(Long.parseLong(forked.value("used"))).isBetween(bound - MIB, bound);
            assertThat(Long.parseLong(forked.value("filled"))).isGreaterThan(bound * 98 / 100);
            assertThat(group.kills()).isZero();
        }
    }

    private static ForkedProgram ended(ForkedProgram forked) {
        assertThat(forked.hasCrashed()).as("%s", forked).isFalse();
        assertThat(forked.exitCode()).as("%s", forked).isZero();
        assertThat(forked.value("end")).isEqualTo("reached");
        return forked;
    }

    /// {@return the same program without the privilege of root to lock any amount of memory}
    private static ForkedProgram.Plan withoutRightToLock(ForkedProgram.Plan plan) throws IOException {
        boolean isRoot = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
        boolean hasTool = Files.isExecutable(Path.of("/usr/bin/setpriv"));
        TestMemory.require(
                !isRoot || hasTool, "root may lock without a limit, and there is no setpriv to take that away");
        return isRoot ? plan.after("setpriv", "--bounding-set", "-ipc_lock", "--inh-caps", "-ipc_lock") : plan;
    }
}
