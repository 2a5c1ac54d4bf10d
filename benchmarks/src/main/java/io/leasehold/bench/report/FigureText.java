package io.leasehold.bench.report;

import io.leasehold.bench.report.Comparison.Better;
import io.leasehold.bench.result.TextTable;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The texts of a figure, a line of the table `figures.txt`.
///
/// @param id name in the anchors of the page
/// @param isMinor true if only the tables of the report show the figure
/// @param better which figures are better
/// @param unit of the figure
/// @param title what is compared
/// @param sentence the question
record FigureText(String id, boolean isMinor, Better better, String unit, String title, String sentence) {

    private static final Map<String, FigureText> ALL = TextTable.rows(FigureText.class, "figures.txt").stream()
            .map(FigureText::of)
            .collect(Collectors.toMap(FigureText::id, Function.identity()));

    private static FigureText of(List<String> cells) {
        return new FigureText(
                cells.get(1),
                cells.get(0).equals("*"),
                Better.valueOf(cells.get(2).toUpperCase(Locale.ROOT)),
                cells.get(3),
                cells.get(4),
                cells.get(5));
    }

    /// {@return the texts of a figure}
    static FigureText of(String id) {
        return Objects.requireNonNull(ALL.get(id), id);
    }

    /// {@return true if only the tables of the report show a comparison}
    static boolean isMinor(String id) {
        return ALL.containsKey(id) && of(id).isMinor;
    }
}
