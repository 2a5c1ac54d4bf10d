package io.leasehold.bench.scenario.wrk;

import io.leasehold.bench.process.SystemMemory;
import io.leasehold.bench.process.Terms;
import io.leasehold.bench.result.StaticResult;
import io.leasehold.bench.scenario.load.Content;
import io.leasehold.bench.scenario.load.TempFolder;
import io.leasehold.bench.scenario.server.ServerScenario;
import io.leasehold.bench.scenario.wrk.StaticPlan.Term;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Compares servers of static files under `wrk`.
///
/// A term that fails is reported and left out of the results. No process and no file remains, however the scenario
/// ends.
///
/// @param plan what runs
/// @param programs of the machine
public record StaticScenario(StaticPlan plan, Programs programs) {

    private static final int LIMIT_MILLIS = 10_000;

    /// {@return the expected duration in seconds}
    public long expectedSeconds() {
        return programs.wrk().isPresent() ? terms().expectedSeconds() : 0;
    }

    Terms<Term> terms() {
        return plan.terms(Stream.of(StaticSide.values())
                .filter(side -> side.isJvm() || programs.nginx().isPresent())
                .toList());
    }

    /// Runs the parts that this machine supports.
    ///
    /// @param out receives lines that say what runs, what is missing, and what was measured
    /// @return one result for each file and each server that succeeded; may be empty
    /// @throws IOException if the files cannot be written, or every term failed
    /// @throws InterruptedException if the caller is interrupted; the processes have ended by then
    public List<StaticResult> run(Consumer<String> out) throws IOException, InterruptedException {
        programs.missing().ifPresent(out);
        Optional<String> refusal = ServerScenario.refusal(SystemMemory.availableBytes());
        if (programs.wrk().isEmpty() || refusal.isPresent()) {
            refusal.ifPresent(out);
            return List.of();
        }
        Wrk wrk = new Wrk(programs.wrk().get());
        try (TempFolder root = new TempFolder();
                TempFolder own = new TempFolder()) {
            for (int byteSize : StaticPlan.BYTE_SIZES) {
                Files.write(root.path().resolve(name(byteSize)), Content.bytes(byteSize, byteSize));
            }
            return terms().run(term -> run(term, wrk, root.path(), own.path()), StaticScenario::text, out).stream()
                    .flatMap(List::stream)
                    .toList();
        }
    }

    private List<StaticResult> run(Term term, Wrk wrk, Path root, Path own) throws IOException, InterruptedException {
        try (StaticServer server = start(term.side(), root, own)) {
            int port = server.port();
            String software = "";
            for (int byteSize : StaticPlan.BYTE_SIZES) {
                software = check(port, byteSize);
            }
            for (int byteSize : StaticPlan.BYTE_SIZES) {
                wrk.run(port, name(byteSize), plan.warmSeconds(term.side()));
            }
            List<StaticResult> results = new ArrayList<>();
            for (int byteSize : StaticPlan.BYTE_SIZES) {
                long before = server.cpuNanos();
                WrkOutput load = wrk.run(port, name(byteSize), plan.measuredSeconds());
                results.add(new StaticResult(
                        term.round(),
                        byteSize,
                        term.side().text(),
                        software,
                        load.requests(),
                        load.perSecond(),
                        load.p99Micros(),
                        load.wrong(),
                        server.cpuNanos() - before));
            }
            return results;
        }
    }

    /// @param own folder for nginx
    private StaticServer start(StaticSide side, Path root, Path own) throws IOException {
        return side.isJvm()
                ? NettyServer.start(side, root)
                : Nginx.start(programs.nginx().orElseThrow(), root, own);
    }

    private static String name(int byteSize) {
        return byteSize + ".bin";
    }

    /// Checks that a server sends a file, because `wrk` does not look at the content.
    ///
    /// @return what the server calls itself; empty if it does not say
    private static String check(int port, int byteSize) throws IOException {
        URI uri = URI.create("http://127.0.0.1:" + port + "/" + name(byteSize));
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        try {
            connection.setConnectTimeout(LIMIT_MILLIS);
            connection.setReadTimeout(LIMIT_MILLIS);
            if (!Arrays.equals(connection.getInputStream().readAllBytes(), Content.bytes(byteSize, byteSize))) {
                throw new IOException("the server sent other content: file=" + name(byteSize));
            }
            return Objects.requireNonNullElse(connection.getHeaderField("Server"), "");
        } finally {
            connection.disconnect();
        }
    }

    private static String text(List<StaticResult> results) {
        return results.stream()
                .map(result -> String.format(
                        Locale.ROOT,
                        "%,d KiB: %,.0f requests/s, 99 %% in %.2f ms, %.1f us of processor time per request, %d wrong",
                        result.byteSize() >> 10,
                        result.perSecond(),
                        result.p99Micros() / 1e3,
                        result.cpuMicrosPerRequest(),
                        result.wrong()))
                .collect(Collectors.joining("; "));
    }
}
