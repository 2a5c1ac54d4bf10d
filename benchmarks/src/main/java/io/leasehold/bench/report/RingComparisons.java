package io.leasehold.bench.report;

import io.leasehold.bench.report.Figure.Row;
import io.leasehold.bench.result.RingResult.Growth;
import io.leasehold.bench.result.RingResult.Return;
import io.leasehold.bench.result.RingResult.Traffic;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// The comparisons of the ring: under traffic, while the pool grows, and after a burst.
final class RingComparisons {

    private static final String GROUP = "ring";
    private static final double GIB = 1 << 30;

    /// A kind of traffic, and the receivers that are comparable under it. By default epoll reads all that is available,
    /// so its echo is compared with large pages.
    private record Kind(String name, String label, Map<String, Side> receivers) {}

    private static final List<Kind> KINDS = List.of(
            new Kind(
                    "sink",
                    "sink, 64 KiB a read",
                    Side.named(
                            "leased",
                            "ring",
                            "Netty's ring, same depth",
                            "ring64",
                            "Netty's ring, 64 deep",
                            "epoll",
                            "Netty epoll")),
            new Kind(
                    "echo",
                    "echo of 1 KiB, 32 in flight, pages of 4 KiB",
                    Side.named("leased", "ring", "Netty's ring, 4 KiB pages", "epoll4", "Netty epoll, 4 KiB reads")),
            new Kind(
                    "echo",
                    "echo of 1 KiB, 32 in flight, pages of 64 KiB",
                    Side.named("leased64", "epoll", "Netty epoll")),
            new Kind(
                    "datagrams",
                    "datagrams of 1,400 B in GSO batches",
                    Side.named("leased", "epollGro", "Netty epoll, GRO", "epoll", "Netty epoll, no GRO")));

    private static final List<Figure<Traffic>> FIGURES = List.of(
            Figure.of("ring-cpu", Traffic::cpuNanosPerMessage),
            Figure.of("ring-cpu-gib", Traffic::cpuMillisPerGib),
            Figure.of("ring-throughput", Traffic::messagesPerSecond),
            Figure.of("ring-bytes", term -> term.bytes() / GIB / term.seconds()),
            Figure.of("ring-read", term -> (double) term.bytes() / term.reads()),
            Figure.of("ring-garbage", Traffic::garbagePerRead),
            Figure.of("ring-wrong", term -> (double) term.wrong()));

    private static final Figure<Double> GROWTH = new Figure<>("ring-growth", Optional::of, Stat::ofTail);

    private static final Figure<Double> RETURNED = Figure.of("ring-return", Double::doubleValue);

    private RingComparisons() {}

    static List<Comparison> of(Findings findings) {
        List<Row<Traffic>> kinds = KINDS.stream()
                .map(kind -> Row.of(
                        kind.label,
                        findings.ring().traffic().stream()
                                .filter(term -> term.kind().equals(kind.name))
                                .toList(),
                        Traffic::receiver,
                        kind.receivers))
                .toList();
        return Stream.of(
                        FIGURES.stream().map(figure -> figure.compare(findings, GROUP, kinds)),
                        Stream.of(
                                GROWTH.compare(
                                        findings, GROUP, growth(findings.ring().growth())),
                                RETURNED.compare(
                                        findings,
                                        GROUP,
                                        returned(findings.ring().returns()))))
                .flatMap(comparisons -> comparisons)
                .flatMap(Optional::stream)
                .toList();
    }

    private static List<Row<Double>> growth(List<Growth> all) {
        return List.of(
                row("half of the allocations", all, Growth::allocator, Growth::medianMicros),
                row("99 % of the allocations", all, Growth::allocator, Growth::p99Micros),
                row("99.9 % of the allocations", all, Growth::allocator, Growth::p999Micros),
                row("the slowest allocation", all, Growth::allocator, Growth::worstMicros));
    }

    private static List<Row<Double>> returned(List<Return> all) {
        return LongStream.of(200, 500, 1000, 2000)
                .mapToObj(millis -> row(
                        Numbers.plain(millis / 1000.0, 1) + " s after",
                        all,
                        Return::allocator,
                        one -> 100 * one.returned(millis)))
                .toList();
    }

    private static <T> Row<Double> row(
            String label, List<T> all, Function<T, String> allocator, Function<T, Double> figure) {
        Map<Side, List<Double>> sides = new LinkedHashMap<>();
        Row.of(label, all.stream(), allocator)
                .sides()
                .forEach((side, results) ->
                        sides.put(side, results.stream().map(figure).toList()));
        return new Row<>(label, true, sides);
    }
}
