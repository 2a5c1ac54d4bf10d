package io.leasehold.bench.report;

import io.leasehold.bench.report.Charts.Curve;
import io.leasehold.bench.report.Curves.Entry;
import io.leasehold.bench.result.MemoryResult;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// The chart that the README shows, in a file of its own: resident memory during and after a burst of which one buffer
/// in a hundred stays in use.
///
/// Its text alternative states what it shows, and a test compares that with the results. The shapes depend on the fonts
/// of the machine. The template `resident.peb` draws it on white with a legend, because README viewers do not apply our
/// style sheet.
///
/// @param words the text alternative
/// @param unit what the vertical axis shows
/// @param image the chart without its legend
/// @param legend one entry for each curve
record ReadmeChart(String words, String unit, String image, List<Entry> legend) {

    private static final String UNIT = "resident MiB";
    private static final String SCENARIO = "survivors256";

    /// {@return the chart, if the scenario was run}
    static Optional<ReadmeChart> of(Findings findings) {
        List<MemoryResult> results = new Curves(findings).firsts(SCENARIO);
        if (results.isEmpty()) {
            return Optional.empty();
        }
        String title = "Resident memory over time: " + MemoryComparisons.title(SCENARIO);
        boolean isFirst = findings.memory().stream().anyMatch(result -> result.round() > 1);
        String words = title + ". Two seconds after" + (isFirst ? ", first round: " : ": ")
                + results.stream().map(ReadmeChart::after).collect(Collectors.joining(", ")) + ".";
        List<Curve> curves = results.stream().map(Curves::aligned).toList();
        String image = Charts.curves(title, "seconds since the end of the burst", false, null, curves);
        return Optional.of(new ReadmeChart(
                words,
                UNIT + ", lower is better",
                image.replaceFirst("<svg ", "<svg y=\"30\" width=\"520\" height=\"300\" "),
                curves.stream()
                        .map(curve -> new Entry(curve.side().css(), curve.side().title()))
                        .toList()));
    }

    private static String after(MemoryResult result) {
        return Side.ofAllocator(result.allocator()).title() + " "
                + MemoryComparisons.moment(result, MemoryComparisons.MOMENT_AFTER)
                        .map(moment -> Numbers.mib((double) moment.residentBytes()))
                        .orElse("unknown")
                + " MiB";
    }
}
