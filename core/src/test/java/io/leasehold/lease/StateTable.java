package io.leasehold.lease;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A Markdown table as it stands in the comment of a source file: columns by name, rows by their first cell.
///
/// @param columns the names of the columns, without the first
/// @param rows the cells of each row, without the first
public record StateTable(List<String> columns, Map<String, List<String>> rows) {

    /// {@return the table under a heading}
    public static StateTable read(Path file, String heading) throws IOException {
        List<String> lines = Files.readAllLines(file);
        int at = lines.indexOf("/// ## " + heading);
        if (at < 0) {
            throw new AssertionError("there is no heading '" + heading + "' in " + file);
        }
        List<List<String>> table = new ArrayList<>();
        for (int i = at + 1; i < lines.size() && !lines.get(i).startsWith("/// ##"); i++) {
            if (lines.get(i).startsWith("/// | ")) {
                table.add(cells(lines.get(i)));
            }
        }
        List<String> columns = table.getFirst();
        Map<String, List<String>> rows = new LinkedHashMap<>();
        for (List<String> row : table.subList(1, table.size())) {
            if (row.size() != columns.size() || rows.put(row.getFirst(), row.subList(1, row.size())) != null) {
                throw new AssertionError("row has a cell too many or too few, or is there twice: " + row);
            }
        }
        return new StateTable(columns.subList(1, columns.size()), rows);
    }

    public String cell(String row, String column) {
        List<String> cells = rows.get(row);
        if (cells == null || !columns.contains(column)) {
            throw new AssertionError("there is no cell for " + row + " in state " + column);
        }
        return cells.get(columns.indexOf(column));
    }

    private static List<String> cells(String line) {
        String inner = line.substring(line.indexOf('|') + 1, line.lastIndexOf('|'));
        return Arrays.stream(inner.split("\\|", -1)).map(String::strip).toList();
    }
}
