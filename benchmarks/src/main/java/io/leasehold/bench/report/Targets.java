package io.leasehold.bench.report;

import static io.leasehold.bench.report.Target.atLeast;
import static io.leasehold.bench.report.Target.atMost;

import io.leasehold.bench.result.FileResult;
import io.leasehold.bench.result.Measurement;
import io.leasehold.bench.result.MemoryResult.Moment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// All targets of the project for pages, leases, the allocator, the server and the ring, with their results.
record Targets(Lookup lookup) {

    private static final Map<String, String> QUIET = Map.of("leak", "disabled");
    private static final Map<String, String> WATCHED = Map.of("leak", "simple");
    private static final double BURST = 1 << 30;
    private static final int DEEP = 16;

    static Targets of(Findings findings) {
        return new Targets(new Lookup(findings));
    }

    List<Target> all() {
        List<Target> all = new ArrayList<>();
        pages(all);
        leases(all);
        new WindowTargets(lookup).addTo(all);
        buffers(all);
        patterns(all);
        access(all);
        memory(all);
        server(all);
        files(all);
        all.addAll(new RingTargets(lookup).all());
        all.addAll(new GrowthTargets(lookup.findings().growth()).all());
        return all;
    }

    private void pages(List<Target> all) {
        String arena = "PageArenaBenchmark";
        all.add(atMost("page", "a page, ns", 20, score(arena, "page")));
        all.add(atMost(
                "page", "a page over Netty adaptive's 4 KiB", 0.6, lookup.over(arena, "page", "pageNettyAdaptive")));
        all.add(atMost("page", "a page, garbage in B", 0.05, garbage(arena, "page")));
        all.add(atMost("page", "a run of 16 pages, ns", 60, score(arena, "run16")));
        all.add(atMost(
                "page", "a run of 16 pages over malloc of 64 KiB", 1, lookup.over(arena, "run16", "run16Malloc")));
        all.add(atLeast(
                "page", "gain of a second thread over private work", 0.95, "", lookup.gain("PageScalingBenchmark")));
        all.add(atLeast(
                "page",
                "1,000 virtual threads over platform threads",
                0.5,
                "",
                lookup.over("PageVirtualThreadBenchmark", "pages", "pagesPlatformThreads")));
        all.add(atMost("page", "resident of a 1 GiB burst, percent (a test)", 2, Optional.empty()));
        all.add(atMost("page", "resident with 1 page of 100 in use, percent (a test)", 3, Optional.empty()));
    }

    private void leases(List<Target> all) {
        String lease = "LeaseBenchmark";
        all.add(atMost("lease", "direct map, by handle, ns", 20, score(lease, "directHandle")));
        all.add(atMost("lease", "direct map, as an object, ns", 20, score(lease, "directObject")));
        all.add(atMost("lease", "direct map, garbage of an object in B", 0.05, garbage(lease, "directObject")));
        all.add(atMost("lease", "direct map, garbage if it escapes, B", 48, garbage(lease, "directEscaping")));
        all.add(atMost("lease", "confined to a thread, as an object, ns", 4, score(lease, "confinedObject")));
        all.add(atMost("lease", "confined to a thread, by handle, ns", 4, score(lease, "confinedHandle")));
        all.add(atMost("lease", "window that is already mapped, ns", 50, score(lease, "windowHit")));
        all.add(atMost(
                "lease",
                "window that is not mapped yet, over a bare mmap",
                1.25,
                lookup.over(lease, "windowMiss", "windowMissRemap")));
        all.add(atLeast(
                "lease", "gain of a second thread over private work", 0.9, "", lookup.gain("LeaseScalingBenchmark")));
    }

    private void buffers(List<Target> all) {
        String buffer = "BufferBenchmark";
        for (String bytes : List.of("256", "4096")) {
            all.add(best("one live, " + bytes + " B", 1.7, "2.5", buffer, "oneLive", with(QUIET, bytes)));
            all.add(best("one live, " + bytes + " B, leak detection", 3, "4", buffer, "oneLive", with(WATCHED, bytes)));
        }
        all.add(best("256 live, 4 KiB", 3, "5", buffer, "fifo", with(QUIET, "4096")));
        all.add(best("256 live, 32 KiB", 5, "8", buffer, "fifo", with(QUIET, "32768")));
        all.add(best("256 live, 64 KiB", 5, "8", buffer, "fifo", with(QUIET, "65536")));
        all.add(atMost("allocator", "one live, 4 KiB, garbage in B", 0.05, garbage(buffer, "oneLive")));
        for (String bytes : List.of("256", "4096")) {
            String size = ", " + bytes + " B";
            all.add(best("handed over" + size, 2, "4", "BufferHandOffBenchmark", "handOff", with(QUIET, bytes)));
            for (String kind : List.of("Platform", "Virtual")) {
                Optional<Measurement> ours =
                        lookup.in("BufferThreadsBenchmark", kind + "Thread", "oneLive", with(QUIET, bytes));
                all.add(atLeast(
                        "allocator",
                        kind.toLowerCase(Locale.ROOT) + " thread" + size + ", over the best of Netty",
                        3,
                        "6",
                        ours.flatMap(one ->
                                lookup.overBest(one, other -> other.variant().equals(one.variant())))));
            }
        }
        all.add(best("heap buffer, 16 KiB", 1, "", "BufferHeapBenchmark", "oneLive", QUIET));
        all.add(atLeast(
                "allocator",
                "gain of a second thread over private work",
                0.95,
                "",
                lookup.gain("BufferScalingBenchmark")));
    }

    private void patterns(List<Target> all) {
        for (String polluted : List.of("false", "true")) {
            all.add(best(
                    "WebSocket proxy, 8,192 live" + (polluted.equals("true") ? ", polluted" : ""),
                    2.2,
                    "3",
                    "BufferPatternBenchmark",
                    "step",
                    Map.of("leak", "disabled", "sizes", "PROXY", "liveCount", "8192", "polluted", polluted)));
        }
        for (String live : List.of("1024", "8192")) {
            all.add(best(
                    "API gateway, " + live + " live",
                    1.5,
                    "2.5",
                    "BufferPatternBenchmark",
                    "step",
                    Map.of("leak", "disabled", "sizes", "GATEWAY", "liveCount", live, "polluted", "false")));
        }
        for (String bytes : List.of("1048577", "2097152", "5242880")) {
            Optional<Measurement> ours =
                    lookup.ours("BufferLargeBenchmark", "oneLive", Map.of("leak", "disabled", "largeByteSize", bytes));
            all.add(atMost("allocator", "large buffer, " + bytes + " B, ns", 500, ours.map(Targets::score)));
        }
        all.add(best("growing from 256 B to 64 MiB", 1.5, "3", "BufferGrowthBenchmark", "grow", QUIET));
    }

    private void access(List<Target> all) {
        String access = "BufferAccessBenchmark";
        for (String method : List.of("getLongs", "setLongs")) {
            all.add(atMost(
                    "allocator",
                    method + ", over a bare constant segment",
                    1.1,
                    lookup.over(access, method, method + "Segment")));
        }
        for (String method : List.of("toArray", "toBuffer")) {
            Optional<Measurement> ours = lookup.ours(access, method, Map.of());
            all.add(atLeast(
                    "allocator",
                    "64 B " + method + ", over Netty with Unsafe",
                    1,
                    "",
                    ours.flatMap(
                            one -> lookup.overBest(one, other -> other.variant().equals("Unsafe")))));
        }
    }

    private void memory(List<Target> all) {
        for (String scenario : List.of("steadyProxy", "steadyGateway")) {
            String title = MemorySection.title(scenario);
            Optional<Ratio> ours = perLiveByte(scenario, "leased");
            all.add(atMost("memory", title + ": resident per live byte", 1.15, ours));
            all.add(atMost(
                    "memory",
                    title + ": resident per live byte, over the best of Netty",
                    1,
                    ours.flatMap(one -> perLiveByte(scenario, "adaptive")
                            .flatMap(a -> perLiveByte(scenario, "pooled")
                                    .map(b -> exact(one.value() / Math.min(a.value(), b.value())))))));
        }
        for (String scenario : List.of("burst4k", "burst64k")) {
            String title = MemorySection.title(scenario);
            all.add(atMost("memory", title + ": growth after 2 s, MiB", 20, after(scenario, Targets::residentMib)));
            all.add(atMost(
                    "memory",
                    title + ": growth of the live heap, MiB",
                    32,
                    after(scenario, moment -> Numbers.toMib((double) moment.heapBytes()))));
        }
        all.add(atMost(
                "memory",
                MemorySection.title("survivors256") + ": still resident, percent",
                20,
                after("survivors256", moment -> 100.0 * moment.residentBytes() / BURST)));
        all.add(atMost(
                "memory", MemorySection.title("threads") + ": RSS, MiB", 64, after("threads", Targets::residentMib)));
    }

    private void server(List<Target> all) {
        Findings findings = lookup.findings();
        if (findings.loads().isEmpty()) {
            all.add(atLeast("server", "requests/s at depth 16, over the best of Netty", 1.05, "", Optional.empty()));
            all.add(atLeast("server", "requests/s, no pipelining, over the best of Netty", 1, "", Optional.empty()));
            all.add(atMost("server", "CPU per request, over the best of Netty", 1, Optional.empty()));
            all.add(atMost("server", "memory at peak, over the best of Netty", 0.7, Optional.empty()));
            all.add(atMost("server", "memory 2 s after, over the baseline", 1.1, Optional.empty()));
            all.add(atMost("server", "wrong answers", 0, Optional.empty()));
        }
        for (Load load : findings.loads()) {
            String end = ", over the best of Netty: " + load.title();
            if (!load.fixed()) {
                all.add(atLeast(
                        "server",
                        "requests/s" + end,
                        load.pipelineDepth() >= DEEP ? 1.05 : 1,
                        "",
                        ratio(load.overBest(findings.server(), term -> term.requestsPerSecond(), true))));
            }
            all.add(atMost(
                    "server",
                    "CPU per request" + end,
                    1,
                    ratio(load.overBest(findings.server(), term -> term.cpuMicrosPerRequest(), false))));
            all.add(atMost(
                    "server",
                    "memory at peak" + end,
                    0.7,
                    ratio(load.overBest(findings.server(), ServerSection::held, false))));
            all.add(atMost(
                    "server",
                    "memory 2 s after, over the baseline: " + load.title(),
                    1.1,
                    Optional.of(load.spread(findings.server(), "leased", ServerSection::kept)
                            .ratio())));
            all.add(atMost(
                    "server",
                    "wrong answers: " + load.title(),
                    0,
                    Optional.of(exact(load.terms(findings.server(), "leased").stream()
                            .mapToDouble(term -> term.wrong())
                            .sum()))));
        }
    }

    private void files(List<Target> all) {
        FileSection files = new FileSection(lookup.findings().files());
        all.add(atLeast(
                "window",
                "files, plain: MiB/s over sendfile",
                0.95,
                "1",
                ratio(files.over(false, "sendfile", FileResult::mibPerSecond))));
        all.add(atLeast(
                "window",
                "files, TLS: MiB/s over ChunkedNioFile (this or the next row must be met)",
                1.3,
                "",
                ratio(files.over(true, "chunked", FileResult::mibPerSecond))));
        all.add(atMost(
                "window",
                "files, TLS: CPU per MiB over ChunkedNioFile (this or the previous row must be met)",
                0.75,
                ratio(files.over(true, "chunked", FileResult::cpuMicrosPerMib))));
        all.add(atMost(
                "window",
                "files: wrong answers",
                0,
                files.terms().isEmpty()
                        ? Optional.empty()
                        : Optional.of(exact(files.terms().stream()
                                .mapToDouble(FileResult::wrong)
                                .sum()))));
    }

    private Target best(
            String what, double must, String aim, String question, String method, Map<String, String> params) {
        return atLeast(
                "allocator", what + ", over the best of Netty", must, aim, lookup.overBest(question, method, params));
    }

    private Optional<Ratio> score(String question, String method) {
        return lookup.ours(question, method, Map.of()).map(Targets::score);
    }

    private Optional<Ratio> garbage(String question, String method) {
        return lookup.ours(question, method, Map.of())
                .map(Measurement::garbageBytes)
                .map(Targets::exact);
    }

    private Optional<Ratio> perLiveByte(String scenario, String allocator) {
        return lookup.moment(scenario, allocator, "after")
                .map(moment -> exact((double) moment.residentBytes() / moment.liveBytes()));
    }

    private Optional<Ratio> after(String scenario, ToDoubleFunction<Moment> figure) {
        return lookup.moment(scenario, "leased", "after").map(moment -> exact(figure.applyAsDouble(moment)));
    }

    private static Map<String, String> with(Map<String, String> params, String byteSize) {
        return Map.of("leak", params.getOrDefault("leak", "disabled"), "byteSize", byteSize);
    }

    private static Optional<Ratio> ratio(Optional<Spread> spread) {
        return spread.map(Spread::ratio);
    }

    private static Ratio score(Measurement one) {
        return new Ratio(one.score(), one.error());
    }

    private static Ratio exact(double value) {
        return new Ratio(value, Double.NaN);
    }

    private static double residentMib(Moment moment) {
        return Numbers.toMib((double) moment.residentBytes());
    }
}
