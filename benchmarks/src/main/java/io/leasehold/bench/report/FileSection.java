package io.leasehold.bench.report;

import io.leasehold.bench.report.Charts.Bars;
import io.leasehold.bench.report.Html.Cell;
import io.leasehold.bench.result.FileResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// The section on files over HTTP: throughput and cost.
record FileSection(List<FileResult> terms) {

    private static final String OURS = "leasehold";
    private static final List<String> WAYS = List.of(OURS, "sendfile", "chunked", "chunked64");
    private static final String NOTHING = "–";

    void write(Html html) {
        html.heading(2, "files", "Files over HTTP");
        html.element(
                "p",
                "An HTTP/1.1 server on Netty sends a folder of 203 files from 1 KiB to 32 MiB, all of them in the"
                        + " page cache. Another JVM requests them over 16 connections and compares every byte."
                        + " ChunkedNioFile sends 8 KiB at a time, its default, or 64 KiB.");
        if (terms.isEmpty()) {
            html.element("p", "Not run. Command:").command("mvn -Pbench -Dbench=window");
            return;
        }
        chart(html, "throughput", "Files, MiB per second, higher is better", "MiB/s", FileResult::mibPerSecond);
        chart(html, "cpu", "Processor time per MiB, lower is better", "µs/MiB", FileResult::cpuMicrosPerMib);
        html.table(
                "Files over HTTP",
                List.of(
                        "connection",
                        "way",
                        "MiB/s",
                        "files/s",
                        "CPU, µs/MiB",
                        "peak resident, MiB",
                        "wrong answers",
                        "MiB/s, Leasehold relative to this",
                        "verdict"),
                rows());
    }

    /// {@return Leasehold's figure divided by that of one of Netty's ways, paired by round; empty if either is missing}
    Optional<Spread> over(boolean tls, String way, ToDoubleFunction<FileResult> figure) {
        List<Double> ratios = new ArrayList<>();
        for (FileResult ours : of(tls, OURS)) {
            of(tls, way).stream()
                    .filter(theirs -> theirs.round() == ours.round())
                    .forEach(theirs -> ratios.add(figure.applyAsDouble(ours) / figure.applyAsDouble(theirs)));
        }
        return ratios.isEmpty() ? Optional.empty() : Optional.of(Spread.of(ratios));
    }

    private List<FileResult> of(boolean tls, String way) {
        return terms.stream()
                .filter(term -> term.tls() == tls && term.way().equals(way))
                .toList();
    }

    private Spread spread(boolean tls, String way, ToDoubleFunction<FileResult> figure) {
        return Spread.of(of(tls, way).stream().map(figure::applyAsDouble).toList());
    }

    private void chart(Html html, String id, String title, String unit, ToDoubleFunction<FileResult> figure) {
        List<Bars> sides = new ArrayList<>();
        for (String way : WAYS) {
            List<Spread> spreads = List.of(spread(false, way, figure), spread(true, way, figure));
            sides.add(new Bars(
                    side(way),
                    title(way),
                    spreads.stream().map(Spread::mean).toList(),
                    spreads.stream().map(Spread::error).toList()));
        }
        int rounds = (int) terms.stream().map(FileResult::round).distinct().count();
        html.chart(
                "chart-files-" + id,
                Charts.bars(title, unit, List.of("plain", "TLS"), sides),
                sides.stream().map(Bars::side).toList(),
                sides.stream().map(Bars::name).toList(),
                title + ". " + Spread.explained(rounds));
    }

    private List<List<Cell>> rows() {
        List<List<Cell>> rows = new ArrayList<>();
        for (boolean tls : new boolean[] {false, true}) {
            for (String way : WAYS) {
                if (!of(tls, way).isEmpty()) {
                    rows.add(row(tls, way));
                }
            }
        }
        return rows;
    }

    private List<Cell> row(boolean tls, String way) {
        Optional<Ratio> ratio = way.equals(OURS)
                ? Optional.empty()
                : over(tls, way, FileResult::mibPerSecond).map(Spread::ratio);
        return List.of(
                Cell.text(tls ? "TLS" : "plain"),
                Cell.text(title(way)),
                score(spread(tls, way, FileResult::mibPerSecond)),
                score(spread(tls, way, term -> term.requests() / term.seconds())),
                score(spread(tls, way, FileResult::cpuMicrosPerMib)),
                Cell.number(Numbers.mib(
                        spread(tls, way, term -> (double) term.peakBytes()).mean())),
                Cell.number(Numbers.plain(
                        of(tls, way).stream().mapToDouble(FileResult::wrong).sum(), 0)),
                Cell.number(ratio.map(Ratio::toString).orElse(NOTHING)),
                ratio.map(known -> Cell.verdict(known.verdict())).orElse(Cell.text(NOTHING)));
    }

    private static Cell score(Spread spread) {
        return Cell.number(Numbers.score(spread.mean(), spread.error()));
    }

    private static Side side(String way) {
        return switch (way) {
            case OURS -> Side.LEASED;
            case "sendfile" -> Side.OTHER;
            case "chunked" -> Side.ADAPTIVE;
            default -> Side.POOLED;
        };
    }

    private static String title(String way) {
        return switch (way) {
            case OURS -> Side.LEASED.title();
            case "sendfile" -> "Netty DefaultFileRegion";
            case "chunked" -> "Netty ChunkedNioFile, 8 KiB";
            default -> "Netty ChunkedNioFile, 64 KiB";
        };
    }
}
