package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.TestMemory;
import io.leasehold.page.ForkedProgram;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A process whose address space is limited: a cache with the default options opens, with fewer windows and extents.
@Tag("os")
@Timeout(600)
class AddressLimitTest {

    private static final ForkedProgram.Plan PROGRAM = ForkedProgram.of(AddressLimitProgram.class)
            .with("-Xms32m", "-Xmx32m", "-XX:CompressedClassSpaceSize=32m", "-XX:ReservedCodeCacheSize=32m");

    @TempDir
    Path folder;

    @Test
    void cacheOpensWithFewerWindows() throws Exception {
        TestMemory.require(WindowCacheFixture.canMap(), "nothing is mapped here");
        ForkedProgram unlimited = run(PROGRAM);
        assertThat(unlimited.value("cache")).contains("slots=64, ", "slots=256, ");
        // of the 4.5 GiB that the cache reserved, 2 GiB are left
        long limit = Long.parseLong(unlimited.value("addressKib")) - (5L << 19);
        ForkedProgram limited = run(PROGRAM.afterShell("ulimit -v " + limit));
        assertThat(limited.value("cache")).containsPattern("slots=(8|16), slotByteSize=67108864");
    }

    private ForkedProgram run(ForkedProgram.Plan plan) throws Exception {
        ForkedProgram forked = plan.run(folder.toString());
        assertThat(forked.exitCode()).as("%s", forked).isZero();
        assertThat(forked.value("content")).isEqualTo("right");
        return forked;
    }
}
