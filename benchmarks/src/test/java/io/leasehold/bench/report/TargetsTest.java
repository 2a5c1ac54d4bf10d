package io.leasehold.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.leasehold.bench.report.Target.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TargetsTest {

    @TempDir
    private Path folder;

    @Test
    void distinguishesMetMissedAndMissedWithinTheError() {
        assertThat(Target.atMost("page", "x", 20, measured(20, 1)).outcome()).isEqualTo(Outcome.MET);
        assertThat(Target.atMost("page", "x", 20, measured(20.5, 1)).outcome()).isEqualTo(Outcome.CLOSE);
        assertThat(Target.atMost("page", "x", 20, measured(22, 1)).outcome()).isEqualTo(Outcome.SHORT);
        assertThat(Target.atLeast("page", "x", 2, "", measured(1.9, Double.NaN)).outcome())
                .isEqualTo(Outcome.SHORT);
        assertThat(Target.atLeast("page", "x", 2, "", Optional.empty()).outcome())
                .isEqualTo(Outcome.UNKNOWN);
    }

    @Test
    void theBestOfNettyIsTheFasterOneInItsFastestMode() throws IOException {
        String params = "{\"byteSize\": \"4096\", \"leak\": \"disabled\"}";
        Findings findings = Findings.of(Fixture.in(folder)
                .time("BufferBenchmark.NativeAccess.oneLive", 10, params)
                .time("BufferBenchmark.Unsafe.oneLive", 5, params)
                .time("BufferBenchmark.NativeAccess.oneLiveAdaptive", 30, params)
                .time("BufferBenchmark.NativeAccess.oneLivePooled", 40, params)
                .time("BufferBenchmark.Unsafe.oneLiveAdaptive", 20, params)
                .results());

        assertThat(measured(findings, "one live, 4096 B, over the best of Netty"))
                .isEqualTo(2.0);
    }

    @Test
    void windowsAreComparedWithTheSameParameters() throws IOException {
        String params = "{\"byteSize\": \"4096\", \"written\": \"4096\"}";
        Findings findings = Findings.of(Fixture.in(folder)
                .time(
                        "WindowBenchmark.hit",
                        10,
                        "{\"byteSize\": \"4096\", \"written\": \"4096\", \"tier\": \"RECYCLED\"}")
                .time("WindowBenchmark.hitFileChannel", 30, params)
                .time("WindowBenchmark.hitMapping", 8, params)
                .time("WindowHotBenchmark.alone", 15, "{\"written\": \"4194304\"}")
                .time("WindowHotBenchmark.aloneRaw", 5, "{\"written\": \"4194304\"}")
                .results());

        assertThat(measured(findings, "4 KiB, over FileChannel.read, recycled tier, written in 4 KiB pieces"))
                .isEqualTo(3.0);
        assertThat(measured(
                        findings, "4 KiB, time over a whole-file mapping's, recycled tier, written in 4 KiB pieces"))
                .isEqualTo(1.25);
        assertThat(measured(findings, "a hit, additional to a bare copy, ns")).isEqualTo(10.0);
    }

    @Test
    void memoryAndServerHaveTargets() throws IOException {
        Findings findings = Findings.of(Fixture.in(folder).server(5).memory().results());

        assertThat(measured(findings, "A burst of 1 GiB in buffers of 4 KiB, all released: growth after 2 s, MiB"))
                .isEqualTo(6.0);
        assertThat(measured(findings, "CPU per request, over the best of Netty: nio ×16, flat out"))
                .isEqualTo(1.0);
    }

    @Test
    void ringIsComparedByRoundAndWorstIsOverAllRounds() throws IOException {
        Findings findings = Findings.of(Fixture.in(folder)
                .time("JumboBenchmark.oneLive", 10, "{\"bufferSize\": \"KIB_4\"}")
                .time("JumboBenchmark.oneLiveAdaptive", 25, "{\"bufferSize\": \"KIB_4\"}")
                .ring(3)
                .results());

        assertThat(measured(findings, "a page of 4 KiB, over Netty adaptive")).isEqualTo(2.5);
        assertThat(measured(findings, "CPU per GiB, over epoll")).isEqualTo(0.5);
        assertThat(measured(findings, "echo of 1 KiB, messages/s, over epoll with reads of 4 KiB"))
                .isEqualTo(4);
        assertThat(measured(findings, "echo of 1 KiB, CPU, pages of 64 KiB, over epoll with its default reads"))
                .isEqualTo(0.25);
        assertThat(measured(findings, "datagrams of 1,400 B, CPU over Netty with GRO"))
                .isEqualTo(0.2, within(1e-9));
        assertThat(measured(findings, "a read of the sink, garbage in B")).isEqualTo(8);
        assertThat(measured(findings, "worst allocation while growing from 64 to 4,096 pages, ms"))
                .isEqualTo(0.603);
        assertThat(measured(findings, "returned 1 s after a burst, percent")).isEqualTo(93.75);
        assertThat(measured(findings, "returned 0.2 s after a burst, with trim(), percent"))
                .isZero();
    }

    @Test
    void filesAreComparedOnEqualConnections() throws IOException {
        Findings findings = Findings.of(Fixture.in(folder).files(5).results());

        assertThat(measured(findings, "files, plain: MiB/s over sendfile")).isEqualTo(10.0 / 9);
        assertThat(measured(findings, "files, TLS: MiB/s over ChunkedNioFile (this or the next row must be met)"))
                .isEqualTo(2.0);
        assertThat(measured(
                        findings, "files, TLS: CPU per MiB over ChunkedNioFile (this or the previous row must be met)"))
                .isEqualTo(0.5);
    }

    private static double measured(Findings findings, String what) {
        return Targets.of(findings).all().stream()
                .filter(target -> target.what().equals(what))
                .findFirst()
                .flatMap(Target::measured)
                .orElseThrow()
                .value();
    }

    private static Optional<Ratio> measured(double value, double error) {
        return Optional.of(new Ratio(value, error));
    }
}
