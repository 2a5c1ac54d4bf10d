package io.leasehold.bench.report;

import io.leasehold.bench.report.Figure.Row;
import io.leasehold.bench.result.FileResult;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The comparisons of the ways in which a server sends files.
final class FileComparisons {

    static final String GROUP = "files";

    private static final Map<String, Side> WAYS = Side.named(
            "leasehold",
            "sendfile",
            "Netty DefaultFileRegion",
            "chunked",
            "Netty ChunkedNioFile, 8 KiB",
            "chunked64",
            "Netty ChunkedNioFile, 64 KiB");

    private static final List<Figure<FileResult>> FIGURES = List.of(
            Figure.of("files-throughput", FileResult::mibPerSecond),
            Figure.of("files-cpu", FileResult::cpuMicrosPerMib),
            Figure.of("files-rate", term -> term.requests() / term.seconds()),
            Figure.of("files-peak", term -> Numbers.toMib((double) term.peakBytes())),
            Figure.of("files-wrong", term -> (double) term.wrong()));

    private FileComparisons() {}

    static List<Comparison> of(Findings findings) {
        List<Row<FileResult>> rows = Stream.of(false, true)
                .map(tls -> Row.of(
                        tls ? "TLS" : "plain",
                        findings.files().stream()
                                .filter(term -> term.tls() == tls)
                                .toList(),
                        FileResult::way,
                        WAYS))
                .toList();
        return FIGURES.stream()
                .flatMap(figure -> figure.compare(findings, GROUP, rows).stream())
                .toList();
    }
}
