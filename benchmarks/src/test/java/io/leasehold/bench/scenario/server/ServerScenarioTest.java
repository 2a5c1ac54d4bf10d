package io.leasehold.bench.scenario.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.result.ServerResult;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.JvmMode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The scenario with its processes, in its smallest form.
class ServerScenarioTest {

    private static final int LIMIT_MILLIS = 30_000;
    private static final List<String> FLAGS = List.of("-Xmx64m", "-XX:TieredStopAtLevel=1", Allocators.NATIVE);

    @Test
    void runsSupportedTermsAndReportsTheOthers() throws Exception {
        List<String> said = new ArrayList<>();
        Plan plan = new Plan(
                List.of(new Setting(Transport.NIO, false, JvmMode.NATIVE, 4, 1, 1)),
                List.of("nonesuch", "leased"),
                8,
                new Plan.Timing(300, 10, 50, 50, 2_000, 10));
        List<ServerResult> results = ServerScenario.run(plan, said::add);
        said.forEach(System.out::println);
        assertThat(said)
                .filteredOn(line -> line.startsWith("  failed and left out: no such allocator: name=nonesuch"))
                .hasSize(2);
        assertThat(said).anyMatch(line -> line.startsWith("server 4 of 4, about "));
        assertThat(results).hasSize(2);
        ServerResult flatOut = results.getFirst();
        ServerResult atRate = results.getLast();
        assertThat(flatOut.targetPerSecond()).isZero();
        assertThat(atRate.targetPerSecond()).isEqualTo(0.7 * flatOut.requestsPerSecond(), within(1e-6));
        assertThat(atRate.baselineBytes())
                .as("one server, compared with its memory before both loads")
                .isEqualTo(flatOut.baselineBytes());
        assertThat(flatOut.latency()).isEmpty();
        assertThat(atRate.latency()).isNotEmpty();
        for (ServerResult result : results) {
            assertThat(result.wrong()).isZero();
            assertThat(result.requests()).isPositive();
            assertThat(result.cpuMicrosPerRequest()).isPositive();
            assertThat(result.garbageBytesPerRequest()).isPositive();
            assertThat(result.baselineBytes()).isPositive();
            assertThat(result.afterBytes()).isPositive();
            assertThat(result.curve()).hasSizeGreaterThan(3);
            assertThat(result.peakBytes())
                    .isGreaterThanOrEqualTo(result.curve().getFirst().residentBytes());
        }
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    @Test
    void reportsMissingMemory() {
        assertThat(ServerScenario.refusal(2L << 30)).isEmpty();
        assertThat(ServerScenario.refusal(512L << 20))
                .hasValue("server scenario left out: not enough memory: available=512 MiB, min=2048 MiB");
    }

    @Test
    void theServerEndsWithItsInput() throws Exception {
        try (ChildJvm server = ChildJvm.start("the server", ServerProcess.class, FLAGS, List.of("--port=0"))) {
            server.await("listening on 127.0.0.1:", LIMIT_MILLIS);
            assertThat(server.values(ServerValues.class).cpuNanos()).isPositive();
            server.endInput();
            server.await("closed", LIMIT_MILLIS);
        }
    }

    @Test
    void deathOfAChildIsReported() throws Exception {
        try (ChildJvm server = ChildJvm.start("the server", ServerProcess.class, FLAGS, List.of("--port=0"))) {
            server.await("listening on ", LIMIT_MILLIS);
            ProcessHandle.of(server.pid()).ifPresent(ProcessHandle::destroyForcibly);
            assertThatThrownBy(() -> server.await("values ", LIMIT_MILLIS))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("the server ended before it said \"values\"");
        }
    }
}
