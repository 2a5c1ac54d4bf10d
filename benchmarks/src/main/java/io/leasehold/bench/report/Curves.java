package io.leasehold.bench.report;

import io.leasehold.bench.report.Charts.Curve;
import io.leasehold.bench.report.ServerComparisons.Load;
import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.result.MemoryResult.Moment;
import io.leasehold.bench.result.Sample;
import io.leasehold.bench.result.ServerResult;
import io.leasehold.bench.result.ServerResult.Quantile;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The charts with curves, each with a legend that has values.
record Curves(Findings findings) {

    private static final double MILLIS = 1000;
    private static final String MS = "ms";
    private static final int POINTS = 150;
    private static final double FILLED = 0.99;
    private static final double LAST_PERCENT = 99.99;
    private static final List<String> HEADLINES =
            List.of("mixedSilent", "survivors256", "burst4k", "burst64k", "steadyProxy");

    /// A chart.
    ///
    /// @param id name in the anchors of the page
    /// @param unit what the vertical axis shows
    /// @param svg the image
    /// @param legend one entry for each curve
    /// @param caption what it shows, and which direction is better
    record Chart(String id, String unit, String svg, List<Entry> legend, String caption) {}

    /// An entry of a legend.
    record Entry(String color, String text) {}

    /// {@return the charts of a group, in the order of the results}
    List<Chart> of(String group) {
        return switch (group) {
            case "memory" ->
                MemoryComparisons.scenarios(findings)
                        .flatMap(scenario -> memory(scenario).stream())
                        .toList();
            case "server", Comparison.OBSERVE ->
                ServerComparisons.loads(findings)
                        .filter(load -> ServerComparisons.group(findings).equals(group))
                        .flatMap(load -> Stream.of(latency(load), resident(load)))
                        .flatMap(Optional::stream)
                        .toList();
            case "ring" -> returned().stream().toList();
            case "growth" -> findings.growth().stream().map(Curves::growth).toList();
            default -> List.of();
        };
    }

    /// {@return the name of the memory scenario that the first screen shows; empty if there is none}
    Optional<String> headline() {
        return MemoryComparisons.scenarios(findings).min(Comparator.comparingInt(scenario -> {
            int place = HEADLINES.indexOf(scenario);
            return place < 0 ? HEADLINES.size() : place;
        }));
    }

    /// {@return resident memory of the first round of a scenario; time 0 is the end of the burst}
    Optional<Chart> memory(String scenario) {
        String title = MemoryComparisons.title(scenario);
        return overTime(
                "chart-memory-" + scenario,
                "Resident memory, " + title,
                title + ", first round",
                List.of("seconds since the end of the burst", "resident MiB"),
                firsts(scenario).stream().map(Curves::aligned).toList());
    }

    List<MemoryResult> firsts(String scenario) {
        return findings.memory().stream()
                .filter(result -> result.scenario().equals(scenario)
                        && result.round() == 1
                        && !result.curve().isEmpty())
                .toList();
    }

    static Curve aligned(MemoryResult result) {
        Double fill = result.fillMillis();
        double end = fill == null ? peakMillis(result.curve()) : fill;
        return curve(result.allocator(), values(result), result.curve(), 0, end);
    }

    /// {@return the time of the first sample near the peak, for results without the time of the burst}
    private static double peakMillis(List<Sample> curve) {
        long peak = curve.stream().mapToLong(Sample::residentBytes).max().orElse(0);
        return curve.stream()
                .filter(sample -> sample.residentBytes() >= FILLED * peak)
                .mapToLong(Sample::millis)
                .min()
                .orElse(0);
    }

    private static String values(MemoryResult result) {
        Double fill = result.fillMillis();
        return MemoryComparisons.moment(result, MemoryComparisons.MOMENT_AFTER)
                        .map(Moment::residentBytes)
                        .map(bytes -> Numbers.mib((double) bytes) + " MiB after 2 s")
                        .orElse("no value")
                + (fill == null ? "" : ", filled in " + Numbers.figure(fill / MILLIS) + " s");
    }

    private Optional<Chart> latency(Load load) {
        List<Curve> curves = ServerComparisons.allocators(findings).stream()
                .flatMap(allocator ->
                        ServerComparisons.terms(findings, load, allocator).limit(1))
                .filter(term -> !term.latency().isEmpty())
                .map(Curves::latency)
                .toList();
        if (curves.isEmpty()) {
            return Optional.empty();
        }
        String title = "Time to answer over percentile, " + load.title();
        return Optional.of(chart(
                "chart-latency-" + load.id(),
                MS,
                Charts.curves(title, "percent of the requests", true, Curves::percent, curves),
                curves,
                title + ", first round. Lower is better."));
    }

    /// {@return the latency of a term; the axis has a nine for each step of one}
    private static Curve latency(ServerResult term) {
        List<Quantile> shown = term.latency().stream()
                .filter(quantile -> quantile.percent() <= LAST_PERCENT + 1e-9)
                .toList();
        return new Curve(
                Side.ofAllocator(term.allocator()),
                "",
                shown.stream()
                        .map(quantile -> -Math.log10(1 - quantile.percent() / 100))
                        .toList(),
                shown.stream().map(quantile -> quantile.micros() / MILLIS).toList());
    }

    private static String percent(double nines) {
        double percent = 100 - 100 * Math.pow(10, -nines);
        return Math.abs(nines - Math.rint(nines)) > 1e-6 ? " " : Numbers.plain(percent, Math.max(0, (int) nines - 2));
    }

    private Optional<Chart> resident(Load load) {
        List<Curve> curves = ServerComparisons.allocators(findings).stream()
                .flatMap(allocator -> ServerComparisons.terms(findings, load, allocator)
                        .filter(term -> !term.curve().isEmpty())
                        .limit(1)
                        .map(term -> curve(allocator, "", term.curve(), term.baselineBytes(), 0)))
                .toList();
        String title = "Memory of the server, " + load.title();
        return overTime(
                "chart-resident-" + load.id(),
                title,
                title + ", first round",
                List.of("seconds", "MiB above the warm server"),
                curves);
    }

    private Optional<Chart> returned() {
        List<Curve> curves = findings.ring().returns().stream()
                .filter(one -> one.round() == 1)
                .map(one -> curve(one.allocator(), "", one.curve(), 0, 0))
                .toList();
        String title = "Resident memory after a burst of 256 MiB in pages";
        return overTime(
                "chart-ring-return",
                title,
                title + ", first round",
                List.of("seconds since the pages were freed", "resident MiB"),
                curves);
    }

    /// {@return a chart of memory over time; empty if there are no curves}
    ///
    /// @param axes titles of both axes
    private static Optional<Chart> overTime(
            String id, String title, String caption, List<String> axes, List<Curve> curves) {
        if (curves.isEmpty()) {
            return Optional.empty();
        }
        String svg = Charts.curves(title, axes.get(0), false, null, curves);
        return Optional.of(chart(id, axes.get(1), svg, curves, caption + ". Lower is better."));
    }

    private static Chart growth(GrowthResult result) {
        GrowthTopic topic = result.topic();
        List<Curve> curves = result.series().stream()
                .map(series -> new Curve(
                        Side.ofAllocator(series.allocator()),
                        "exponent " + Exponent.text(series.points()),
                        series.points().stream()
                                .map(point -> (double) point.n())
                                .toList(),
                        series.points().stream().map(Point::cost).toList()))
                .toList();
        return chart(
                "chart-growth-" + topic.id(),
                topic.unit(),
                Charts.growth(topic.title(), "N, " + topic.growing(), curves),
                curves,
                topic.title() + ". " + topic.sentence() + " Lower is better; both axes are logarithmic.");
    }

    private static Chart chart(String id, String unit, String svg, List<Curve> curves, String caption) {
        List<Entry> legend = curves.stream()
                .map(curve -> new Entry(
                        curve.side().css(),
                        curve.side().title() + (curve.value().isEmpty() ? "" : ": " + curve.value())))
                .toList();
        return new Chart(id, unit, svg, legend, caption);
    }

    /// {@return a curve with few points, so that the page stays small}
    private static Curve curve(
            String allocator, String value, List<Sample> samples, long baselineBytes, double zeroMillis) {
        int step = Math.max(1, samples.size() / POINTS);
        List<Sample> sampled = IntStream.range(0, samples.size())
                .filter(i -> i % step == 0)
                .mapToObj(samples::get)
                .toList();
        return new Curve(
                Side.ofAllocator(allocator),
                value,
                sampled.stream()
                        .map(sample -> (sample.millis() - zeroMillis) / MILLIS)
                        .toList(),
                sampled.stream()
                        .map(sample -> Numbers.toMib((double) Math.max(0, sample.residentBytes() - baselineBytes)))
                        .toList());
    }
}
