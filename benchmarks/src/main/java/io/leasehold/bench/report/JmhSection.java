package io.leasehold.bench.report;

import io.leasehold.bench.report.Charts.Bars;
import io.leasehold.bench.report.Html.Cell;
import io.leasehold.bench.result.Measurement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// The section on one JMH question: the question, a chart, a table of all cases, and the command that runs only this
/// question.
record JmhSection(Question question, List<Measurement> measurements) {

    private static final List<String> HEADINGS =
            List.of("case", "baseline", "Leasehold", "baseline", "ratio", "verdict", "garbage of Leasehold, B/op");
    private static final String NOTHING = "–";
    private static final double THOUSAND = 1000;

    /// The unit in which the smallest number is readable.
    private record Scale(double divisor, String unit) {

        private static Scale of(List<Measurement> all) {
            String unit = all.getFirst().unit().replace("/us", "/µs");
            double least = all.stream().mapToDouble(Measurement::score).min().orElse(1);
            if (!unit.equals("ns/op") || least < 10 * THOUSAND) {
                return new Scale(1, unit);
            }
            return least < 10 * THOUSAND * THOUSAND
                    ? new Scale(THOUSAND, "µs/op")
                    : new Scale(THOUSAND * THOUSAND, "ms/op");
        }

        private String text(Measurement one) {
            return Numbers.score(one.score() / divisor, one.error() / divisor);
        }
    }

    void write(Html html) {
        Cases cases = Cases.of(measurements);
        Scale scale = Scale.of(measurements);
        List<Gain> gains = Gain.of(measurements);
        html.heading(3, question.id(), question.title());
        html.element("p", question.sentence());
        if (gains.isEmpty()) {
            chartOfPairs(html, cases);
        } else {
            chartOfThreads(html, gains.getFirst(), scale);
        }
        for (Gain gain : gains) {
            html.element(
                    "p",
                    "Throughput with a second thread, relative to private work with a second thread: " + gain.words()
                            + ".");
        }
        html.table("All cases of: " + question.title() + ", " + scale.unit, headings(scale), rows(cases, scale));
        html.element("p", "Command:").command(question.command());
    }

    private void chartOfPairs(Html html, Cases cases) {
        List<Pairing> shown = cases.shown();
        List<Measurement> drawn = new ArrayList<>();
        shown.forEach(one -> {
            drawn.add(one.ours());
            drawn.addAll(one.theirs());
        });
        Scale scale = Scale.of(drawn);
        Map<String, Bars> sides = new LinkedHashMap<>();
        for (int i = 0; i < shown.size(); i++) {
            Pairing pairing = shown.get(i);
            put(sides, shown.size(), i, Side.LEASED, Side.LEASED.title(), pairing.ours(), scale);
            int others = 0;
            for (Measurement theirs : pairing.theirs()) {
                Side side = Side.ofWord(pairing.word(theirs));
                String name = side.title();
                if (side == Side.OTHER) {
                    name = others(shown, others);
                    side = Side.ofOther(others++);
                }
                put(sides, shown.size(), i, side, name, theirs, scale);
            }
        }
        List<String> categories =
                shown.stream().map(one -> cases.label(one.ours())).toList();
        String common = cases.common();
        draw(
                html,
                scale,
                categories,
                List.copyOf(sides.values()),
                shown.size() < cases.all().size()
                        ? "%d of %d cases%s; the table shows all."
                                .formatted(
                                        shown.size(), cases.all().size(), common.isEmpty() ? "" : " (" + common + ")")
                        : common.isEmpty() ? "" : "All cases: " + common + ".");
    }

    /// {@return the name of the baselines that are not Netty's and have the same number among those of their case}
    private static String others(List<Pairing> shown, int number) {
        return shown.stream()
                .flatMap(one -> one.theirs().stream()
                        .map(one::word)
                        .filter(word -> Side.ofWord(word) == Side.OTHER)
                        .skip(number)
                        .limit(1))
                .map(Cases::baseline)
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private void chartOfThreads(Html html, Gain gain, Scale scale) {
        Map<String, Bars> sides = new LinkedHashMap<>();
        for (Measurement one : measurements) {
            boolean control = one.method().startsWith("control");
            int thread = one.method().endsWith("OneThread") ? 0 : 1;
            Side side = control ? Side.OTHER : Side.LEASED;
            put(sides, 2, thread, side, control ? "private work" : "Leasehold, " + gain.stem(), one, scale);
        }
        draw(html, scale, List.of("one thread", "two threads"), List.copyOf(sides.values()), "");
    }

    private void draw(Html html, Scale scale, List<String> categories, List<Bars> sides, String caption) {
        boolean rate = measurements.getFirst().isRate();
        String better = rate ? "higher is better" : "lower is better";
        String svg = Charts.bars(
                question.title() + ", " + scale.unit + ", " + better + ": " + spoken(categories, sides),
                scale.unit + ", " + better,
                categories,
                sides);
        html.chart(
                "chart-" + question.id(),
                svg,
                sides.stream().map(Bars::side).toList(),
                sides.stream().map(Bars::name).toList(),
                (caption + " Error bars are 99.9 % intervals.").strip());
    }

    private static String spoken(List<String> categories, List<Bars> sides) {
        List<String> said = new ArrayList<>();
        for (int i = 0; i < categories.size(); i++) {
            for (Bars bars : sides) {
                if (!bars.values().get(i).isNaN()) {
                    said.add(categories.get(i) + " " + bars.name() + " "
                            + Numbers.score(bars.values().get(i)));
                }
            }
        }
        return String.join("; ", said);
    }

    private static void put(
            Map<String, Bars> sides, int count, int index, Side side, String name, Measurement one, Scale scale) {
        Bars bars = sides.computeIfAbsent(name, n -> new Bars(side, n, missing(count), missing(count)));
        bars.values().set(index, one.score() / scale.divisor);
        bars.errors().set(index, one.error() / scale.divisor);
    }

    private static List<Double> missing(int count) {
        return new ArrayList<>(Collections.nCopies(count, Double.NaN));
    }

    private static List<String> headings(Scale scale) {
        List<String> headings = new ArrayList<>(HEADINGS);
        headings.set(2, "Leasehold, " + scale.unit);
        headings.set(3, "baseline, " + scale.unit);
        return headings;
    }

    private static List<List<Cell>> rows(Cases cases, Scale scale) {
        List<List<Cell>> rows = new ArrayList<>();
        for (Pairing pairing : cases.all()) {
            for (Measurement theirs : pairing.theirs()) {
                Ratio ratio = pairing.ratio(theirs);
                rows.add(row(
                        pairing.ours(),
                        scale,
                        Cases.baseline(pairing.word(theirs)),
                        scale.text(theirs),
                        ratio.toString(),
                        Cell.verdict(ratio.verdict())));
            }
            if (pairing.theirs().isEmpty()) {
                rows.add(row(pairing.ours(), scale, "none", NOTHING, NOTHING, Cell.text(NOTHING)));
            }
        }
        return rows;
    }

    private static List<Cell> row(
            Measurement ours, Scale scale, String baseline, String theirs, String ratio, Cell verdict) {
        Double garbage = ours.garbageBytes();
        return List.of(
                Cell.text(Cases.title(ours)),
                Cell.text(baseline),
                Cell.number(scale.text(ours)),
                Cell.number(theirs),
                Cell.number(ratio),
                verdict,
                Cell.number(garbage == null ? NOTHING : Numbers.plain(garbage, 1)));
    }
}
