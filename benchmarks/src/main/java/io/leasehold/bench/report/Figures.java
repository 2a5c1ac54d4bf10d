package io.leasehold.bench.report;

import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The table of six figures in the README, made from a published folder: the common case, the case with many live
/// buffers, a server and its tail, and the memory that stays after two bursts. The page of the folder has the other
/// figures.
///
/// A row is left out if its figure is not in the folder.
public record Figures(List<String> lines) {

    /// One row.
    ///
    /// @param id of the comparison
    /// @param label of the case, or its start up to a comma
    /// @param words for the reader
    private record Row(String id, String label, String words) {

        boolean isAnswered(String by) {
            return by.equals(label) || by.startsWith(label + ",");
        }
    }

    private static final List<Row> ROWS = List.of(
            new Row("buffer", "one at a time, 4 KiB", "ns for a buffer of 4 KiB, one at a time"),
            new Row(
                    "bufferpattern",
                    "written and read, 8,192 live, proxy",
                    "ns for a step of a proxy, with 8,192 live buffers"),
            new Row(
                    "server-throughput",
                    "nio, 16 pipelined, flat out",
                    "requests a second of a server, NIO, 16 pipelined"),
            new Row(
                    "server-p999",
                    "nio, no pipelining, fixed rate",
                    "ms within which a server answers 99.9 %, NIO, at 70 % of full load"),
            new Row(
                    "memory-after",
                    "A burst of 1 GiB in buffers of 4 KiB, all released",
                    "MiB resident 2 s after a burst of 1 GiB in buffers of 4 KiB, all released"),
            new Row(
                    "memory-after",
                    "A burst of 1 GiB in buffers of 256 B, one in a hundred kept",
                    "MiB resident 2 s after a burst of 1 GiB in buffers of 256 B, one in a hundred kept"));

    private static final List<Side> SIDES = List.of(Side.LEASED, Side.ADAPTIVE, Side.POOLED);

    /// {@return the figures of a folder}
    ///
    /// @throws IOException if the folder cannot be read
    public static Figures of(Results results) throws IOException {
        List<Comparison> all = Findings.make(results, Findings::comparisons);
        List<String> lines = new ArrayList<>();
        lines.add(line("", SIDES.stream().map(Side::title)));
        lines.add("|---|---|---|---|");
        for (Row row : ROWS) {
            Findings.find(all, row.id).stream()
                    .flatMap(comparison -> comparison.cases().stream())
                    .filter(Comparison.Case::isPlain)
                    .filter(one -> row.isAnswered(one.label()))
                    .forEach(one -> lines.add(line(row.words, SIDES.stream().map(side -> text(one, side)))));
        }
        return new Figures(List.copyOf(lines));
    }

    private static String text(Comparison.Case one, Side side) {
        Stat stat = one.sides().get(side);
        return stat == null ? Table.NOTHING : stat.text();
    }

    private static String line(String first, Stream<String> cells) {
        return cells.collect(Collectors.joining(" | ", "| " + first + (first.isEmpty() ? "| " : " | "), " |"));
    }

    /// {@return the table as Markdown, exactly as the README has it}
    public String markdown() {
        return String.join("\n", lines) + "\n";
    }
}
