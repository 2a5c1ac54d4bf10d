package io.leasehold.bench.report;

import java.util.List;

/// A table, for the page and for the terminal.
///
/// @param title what it shows
/// @param headings of the columns
/// @param rows of cells, which are never empty
record Table(String title, List<String> headings, List<List<Cell>> rows) {

    /// The text of a cell without a value.
    static final String NOTHING = "–";

    private static final String GAP = "  ";
    private static final String NUMBER = "n";

    /// A cell.
    ///
    /// @param text of the cell
    /// @param style class in the style sheet; empty for text
    record Cell(String text, String style) {}

    static Cell text(String text) {
        return new Cell(text, "");
    }

    static Cell number(String text) {
        return new Cell(text, NUMBER);
    }

    static Cell verdict(Verdict verdict) {
        return new Cell(verdict.words(), verdict.style());
    }

    /// {@return the table in plain text, with columns as wide as their longest cell}
    String plain() {
        StringBuilder text = new StringBuilder();
        line(text, headings.stream().map(Table::text).toList());
        rows.forEach(row -> line(text, row));
        return text.toString();
    }

    private void line(StringBuilder text, List<Cell> cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            Cell cell = cells.get(i);
            String blanks = " ".repeat(width(i) - cell.text.length());
            line.append(cell.style.equals(NUMBER) ? blanks + cell.text : cell.text + blanks)
                    .append(GAP);
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }

    private int width(int column) {
        int longest = headings.get(column).length();
        return rows.stream().mapToInt(row -> row.get(column).text.length()).reduce(longest, Math::max);
    }
}
