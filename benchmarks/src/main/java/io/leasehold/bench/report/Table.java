package io.leasehold.bench.report;

import io.leasehold.bench.result.Measurement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The results for the terminal, one line for each pair of a Leasehold benchmark and a baseline. A benchmark without a
/// baseline has one line.
///
/// A ratio above 1 means that Leasehold is better, whatever the unit. Errors are the 99.9 % confidence intervals of
/// JMH. So that lines stay short, parameters and JVM modes that are the same in all lines of a class are left out. The
/// report shows them.
public record Table(List<Line> lines) {

    private static final List<String> HEADINGS =
            List.of("benchmark", "Leasehold", "B/op", "baseline", "", "ratio", "", "unit");

    private static final List<Boolean> LEFT = List.of(true, false, false, true, false, false, true, true);

    /// One line. Without a baseline, the fields of the baseline are empty.
    record Line(
            String benchmark,
            String ours,
            String garbage,
            String baseline,
            String theirs,
            String ratio,
            String verdict,
            String unit) {

        private List<String> cells() {
            return List.of(benchmark, ours, garbage, baseline, theirs, ratio, verdict, unit);
        }
    }

    /// {@return the table of `all`}
    public static Table of(List<Measurement> all) {
        List<Line> lines = new ArrayList<>();
        for (Pairing pairing : Pairing.of(all)) {
            Measurement ours = pairing.ours();
            String name = name(ours, all);
            for (Measurement theirs : pairing.theirs()) {
                Ratio ratio = pairing.ratio(theirs);
                lines.add(line(
                        name,
                        ours,
                        pairing.word(theirs),
                        Numbers.score(theirs.score(), theirs.error()),
                        ratio.toString(),
                        ratio.verdict().words()));
            }
            if (pairing.theirs().isEmpty()) {
                lines.add(line(name, ours, "", "", "", ""));
            }
        }
        return new Table(lines);
    }

    private static Line line(String name, Measurement ours, String word, String theirs, String ratio, String verdict) {
        Double garbage = ours.garbageBytes();
        return new Line(
                name,
                Numbers.score(ours.score(), ours.error()),
                garbage == null ? "" : Numbers.plain(garbage, 1),
                word,
                theirs,
                ratio,
                verdict,
                ours.unit());
    }

    private static String name(Measurement result, List<Measurement> all) {
        List<Measurement> siblings = all.stream()
                .filter(other -> other.question().equals(result.question()))
                .toList();
        StringBuilder name = new StringBuilder(result.question().replaceFirst("Benchmark$", ""));
        if (differs(siblings, Measurement::variant)) {
            name.append('.').append(result.variant());
        }
        name.append('.').append(result.method());
        result.params().forEach((key, value) -> {
            if (differs(siblings, sibling -> sibling.params().get(key))) {
                name.append(' ').append(key).append('=').append(value);
            }
        });
        return name.toString();
    }

    private static boolean differs(List<Measurement> siblings, Function<Measurement, @Nullable String> what) {
        return siblings.stream().map(what).distinct().count() > 1;
    }

    @Override
    public String toString() {
        Columns columns = new Columns(HEADINGS, LEFT);
        lines.forEach(line -> columns.add(line.cells()));
        return columns.toString();
    }
}
