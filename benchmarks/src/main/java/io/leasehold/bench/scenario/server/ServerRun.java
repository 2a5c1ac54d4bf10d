package io.leasehold.bench.scenario.server;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.process.ResidentCurve;
import io.leasehold.bench.process.SystemMemory;
import io.leasehold.bench.result.Sample;
import io.leasehold.bench.scenario.load.LoadPhase;
import io.leasehold.bench.scenario.load.LoadProcess;
import io.leasehold.bench.scenario.load.LoadResult;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.JvmMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Runs one server under one load: starts both, and ends both.
///
/// ```text
/// warm-up  pause  baseline  load: ramp, measured, last answers  pause  after
///                           |---------------- curve ----------------|
/// ```
///
/// @param mode of the server's JVM
/// @param args of the server ([ServerOptions])
/// @param keys key file of an encrypted server
/// @param sendsFiles true if the server sends files instead of bodies
/// @param timing of the parts
record ServerRun(JvmMode mode, List<String> args, Optional<Path> keys, boolean sendsFiles, Plan.Timing timing) {

    private static final List<String> SERVER_FLAGS =
            List.of(Allocators.MIN_HEAP, Allocators.MAX_HEAP, "-XX:+AlwaysPreTouch", "-XX:+UseG1GC");
    private static final List<String> LOAD_FLAGS =
            List.of("-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", Allocators.NATIVE);

    /// Few connections, so that an allocator has hardly any pooled buffer when the baseline is read.
    private static final int WARM_CONNECTIONS = 4;

    private static final int START_MILLIS = 300_000;
    private static final int ANSWER_MILLIS = 10_000;
    private static final int DRAIN_MILLIS = 30_000;

    /// What was measured.
    ///
    /// @param load of the client
    /// @param before counters of the server when the measured time began
    /// @param after counters of the server when the measured time ended
    /// @param baselineBytes resident memory of the server after the warm-up, without traffic
    /// @param afterBytes resident memory of the server after the load and a pause
    /// @param curve resident memory of the server since the start of the load
    record Measured(
            LoadResult load,
            ServerValues before,
            ServerValues after,
            long baselineBytes,
            long afterBytes,
            List<Sample> curve) {

        long peakBytes() {
            return curve.stream().mapToLong(Sample::residentBytes).max().orElse(0);
        }

        long cpuNanos() {
            return after.cpuNanos() - before.cpuNanos();
        }
    }

    /// Runs the server and a phase of load after a warm-up.
    ///
    /// @throws IOException if a process fails, with its message, or if nothing was answered
    /// @throws InterruptedException if the caller is interrupted
    Measured measure(LoadPhase phase) throws IOException, InterruptedException {
        List<String> flags =
                Stream.concat(SERVER_FLAGS.stream(), mode.flags().stream()).toList();
        List<String> serverArgs = new ArrayList<>(args);
        keys.ifPresent(file -> serverArgs.add("--keys=" + file));
        try (ChildJvm server = ChildJvm.start("the server", ServerProcess.class, flags, serverArgs)) {
            String address = server.await("listening on ", START_MILLIS);
            List<String> loadArgs = new ArrayList<>(List.of(address.substring(address.lastIndexOf(':') + 1)));
            keys.ifPresent(file -> loadArgs.add(file.toString()));
            if (sendsFiles) {
                loadArgs.add(LoadProcess.FILES);
            }
            try (ChildJvm load = ChildJvm.start("the load generator", LoadProcess.class, LOAD_FLAGS, loadArgs)) {
                load.await("ready", START_MILLIS);
                return measure(phase, server, load);
            }
        }
    }

    private Measured measure(LoadPhase phase, ChildJvm server, ChildJvm load) throws IOException, InterruptedException {
        if (timing.warmMillis() > 0) {
            begin(load, new LoadPhase(WARM_CONNECTIONS, 1, 0, 0, timing.warmMillis()));
            result(load, timing.warmMillis());
        }
        server.values(ServerValues.class);
        TimeUnit.MILLISECONDS.sleep(timing.pauseMillis());
        long baselineBytes = SystemMemory.residentBytes(server.pid());
        try (ResidentCurve curve = new ResidentCurve(server.pid())) {
            begin(load, phase);
            load.await("measuring", START_MILLIS + phase.rampMillis());
            ServerValues before = server.values(ServerValues.class);
            load.await("measured", phase.measuredMillis() + ANSWER_MILLIS);
            ServerValues after = server.values(ServerValues.class);
            LoadResult result = result(load, 0);
            TimeUnit.MILLISECONDS.sleep(timing.settleMillis());
            long afterBytes = SystemMemory.residentBytes(server.pid());
            if (result.requests() == 0 || after.answers() == before.answers()) {
                throw new IOException("no request was answered during the measurement. " + result.problem());
            }
            return new Measured(result, before, after, baselineBytes, afterBytes, curve.stop());
        }
    }

    private static void begin(ChildJvm load, LoadPhase phase) throws IOException {
        load.tell(ChildJvm.line(phase));
    }

    private static LoadResult result(ChildJvm load, long millis) throws IOException, InterruptedException {
        return load.await("result ", LoadResult.class, millis + DRAIN_MILLIS);
    }
}
