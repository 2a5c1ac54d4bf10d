package io.leasehold.bench.report;

import io.leasehold.bench.report.Figure.Row;
import io.leasehold.bench.result.ServerResult;
import io.leasehold.bench.result.ServerResult.Quantile;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The comparisons of a server under load.
final class ServerComparisons {

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

    private static final List<Figure<ServerResult>> FIGURES = List.of(
            new Figure<>(
                    THROUGHPUT,
                    term -> term.targetPerSecond() > 0 ? Optional.empty() : Optional.of(term.requestsPerSecond()),
                    Stat::of),
            latency(TAIL, 99.9),
            latency("server-p50", 50),
            latency("server-p9999", 99.99),
            Figure.of("server-cpu", ServerResult::cpuMicrosPerRequest),
            Figure.of("server-peak", term -> Numbers.toMib((double) (term.peakBytes() - term.baselineBytes()))),
            Figure.of("server-after", term -> Numbers.toMib((double) (term.afterBytes() - term.baselineBytes()))),
            Figure.of("server-held", term -> Numbers.toMib((double) term.heldBytes())),
            Figure.of("server-garbage", ServerResult::garbageBytesPerRequest),
            Figure.of("server-collections", term -> (double) term.collections()),
            Figure.of("server-wrong", term -> (double) term.wrong()));

    private static Figure<ServerResult> latency(String id, double percent) {
        return new Figure<>(id, term -> at(term.latency(), percent), Stat::ofTail);
    }

    private ServerComparisons() {}

    static List<Comparison> of(Findings findings) {
        List<Row<ServerResult>> rows = loads(findings)
                .map(load -> {
                    Row<ServerResult> row = Row.of(
                            load.title(),
                            findings.server().stream()
                                    .filter(term -> Load.of(term).equals(load)),
                            ServerResult::allocator);
                    return new Row<>(row.label(), load.mode.equals("native"), row.sides());
                })
                .toList();
        return FIGURES.stream()
                .flatMap(figure -> figure.compare(findings, group(findings), rows).stream())
                .toList();
    }

    /// {@return the group that ran the servers}
    static String group(Findings findings) {
        return allocators(findings).contains("observed") ? Comparison.OBSERVE : "server";
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
