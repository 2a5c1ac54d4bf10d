package io.leasehold.bench.report;

import io.leasehold.bench.report.Comparison.Better;
import io.leasehold.bench.report.Comparison.Case;
import io.leasehold.bench.result.ServerResult;
import io.leasehold.bench.result.ServerResult.Quantile;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// The comparisons of a server under load.
record ServerComparisons(Findings findings) {

    static final String THROUGHPUT = "server-throughput";
    static final String TAIL = "server-p999";

    private static final double MILLIS = 1000;

    /// One kind of load that every allocator served, in each round.
    ///
    /// @param isFixed true if requests were sent at a fixed rate, false if each answer triggered the next request
    record Load(String transport, boolean tls, String mode, int depth, boolean isFixed) {

        static Load of(ServerResult term) {
            return new Load(
                    term.transport(), term.tls(), term.mode(), term.pipelineDepth(), term.targetPerSecond() > 0);
        }

        /// {@return the display name}
        String title() {
            return transport
                    + (tls ? " TLS" : "")
                    + (depth == 1 ? ", no pipelining" : ", " + depth + " pipelined")
                    + (isFixed ? ", fixed rate" : ", flat out")
                    + switch (mode) {
                        case "unsafe" -> ", Unsafe allowed";
                        case "none" -> ", no flag";
                        default -> "";
                    };
        }

        /// {@return the identifier in the page's anchors}
        String id() {
            return "%s-%s-%s-%d-%s".formatted(transport, tls ? "tls" : "plain", mode, depth, isFixed ? "rate" : "max");
        }
    }

    /// One figure of a term; empty if the term does not have it.
    private record Figure(
            String id,
            String title,
            String sentence,
            String unit,
            Better better,
            boolean isTail,
            Function<ServerResult, Optional<Double>> of) {}

    private static final List<Figure> FIGURES = List.of(
            figure(
                    THROUGHPUT,
                    "Throughput at full load",
                    "How many requests does a server answer? An HTTP/1.1 server on Netty has a JVM of its own, another"
                            + " JVM sends requests over loopback. Each round runs the server once with each"
                            + " allocator.",
                    "requests/s",
                    Better.MORE,
                    term -> term.targetPerSecond() > 0 ? Optional.empty() : Optional.of(term.requestsPerSecond())),
            latency(
                    TAIL,
                    99.9,
                    "Time to answer, the slowest in a thousand",
                    "How long does a request take at a fixed rate, 70 % of what the slowest allocator reaches? Time"
                            + " that a request waits to be sent counts. The median of the rounds and their range."),
            latency(
                    "server-p50",
                    50,
                    "Time to answer, the middle",
                    "How long does a request take at the same rate, in half of the cases?"),
            latency(
                    "server-p9999",
                    99.99,
                    "Time to answer, the slowest in ten thousand",
                    "How long does a request take at the same rate, but for one in ten thousand?"),
            figure(
                    "server-cpu",
                    "Processor time",
                    "How much processor time does the process of the server use for one request?",
                    "µs per request",
                    Better.LESS,
                    term -> Optional.of(term.cpuMicrosPerRequest())),
            figure(
                    "server-peak",
                    "Memory at the peak of the load",
                    "How much memory is resident at the peak, in addition to the warm server without traffic?",
                    "MiB",
                    Better.LESS,
                    term -> Optional.of(Numbers.toMib((double) (term.peakBytes() - term.baselineBytes())))),
            figure(
                    "server-after",
                    "Memory two seconds after the load",
                    "How much memory is resident two seconds after the load, in addition to before it?",
                    "MiB",
                    Better.LESS,
                    term -> Optional.of(Numbers.toMib((double) (term.afterBytes() - term.baselineBytes())))),
            figure(
                    "server-held",
                    "Memory by the allocator's own count",
                    "How much memory has the allocator taken from the system at the end of the load?",
                    "MiB",
                    Better.LESS,
                    term -> Optional.of(Numbers.toMib((double) term.heldBytes()))),
            figure(
                    "server-garbage",
                    "Garbage",
                    "How many bytes does the process allocate on the Java heap for one request?",
                    "B per request",
                    Better.LESS,
                    term -> Optional.of(term.garbageBytesPerRequest())),
            figure(
                    "server-collections",
                    "Garbage collections",
                    "How many garbage collections run during the measurement?",
                    "collections",
                    Better.LESS,
                    term -> Optional.of((double) term.collections())),
            figure(
                    "server-wrong",
                    "Wrong answers",
                    "How many answers are missing or wrong?",
                    "answers",
                    Better.LESS,
                    term -> Optional.of((double) term.wrong())));

    private static Figure figure(
            String id,
            String title,
            String sentence,
            String unit,
            Better better,
            Function<ServerResult, Optional<Double>> of) {
        return new Figure(id, title, sentence, unit, better, false, of);
    }

    private static Figure latency(String id, double percent, String title, String sentence) {
        return new Figure(id, title, sentence, "ms", Better.LESS, true, term -> at(term.latency(), percent));
    }

    static List<Comparison> of(Findings findings) {
        ServerComparisons all = new ServerComparisons(findings);
        return FIGURES.stream().flatMap(all::comparison).toList();
    }

    private Stream<Comparison> comparison(Figure figure) {
        List<Case> cases = loads(findings)
                .map(load -> new Case(load.title(), load.mode.equals("native"), sides(load, figure), Map.of()))
                .filter(one -> !one.sides().isEmpty())
                .toList();
        return cases.isEmpty()
                ? Stream.empty()
                : Stream.of(new Comparison(
                        figure.id,
                        "server",
                        figure.title,
                        figure.sentence,
                        figure.unit,
                        figure.better,
                        "mvn -Pbench -Dbench=server",
                        findings.isJudged(),
                        cases));
    }

    private Map<Side, Stat> sides(Load load, Figure figure) {
        Map<Side, Stat> sides = new LinkedHashMap<>();
        for (String allocator : allocators(findings)) {
            List<Double> rounds = terms(findings, load, allocator)
                    .flatMap(term -> figure.of.apply(term).stream())
                    .toList();
            if (!rounds.isEmpty()) {
                sides.put(Side.ofAllocator(allocator), figure.isTail ? Stat.ofTail(rounds) : Stat.of(rounds));
            }
        }
        return sides;
    }

    static Stream<Load> loads(Findings findings) {
        return findings.server().stream().map(Load::of).distinct();
    }

    static List<String> allocators(Findings findings) {
        return findings.server().stream()
                .map(ServerResult::allocator)
                .distinct()
                .toList();
    }

    static Stream<ServerResult> terms(Findings findings, Load load, String allocator) {
        return findings.server().stream()
                .filter(term -> Load.of(term).equals(load) && term.allocator().equals(allocator));
    }

    /// {@return the time in milliseconds within which `percent` of the requests were answered}
    static Optional<Double> at(List<Quantile> latency, double percent) {
        return latency.stream()
                .filter(quantile -> quantile.percent() >= percent - 1e-9)
                .map(quantile -> quantile.micros() / MILLIS)
                .findFirst();
    }
}
