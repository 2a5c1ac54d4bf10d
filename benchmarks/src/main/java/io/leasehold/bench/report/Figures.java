package io.leasehold.bench.report;

import io.leasehold.bench.result.Measurement;
import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The table of costs that the README shows, from a published folder.
///
/// A line whose benchmark is not in the folder is left out.
public record Figures(List<String> lines) {

    private static final Map<String, String> SMALL = Map.of("leak", "disabled", "byteSize", "4096");
    private static final Map<String, String> LARGE = Map.of("leak", "disabled", "largeByteSize", "2097152");
    private static final Map<String, String> PROXY =
            Map.of("leak", "disabled", "sizes", "PROXY", "liveCount", "8192", "polluted", "false");

    /// What the README says of one of ours, with the baselines that stand beside it.
    private record Row(
            String label, String question, String method, Map<String, String> params, List<Beside> besides) {}

    /// A baseline.
    private record Beside(String method, String label) {}

    private static final List<Row> ROWS = List.of(
            new Row(
                    "a buffer of 4 KiB",
                    "BufferBenchmark",
                    "oneLive",
                    SMALL,
                    List.of(
                            new Beside("oneLiveAdaptive", "Netty's adaptive allocator"),
                            new Beside("oneLivePooled", "Netty's pooled allocator"))),
            new Row(
                    "a buffer of 2 MiB",
                    "BufferLargeBenchmark",
                    "oneLive",
                    LARGE,
                    List.of(
                            new Beside("oneLiveAdaptive", "Netty's adaptive allocator"),
                            new Beside("oneLivePooled", "Netty's pooled allocator"))),
            new Row(
                    "a step of a proxy, 8,192 live",
                    "BufferPatternBenchmark",
                    "step",
                    PROXY,
                    List.of(
                            new Beside("stepAdaptive", "Netty's adaptive allocator"),
                            new Beside("stepPooled", "Netty's pooled allocator"))),
            new Row(
                    "a page",
                    "PageArenaBenchmark",
                    "page",
                    Map.of(),
                    List.of(
                            new Beside("pageNettyAdaptive", "4 KiB of Netty's adaptive allocator"),
                            new Beside("pageNettyPooled", "4 KiB of Netty's pooled allocator"))),
            new Row(
                    "a run of 16 pages",
                    "PageArenaBenchmark",
                    "run16",
                    Map.of(),
                    List.of(new Beside("run16Malloc", "64 KiB of `malloc`"))),
            new Row(
                    "a lease, any thread",
                    "LeaseBenchmark",
                    "directObject",
                    Map.of(),
                    List.of(new Beside("directObjectJdkShared", "4 KiB of `Arena.ofShared`"))),
            new Row(
                    "a lease, this thread",
                    "LeaseBenchmark",
                    "confinedObject",
                    Map.of(),
                    List.of(new Beside("confinedObjectJdkConfined", "4 KiB of `Arena.ofConfined`"))),
            new Row("a lease on a window, mapped", "LeaseBenchmark", "windowHit", Map.of(), List.of()),
            new Row(
                    "a lease on a window, to be mapped",
                    "LeaseBenchmark",
                    "windowMiss",
                    Map.of(),
                    List.of(new Beside("windowMissRemap", "the bare `mmap`"))));

    /// {@return the figures of a folder}
    ///
    /// @throws IOException if it cannot be read
    public static Figures of(Results results) throws IOException {
        Lookup lookup = new Lookup(Findings.of(results));
        ArrayList<String> lines = new ArrayList<>(List.of("| | ours | baseline | |", "|---|---|---|---|"));
        for (Row row : ROWS) {
            Optional<Measurement> ours = lookup.ours(row.question, row.method, row.params);
            if (ours.isEmpty()) {
                continue;
            }
            String start = "| " + row.label + " | " + text(ours.get()) + " |";
            for (Beside beside : row.besides) {
                Optional<Measurement> theirs = lookup.ours(row.question, beside.method, row.params);
                if (theirs.isPresent()) {
                    lines.add(start + " " + text(theirs.get()) + " | " + beside.label + " |");
                    start = "| | |";
                }
            }
            if (!start.equals("| | |")) {
                lines.add(start + " | |");
            }
        }
        return new Figures(List.copyOf(lines));
    }

    /// {@return the table as the README has it}
    public String markdown() {
        return String.join("\n", lines) + "\n";
    }

    private static String text(Measurement one) {
        return Numbers.score(one.score(), one.error());
    }
}
