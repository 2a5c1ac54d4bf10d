package io.leasehold.bench.report;

import io.leasehold.bench.report.Charts.Curve;
import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.result.MemoryResult.Moment;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// The one chart that the README shows, as a file of its own: what is resident in and after a burst of which one buffer
/// in a hundred lives on.
///
/// Its words say what it shows, and are compared with the results by a test; the strokes depend on the machine's fonts.
record Picture(String svg, String words) {

    private static final String SCENARIO = "survivors256";
    private static final String MOMENT = "after";
    private static final int WIDTH = 520;
    private static final int CHART_HEIGHT = 300;
    private static final int HEIGHT = 350;
    private static final int LEGEND_STEP = 170;

    /// {@return the picture, if the scenario was run with every allocator}
    static Optional<Picture> of(Findings findings) {
        List<MemoryResult> results = findings.memory().stream()
                .filter(result -> result.scenario().equals(SCENARIO))
                .toList();
        if (results.isEmpty()) {
            return Optional.empty();
        }
        String title = "Resident memory over time: " + MemorySection.title(SCENARIO);
        String words = title + ". Two seconds after: "
                + results.stream().map(Picture::after).collect(Collectors.joining(", ")) + ".";
        List<Curve> curves = results.stream()
                .map(result -> MemorySection.curve(Side.ofAllocator(result.allocator()), result.curve(), 0))
                .toList();
        return Optional.of(new Picture(
                page(Charts.curves(title, "seconds", "resident MiB", false, null, curves), curves, words), words));
    }

    /// {@return what an allocator holds two seconds after the burst}
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

    /// Puts the chart on white, with a legend: what shows it knows neither our colours nor our style sheet.
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
