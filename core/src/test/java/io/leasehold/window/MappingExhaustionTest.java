package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.TestMemory;
import io.leasehold.page.ForkedProgram;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A process that has as many mappings as the kernel allows: windows cannot be mapped, so reads go another way and what
/// is lent is an error; with room again, all is as before.
///
/// The JVM maps memory for its own sake too, and ends itself when it gets none. Most of its needs are met at its start;
/// a run in which it still wants more says nothing about windows, and is repeated.
@Tag("os")
@Timeout(300)
class MappingExhaustionTest {

    private static final String NO_MAPPING = "cannot lend: file=.*, byteOffset=\\d+, byteSize=\\d+: mmap\\(.*ENOMEM.*";

    private static final String NEEDS_OF_THE_JVM = "insufficient memory for the Java Runtime Environment";
    private static final int MOST_RUNS = 5;

    @TempDir
    Path folder;

    @Test
    void exhaustionIsAnErrorUntilThereIsRoom() throws Exception {
        TestMemory.require(WindowBed.canMap(), "nothing is mapped here");
        ForkedProgram forked = run();
        for (int runs = 1; runs < MOST_RUNS && forked.output().contains(NEEDS_OF_THE_JVM); runs++) {
            System.out.println("the JVM ran out of mappings for itself: again");
            forked = run();
        }
        assertThat(forked.hasCrashed()).as("%s", forked).isFalse();
        assertThat(forked.exitCode()).as("%s", forked).isZero();
        assertThat(forked.value("end")).isEqualTo("reached");
        assertThat(forked.value("refusal")).contains("ENOMEM");
        // windows that were used have mappings of their own, which can be mapped over one for one
        assertThat(forked.value("used.refusal")).matches("none|" + NO_MAPPING);
        assertThat(forked.value("unused.admits")).isEqualTo("0");
        assertThat(forked.value("unused.lent")).isEqualTo("0");
        assertThat(forked.value("unused.refusal")).matches(NO_MAPPING);
        assertThat(forked.value("another")).contains("mmap(", "ENOMEM");
        assertThat(forked.value("again.lent")).isEqualTo(forked.value("before.lent"));
        assertThat(forked.value("again.refusal")).isEqualTo("none");
        assertThat(forked.value("afterwards")).startsWith("WindowCacheStats");
    }

    private ForkedProgram run() throws Exception {
        return ForkedProgram.of(MappingExhaustionProgram.class)
                .with("-Xms64m", "-Xmx64m", "-XX:+UseSerialGC", "-Xint")
                .run(folder.resolve("file").toString());
    }
}
