package io.leasehold.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Checks a written page for missing parts, so that an incomplete report fails its run.
final class Check {

    private static final List<String> SECTIONS = List.of(
            "machine",
            "summary",
            "allocator",
            "page",
            "lease",
            "ring",
            "server",
            "files",
            "memory",
            "growth",
            "targets");
    private static final Pattern FIGURE = Pattern.compile("<figure id=\"([^\"]+)\">(.*?)</figure>", Pattern.DOTALL);
    private static final Pattern CELL = Pattern.compile("<(t[hd]|dd)[^>]*>(.*?)</\\1>", Pattern.DOTALL);
    private static final Pattern NO_VALUE = Pattern.compile("\\s*|.*\\b(NaN|Infinity|null)\\b.*", Pattern.DOTALL);
    private static final Pattern OUTSIDE = Pattern.compile("(src|href)=\"(?!#|data:)[^\"]*\"|url\\(\\s*['\"]?http");
    private static final Pattern DRAWN = Pattern.compile("<(path|rect|line)\\b");

    /// The axes of an empty chart alone have about this many shapes.
    private static final int FEW_SHAPES = 8;

    private Check() {}

    /// {@return one sentence for each fault of `page`}
    static List<String> of(Findings findings, String page) {
        List<String> faults = new ArrayList<>();
        for (String section : SECTIONS) {
            if (!page.contains("id=\"" + section + "\"")) {
                faults.add("the report has no section: " + section);
            }
        }
        for (String chart : charts(findings)) {
            if (!page.contains("<figure id=\"" + chart + "\">")) {
                faults.add("the report has no chart: " + chart);
            }
        }
        for (Matcher figure = FIGURE.matcher(page); figure.find(); ) {
            figure(figure.group(1), figure.group(2), faults);
        }
        for (Matcher cell = CELL.matcher(page); cell.find(); ) {
            if (NO_VALUE.matcher(cell.group(2)).matches()) {
                int start = Math.max(0, cell.start() - 80);
                faults.add("the report has a cell without a value: " + page.substring(start, cell.end()));
            }
        }
        for (Matcher outside = OUTSIDE.matcher(page); outside.find(); ) {
            faults.add("the report refers to an external resource: " + outside.group());
        }
        return faults;
    }

    /// {@return the identifiers of the charts that these findings require}
    static List<String> charts(Findings findings) {
        List<String> charts = new ArrayList<>();
        findings.questions().forEach(question -> charts.add("chart-" + question.id()));
        if (!findings.server().isEmpty()) {
            charts.add("chart-server-cpu");
        }
        for (Load load : findings.loads()) {
            charts.add("chart-resident-" + load.id());
            charts.add(load.fixed() ? "chart-latency-" + load.id() : "chart-server-throughput");
        }
        if (!findings.files().isEmpty()) {
            charts.addAll(List.of("chart-files-throughput", "chart-files-cpu"));
        }
        findings.scenarios().forEach(scenario -> charts.add("chart-memory-" + scenario));
        RingRounds ring = new RingRounds(findings.ring());
        ring.kinds().forEach(kind -> charts.add("chart-ring-" + kind + "-cpu"));
        if (ring.kinds().contains("echo")) {
            charts.add("chart-ring-echo-throughput");
        }
        if (!ring.growing().isEmpty()) {
            charts.add("chart-ring-growth");
        }
        if (!ring.bursting().isEmpty()) {
            charts.add("chart-ring-return");
        }
        findings.growth()
                .forEach(result -> charts.add("chart-growth-" + result.topic().id()));
        return charts.stream().distinct().toList();
    }

    private static void figure(String id, String content, List<String> faults) {
        if (!content.contains("<svg") || !content.contains("aria-label=\"") || !content.contains("<title>")) {
            faults.add("the chart has no image or no text alternative: " + id);
        }
        if (DRAWN.matcher(content).results().count() < FEW_SHAPES) {
            faults.add("the chart is empty: " + id);
        }
    }
}
