package io.leasehold.bench.report;

import io.leasehold.bench.result.GrowthResult;
import java.util.ArrayList;
import java.util.List;

/// The exponents for the terminal, one line for each question and allocator.
///
/// @param results what was measured
public record GrowthTable(List<GrowthResult> results) {

    private static final List<String> HEADINGS =
            List.of("question", "allocator", "N", "cost", "unit", "exponent", "at most 0.2", "worst wait, ms");

    private static final List<Boolean> LEFT = List.of(true, true, false, false, true, false, true, false);

    @Override
    public String toString() {
        Columns columns = new Columns(HEADINGS, LEFT);
        for (GrowthResult result : results) {
            for (String allocator : List.of(GrowthSeries.OURS, GrowthSeries.THEIRS)) {
                GrowthSeries.of(result, allocator).ifPresent(series -> columns.add(row(result, series)));
            }
        }
        return columns.toString();
    }

    private static List<String> row(GrowthResult result, GrowthSeries series) {
        List<String> row = new ArrayList<>(List.of(
                result.topic().title(),
                series.side().title(),
                series.rangeText(),
                series.costText(),
                result.topic().unit(),
                series.exponentText()));
        row.add(series.outcome(result.topic()).words());
        row.add(series.worstWaitText());
        return row;
    }
}
