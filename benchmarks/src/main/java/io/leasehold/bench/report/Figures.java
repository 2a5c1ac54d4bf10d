package io.leasehold.bench.report;

import io.leasehold.bench.result.Measurement;
import io.leasehold.bench.result.MemoryResult.Moment;
import io.leasehold.bench.result.Results;
import io.leasehold.bench.result.ServerResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// The table of costs in the README, made from a published folder.
///
/// A row is left out if its benchmark is not in the folder.
public record Figures(List<String> lines) {

    private static final Map<String, String> SMALL = Map.of("leak", "disabled", "byteSize", "4096");
    private static final Map<String, String> WATCHED = Map.of("leak", "simple", "byteSize", "4096");
    private static final Map<String, String> LARGE = Map.of("leak", "disabled", "largeByteSize", "2097152");
    private static final Map<String, String> PROXY =
            Map.of("leak", "disabled", "sizes", "PROXY", "liveCount", "8192", "polluted", "false");

    private static final List<String> SCENARIOS = List.of("burst4k", "survivors256", "threads");
    private static final List<String> NETTYS = List.of("adaptive", "pooled");

    /// One figure of Leasehold, with the baselines that the README shows beside it.
    private record Row(
            String label, String question, String method, Map<String, String> params, List<Beside> besides) {}

    /// One baseline.
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
                    "a buffer of 4 KiB, 256 live",
                    "BufferBenchmark",
                    "fifo",
                    SMALL,
                    List.of(
                            new Beside("fifoAdaptive", "Netty's adaptive allocator"),
                            new Beside("fifoPooled", "Netty's pooled allocator"))),
            new Row(
                    "a buffer of 4 KiB, 256 live, leaks watched as Netty does by default",
                    "BufferBenchmark",
                    "fifo",
                    WATCHED,
                    List.of(
                            new Beside("fifoAdaptive", "Netty's adaptive allocator"),
                            new Beside("fifoPooled", "Netty's pooled allocator"))),
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
    /// @throws IOException if the folder cannot be read
    public static Figures of(Results results) throws IOException {
        Findings findings = Findings.of(results);
        Lookup lookup = new Lookup(findings);
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
        for (Load load : findings.loads()) {
            if (!load.fixed()) {
                server(findings, load, ", requests a second", ServerResult::requestsPerSecond, lines);
                server(findings, load, ", µs of processor a request", ServerResult::cpuMicrosPerRequest, lines);
            }
        }
        for (String scenario : SCENARIOS) {
            memory(findings, scenario, lines);
        }
        return new Figures(List.copyOf(lines));
    }

    private static void server(
            Findings findings, Load load, String what, ToDoubleFunction<ServerResult> figure, List<String> lines) {
        String start = "| server, " + load.title() + what + " | " + spread(findings, load, "leased", figure) + " |";
        for (String netty : NETTYS) {
            if (load.terms(findings.server(), netty).isEmpty()) {
                continue;
            }
            lines.add("%s %s | %s |"
                    .formatted(
                            start,
                            spread(findings, load, netty, figure),
                            Side.ofAllocator(netty).title()));
            start = "| | |";
        }
    }

    private static String spread(
            Findings findings, Load load, String allocator, ToDoubleFunction<ServerResult> figure) {
        Spread spread = load.spread(findings.server(), allocator, figure);
        return Numbers.score(spread.mean(), spread.error());
    }

    private static void memory(Findings findings, String scenario, List<String> lines) {
        Map<String, Moment> after = new HashMap<>();
        findings.memory().stream()
                .filter(result -> result.scenario().equals(scenario))
                .forEach(result ->
                        ReadmeChart.moment(result).ifPresent(moment -> after.put(result.allocator(), moment)));
        Moment ours = after.get("leased");
        if (ours == null) {
            return;
        }
        String start = "| resident 2 s after: " + MemorySection.title(scenario) + " | " + mib(ours) + " |";
        for (String netty : NETTYS) {
            Moment theirs = after.get(netty);
            if (theirs != null) {
                lines.add("%s %s | %s |"
                        .formatted(start, mib(theirs), Side.ofAllocator(netty).title()));
                start = "| | |";
            }
        }
    }

    private static String mib(Moment moment) {
        return Numbers.mib((double) moment.residentBytes()) + " MiB";
    }

    /// {@return the table as Markdown, exactly as the README has it}
    public String markdown() {
        return String.join("\n", lines) + "\n";
    }

    private static String text(Measurement one) {
        return Numbers.score(one.score(), one.error());
    }
}
