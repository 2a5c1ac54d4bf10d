package io.leasehold.bench.report;

import io.leasehold.bench.result.Results;
import io.pebbletemplates.pebble.PebbleEngine;
import io.pebbletemplates.pebble.loader.ClasspathLoader;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Writes the page of one run.
public final class Report {

    private static final PebbleEngine PEBBLE = engine();

    private Report() {}

    private static PebbleEngine engine() {
        ClasspathLoader loader = new ClasspathLoader(Report.class.getClassLoader());
        loader.setPrefix("io/leasehold/bench/report");
        return new PebbleEngine.Builder()
                .loader(loader)
                .strictVariables(true)
                .defaultLocale(Locale.ROOT)
                .build();
    }

    /// Writes the page and the chart of the README into the folder of the results, and checks the page.
    ///
    /// @return one sentence for each fault of the page; empty if it is complete
    /// @throws IOException if the results cannot be read or the page cannot be written
    public static List<String> write(Results results) throws IOException {
        Findings findings = Findings.of(results);
        Page contents = Findings.make(results, all -> Page.of(all, results.names()));
        Optional<ReadmeChart> chart = Findings.make(results, ReadmeChart::of);
        String page = fill("page.peb", Map.of("page", contents));
        Files.writeString(results.report(), page);
        if (chart.isPresent()) {
            Files.writeString(results.readmeChart(), fill("resident.peb", Map.of("chart", chart.get())));
        }
        return Check.of(findings, page);
    }

    private static String fill(String template, Map<String, Object> values) throws IOException {
        StringWriter out = new StringWriter();
        PEBBLE.getTemplate(template).evaluate(out, values);
        return out.toString();
    }
}
