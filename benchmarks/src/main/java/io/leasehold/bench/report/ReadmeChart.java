package io.leasehold.bench.report;

import io.leasehold.bench.report.Charts.Curve;
import io.leasehold.bench.result.MemoryResult;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// The chart that the README shows, in a file of its own: resident memory during and after a burst of which one buffer
/// in a hundred stays in use.
///
/// Its text alternative states what it shows, and a test compares that with the results. The shapes depend on the fonts
/// of the machine.
record ReadmeChart(String svg, String words) {

    private static final String SCENARIO = "survivors256";
    private static final int WIDTH = 520;
    private static final int CHART_HEIGHT = 300;
    private static final int HEIGHT = 350;
    private static final int LEGEND_STEP = 170;

    /// {@return the chart, if the scenario was run}
    static Optional<ReadmeChart> of(Findings findings) {
        List<MemoryResult> results = new Curves(findings).firsts(SCENARIO);
        if (results.isEmpty()) {
            return Optional.empty();
        }
        String title = "Resident memory over time: " + MemoryComparisons.title(SCENARIO);
        String words = title + ". Two seconds after: "
                + results.stream().map(ReadmeChart::after).collect(Collectors.joining(", ")) + ".";
        List<Curve> curves = results.stream().map(Curves::aligned).toList();
        String chart = Charts.curves(title, "seconds since the end of the burst", "resident MiB", false, null, curves);
        return Optional.of(new ReadmeChart(page(chart, curves, words), words));
    }

    private static String after(MemoryResult result) {
        return Side.ofAllocator(result.allocator()).title() + " "
                + MemoryComparisons.moment(result, MemoryComparisons.MOMENT_AFTER)
                        .map(moment -> Numbers.mib((double) moment.residentBytes()))
                        .orElse("unknown")
                + " MiB";
    }

    /// Draws the chart on white and adds a legend, because README viewers do not apply our style sheet.
    private static String page(String chart, List<Curve> curves, String words) {
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%1$d\" height=\"%2$d\""
                        + " role=\"img\" color=\"#222\"><desc>%s</desc><rect width=\"100%%\" height=\"100%%\""
                        + " fill=\"#fff\"/>",
                WIDTH,
                HEIGHT,
                Charts.escape(words)));
        svg.append(chart.replaceFirst("<svg ", "<svg width=\"" + WIDTH + "\" height=\"" + CHART_HEIGHT + "\" "));
        int x = 10;
        for (Curve curve : curves) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<rect x=\"%d\" y=\"322\" width=\"14\" height=\"14\" fill=\"%s\"/><text x=\"%d\" y=\"334\""
                            + " font-family=\"sans-serif\" font-size=\"15\" fill=\"#222\">%s</text>",
                    x,
                    curve.side().css(),
                    x + 20,
                    Charts.escape(curve.side().title())));
            x += LEGEND_STEP;
        }
        return svg.append("</svg>\n").toString();
    }
}
