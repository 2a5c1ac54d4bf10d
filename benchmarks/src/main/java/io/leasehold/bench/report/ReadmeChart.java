package io.leasehold.bench.report;

import io.leasehold.bench.report.Charts.Curve;
import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.result.MemoryResult.Moment;
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
    private static final String MOMENT = "after";
    private static final int WIDTH = 520;
    private static final int CHART_HEIGHT = 300;
    private static final int HEIGHT = 350;
    private static final int LEGEND_STEP = 170;

    /// {@return the chart, if the scenario was run with every allocator}
    static Optional<ReadmeChart> of(Findings findings) {
        List<MemoryResult> results = findings.memory().stream()
                .filter(result -> result.scenario().equals(SCENARIO))
                .toList();
        if (results.isEmpty()) {
            return Optional.empty();
        }
        String title = "Resident memory over time: " + MemorySection.title(SCENARIO);
        String words = title + ". Two seconds after: "
                + results.stream().map(ReadmeChart::after).collect(Collectors.joining(", ")) + ".";
        List<Curve> curves = results.stream()
                .map(result -> MemorySection.curve(Side.ofAllocator(result.allocator()), result.curve(), 0))
                .toList();
        return Optional.of(new ReadmeChart(
                page(Charts.curves(title, "seconds", "resident MiB", false, null, curves), curves, words), words));
    }

    /// {@return the state of an allocator two seconds after the burst}
    static Optional<Moment> moment(MemoryResult result) {
        return result.moments().stream()
                .filter(moment -> moment.name().equals(MOMENT))
                .findFirst();
    }

    private static String after(MemoryResult result) {
        return Side.ofAllocator(result.allocator()).title() + " "
                + moment(result)
                        .map(moment -> Numbers.mib((double) moment.residentBytes()))
                        .orElse("unknown") + " MiB";
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
                Html.escape(words)));
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
                    Html.escape(curve.name())));
            x += LEGEND_STEP;
        }
        return svg.append("</svg>\n").toString();
    }
}
