package io.leasehold.bench.report;

import io.leasehold.bench.report.Charts.Curve;
import io.leasehold.bench.report.Html.Cell;
import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthResult.Series;
import io.leasehold.bench.result.GrowthTopic;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The section on growth: a table of all exponents, then each question with its chart.
record GrowthSection(List<GrowthResult> results) {

    private static final String NOTHING = "–";

    private static final List<String> EXPONENT_HEADINGS =
            List.of("question", "at most 0.2", "exponent", "N", "cost", "unit", "worst wait, ms");

    private static final List<String> COMPARISON_HEADINGS = List.of(
            "question",
            "verdict",
            "Netty's cost over Leasehold's",
            "exponent of Leasehold",
            "their exponent",
            "worst wait with Leasehold, ms",
            "their worst wait, ms");

    /// Below this ratio, single measurements are treated as equal.
    private static final double CLOSE = 1.2;

    void write(Html html) {
        html.heading(2, "growth", "Growth");
        html.element(
                "p",
                "Does an operation cost more because more memory is in use? Each N is measured once, in its own"
                        + " JVM, with leak detection off and allocations on event loops. In the ci form all"
                        + " measurements of an allocator share a JVM; they only show that the measurements work.");
        html.element(
                "p",
                "The exponent is the slope of the logarithm of the cost over the logarithm of N, by least squares."
                        + " It is 0 for a constant cost, and 1 for a cost that is proportional to N. The target is"
                        + " an exponent of at most 0.2, except where every byte is touched. Errors are standard"
                        + " errors of the slope.");
        html.element(
                "p",
                "A worst wait is the longest single wait of an application thread. A wait under 10 ms in one run is"
                        + " noise on a shared machine.");
        if (results.isEmpty()) {
            html.element("p", "Not run. Command:").command("mvn -Pbench -Dbench=growth");
            return;
        }
        html.heading(3, "growth-exponents", "Exponents");
        html.table(
                "Exponents",
                EXPONENT_HEADINGS,
                results.stream().map(GrowthSection::exponents).toList());
        List<List<Cell>> compared = results.stream()
                .filter(result -> GrowthSeries.of(result, GrowthSeries.THEIRS).isPresent())
                .map(GrowthSection::comparison)
                .toList();
        if (!compared.isEmpty()) {
            html.heading(3, "growth-adaptive", "Comparison with Netty's adaptive allocator");
            html.element(
                    "p",
                    "The ratio is Netty's cost divided by Leasehold's at the largest N. A ratio above 1 means that"
                            + " Leasehold is better. Each cost was measured once. Differences below 20 % are"
                            + " called "
                            + Ratio.Verdict.EVEN.words() + ".");
            html.table("Growth compared with Netty's adaptive allocator", COMPARISON_HEADINGS, compared);
        }
        results.forEach(result -> question(html, result));
        html.element("p", "Command:").command("mvn -Pbench -Dbench=growth");
    }

    private static List<Cell> exponents(GrowthResult result) {
        Optional<GrowthSeries> ours = GrowthSeries.of(result, GrowthSeries.OURS);
        return List.of(
                Cell.text(result.topic().title()),
                outcome(ours.map(one -> one.outcome(result.topic())).orElse(Exponent.Outcome.UNKNOWN)),
                number(ours.map(GrowthSeries::exponentText)),
                number(ours.map(GrowthSeries::rangeText)),
                number(ours.map(GrowthSeries::costText)),
                Cell.text(result.topic().unit()),
                number(ours.map(GrowthSeries::worstWaitText)));
    }

    private static List<Cell> comparison(GrowthResult result) {
        Optional<GrowthSeries> ours = GrowthSeries.of(result, GrowthSeries.OURS);
        Optional<GrowthSeries> theirs = GrowthSeries.of(result, GrowthSeries.THEIRS);
        Optional<Ratio> ratio = GrowthSeries.theirsOverOurs(result);
        return List.of(
                Cell.text(result.topic().title()),
                ratio.map(one -> Cell.verdict(verdict(one))).orElse(Cell.text(NOTHING)),
                number(ratio.map(Ratio::toString)),
                number(ours.map(GrowthSeries::exponentText)),
                number(theirs.map(GrowthSeries::exponentText)),
                number(ours.map(GrowthSeries::worstWaitText)),
                number(theirs.map(GrowthSeries::worstWaitText)));
    }

    private static Cell outcome(Exponent.Outcome outcome) {
        return new Cell(outcome.words(), outcome.style());
    }

    private static Ratio.Verdict verdict(Ratio ratio) {
        if (ratio.value() > CLOSE) {
            return Ratio.Verdict.WIN;
        }
        return ratio.value() < 1 / CLOSE ? Ratio.Verdict.LOSE : Ratio.Verdict.EVEN;
    }

    private static Cell number(Optional<String> text) {
        return Cell.number(text.orElse(NOTHING));
    }

    private static void question(Html html, GrowthResult result) {
        GrowthTopic topic = result.topic();
        html.heading(3, "growth-" + topic.id(), topic.title());
        html.element("p", topic.sentence());
        List<Series> series =
                result.series().stream().filter(one -> !one.points().isEmpty()).toList();
        List<Curve> curves = series.stream().map(GrowthSection::curve).toList();
        String exponents = series.stream()
                .map(GrowthSeries::new)
                .map(one -> one.side().title() + " " + one.exponentText())
                .collect(Collectors.joining(", "));
        ServerSection.curves(
                html,
                "chart-growth-" + topic.id(),
                Charts.growth(topic.title(), "N, " + topic.growing(), topic.unit(), curves),
                curves,
                "Cost over N, lower is better. Both axes are logarithmic. Exponents: " + exponents + ".");
        html.table(topic.title(), headings(result), rows(result));
    }

    private static Curve curve(Series series) {
        Side side = Side.ofAllocator(series.allocator());
        return new Curve(
                side,
                side.title(),
                series.points().stream().map(point -> (double) point.n()).toList(),
                series.points().stream().map(Point::cost).toList());
    }

    private static List<String> headings(GrowthResult result) {
        List<String> headings = new ArrayList<>(List.of(
                "N, " + result.topic().growing(), "allocator", result.topic().unit(), "worst wait, ms"));
        headings.addAll(others(result));
        return headings;
    }

    private static List<List<Cell>> rows(GrowthResult result) {
        Collection<String> others = others(result);
        List<List<Cell>> rows = new ArrayList<>();
        for (Series series : result.series()) {
            for (Point point : series.points()) {
                List<Cell> row = new ArrayList<>(List.of(
                        Cell.number(Numbers.plain((double) point.n(), 0)),
                        Cell.text(Side.ofAllocator(series.allocator()).title()),
                        Cell.number(Numbers.figure(point.cost())),
                        number(Optional.ofNullable(point.worstWaitMillis()).map(Numbers::figure))));
                others.forEach(name -> row.add(
                        number(Optional.ofNullable(point.others().get(name)).map(Numbers::figure))));
                rows.add(row);
            }
        }
        return rows;
    }

    /// {@return the names of the further figures that any point has}
    private static Set<String> others(GrowthResult result) {
        Set<String> names = new LinkedHashSet<>();
        result.series()
                .forEach(series -> series.points()
                        .forEach(point -> names.addAll(point.others().keySet())));
        return names;
    }
}
