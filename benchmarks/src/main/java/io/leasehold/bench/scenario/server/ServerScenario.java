package io.leasehold.bench.scenario.server;

import io.leasehold.bench.process.AvailableMemory;
import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.result.ServerResult;
import io.leasehold.bench.scenario.load.Keys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

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

    private final Consumer<String> out; // (C)
    private final List<ServerResult> results = new ArrayList<>(); // (O)
    private volatile boolean isEnding; // (A) set when this JVM ends

    private ServerScenario(Consumer<String> out) {
        this.out = out;
    }

    /// Runs the parts of a plan that this machine supports.
    ///
    /// @param out receives lines: what runs, how much time is left, the results, and what is not supported
    /// @return the terms that succeeded, in the order in which they ran; may be empty
    /// @throws InterruptedException if the caller is interrupted; the processes have ended by then
    public static List<ServerResult> run(Plan plan, Consumer<String> out) throws InterruptedException {
        Optional<String> refusal = refusal(AvailableMemory.bytes());
        if (refusal.isPresent()) {
            out.accept(refusal.get());
            return List.of();
        }
        if (Runtime.getRuntime().availableProcessors() < 2) {
            out.accept(
                    "server and load generator share the only processor," + " so throughput and latency include both");
        }
        Plan possible = plan;
        Optional<String> noEpoll = Transport.EPOLL.missing();
        if (noEpoll.isPresent()
                && plan.settings().stream().anyMatch(setting -> setting.transport() == Transport.EPOLL)) {
            out.accept("epoll is not available, so the servers only use NIO: " + noEpoll.get());
            possible = plan.without(Transport.EPOLL);
        }
        if (isTaken(plan.port())) {
            out.accept("port is in use, so the servers use a free port: address=127.0.0.1:" + plan.port());
            possible = possible.listeningOn(0);
        }
        ServerScenario scenario = new ServerScenario(out);
        Thread hook = new Thread(scenario::end, "end of servers");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            scenario.runTerms(possible);
            return List.copyOf(scenario.results);
        } finally {
            scenario.end();
            removeHook(hook);
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

    private void end() {
        isEnding = true;
        ChildJvm.endAll();
    }

    private void runTerms(Plan plan) throws InterruptedException {
        List<Plan.Term> terms = plan.terms();
        long start = System.nanoTime();
        try (KeyFile keys = new KeyFile()) {
            for (int i = 0; i < terms.size() && !isEnding; i++) {
                Plan.Term term = terms.get(i);
                double seconds = plan.timing().termMillis(term.isFlatOut()) / 1e3;
                if (i > 0) {
                    seconds = (System.nanoTime() - start) / 1e9 / i;
                }
                out.accept(String.format(
                        Locale.ROOT,
                        "server %d of %d, about %.0f s left: %s",
                        i + 1,
                        terms.size(),
                        seconds * (terms.size() - i),
                        term.text()));
                runTerm(plan, term, keys);
            }
        }
    }

    private void runTerm(Plan plan, Plan.Term term, KeyFile keys) throws InterruptedException {
        try {
            double perSecond = term.isFlatOut() ? 0 : fixedRate(plan, term.setting());
            Optional<Path> file = term.setting().tls() ? Optional.of(keys.path()) : Optional.empty();
            ServerResult result = new TermRun(plan, file, plan.port()).run(term, perSecond);
            results.add(result);
            out.accept(text(result));
        } catch (IOException | RuntimeException e) {
            if (!isEnding) {
                out.accept("  failed and left out: " + e.getMessage());
            }
        }
    }

    private double fixedRate(Plan plan, Setting setting) throws IOException {
        double slowest = plan.allocators().stream()
                .mapToDouble(allocator -> results.stream()
                        .filter(result -> result.targetPerSecond() == 0
                                && result.transport().equals(setting.transport().text())
                                && result.tls() == setting.tls()
                                && result.mode().equals(setting.mode().text())
                                && result.pipelineDepth() == setting.depth()
                                && result.allocator().equals(allocator))
                        .mapToDouble(ServerResult::requestsPerSecond)
                        .average()
                        .orElse(Double.MAX_VALUE))
                .min()
                .orElse(Double.MAX_VALUE);
        if (slowest == Double.MAX_VALUE) {
            throw new IOException("no fixed rate: nothing ran at full load");
        }
        return SHARE * slowest;
    }

    private static String text(ServerResult result) {
        String latency = result.latency().stream()
                .filter(quantile -> quantile.percent() == 99.9)
                .map(quantile -> String.format(Locale.ROOT, ", 99.9 %% in %.1f ms", quantile.micros() / 1e3))
                .findFirst()
                .orElse("");
        return String.format(
                Locale.ROOT,
                "  %,.0f requests/s%s, %.1f us of processor time per request (%.0f %% of one processor),"
                        + " %+.0f MiB at the peak, %+.0f MiB after, %d wrong",
                result.requestsPerSecond(),
                latency,
                result.cpuMicrosPerRequest(),
                result.cpuMicrosPerRequest() * result.requestsPerSecond() / 1e4,
                (result.peakBytes() - result.baselineBytes()) / MIB,
                (result.afterBytes() - result.baselineBytes()) / MIB,
                result.wrong());
    }

    private static boolean isTaken(int port) {
        if (port == 0) {
            return false;
        }
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort() != port;
        } catch (IOException e) {
            return true;
        }
    }

    static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            hook.setName("end of servers, running"); // the JVM is ending, so the hook already runs
        }
    }

    /// A key file that is made when it is first needed, and deleted at the end.
    static final class KeyFile implements AutoCloseable {

        private Optional<Path> file = Optional.empty();

        Path path() throws IOException, InterruptedException {
            if (file.isEmpty()) {
                file = Optional.of(Keys.make());
            }
            return file.get();
        }

        @Override
        public void close() {
            file.ifPresent(Keys::delete);
        }
    }
}
