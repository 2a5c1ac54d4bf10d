package io.leasehold.bench.report;

import io.leasehold.bench.report.Comparison.Better;
import io.leasehold.bench.report.Comparison.Case;
import io.leasehold.bench.result.FileResult;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/// The comparisons of the ways in which a server sends files.
record FileComparisons(Findings findings) {

    private static final Map<String, Side> WAYS = ways();

    private static Map<String, Side> ways() {
        Map<String, Side> ways = new LinkedHashMap<>();
        ways.put("leasehold", Side.LEASED);
        ways.put("sendfile", Side.other("Netty DefaultFileRegion", 0));
        ways.put("chunked", Side.other("Netty ChunkedNioFile, 8 KiB", 1));
        ways.put("chunked64", Side.other("Netty ChunkedNioFile, 64 KiB", 2));
        return ways;
    }

    static List<Comparison> of(Findings findings) {
        FileComparisons all = new FileComparisons(findings);
        return Stream.of(
                        all.comparison(
                                "files-throughput",
                                "Files over HTTP",
                                "How fast does an HTTP/1.1 server on Netty send 203 files from 1 KiB to 32 MiB, all of"
                                        + " them in the page cache, over 16 connections? Every byte is compared.",
                                "MiB/s",
                                Better.MORE,
                                FileResult::mibPerSecond),
                        all.comparison(
                                "files-cpu",
                                "Processor time for files",
                                "How much processor time does the process of the server use for one MiB?",
                                "µs per MiB",
                                Better.LESS,
                                FileResult::cpuMicrosPerMib),
                        all.comparison(
                                "files-rate",
                                "Files a second",
                                "How many files does the server send?",
                                "files/s",
                                Better.MORE,
                                term -> term.requests() / term.seconds()),
                        all.comparison(
                                "files-peak",
                                "Memory of a server of files",
                                "How much memory is resident at the peak? Mapped pages of files count.",
                                "MiB",
                                Better.LESS,
                                term -> Numbers.toMib((double) term.peakBytes())),
                        all.comparison(
                                "files-wrong",
                                "Wrong files",
                                "How many files are missing or wrong?",
                                "answers",
                                Better.LESS,
                                term -> (double) term.wrong()))
                .filter(one -> !one.cases().isEmpty())
                .toList();
    }

    private Comparison comparison(
            String id, String title, String sentence, String unit, Better better, ToDoubleFunction<FileResult> figure) {
        List<Case> cases = Stream.of(false, true)
                .map(tls -> Case.of(tls ? "TLS" : "plain", sides(tls, figure)))
                .filter(one -> !one.sides().isEmpty())
                .toList();
        return new Comparison(
                id, "window", title, sentence, unit, better, "mvn -Pbench -Dbench=window", findings.isJudged(), cases);
    }

    private Map<Side, Stat> sides(boolean tls, ToDoubleFunction<FileResult> figure) {
        Map<Side, Stat> sides = new LinkedHashMap<>();
        WAYS.forEach((way, side) -> {
            List<Double> rounds = findings.files().stream()
                    .filter(term -> term.tls() == tls && term.way().equals(way))
                    .map(figure::applyAsDouble)
                    .toList();
            if (!rounds.isEmpty()) {
                sides.put(side, Stat.of(rounds));
            }
        });
        return sides;
    }
}
