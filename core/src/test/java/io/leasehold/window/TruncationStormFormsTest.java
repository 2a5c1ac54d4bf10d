package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import io.leasehold.memory.TestMemory;
import io.leasehold.page.ForkedProgram;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The storm of [TruncationStormTest] in JVMs of their own, a minute in each configuration. The effect of a fault in a
/// mapped file depends on the code that runs, interpreted or compiled, and on the copies that a collector makes.
@Tag("soak")
class TruncationStormFormsTest {

    private static final String SECONDS = "60";

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-Xint",
                "-XX:TieredStopAtLevel=1",
                "-XX:-TieredCompilation",
                "-XX:+UseG1GC",
                "-XX:+UseSerialGC",
                "-XX:+UseZGC"
            })
    void everyAccessIsRightOrAnError(String form) throws Exception {
        TestMemory.require(WindowCacheFixture.canMap(), "nothing is mapped here");
        String seed = Long.toString(Seeds.next("TruncationStormFormsTest"));
        ForkedProgram storm = ForkedProgram.of(TruncationStormProgram.class)
                .with(form, "-Xmx256m", "-Dleasehold.soak=true")
                .run(folder.toString(), seed, SECONDS);
        System.out.println("TruncationStormFormsTest: " + form + "\n" + storm.output());
        assertThat(storm.hasCrashed()).as("%s", storm).isFalse();
        assertThat(storm.exitCode()).as("%s", storm).isZero();
        assertThat(storm.value("end")).isEqualTo("reached");
    }
}
