package io.leasehold.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.os.ForkedJvm;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Events in JVMs of their own: no event class is loaded before the JVM has a recorder, and the settings in the jar
/// record every event that they turn on.
@Timeout(300)
final class LazyEventsTest {

    private static final String LOADED = "io\\.leasehold\\.event\\.\\w+Event";

    @TempDir
    Path folder;

    private static List<String> run(String... options) throws IOException, InterruptedException {
        List<Path> classPath = List.of(
                ForkedJvm.rootOf(LazyEventsTest.class),
                ForkedJvm.rootOf(FlightEvents.class),
                ForkedJvm.rootOf(ByteBuf.class),
                ForkedJvm.rootOf(ReferenceCounted.class),
                ForkedJvm.rootOf(Nullable.class));
        List<String> all = new ArrayList<>(List.of("--enable-native-access=ALL-UNNAMED", "-Xlog:class+load"));
        all.addAll(Arrays.asList(options));
        ForkedJvm jvm = ForkedJvm.run(classPath, RecordedProgram.class, all.toArray(String[]::new));
        assertThat(jvm.exitCode()).as(jvm.output()).isZero();
        return jvm.output().lines().toList();
    }

    /// {@return the classes of events that a JVM loaded, by their simple names}
    private static Set<String> eventClasses(List<String> output) {
        return output.stream()
                .filter(line -> line.contains("[class,load]"))
                .flatMap(line -> Arrays.stream(line.split(" ")))
                .filter(word -> word.matches(LOADED))
                .map(name -> name.substring(name.lastIndexOf('.') + 1))
                .collect(Collectors.toSet());
    }

    @Test
    void noEventClassIsLoadedWithoutARecorder() throws Exception {
        List<String> output = run();

        assertThat(output).contains("registered=false").anyMatch(line -> line.contains(FlightEvents.class.getName()));
        assertThat(eventClasses(output)).isEmpty();
    }

    @Test
    void theSettingsInTheJarRecordTheEvents() throws Exception {
        Path file = folder.resolve("recording.jfr");
        List<String> output = run("-Drecording=" + file);

        assertThat(output).contains("registered=true");
        assertThat(eventClasses(output)).contains("AllocateChunkEvent", "PageDecommitEvent", "FreeBufferEvent");
        Set<String> recorded = RecordingFile.readAllEvents(file).stream()
                .map(event -> event.getEventType().getName())
                .filter(name -> name.startsWith("io."))
                .collect(Collectors.toSet());
        assertThat(recorded)
                .contains(
                        "io.leasehold.BudgetRefusal",
                        "io.leasehold.WindowFault",
                        "io.leasehold.RingGrowth",
                        "io.netty.AllocateChunk",
                        "io.netty.FreeChunk")
                .doesNotContain("io.netty.AllocateBuffer", "io.netty.ReallocateBuffer", "io.netty.FreeBuffer");
        assertThat(recorded.contains("io.leasehold.PageDecommit")).isEqualTo(!output.contains("decommits=0"));
    }
}
