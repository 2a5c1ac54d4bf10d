package io.leasehold.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Checks a written page for missing parts, so that an incomplete report fails its run.
final class Check {

    private static final Pattern FIGURE = Pattern.compile("<figure id=\"([^\"]+)\">(.*?)</figure>", Pattern.DOTALL);
    private static final Pattern CELL = Pattern.compile("<(t[hd]|dd|b|output)\\b[^>]*>(.*?)</\\1>", Pattern.DOTALL);
    private static final Pattern NO_VALUE = Pattern.compile("\\s*|.*\\b(NaN|Infinity|null)\\b.*", Pattern.DOTALL);
    private static final Pattern OUTSIDE = Pattern.compile("(src|href)=\"(?!#|data:)[^\"]*\"|url\\(\\s*['\"]?http");
    private static final Pattern DRAWN = Pattern.compile("<(path|rect|line)\\b");

    /// The axes of an empty chart alone have about this many shapes.
    private static final int FEW_SHAPES = 8;

    private Check() {}

    /// {@return one sentence for each fault of `page`}
    static List<String> of(Findings findings, String page) {
        List<String> faults = new ArrayList<>();
        for (String part : parts(findings)) {
            if (!page.contains("id=\"" + part + "\"")) {
                faults.add("the report has no part: " + part);
            }
        }
        for (Matcher figure = FIGURE.matcher(page); figure.find(); ) {
            String content = figure.group(2);
            if (!content.contains("<svg") || !content.contains("aria-label=\"") || !content.contains("<title>")) {
                faults.add("the chart has no image or no text alternative: " + figure.group(1));
            }
            if (DRAWN.matcher(content).results().count() < FEW_SHAPES) {
                faults.add("the chart is empty: " + figure.group(1));
            }
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

    /// {@return the identifiers of the sections, questions and charts that these findings require}
    static List<String> parts(Findings findings) {
        Curves curves = new Curves(findings);
        return Stream.of(
                        Stream.of("tiles", "machine"),
                        Page.groupNames().stream().map(Page::anchor),
                        findings.comparisons().stream().map(Comparison::id),
                        Page.groupNames().stream()
                                .flatMap(group -> curves.of(group).stream().map(Curves.Chart::id)))
                .flatMap(part -> part)
                .toList();
    }
}
