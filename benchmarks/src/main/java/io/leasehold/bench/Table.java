package io.leasehold.bench;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/// Ours beside each baseline, a line a pair; a benchmark without a partner has a line of its own.
///
/// Partners stand in one class with the same parameters, and the baseline's name is ours with a word added: `page` is
/// measured against `pageMalloc`. A ratio above 1 is in our favour, whatever the unit; errors are the 99.9 % confidence
/// intervals of JMH.
record Table(List<Line> lines) {

    private static final String[] HEADINGS = {"benchmark", "ours", "B/op", "baseline", "", "ratio", "unit"};

    private static final boolean[] LEFT = {true, false, false, true, false, false, true};

    /// One line; without a baseline what is theirs is empty.
    record Line(
            String benchmark, String ours, String garbage, String baseline, String theirs, String ratio, String unit) {

        private String[] cells() {
            return new String[] {benchmark, ours, garbage, baseline, theirs, ratio, unit};
        }
    }

    /// {@return the table of `results`}
    static Table of(Collection<RunResult> results) {
        List<Line> lines = new ArrayList<>();
        for (RunResult ours : results) {
            if (results.stream().anyMatch(other -> isBaseline(ours, other))) {
                continue;
            }
            List<RunResult> baselines =
                    results.stream().filter(other -> isBaseline(other, ours)).toList();
            for (RunResult theirs : baselines) {
                String word = method(theirs).substring(method(ours).length());
                lines.add(new Line(
                        name(ours), score(ours), garbage(ours), word, score(theirs), ratio(ours, theirs), unit(ours)));
            }
            if (baselines.isEmpty()) {
                lines.add(new Line(name(ours), score(ours), garbage(ours), "", "", "", unit(ours)));
            }
        }
        return new Table(lines);
    }

    private static boolean isBaseline(RunResult result, RunResult ours) {
        String method = method(result);
        String stem = method(ours);
        return className(result).equals(className(ours))
                && params(result).equals(params(ours))
                && result.getParams().getMode() == ours.getParams().getMode()
                && method.startsWith(stem)
                && method.length() > stem.length()
                && Character.isUpperCase(method.charAt(stem.length()));
    }

    private static String name(RunResult result) {
        String name = className(result).replaceFirst("^([a-z]\\w*\\.)+", "").replaceFirst("Benchmark\\b", "") + "."
                + method(result);
        return params(result).isEmpty() ? name : name + " " + params(result);
    }

    private static String className(RunResult result) {
        String name = result.getParams().getBenchmark();
        return name.substring(0, name.lastIndexOf('.'));
    }

    private static String method(RunResult result) {
        String name = result.getParams().getBenchmark();
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static Map<String, String> params(RunResult result) {
        Map<String, String> params = new TreeMap<>();
        for (String key : result.getParams().getParamsKeys()) {
            params.put(key, result.getParams().getParam(key));
        }
        return params;
    }

    private static String score(RunResult result) {
        Result<?> primary = result.getPrimaryResult();
        return "%,.1f ±%,.1f".formatted(primary.getScore(), primary.getScoreError());
    }

    /// Bytes of garbage an operation, as JMH's profiler found them.
    private static String garbage(RunResult result) {
        Result<?> garbage = result.getSecondaryResults().get("gc.alloc.rate.norm");
        return garbage == null ? "" : "%.1f".formatted(garbage.getScore());
    }

    private static String unit(RunResult result) {
        return result.getPrimaryResult().getScoreUnit();
    }

    private static String ratio(RunResult ours, RunResult theirs) {
        Result<?> a = ours.getPrimaryResult();
        Result<?> b = theirs.getPrimaryResult();
        boolean moreIsBetter = ours.getParams().getMode() == Mode.Throughput;
        double ratio = moreIsBetter ? a.getScore() / b.getScore() : b.getScore() / a.getScore();
        double error = ratio * Math.hypot(a.getScoreError() / a.getScore(), b.getScoreError() / b.getScore());
        return "%.2f ±%.2f".formatted(ratio, error);
    }

    @Override
    public String toString() {
        List<String[]> rows = new ArrayList<>();
        rows.add(HEADINGS);
        lines.forEach(line -> rows.add(line.cells()));
        int[] widths = new int[HEADINGS.length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                // At least one: a format of no width is an error, and a column may be empty.
                widths[i] = Math.max(Math.max(1, widths[i]), row[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                line.append('%').append(LEFT[i] ? "-" : "").append(widths[i]).append("s  ");
            }
            text.append(line.toString().formatted((Object[]) row).stripTrailing())
                    .append('\n');
        }
        return text.toString();
    }
}
