package io.leasehold.bench.report;

import java.util.ArrayList;
import java.util.List;

/// A table in plain text whose columns are as wide as their longest cell.
///
/// **Threads.** Confined to one thread.
final class Columns {

    private static final String GAP = "  ";

    private final List<Boolean> left;
    private final List<List<String>> rows = new ArrayList<>();

    /// Creates a table.
    ///
    /// @param left for each column, true if its cells are aligned left, false if they are aligned right
    Columns(List<String> headings, List<Boolean> left) {
        this.left = left;
        rows.add(headings);
    }

    void add(List<String> row) {
        rows.add(row);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                String blanks = " ".repeat(width(i) - row.get(i).length());
                line.append(left.get(i) ? row.get(i) + blanks : blanks + row.get(i))
                        .append(GAP);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    private int width(int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
    }
}
