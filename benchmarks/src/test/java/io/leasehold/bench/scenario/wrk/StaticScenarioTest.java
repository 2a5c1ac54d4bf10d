package io.leasehold.bench.scenario.wrk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.leasehold.bench.result.StaticResult;
import io.leasehold.bench.subject.Form;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StaticScenarioTest {

    private static final Programs BOTH = new Programs(Optional.of(Path.of("wrk")), Optional.of(Path.of("nginx")));
    private static final StaticPlan ONCE = new StaticPlan(1, 1, 1, 1);

    private final List<String> said = new ArrayList<>();

    @TempDir
    private Path folder;

    @Test
    void everyOtherRoundIsInReverseOrder() {
        assertThat(new StaticScenario(new StaticPlan(2, 1, 1, 1), BOTH).terms().all())
                .extracting(term -> term.round() + term.text())
                .containsExactly("1leasehold", "1nginx", "1sendfile", "2sendfile", "2nginx", "2leasehold");
        assertThat(new StaticScenario(StaticPlan.of(Form.FULL).inRounds(2), BOTH)
                        .terms()
                        .all())
                .hasSize(6);
    }

    @Test
    void formsTakeTheDocumentedTime() {
        assertThat(new StaticScenario(StaticPlan.of(Form.CI), BOTH).expectedSeconds())
                .isBetween(18L, 25L);
        assertThat(new StaticScenario(StaticPlan.of(Form.SHORT), BOTH).expectedSeconds())
                .isBetween(180L, 240L);
        assertThat(new StaticScenario(StaticPlan.of(Form.FULL), BOTH).expectedSeconds())
                .isBetween(500L, 600L);
        assertThat(StaticPlan.of(Form.SHORT).rounds())
                .as("enough for a verdict")
                .isEqualTo(5);
    }

    @Test
    void nothingIsComparedWithoutWrk() throws Exception {
        StaticScenario scenario = new StaticScenario(StaticPlan.of(Form.SHORT), Programs.on(folder.toString()));

        assertThat(scenario.expectedSeconds()).isZero();
        assertThat(scenario.run(said::add)).isEmpty();
        assertThat(said)
                .containsExactly("wrk is not installed (not on PATH), so static files were not compared with nginx");
    }

    @Test
    void theOtherServersAreComparedWithoutNginx() throws Exception {
        List<StaticResult> results = new StaticScenario(ONCE, Programs.on(wrk("""
                #!/bin/sh
                echo '     99%    3.66ms'
                echo '  1000 requests in 1.00s, 1.00MB read'
                echo '  Non-2xx or 3xx responses: 7'
                echo 'Requests/sec:  1000.50'
                """))).run(said::add);

        assertThat(said)
                .as("%s", said)
                .startsWith("nginx is not installed (not on PATH), so static files are compared with sendfile only");
        assertThat(results)
                .extracting(result -> result.server() + " " + result.byteSize())
                .containsExactly(
                        "leasehold 2048",
                        "leasehold 65536",
                        "leasehold 1048576",
                        "sendfile 2048",
                        "sendfile 65536",
                        "sendfile 1048576");
        assertThat(results).allSatisfy(result -> {
            assertThat(result.requests()).isEqualTo(1_000);
            assertThat(result.perSecond()).isEqualTo(1_000.5);
            assertThat(result.p99Micros()).isEqualTo(3_660);
            assertThat(result.wrong()).isEqualTo(7);
            assertThat(result.cpuNanos()).isNotNegative();
        });
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    /// The message has what `wrk` printed, and the server has ended.
    @Test
    void aFailureOfWrkIsReported() throws Exception {
        Programs programs = Programs.on(wrk("#!/bin/sh\necho unable to connect\nexit 1\n"));

        assertThatIOException()
                .isThrownBy(() -> new StaticScenario(ONCE, programs).run(said::add))
                .withMessage("nothing was measured, all 2 terms failed: not the output of wrk: missing=requests,"
                        + " output=unable to connect");
        assertThat(ProcessHandle.current().children()).isEmpty();
    }

    /// {@return the path of a folder with a program `wrk`}
    private String wrk(String script) throws IOException {
        Path file = Files.writeString(folder.resolve("wrk"), script);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return folder.toString();
    }
}
