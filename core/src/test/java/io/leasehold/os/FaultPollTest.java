package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.ForkedProgram;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// No fault escapes a poll, in any execution mode of the JVM and with any limits of inlining.
class FaultPollTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int READS = SOAK ? 3_000_000 : 50_000;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-Xint",
                "-XX:TieredStopAtLevel=1",
                "-XX:TieredStopAtLevel=3",
                "-XX:-TieredCompilation",
                "-XX:-TieredCompilation -XX:FreqInlineSize=100000 -XX:MaxInlineSize=100000",
                "-XX:+UseSerialGC",
                "-XX:+UseZGC"
            })
    void everyFaultIsCaughtAtItsPoll(String form) throws Exception {
        TestMemory.require(VirtualMemory.system().can(Capability.BARRIER), "mapped files are not truncated here");
        ForkedProgram program = ForkedProgram.of(FaultPollProgram.class)
                .with(form.split(" ", -1))
                .run(folder.resolve("truncated").toString(), Integer.toString(READS));
        assertThat(program.exitCode()).as("%s", program).isZero();
        assertThat(program.value("wrong")).as("%s", program).isEqualTo("0");
        assertThat(program.value("escaped")).as("%s", program).isEqualTo("0");
        assertThat(Integer.parseInt(program.value("faults"))).isGreaterThan(READS / 5);
    }
}
