package io.leasehold.bench.report;

import io.leasehold.bench.report.Comparison.Better;
import io.leasehold.bench.report.Comparison.Case;
import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.result.MemoryResult.Moment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// The comparisons of the memory that an allocator keeps resident.
record MemoryComparisons(Findings findings) {

    /// The id of the comparison that the first tile of the report shows.
    static final String AFTER = "memory-after";

    static final String MOMENT_AFTER = "after";

    /// Resident memory of a JVM varies by this much without an allocator.
    private static final double NOISE_MIB = 8;

    private static final double NOISE_SHARE = 0.03;
    private static final double LITTLE = 1 << 20;

    private static final Map<String, String> TITLES = Map.ofEntries(
            Map.entry("burst4k", "A burst of 1 GiB in buffers of 4 KiB, all released"),
            Map.entry("burst64k", "A burst of 1 GiB in buffers of 64 KiB, all released"),
            Map.entry("survivors256", "A burst of 1 GiB in buffers of 256 B, one in a hundred kept"),
            Map.entry("steadyProxy", "Steady state with the sizes of a WebSocket proxy"),
            Map.entry("steadyGateway", "Steady state with the sizes of an API gateway"),
            Map.entry("threads", "384 threads that have used every size once, and live on"),
            Map.entry("mixedDefault", "24 threads, a burst of 1 GiB in mixed sizes, then light traffic"),
            Map.entry("mixedSecond", "24 threads, two bursts of 1 GiB in mixed sizes, then light traffic"),
            Map.entry("mixedTrickle", "24 threads, a burst of 1 GiB in mixed sizes, then a trickle"),
            Map.entry("mixedSilent", "24 threads, a burst of 1 GiB in mixed sizes, then silence"));

    /// One figure.
    private record Figure(
            String id, String title, String sentence, String unit, Function<MemoryResult, Optional<Double>> of) {}

    private static final List<Figure> FIGURES = List.of(
            new Figure(
                    AFTER,
                    "Resident memory two seconds after",
                    "How much memory is resident two seconds after a burst, or in a steady state? Values are in"
                            + " addition to what was resident before. A JVM varies by 8 MiB by itself.",
                    "MiB",
                    result -> mib(result, MOMENT_AFTER, Moment::residentBytes)),
            later("10s", "ten seconds"),
            later("30s", "thirty seconds"),
            later("60s", "sixty seconds"),
            later("minute", "a minute of silence"),
            new Figure(
                    "memory-fill",
                    "Time to fill a burst",
                    "How long does it take to allocate and write the burst? Memory that was given back has to be asked"
                            + " for again, so this is the price of the figures above.",
                    "ms",
                    result -> Optional.ofNullable(result.fillMillis())),
            new Figure(
                    "memory-peak",
                    "Resident memory at the peak",
                    "How much memory is resident while the whole burst is in use?",
                    "MiB",
                    result -> mib(result, "peak", Moment::residentBytes)),
            new Figure(
                    "memory-per-live",
                    "Resident bytes for each live byte",
                    "How much memory is resident for each byte that is in use after the scenario?",
                    "B per live B",
                    result -> moment(result, MOMENT_AFTER)
                            .filter(moment -> moment.liveBytes() > LITTLE)
                            .map(moment -> (double) moment.residentBytes() / moment.liveBytes())),
            new Figure(
                    "memory-heap",
                    "Java heap",
                    "How much of the Java heap is live after a garbage collection, in addition to before?",
                    "MiB",
                    result -> mib(result, MOMENT_AFTER, Moment::heapBytes)),
            new Figure(
                    "memory-charged",
                    "Memory charged to the control group",
                    "How much memory does the kernel charge, in addition to before?",
                    "MiB",
                    result -> mib(result, MOMENT_AFTER, Moment::chargedBytes).filter(mib -> mib != 0)));

    private static Figure later(String moment, String words) {
        return new Figure(
                "memory-" + moment,
                "Resident memory after " + words,
                "How much memory is still resident after " + words + "?",
                "MiB",
                result -> mib(result, moment, Moment::residentBytes));
    }

    static List<Comparison> of(Findings findings) {
        MemoryComparisons all = new MemoryComparisons(findings);
        return FIGURES.stream().flatMap(all::comparison).toList();
    }

    private Stream<Comparison> comparison(Figure figure) {
        List<Case> cases = scenarios(findings)
                .map(scenario -> Case.of(title(scenario), sides(scenario, figure)))
                .filter(one -> !one.sides().isEmpty())
                .toList();
        return cases.isEmpty()
                ? Stream.empty()
                : Stream.of(new Comparison(
                        figure.id,
                        "memory",
                        figure.title,
                        figure.sentence,
                        figure.unit,
                        Better.LESS,
                        "mvn -Pbench -Dbench=memory",
                        findings.isJudged(),
                        cases));
    }

    private Map<Side, Stat> sides(String scenario, Figure figure) {
        Map<Side, Stat> sides = new LinkedHashMap<>();
        findings.memory().stream()
                .filter(result -> result.scenario().equals(scenario))
                .map(MemoryResult::allocator)
                .distinct()
                .forEach(allocator -> {
                    List<Double> rounds = findings.memory().stream()
                            .filter(result -> result.scenario().equals(scenario)
                                    && result.allocator().equals(allocator))
                            .flatMap(result -> figure.of.apply(result).stream())
                            .toList();
                    if (!rounds.isEmpty()) {
                        sides.put(Side.ofAllocator(allocator), stat(rounds, figure.unit));
                    }
                });
        return sides;
    }

    /// {@return a figure over the rounds} The error of a single reading of resident memory is known.
    private static Stat stat(List<Double> rounds, String unit) {
        if (rounds.size() == 1 && unit.equals("MiB")) {
            double one = rounds.getFirst();
            return Stat.reading(one, Math.max(NOISE_MIB, NOISE_SHARE * Math.abs(one)));
        }
        return Stat.of(rounds);
    }

    static Stream<String> scenarios(Findings findings) {
        return findings.memory().stream().map(MemoryResult::scenario).distinct();
    }

    static String title(String scenario) {
        return TITLES.getOrDefault(scenario, scenario);
    }

    static Optional<Moment> moment(MemoryResult result, String name) {
        return result.moments().stream()
                .filter(moment -> moment.name().equals(name))
                .findFirst();
    }

    private static Optional<Double> mib(MemoryResult result, String name, Function<Moment, Long> bytes) {
        return moment(result, name).map(moment -> Numbers.toMib((double) bytes.apply(moment)));
    }
}
