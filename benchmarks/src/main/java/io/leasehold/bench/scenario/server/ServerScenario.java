package io.leasehold.bench.scenario.server;

import io.leasehold.bench.process.SystemMemory;
import io.leasehold.bench.result.ServerResult;
import io.leasehold.bench.scenario.load.Keys;
import io.leasehold.bench.scenario.load.LoadPhase;
import io.leasehold.bench.scenario.load.TempFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.DoubleSummaryStatistics;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The server scenario: an HTTP/1.1 server under load, with each allocator in turn.
///
/// **The fixed rate** is 70 % of the rate of the slowest allocator at full load, on average over the rounds of the same
/// setting in the same run. It is high enough that queues form sometimes, and below the limit of every allocator.
///
/// **Failures** are reported in one sentence, and the rest still runs. A term that fails is left out of the results. No
/// process remains: children end with their input, at the latest with this JVM.
public final class ServerScenario {

    private static final double SHARE = 0.7;
    private static final long NEEDED_BYTES = 2L << 30;
    private static final double MIB = 1 << 20;

    private final Plan plan; // (C)
    private final TempFolder keys; // (C)
    private @Nullable Path key; // (O) made when it is first needed

    /// Rates at full load by setting and allocator.
    private final Map<Setting, Map<String, DoubleSummaryStatistics>> rates = new HashMap<>(); // (O)

    private ServerScenario(Plan plan, TempFolder keys) {
        this.plan = plan;
        this.keys = keys;
    }

    /// Runs the parts of a plan that this machine supports.
    ///
    /// @param out receives lines: what runs, how much time is left, the results, and what is not supported
    /// @return the terms that succeeded, in the order in which they ran; may be empty
    /// @throws IOException if there is no folder for temporary files, or every term failed
    /// @throws InterruptedException if the caller is interrupted; the processes have ended by then
    public static List<ServerResult> run(Plan plan, Consumer<String> out) throws IOException, InterruptedException {
        Optional<String> refusal = refusal(SystemMemory.availableBytes());
        if (refusal.isPresent()) {
            out.accept(refusal.get());
            return List.of();
        }
        if (Runtime.getRuntime().availableProcessors() < 2) {
            out.accept("server and load generator share the only processor, so throughput and latency include both");
        }
        Plan possible = plan;
        Optional<String> noEpoll = Transport.EPOLL.missing();
        if (noEpoll.isPresent()
                && plan.settings().stream().anyMatch(setting -> setting.transport() == Transport.EPOLL)) {
            out.accept("epoll is not available, so the servers only use NIO: " + noEpoll.get());
            possible = plan.without(Transport.EPOLL);
        }
        try (TempFolder keys = new TempFolder()) {
            ServerScenario scenario = new ServerScenario(possible, keys);
            return possible.terms().run(scenario::run, ServerScenario::text, out);
        }
    }

    /// {@return the reason why `availableBytes` of memory are not enough; empty if they are}
    static Optional<String> refusal(long availableBytes) {
        return availableBytes >= NEEDED_BYTES
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "server scenario left out: not enough memory: available=%.0f MiB, min=%.0f MiB",
                        availableBytes / MIB,
                        NEEDED_BYTES / MIB));
    }

    private ServerResult run(Plan.Term term) throws IOException, InterruptedException {
        Setting setting = term.setting();
        double perSecond = term.isFlatOut() ? 0 : fixedRate(setting);
        Optional<Path> file = setting.tls() ? Optional.of(key()) : Optional.empty();
        List<String> args =
                List.of("--port=0", "--transport=" + setting.transport().text(), "--allocator=" + term.allocator());
        Plan.Timing timing = plan.timing();
        LoadPhase phase = new LoadPhase(
                plan.connections(),
                setting.depth(),
                perSecond,
                timing.rampMillis(term.isFlatOut()),
                timing.measuredMillis());
        ServerResult result =
                result(term, perSecond, new ServerRun(setting.mode(), args, file, false, timing).measure(phase));
        if (term.isFlatOut()) {
            rates.computeIfAbsent(setting, key -> new HashMap<>())
                    .computeIfAbsent(term.allocator(), key -> new DoubleSummaryStatistics())
                    .accept(result.requestsPerSecond());
        }
        return result;
    }

    private Path key() throws IOException, InterruptedException {
        Path made = key == null ? Keys.make(keys.path()) : key;
        key = made;
        return made;
    }

    private double fixedRate(Setting setting) throws IOException {
        return SHARE
                * rates.getOrDefault(setting, Map.of()).values().stream()
                        .mapToDouble(DoubleSummaryStatistics::getAverage)
                        .min()
                        .orElseThrow(() -> new IOException("no fixed rate: nothing ran at full load"));
    }

    private static ServerResult result(Plan.Term term, double perSecond, ServerRun.Measured measured) {
        ServerValues before = measured.before();
        ServerValues after = measured.after();
        // The server's own count is used: its two readings have the same distance as those of its processor time.
        double answers = after.answers() - before.answers();
        return new ServerResult(
                term.round(),
                term.setting().transport().text(),
                term.setting().tls(),
                term.setting().mode().text(),
                term.allocator(),
                term.setting().depth(),
                perSecond,
                measured.load().requests(),
                measured.load().wrong(),
                measured.load().seconds(),
                measured.load().latency(),
                measured.cpuNanos() / 1e3 / answers,
                measured.baselineBytes(),
                measured.peakBytes(),
                measured.afterBytes(),
                after.heldBytes(),
                measured.curve(),
                after.collections() - before.collections(),
                (after.garbageBytes() - before.garbageBytes()) / answers);
    }

    private static String text(ServerResult result) {
        String latency = result.latency().stream()
                .filter(quantile -> quantile.percent() == 99.9)
                .map(quantile -> String.format(Locale.ROOT, ", 99.9 %% in %.1f ms", quantile.micros() / 1e3))
                .findFirst()
                .orElse("");
        return String.format(
                Locale.ROOT,
                "%,.0f requests/s%s, %.1f us of processor time per request (%.0f %% of one processor),"
                        + " %+.0f MiB at the peak, %+.0f MiB after, %d wrong",
                result.requestsPerSecond(),
                latency,
                result.cpuMicrosPerRequest(),
                result.cpuMicrosPerRequest() * result.requestsPerSecond() / 1e4,
                (result.peakBytes() - result.baselineBytes()) / MIB,
                (result.afterBytes() - result.baselineBytes()) / MIB,
                result.wrong());
    }
}
