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

/// A server and a load generator, each in its own JVM. The server is warmed up once and then measured under one load
/// after another.
///
/// ```text
/// warm-up  pause  baseline  load: ramp, measured, last answers  pause  after  next load
///                           |---------------- curve ----------------|
/// ```
///
/// **Threads.** One thread calls.
final class ServerRun implements AutoCloseable {

    private static final List<String> LOAD_FLAGS =
            List.of("-Xms256m", "-Xmx256m", "-XX:+UseSerialGC", Allocators.NATIVE);

    /// Few connections, so that an allocator has hardly any pooled buffer when the baseline is read.
    private static final int WARM_CONNECTIONS = 4;

    private static final int START_MILLIS = 300_000;
    private static final int ANSWER_MILLIS = 10_000;
    private static final int DRAIN_MILLIS = 30_000;

    private final ChildJvm server; // (C)
    private final ChildJvm load; // (C)
    private boolean isWarm; // (O)
    private long baselineBytes; // (O) resident memory after the warm-up

    private ServerRun(ChildJvm server, ChildJvm load) {
        this.server = server;
        this.load = load;
    }

    /// Work that is done while a server is idle after its load.
    interface Idle {

        /// Does the work.
        ///
        /// @throws IOException if a process does not start
        /// @throws InterruptedException if the caller is interrupted
        void run() throws IOException, InterruptedException;
    }

    /// What was measured.
    ///
    /// @param load of the client
    /// @param before counters of the server when the measured time began
    /// @param after counters of the server when the measured time ended
    /// @param baselineBytes resident memory of the server after the warm-up, before its first load
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

    /// Starts both JVMs and waits for neither.
    ///
    /// @param mode of the server's JVM
    /// @param args of the server ([ServerOptions])
    /// @param keys key file of an encrypted server
    /// @param sendsFiles true if the server sends files instead of bodies
    /// @throws IOException if a process does not start
    static ServerRun start(JvmMode mode, List<String> args, Optional<Path> keys, boolean sendsFiles)
            throws IOException {
        List<String> serverArgs = new ArrayList<>(args);
        List<String> loadArgs = new ArrayList<>();
        keys.ifPresent(file -> {
            serverArgs.add("--keys=" + file);
            loadArgs.add(file.toString());
        });
        if (sendsFiles) {
            loadArgs.add(LoadProcess.FILES);
        }
        ChildJvm server = ChildJvm.start("the server", ServerProcess.class, ServerProcess.flags(mode), serverArgs);
        try {
            return new ServerRun(server, ChildJvm.start("the load generator", LoadProcess.class, LOAD_FLAGS, loadArgs));
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    /// Waits for both JVMs, warms them up, and reads the baseline. Does nothing if that is done.
    ///
    /// @throws IOException if a process fails, with its message
    /// @throws InterruptedException if the caller is interrupted
    void warmUp(Plan.Timing timing) throws IOException, InterruptedException {
        if (isWarm) {
            return;
        }
        String address = server.await("listening on ", START_MILLIS);
        load.tell(address.substring(address.lastIndexOf(':') + 1));
        load.await("ready", START_MILLIS);
        if (timing.warmMillis() > 0) {
            begin(new LoadPhase(WARM_CONNECTIONS, 1, 0, 0, timing.warmMillis()));
            result(timing.warmMillis());
        }
        server.values(ServerValues.class);
        TimeUnit.MILLISECONDS.sleep(timing.pauseMillis());
        baselineBytes = SystemMemory.residentBytes(server.pid());
        isWarm = true;
    }

    /// Measures the warm server under one load.
    ///
    /// @param settleMillis time from the end of the load until resident memory is read
    /// @param idle called when that time begins, and is part of it
    /// @throws IOException if a process fails, with its message, or if nothing was answered
    /// @throws InterruptedException if the caller is interrupted
    Measured measure(LoadPhase phase, long settleMillis, Idle idle) throws IOException, InterruptedException {
        try (ResidentCurve curve = new ResidentCurve(server.pid())) {
            begin(phase);
            load.await("measuring", START_MILLIS + phase.rampMillis());
            ServerValues before = server.values(ServerValues.class);
            load.await("measured", phase.measuredMillis() + ANSWER_MILLIS);
            ServerValues after = server.values(ServerValues.class);
            LoadResult result = result(0);
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(settleMillis);
            idle.run();
            TimeUnit.NANOSECONDS.sleep(end - System.nanoTime());
            long afterBytes = SystemMemory.residentBytes(server.pid());
            if (result.requests() == 0 || after.answers() == before.answers()) {
                throw new IOException("no request was answered during the measurement. " + result.problem());
            }
            return new Measured(result, before, after, baselineBytes, afterBytes, curve.stop());
        }
    }

    private void begin(LoadPhase phase) throws IOException {
        load.tell(ChildJvm.line(phase));
    }

    private LoadResult result(long millis) throws IOException, InterruptedException {
        return load.await("result ", LoadResult.class, millis + DRAIN_MILLIS);
    }

    /// Ends both JVMs, the load generator first.
    @Override
    public void close() {
        load.close();
        server.close();
    }
}
