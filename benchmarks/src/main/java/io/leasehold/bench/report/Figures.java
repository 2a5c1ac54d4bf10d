package io.leasehold.bench.report;

import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The table of costs in the README, made from a published folder.
///
/// A row is left out if its figure is not in the folder.
public record Figures(List<String> lines) {

    /// One row.
    ///
    /// @param id of the comparison
    /// @param label start of the label of the case
    /// @param words for the reader; if they end in a colon, the label follows
    private record Row(String id, String label, String words) {

        boolean isAnswered(String by) {
            return by.equals(label) || by.startsWith(words.endsWith(": ") ? label : label + ",");
        }
    }

    private static final List<Row> ROWS = List.of(
            new Row("buffer", "one at a time, 4 KiB", "a buffer of 4 KiB"),
            new Row("buffer", "256 in use, 4 KiB", "a buffer of 4 KiB, 256 live"),
            new Row("bufferlarge", "one at a time", "a buffer of 2 MiB"),
            new Row("bufferpattern", "written and read, 8,192 live, proxy", "a step of a proxy, 8,192 live"),
            new Row("pagearena", "a page", "a page"),
            new Row("pagearena", "a run of 16 pages", "a run of 16 pages"),
            new Row("lease", "direct map, as an object", "a lease, any thread"),
            new Row("lease", "this thread only, as an object", "a lease, this thread"),
            new Row("lease", "a window, mapped", "a lease on a window, mapped"),
            new Row("lease", "a window, to be mapped", "a lease on a window, to be mapped"),
            new Row("server-throughput", "", "server, requests a second: "),
            new Row("server-p999", "", "server, ms within which 99.9 % are answered: "),
            new Row("server-cpu", "", "server, µs of processor a request: "),
            new Row("memory-after", "A burst", "MiB resident 2 s after: "),
            new Row("memory-after", "24 threads", "MiB resident 2 s after: "),
            new Row("memory-after", "384 threads", "MiB resident 2 s after: "));

    /// {@return the figures of a folder}
    ///
    /// @throws IOException if the folder cannot be read
    public static Figures of(Results results) throws IOException {
        List<Comparison> all = Findings.of(results).comparisons();
        List<String> lines = new ArrayList<>(List.of("| | ours | baseline | |", "|---|---|---|---|"));
        for (Row row : ROWS) {
            Findings.find(all, row.id).stream()
                    .flatMap(comparison -> comparison.cases().stream())
                    .filter(Comparison.Case::isPlain)
                    .filter(one -> row.isAnswered(one.label()))
                    .forEach(one -> add(lines, row.words.endsWith(": ") ? row.words + one.label() : row.words, one));
        }
        return new Figures(List.copyOf(lines));
    }

    private static void add(List<String> lines, String words, Comparison.Case one) {
        String start = "| " + words + " | " + one.ours().map(Stat::text).orElse(Table.NOTHING) + " |";
        String first = start;
        for (Map.Entry<Side, Stat> side : one.sides().entrySet()) {
            if (!side.getKey().isOurs()) {
                lines.add("%s %s | %s |"
                        .formatted(start, side.getValue().text(), side.getKey().title()));
                start = "| | |";
            }
        }
        if (start.equals(first)) {
            lines.add(start + " | |");
        }
    }

    /// {@return the table as Markdown, exactly as the README has it}
    public String markdown() {
        return String.join("\n", lines) + "\n";
    }
}
