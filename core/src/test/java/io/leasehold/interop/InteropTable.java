package io.leasehold.interop;

import io.leasehold.interop.InteropRun.Plan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A file with one row for each server, way and kind of TLS. A row is written when its run ends, also if the run
/// failed. It replaces the row of an earlier run, and all other rows stay: a later JVM may run one server alone.
///
/// @param file the file, in Markdown
record InteropTable(Path file) {

    private static final List<String> HEAD = List.of(
            "| framework | version | way | TLS | result | Netty | requests | frames | wrong | leaks | bytes out"
                    + " | peak bytes out | buffers served by us, % | ended |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");

    /// Columns that name a row.
    private static final int KEY_COLUMNS = 4;

    /// Values of a run, in the order of their columns.
    private static final List<String> VALUES =
            List.of("netty", "requests", "frames", "wrong", "leaks", "pinnedBytes", "peakPinnedBytes");

    /// What became of a run.
    enum Result {
        /// All assertions hold.
        PASSED,
        /// The process failed, or an assertion does not hold.
        FAILED,
        /// The class path was not resolved.
        SKIPPED
    }

    /// Writes the row of a run.
    ///
    /// @param run the values of the run; null if its process failed or was not started
    /// @return the row
    String put(Plan plan, @Nullable InteropRun run, Result result) throws IOException {
        List<String> columns = new ArrayList<>();
        columns.add(plan.server().name());
        columns.add(plan.server().version());
        columns.add(InteropRun.lower(plan.way()));
        columns.add(InteropRun.lower(plan.tls()));
        columns.add(InteropRun.lower(result));
        VALUES.forEach(name -> columns.add(run == null ? "-" : run.values().get(name)));
        columns.add(run == null ? "-" : String.format(Locale.ROOT, "%.1f", run.percentOurs()));
        columns.add(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        String row = "| " + String.join(" | ", columns) + " |";
        Map<String, String> rows = new TreeMap<>();
        if (Files.exists(file)) {
            Files.readAllLines(file).stream()
                    .filter(line -> !HEAD.contains(line))
                    .forEach(line -> rows.put(key(line), line));
        }
        rows.put(key(row), row);
        List<String> lines = new ArrayList<>(HEAD);
        lines.addAll(rows.values());
        Files.write(file, lines);
        return row;
    }

    private static String key(String row) {
        return String.join("|", List.of(row.split("\\|")).subList(1, 1 + KEY_COLUMNS));
    }
}
