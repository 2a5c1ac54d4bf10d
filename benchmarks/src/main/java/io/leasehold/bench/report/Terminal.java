package io.leasehold.bench.report;

import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.util.List;

/// The results of a run for the terminal: a table for each question, as in the report. The report has further
/// figures.
public final class Terminal {

    private Terminal() {}

    /// {@return the tables of a folder of results}
    ///
    /// @throws IOException if the folder cannot be read
    public static String text(Results results) throws IOException {
        Findings findings = Findings.of(results);
        List<Comparison> all = findings.comparisons();
        StringBuilder text = new StringBuilder();
        String banner = Page.banner(findings.machine().conditions());
        if (!banner.isEmpty()) {
            text.append('\n').append(banner).append('\n');
        }
        if (!all.isEmpty()) {
            text.append("\nA ratio above 1 means that Leasehold is better. Errors are 99.9 % intervals.\n");
            text.append("A verdict needs five rounds.\n");
        }
        for (Comparison one : all) {
            if (!one.isMinor()) {
                text.append('\n')
                        .append(one.title())
                        .append('\n')
                        .append(one.table().plain());
            }
        }
        if (!findings.growth().isEmpty()) {
            text.append("\nThe exponent is the slope of log cost over log N. Waits under 10 ms are noise.\n")
                    .append(GrowthComparisons.exponents(findings).plain());
        }
        return text.toString();
    }
}
