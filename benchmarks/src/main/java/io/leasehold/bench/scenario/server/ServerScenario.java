package io.leasehold.bench.scenario.server;

import io.leasehold.bench.process.SystemMemory;
import io.leasehold.bench.result.ServerResult;
import io.leasehold.bench.scenario.load.Keys;
import io.leasehold.bench.scenario.load.LoadPhase;
import io.leasehold.bench.scenario.load.TempFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The server scenario: an HTTP/1.1 server under load, with each allocator in turn.
///
/// **The fixed rate** of a setting is 70 % of the rate at which the first server of its first round answers at full
/// load. It is the same for all allocators and rounds. The first server has the last allocator of the plan: a rival
/// from outside, or one of Netty's, but not Leasehold. The rate is high enough that queues form sometimes. If an
/// allocator reaches less than 70 % of the rate of the first server, the fixed rate is an overload for it.
///
/// **One server** serves both loads of a round. The load at full rate warms it up for the fixed rate. Its memory is
/// compared with that after the warm-up, before both loads. So the memory at the fixed rate includes what the server
/// kept of the load before.
///
/// **The next server** starts while the one before it is idle after its last load, if there are two processors and
/// memory for both. So it starts in the time in which memory is given back, and never during a load.
///
/// **Failures** are reported in one sentence, and the rest still runs. A term that fails is left out of the results. No
/// process remains: children end with their input, at the latest with this JVM.
public final class ServerScenario {

    private static final double SHARE = 0.7;
    private static final long NEEDED_BYTES = 2L << 30;
    private static final long TWO_SERVERS_BYTES = 4L << 30;
    private static final double MIB = 1 << 20;

    private final Plan plan; // (C)
    private final List<Plan.Term> terms; // (C)
    private final TempFolder keys; // (C)
    private final boolean startsAhead; // (C)
    private @Nullable Path key; // (O) made when it is first needed
    private @Nullable ServerRun next; // (O) server of the next term, if it runs already

    /// The fixed rate by setting.
    private final Map<Setting, Double> rates = new HashMap<>(); // (O)

    private ServerScenario(Plan plan, TempFolder keys, boolean startsAhead) {
        this.plan = plan;
        this.terms = plan.terms().all();
        this.keys = keys;
        this.startsAhead = startsAhead;
    }

    /// Runs the parts of a plan that this machine supports.
    ///
    /// @param out receives lines: what runs, how much time is left, the results, and what is not supported
    /// @return the terms that succeeded, in the order of the allocators in the plan, and for each in the order in which
    ///     they ran; may be empty
    /// @throws IOException if there is no folder for temporary files, or every term failed
    /// @throws InterruptedException if the caller is interrupted; the processes have ended by then
    public static List<ServerResult> run(Plan plan, Consumer<String> out) throws IOException, InterruptedException {
        long availableBytes = SystemMemory.availableBytes();
        Optional<String> refusal = refusal(availableBytes);
        if (refusal.isPresent()) {
            out.accept(refusal.get());
            return List.of();
        }
        boolean isAlone = Runtime.getRuntime().availableProcessors() < 2;
        if (isAlone) {
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
            ServerScenario scenario =
                    new ServerScenario(possible, keys, !isAlone && availableBytes >= TWO_SERVERS_BYTES);
            try {
                return possible.terms().run(scenario::run, ServerScenario::text, out).stream()
                        .sorted(Comparator.comparingInt(
                                result -> plan.allocators().indexOf(result.allocator())))
                        .toList();
            } finally {
                scenario.end();
            }
        }
    }

    /// {@return the reason why `availableBytes` of memory are not enough; empty if they are}
    public static Optional<String> refusal(long availableBytes) {
        return availableBytes >= NEEDED_BYTES
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "server scenario left out: not enough memory: available=%.0f MiB, min=%.0f MiB",
                        availableBytes / MIB,
                        NEEDED_BYTES / MIB));
    }

    private ServerResult run(Plan.Term term) throws IOException, InterruptedException {
        double perSecond = term.isFlatOut() ? 0 : fixedRate(term.setting());
        ServerRun server = next == null ? start(term) : next;
        next = null;
        try {
            ServerResult result = result(term, perSecond, measure(term, perSecond, server));
            if (term.isFlatOut()) {
                rates.putIfAbsent(term.setting(), SHARE * result.requestsPerSecond());
            }
            return result;
        } finally {
            if (next != server) {
                server.close();
            }
        }
    }

    /// Measures a term, and sees that the server of the next term runs, if it may.
    private ServerRun.Measured measure(Plan.Term term, double perSecond, ServerRun server)
            throws IOException, InterruptedException {
        Plan.Timing timing = plan.timing();
        LoadPhase phase = new LoadPhase(
                plan.connections(),
                term.setting().depth(),
                perSecond,
                timing.rampMillis(term.isFlatOut()),
                timing.measuredMillis());
        int following = terms.indexOf(term) + 1;
        boolean isLast = following == terms.size();
        boolean isKept = !isLast && terms.get(following).follows(term);
        server.warmUp(timing);
        ServerRun.Measured measured = server.measure(phase, timing.settleMillis(), () -> {
            if (startsAhead && !isLast && !isKept) {
                startAhead(terms.get(following));
            }
        });
        if (isKept) {
            next = server;
        }
        return measured;
    }

    private ServerRun start(Plan.Term term) throws IOException, InterruptedException {
        Setting setting = term.setting();
        List<String> args =
                List.of("--port=0", "--transport=" + setting.transport().text(), "--allocator=" + term.allocator());
        Optional<Path> file = setting.tls() ? Optional.of(key()) : Optional.empty();
        return ServerRun.start(setting.mode(), args, file, false);
    }

    private void startAhead(Plan.Term term) throws InterruptedException {
        try {
            next = start(term);
        } catch (IOException e) {
            next = null; // the next term tries again and reports the failure, which does not concern this term
        }
    }

    private void end() {
        if (next != null) {
            next.close();
        }
    }

    private Path key() throws IOException {
        Path made = key == null ? Keys.make(keys.path()) : key;
        key = made;
        return made;
    }

    private double fixedRate(Setting setting) throws IOException {
        @Nullable Double rate = rates.get(setting);
        if (rate == null) {
            throw new IOException("no fixed rate: nothing ran at full load");
        }
        return rate;
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
