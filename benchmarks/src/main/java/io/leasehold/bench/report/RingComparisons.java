package io.leasehold.bench.report;

import io.leasehold.bench.report.Comparison.Better;
import io.leasehold.bench.report.Comparison.Case;
import io.leasehold.bench.result.RingResult.Growth;
import io.leasehold.bench.result.RingResult.Return;
import io.leasehold.bench.result.RingResult.Traffic;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/// The comparisons of the ring: under traffic, while the pool grows, and after a burst.
record RingComparisons(Findings findings) {

    private static final double GIB = 1 << 30;

    /// A kind of traffic, and the receivers that are comparable under it. By default epoll reads all that is available,
    /// so its echo is compared with large pages.
    private record Kind(String name, String label, Map<String, Side> receivers) {}

    private static final List<Kind> KINDS = List.of(
            new Kind(
                    "sink",
                    "sink, 64 KiB a read",
                    sides(
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
                    sides("leased", "ring", "Netty's ring, 4 KiB pages", "epoll4", "Netty epoll, 4 KiB reads")),
            new Kind("echo", "echo of 1 KiB, 32 in flight, pages of 64 KiB", sides("leased64", "epoll", "Netty epoll")),
            new Kind(
                    "datagrams",
                    "datagrams of 1,400 B in GSO batches",
                    sides("leased", "epollGro", "Netty epoll, GRO", "epoll", "Netty epoll, no GRO")));

    private static Map<String, Side> sides(String ours, String... others) {
        Map<String, Side> sides = new LinkedHashMap<>();
        sides.put(ours, Side.LEASED);
        for (int i = 0; i < others.length; i += 2) {
            sides.put(others[i], Side.other(others[i + 1], i / 2));
        }
        return sides;
    }

    static List<Comparison> of(Findings findings) {
        RingComparisons all = new RingComparisons(findings);
        return Stream.of(
                        all.traffic(
                                "ring-cpu",
                                "Receiving: processor time for a message",
                                "How much processor time does a receiver use for one message? It has one event loop in"
                                        + " a JVM of its own; another JVM sends over loopback and the content is"
                                        + " checked. epoll and Netty's own ring use Netty's adaptive allocator.",
                                "ns per message",
                                Better.LESS,
                                Traffic::cpuNanosPerMessage),
                        all.traffic(
                                "ring-cpu-gib",
                                "Receiving: processor time for a GiB",
                                "How much processor time does a receiver use for one GiB?",
                                "ms per GiB",
                                Better.LESS,
                                Traffic::cpuMillisPerGib),
                        all.traffic(
                                "ring-throughput",
                                "Receiving: messages",
                                "How many messages does a receiver get?",
                                "messages/s",
                                Better.MORE,
                                Traffic::messagesPerSecond),
                        all.traffic(
                                "ring-bytes",
                                "Receiving: bytes",
                                "How many bytes does a receiver get?",
                                "GiB/s",
                                Better.MORE,
                                term -> term.bytes() / GIB / term.seconds()),
                        all.traffic(
                                "ring-read",
                                "Receiving: bytes of a read",
                                "How many bytes does one read deliver?",
                                "B per read",
                                Better.MORE,
                                term -> (double) term.bytes() / term.reads()),
                        all.traffic(
                                "ring-garbage",
                                "Receiving: garbage",
                                "How many bytes does a read allocate on the Java heap?",
                                "B per read",
                                Better.LESS,
                                Traffic::garbagePerRead),
                        all.traffic(
                                "ring-wrong",
                                "Receiving: wrong messages",
                                "How many messages have wrong content?",
                                "messages",
                                Better.LESS,
                                term -> (double) term.wrong()),
                        all.growth(),
                        all.returned())
                .filter(one -> !one.cases().isEmpty())
                .toList();
    }

    private Comparison comparison(
            String id, String title, String sentence, String unit, Better better, List<Case> cases) {
        return new Comparison(
                id,
                "ring",
                title,
                sentence,
                unit,
                better,
                "mvn -Pbench -Dbench=ring",
                findings.isJudged(),
                cases.stream().filter(one -> !one.sides().isEmpty()).toList());
    }

    private Comparison traffic(
            String id, String title, String sentence, String unit, Better better, ToDoubleFunction<Traffic> figure) {
        List<Case> cases = new ArrayList<>();
        for (Kind kind : KINDS) {
            Map<Side, Stat> sides = new LinkedHashMap<>();
            kind.receivers.forEach((receiver, side) -> {
                List<Double> rounds = findings.ring().traffic().stream()
                        .filter(term ->
                                term.kind().equals(kind.name) && term.receiver().equals(receiver))
                        .map(figure::applyAsDouble)
                        .toList();
                if (!rounds.isEmpty()) {
                    sides.put(side, Stat.of(rounds));
                }
            });
            cases.add(Case.of(kind.label, sides));
        }
        return comparison(id, title, sentence, unit, better, cases);
    }

    private Comparison growth() {
        Map<String, ToDoubleFunction<Growth>> figures = new LinkedHashMap<>();
        figures.put("half of the allocations", Growth::medianMicros);
        figures.put("99 % of the allocations", Growth::p99Micros);
        figures.put("99.9 % of the allocations", Growth::p999Micros);
        figures.put("the slowest allocation", Growth::worstMicros);
        List<Case> cases = new ArrayList<>();
        figures.forEach((label, figure) -> cases.add(
                Case.of(label, byAllocator(findings.ring().growth(), Growth::allocator, figure, Stat::ofTail))));
        return comparison(
                "ring-growth",
                "A pool that grows",
                "How long does one allocation take while a pool grows from 64 to 4,096 pages of 64 KiB on an event"
                        + " loop? A page is written to after its allocation; the time of the write is not counted.",
                "µs",
                Better.LESS,
                cases);
    }

    private Comparison returned() {
        List<Case> cases = new ArrayList<>();
        for (long millis : new long[] {200, 500, 1000, 2000}) {
            cases.add(Case.of(
                    Numbers.plain(millis / 1000.0, 1) + " s after",
                    byAllocator(
                            findings.ring().returns(),
                            Return::allocator,
                            one -> 100 * one.returned(millis),
                            Stat::of)));
        }
        return comparison(
                "ring-return",
                "After a burst of pages",
                "How much of the memory was given back after 4,096 pages of 64 KiB were allocated, written and freed at"
                        + " once, if nothing is called afterwards? Trimmed means that trim() was called.",
                "% given back",
                Better.MORE,
                cases);
    }

    private static <T> Map<Side, Stat> byAllocator(
            List<T> all, Function<T, String> allocator, ToDoubleFunction<T> figure, Function<List<Double>, Stat> stat) {
        Map<Side, Stat> sides = new LinkedHashMap<>();
        all.stream()
                .map(allocator)
                .distinct()
                .forEach(name -> sides.put(
                        Side.ofAllocator(name),
                        stat.apply(all.stream()
                                .filter(one -> allocator.apply(one).equals(name))
                                .map(figure::applyAsDouble)
                                .toList())));
        return sides;
    }
}
