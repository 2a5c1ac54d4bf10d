package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.TestMemory;
import io.leasehold.page.ForkedProgram;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A process that has as many mappings as the kernel allows. Windows cannot be mapped, so reads use read(2), and
/// lending fails. When mappings are free again, all works as before.
///
/// The JVM also maps memory for itself, and ends if it gets none. It needs most of it at its start. A run in which it
/// needs more shows nothing about windows, and is repeated.
@Tag("os")
@Timeout(600)
class MappingExhaustionTest {

    private static final String NO_MAPPING = "cannot lend: file=.*, byteOffset=\\d+, byteSize=\\d+: mmap\\(.*ENOMEM.*";

    private static final String NEEDS_OF_THE_JVM = "insufficient memory for the Java Runtime Environment";
    private static final int MOST_RUNS = 5;

    @TempDir
    Path folder;

    @Test
    void exhaustionIsAnErrorUntilThereIsRoom() throws Exception {
        TestMemory.require(WindowCacheFixture.canMap(), "nothing is mapped here");
        ForkedProgram forked = run();
        for (int runs = 1; runs < MOST_RUNS && forked.output().contains(NEEDS_OF_THE_JVM); runs++) {
            System.out.println("the JVM ran out of mappings for itself: again");
            forked = run();
        }
        assertThat(forked.hasCrashed()).as("%s", forked).isFalse();
        assertThat(forked.exitCode()).as("%s", forked).isZero();
        assertThat(forked.value("end")).isEqualTo("reached");
        assertThat(forked.value("failure")).contains("ENOMEM");
        // used windows have separate mappings, and mapping over one of them needs no other
        assertThat(forked.value("used.failure")).matches("none|" + NO_MAPPING);
        assertThat(forked.value("unused.admits")).isEqualTo("0");
        assertThat(forked.value("unused.lent")).isEqualTo("0");
        assertThat(forked.value("unused.failure")).matches(NO_MAPPING);
        assertThat(forked.value("another")).contains("mmap(", "ENOMEM");
        assertThat(forked.value("again.lent")).isEqualTo(forked.value("before.lent"));
        assertThat(forked.value("again.failure")).isEqualTo("none");
        assertThat(forked.value("afterwards")).startsWith("WindowCacheStats");
    }

    private ForkedProgram run() throws Exception {
        return ForkedProgram.of(MappingExhaustionProgram.class)
                .with("-Xms64m", "-Xmx64m", "-XX:+UseSerialGC", "-Xint")
                .run(folder.resolve("file").toString());
    }
}
