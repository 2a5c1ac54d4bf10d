package io.leasehold.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.ForkedProgram;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.instrument.Instrumentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Where the agent cannot work, the program runs with Netty's own pools, and one line says why.
@Tag("os")
@Timeout(600)
class AgentFailureTest {

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"limt=1g", "limit=1m", "limit=many"})
    void aBadOptionIsNamed(String arguments) throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class).withAgent(arguments).run();
        assertUntouched(run, arguments.split("=")[0]);
    }

    @Test
    void aTooSmallLimitOfNettyIsNamed() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .with("-Dio.netty.maxDirectMemory=" + (15 << 20))
                .withAgent("")
                .run();
        assertUntouched(run, "option is too low: limit=");
    }

    @Test
    void anAgentThatIsOffSaysNothing() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class).withAgent("off").run();
        assertThat(run.value("default.direct")).as("%s", run).doesNotContain("Leased");
        assertThat(AgentRun.lines(run)).isEmpty();
    }

    @Test
    void aNettyThatIsLoadedAlreadyKeepsItsOwn() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .with("-javaagent:" + earlyAgent())
                .withAgent("")
                .run();
        assertThat(run.exitCode()).as("%s", run).isZero();
        assertThat(run.value("pooled.direct")).as("%s", run).doesNotContain("Leased");
        assertThat(run.value("wrong")).isEqualTo("[]");
        assertThat(AgentRun.lines(run)).as("%s", run).anyMatch(line -> line.contains("is loaded already"));
    }

    @Test
    void aSecondAgentIsIgnored() throws Exception {
        ForkedProgram run =
                AgentRun.of(PoolProgram.class).withAgent("").withAgent("").run();
        assertThat(run.value("default.direct")).as("%s", run).isEqualTo("LeasedByteBuf");
        assertThat(AgentRun.lines(run)).as("%s", run).hasSize(2).anyMatch(line -> line.contains("already active"));
    }

    @Test
    void deniedNativeAccessIsRespected() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .with("--illegal-native-access=deny")
                .withAgent("")
                .run();
        assertThat(run.exitCode()).as("%s", run).isZero();
        assertThat(run.value("default.direct")).as("%s", run).isEqualTo("LeasedByteBuf");
        assertThat(run.output()).contains("portable memory is in use");
    }

    @Test
    void nativeAccessIsGranted() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class).withAgent("").run();
        assertThat(run.value("default.direct")).as("%s", run).isEqualTo("LeasedByteBuf");
        assertThat(run.output()).doesNotContain("portable memory is in use");
    }

    private static void assertUntouched(ForkedProgram run, String why) {
        assertThat(run.exitCode()).as("%s", run).isZero();
        assertThat(run.value("default.direct")).as("%s", run).doesNotContain("Leased");
        assertThat(run.value("wrong")).isEqualTo("[]");
        assertThat(AgentRun.lines(run)).as("%s", run).hasSize(1);
        assertThat(AgentRun.lines(run).getFirst()).contains(why, "keeps its own allocator");
    }

    /// {@return the jar of an agent that loads a pool of Netty}
    private Path earlyAgent() throws IOException {
        Path jar = folder.resolve("early.jar");
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue("Premain-Class", EarlyAgent.class.getName());
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out, manifest)) {
            entries.finish();
        }
        return jar;
    }

    /// An agent that uses Netty before ours starts.
    public static final class EarlyAgent {

        private EarlyAgent() {}

        /// Loads a pool.
        public static void premain(String arguments, Instrumentation instrumentation) throws Exception {
            Class.forName("io.netty.buffer.PooledByteBufAllocator");
        }
    }
}
