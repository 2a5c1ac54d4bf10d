package io.leasehold.bench.report;

import io.leasehold.bench.report.Figure.Row;
import io.leasehold.bench.result.StaticResult;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The comparisons of servers of static files.
final class StaticComparisons {

    private static final double MILLIS = 1000;

    private static final String NGINX = "nginx";

    private static final List<Figure<StaticResult>> FIGURES = List.of(
            Figure.of("static-rate", StaticResult::perSecond),
            new Figure<>("static-p99", result -> Optional.of(result.p99Micros() / MILLIS), Stat::ofTail),
            Figure.of("static-cpu", StaticResult::cpuMicrosPerRequest),
            Figure.of("static-wrong", result -> (double) result.wrong()));

    private StaticComparisons() {}

    static List<Comparison> of(Findings findings) {
        Map<String, Side> servers =
                Side.named("leasehold", "sendfile", "Netty DefaultFileRegion", NGINX, nginx(findings.statics()));
        List<Row<StaticResult>> rows = findings.statics().stream()
                .map(StaticResult::byteSize)
                .distinct()
                .sorted()
                .map(byteSize -> row(findings, byteSize, servers))
                .toList();
        return FIGURES.stream()
                .flatMap(figure -> figure.compare(findings, FileComparisons.GROUP, rows).stream())
                .toList();
    }

    /// {@return the title of nginx: its name and version if the results have it}
    private static String nginx(List<StaticResult> results) {
        return results.stream()
                .filter(result -> result.server().equals(NGINX))
                .map(StaticResult::software)
                .filter(software -> !software.isEmpty())
                .findFirst()
                .orElse(NGINX);
    }

    private static Row<StaticResult> row(Findings findings, int byteSize, Map<String, Side> servers) {
        return Row.of(
                "a file of " + Numbers.bytes(byteSize),
                findings.statics().stream()
                        .filter(result -> result.byteSize() == byteSize)
                        .toList(),
                StaticResult::server,
                servers);
    }
}
