package io.leasehold.bench.scenario.server;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.process.ResidentCurve;
import io.leasehold.bench.result.Sample;
import io.leasehold.bench.result.ServerResult;
import io.leasehold.bench.scenario.load.LoadPhase;
import io.leasehold.bench.scenario.load.LoadProcess;
import io.leasehold.bench.scenario.load.LoadResult;
import io.leasehold.bench.subject.Allocators;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// Runs one term: starts its server and its load generator, and ends both.
///
/// ```text
/// warm-up  pause  baseline  load: ramp, measured, last answers  pause  after
///                           |---------------- curve ----------------|
/// ```
///
/// @param plan of the term
/// @param keys key file of an encrypted server
/// @param port that the server listens on; 0 for any
record TermRun(Plan plan, Optional<Path> keys, int port) {

    static final List<String> SERVER_FLAGS =
            List.of(Allocators.MIN_HEAP, Allocators.MAX_HEAP, "-XX:+AlwaysPreTouch", "-XX:+UseG1GC");
    static final List<String> LOAD_FLAGS = List.of("-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", Allocators.NATIVE);

    /// Few connections, so that an allocator has hardly any pooled buffer when the baseline is read.
    static final int WARM_CONNECTIONS = 4;

    static final int START_MILLIS = 60_000;
    static final int ANSWER_MILLIS = 10_000;
    private static final int DRAIN_MILLIS = 30_000;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /// Runs the term.
    ///
    /// @param perSecond the fixed rate; 0 for full load
    /// @throws IOException if a process fails, with its message
    ServerResult run(Plan.Term term, double perSecond) throws IOException, InterruptedException {
        try (ChildJvm server = startServer(term)) {
            String address = server.await("listening on ", START_MILLIS);
            List<String> args = new ArrayList<>(List.of(address.substring(address.lastIndexOf(':') + 1)));
            keys.ifPresent(file -> args.add(file.toString()));
            try (ChildJvm load = ChildJvm.start("the load generator", LoadProcess.class, LOAD_FLAGS, args)) {
                load.await("ready", START_MILLIS);
                return run(term, perSecond, server, load);
            }
        }
    }

    private ChildJvm startServer(Plan.Term term) throws IOException {
        List<String> flags = new ArrayList<>(SERVER_FLAGS);
        flags.addAll(term.setting().mode().flags());
        List<String> args = new ArrayList<>(List.of(
                "--port=" + port,
                "--transport=" + term.setting().transport().text(),
                "--allocator=" + term.allocator()));
        keys.ifPresent(file -> args.add("--keys=" + file));
        return ChildJvm.start("the server", ServerProcess.class, flags, args);
    }

    private ServerResult run(Plan.Term term, double perSecond, ChildJvm server, ChildJvm load)
            throws IOException, InterruptedException {
        Plan.Timing timing = plan.timing();
        long rampMillis = timing.rampMillis(term.isFlatOut());
        if (timing.warmMillis() > 0) {
            load.tell("run " + new LoadPhase(WARM_CONNECTIONS, 1, 0, 0, timing.warmMillis()).line());
            result(load, timing.warmMillis());
        }
        values(server);
        TimeUnit.MILLISECONDS.sleep(timing.pauseMillis());
        long baselineBytes = ResidentCurve.residentBytes(server.pid());
        try (ResidentCurve curve = new ResidentCurve(server.pid())) {
            LoadPhase phase = new LoadPhase(
                    plan.connections(), term.setting().depth(), perSecond, rampMillis, timing.measuredMillis());
            load.tell("run " + phase.line());
            load.await("measuring", START_MILLIS + rampMillis);
            ServerValues before = values(server);
            load.await("measured", timing.measuredMillis() + ANSWER_MILLIS);
            ServerValues after = values(server);
            LoadResult result = result(load, 0);
            TimeUnit.MILLISECONDS.sleep(timing.settleMillis());
            long afterBytes = ResidentCurve.residentBytes(server.pid());
            if (result.requests() == 0 || after.answers() == before.answers()) {
                throw new IOException("no request was answered during the measurement. " + result.problem());
            }
            return result(term, perSecond, result, before, after, baselineBytes, afterBytes, curve.stop());
        }
    }

    static ServerValues values(ChildJvm server) throws IOException, InterruptedException {
        server.tell("values");
        return ServerValues.parse(server.await("values ", ANSWER_MILLIS));
    }

    static LoadResult result(ChildJvm load, long millis) throws IOException, InterruptedException {
        return JSON.readValue(load.await("result ", millis + DRAIN_MILLIS), LoadResult.class);
    }

    private static ServerResult result(
            Plan.Term term,
            double perSecond,
            LoadResult load,
            ServerValues before,
            ServerValues after,
            long baselineBytes,
            long afterBytes,
            List<Sample> curve) {
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
                load.requests(),
                load.wrong(),
                load.seconds(),
                load.latency(),
                (after.cpuNanos() - before.cpuNanos()) / 1e3 / answers,
                baselineBytes,
                curve.stream().mapToLong(Sample::residentBytes).max().orElse(0),
                afterBytes,
                after.heldBytes(),
                curve,
                after.collections() - before.collections(),
                (after.garbageBytes() - before.garbageBytes()) / answers);
    }
}
