package io.leasehold.bench.report;

import io.leasehold.bench.report.Figure.Row;
import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.result.MemoryResult.Moment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// The comparisons of the memory that an allocator keeps resident.
final class MemoryComparisons {

    /// The id of the comparison that the first tile of the report shows.
    static final String AFTER = "memory-after";

    static final String MOMENT_AFTER = "after";

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

    private static final List<Figure<MemoryResult>> FIGURES = List.of(
            reading(AFTER, result -> mib(result, MOMENT_AFTER, Moment::residentBytes)),
            later("10s"),
            later("30s"),
            later("60s"),
            later("minute"),
            new Figure<>("memory-fill", result -> Optional.ofNullable(result.fillMillis()), Stat::of),
            reading("memory-peak", result -> mib(result, "peak", Moment::residentBytes)),
            new Figure<>(
                    "memory-per-live",
                    result -> moment(result, MOMENT_AFTER)
                            .filter(moment -> moment.liveBytes() > LITTLE)
                            .map(moment -> (double) moment.residentBytes() / moment.liveBytes()),
                    Stat::of),
            reading("memory-heap", result -> mib(result, MOMENT_AFTER, Moment::heapBytes)),
            reading(
                    "memory-charged",
                    result -> mib(result, MOMENT_AFTER, Moment::chargedBytes).filter(mib -> mib != 0)));

    private static Figure<MemoryResult> later(String moment) {
        return reading("memory-" + moment, result -> mib(result, moment, Moment::residentBytes));
    }

    private static Figure<MemoryResult> reading(String id, Function<MemoryResult, Optional<Double>> of) {
        return new Figure<>(id, of, Stat::of);
    }

    private MemoryComparisons() {}

    static List<Comparison> of(Findings findings) {
        List<Row<MemoryResult>> rows = scenarios(findings)
                .map(scenario -> Row.of(
                        title(scenario),
                        findings.memory().stream()
                                .filter(result -> result.scenario().equals(scenario)),
                        MemoryResult::allocator))
                .toList();
        return FIGURES.stream()
                .flatMap(figure -> figure.compare(findings, "memory", rows).stream())
                .toList();
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
