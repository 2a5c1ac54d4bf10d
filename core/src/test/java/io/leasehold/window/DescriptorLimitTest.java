package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.TestMemory;
import io.leasehold.page.ForkedProgram;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A process with few descriptors: opening one file too many is an `IOException`, open files can be read, and cycles of
/// open and close use up neither descriptors nor mappings.
@Tag("os")
@Timeout(600)
class DescriptorLimitTest {

    private static final int CYCLES = Boolean.getBoolean("leasehold.soak") ? 10_000 : 1_000;

    /// The JVM maps files and code of its own meanwhile.
    private static final int MAPPINGS_OF_THE_JVM = 200;

    @TempDir
    Path folder;

    @Test
    void exhaustionIsAnErrorAndCyclesUseNothingUp() throws Exception {
        run(CYCLES);
    }

    /// The classes of the error are loaded before: a class of a folder is loaded through a descriptor, and if that
    /// fails once, the class stays missing.
    @Test
    void firstRefusalIsAnErrorToo() throws Exception {
        run(1);
    }

    private void run(int cycles) throws Exception {
        TestMemory.require(WindowCacheFixture.canMap(), "nothing is mapped here");
        ForkedProgram forked = ForkedProgram.of(DescriptorLimitProgram.class)
                .afterShell("ulimit -n 96")
                .run(folder.toString(), String.valueOf(cycles));
        assertThat(forked.exitCode()).as("%s", forked).isZero();
        assertThat(forked.value("end")).isEqualTo("reached");
        assertThat(forked.value("refusal")).containsPattern("EMFILE|[Tt]oo many open files");
        assertThat(Integer.parseInt(forked.value("open"))).isGreaterThan(10);
        assertThat(Integer.parseInt(forked.value("descriptors.more"))).isLessThanOrEqualTo(2);
        assertThat(Integer.parseInt(forked.value("mappings.more"))).isLessThan(MAPPINGS_OF_THE_JVM);
    }
}
