package io.leasehold.bench.report;

import io.leasehold.bench.report.Charts.Bars;
import io.leasehold.bench.report.Charts.Curve;
import io.leasehold.bench.report.Html.Cell;
import io.leasehold.bench.result.ServerResult;
import io.leasehold.bench.result.ServerResult.Quantile;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

/// The section on the server under load: throughput, cost, latency and memory.
record ServerSection(Findings findings) {

    private static final List<String> ALLOCATORS = List.of("leased", "adaptive", "pooled");
    private static final String NOTHING = "–";
    private static final double LAST_PERCENT = 99.99;

    void write(Html html) {
        html.heading(2, "server", "A server under load");
        html.element(
                "p",
                "An HTTP/1.1 server on Netty in its own JVM. Another JVM sends requests over loopback. Each round"
                        + " runs the server once with each allocator. ×16 means 16 pipelined requests, ×1 means no"
                        + " pipelining.");
        if (findings.server().isEmpty()) {
            html.element("p", "Not run. Command:").command("mvn -Pbench -Dbench=server");
            return;
        }
        chart(
                html,
                "throughput",
                "Requests per second, higher is better",
                "requests/s",
                findings.loads().stream().filter(load -> !load.fixed()).toList(),
                ServerResult::requestsPerSecond);
        chart(
                html,
                "cpu",
                "Processor time per request, lower is better",
                "µs/request",
                findings.loads(),
                ServerResult::cpuMicrosPerRequest);
        html.table("The server under all loads", headings(), rows());
        html.heading(3, "latency", "Latency");
        List<Load> fixed = findings.loads().stream().filter(Load::fixed).toList();
        if (fixed.isEmpty()) {
            html.element("p", "No load had a fixed rate. Latency at full load says nothing.");
        }
        html.raw("<div class=\"grid\">\n");
        fixed.forEach(load -> latency(html, load));
        html.raw("</div>\n");
        html.heading(3, "server-memory", "Memory of the server");
        html.raw("<div class=\"grid\">\n");
        findings.loads().forEach(load -> resident(html, load));
        html.raw("</div>\n");
        html.table("Memory of the server, MiB", memoryHeadings(), memoryRows());
        html.element("p", "Command:").command("mvn -Pbench -Dbench=server");
    }

    private void chart(
            Html html, String id, String title, String unit, List<Load> loads, ToDoubleFunction<ServerResult> figure) {
        if (loads.isEmpty()) {
            return;
        }
        List<Bars> sides = new ArrayList<>();
        for (String allocator : ALLOCATORS) {
            List<Spread> spreads = loads.stream()
                    .map(load -> load.spread(findings.server(), allocator, figure))
                    .toList();
            Side side = Side.ofAllocator(allocator);
            sides.add(new Bars(
                    side,
                    side.title(),
                    spreads.stream().map(Spread::mean).toList(),
                    spreads.stream().map(Spread::error).toList()));
        }
        html.chart(
                "chart-server-" + id,
                Charts.bars(title, unit, loads.stream().map(Load::label).toList(), sides),
                sides.stream().map(Bars::side).toList(),
                sides.stream().map(Bars::name).toList(),
                title + ". " + rounds());
    }

    private String rounds() {
        return Spread.explained((int)
                findings.server().stream().map(ServerResult::round).distinct().count());
    }

    private static List<String> headings() {
        return List.of(
                "load",
                "allocator",
                "requests/s",
                "CPU, µs/request",
                "p50, µs",
                "p99.9, µs",
                "garbage, B/request",
                "collections",
                "wrong answers",
                "requests/s, relative to the best of Netty",
                "verdict");
    }

    private List<List<Cell>> rows() {
        List<List<Cell>> rows = new ArrayList<>();
        for (Load load : findings.loads()) {
            Optional<Spread> ratio = load.fixed()
                    ? Optional.empty()
                    : load.overBest(findings.server(), ServerResult::requestsPerSecond, true);
            for (String allocator : load.allocators(findings.server())) {
                boolean ours = allocator.equals("leased") && ratio.isPresent();
                rows.add(List.of(
                        Cell.text(load.title()),
                        Cell.text(Side.ofAllocator(allocator).title()),
                        spread(load, allocator, ServerResult::requestsPerSecond),
                        spread(load, allocator, ServerResult::cpuMicrosPerRequest),
                        quantile(load, allocator, 50),
                        quantile(load, allocator, 99.9),
                        spread(load, allocator, ServerResult::garbageBytesPerRequest),
                        spread(load, allocator, ServerResult::collections),
                        Cell.number(Numbers.plain(
                                load.terms(findings.server(), allocator).stream()
                                        .mapToDouble(ServerResult::wrong)
                                        .sum(),
                                0)),
                        Cell.number(ours ? ratio.get().ratio().toString() : NOTHING),
                        ours ? Cell.verdict(ratio.get().ratio().verdict()) : Cell.text(NOTHING)));
            }
        }
        return rows;
    }

    private Cell spread(Load load, String allocator, ToDoubleFunction<ServerResult> figure) {
        Spread spread = load.spread(findings.server(), allocator, figure);
        return Cell.number(Numbers.score(spread.mean(), spread.error()));
    }

    private Cell quantile(Load load, String allocator, double percent) {
        double micros = micros(load, allocator, percent);
        return Cell.number(Double.isNaN(micros) ? NOTHING : Numbers.score(micros));
    }

    /// {@return the median over the rounds of the time within which `percent` of the requests were answered}
    private double micros(Load load, String allocator, double percent) {
        List<Double> rounds = load.terms(findings.server(), allocator).stream()
                .map(ServerResult::latency)
                .filter(latency -> !latency.isEmpty())
                .map(latency -> at(latency, percent))
                .sorted()
                .toList();
        return rounds.isEmpty() ? Double.NaN : rounds.get(rounds.size() / 2);
    }

    static double at(List<Quantile> latency, double percent) {
        return latency.stream()
                .filter(quantile -> quantile.percent() >= percent - 1e-9)
                .mapToDouble(Quantile::micros)
                .findFirst()
                .orElse(latency.getLast().micros());
    }

    private void latency(Html html, Load load) {
        TreeSet<Double> percents = new TreeSet<>();
        load.allocators(findings.server()).stream()
                .flatMap(allocator -> load.terms(findings.server(), allocator).stream())
                .flatMap(term -> term.latency().stream())
                .map(Quantile::percent)
                .filter(percent -> percent <= LAST_PERCENT + 1e-9)
                .forEach(percents::add);
        List<Curve> curves = new ArrayList<>();
        for (String allocator : load.allocators(findings.server())) {
            Side side = Side.ofAllocator(allocator);
            curves.add(new Curve(
                    side,
                    side.title(),
                    percents.stream().map(ServerSection::nines).toList(),
                    percents.stream()
                            .map(percent -> micros(load, allocator, percent))
                            .toList()));
        }
        String svg = Charts.curves(
                "Latency over percentile, " + load.title(),
                "percent of the requests",
                "µs, lower is better",
                true,
                ServerSection::percent,
                curves);
        curves(html, "chart-latency-" + load.id(), svg, curves, load.title() + ", without coordinated omission.");
    }

    /// Places percentiles by the number of nines: 90, 99 and 99.9 are equally far apart.
    private static double nines(double percent) {
        return -Math.log10(1 - percent / 100);
    }

    private static String percent(double nines) {
        double percent = 100 - 100 * Math.pow(10, -nines);
        return Math.abs(nines - Math.rint(nines)) > 1e-6 ? " " : Numbers.plain(percent, Math.max(0, (int) nines - 2));
    }

    private void resident(Html html, Load load) {
        List<Curve> curves = new ArrayList<>();
        for (String allocator : load.allocators(findings.server())) {
            ServerResult first = load.terms(findings.server(), allocator).getFirst();
            Side side = Side.ofAllocator(allocator);
            if (!first.curve().isEmpty()) {
                curves.add(MemorySection.curve(side, first.curve(), first.baselineBytes()));
            }
        }
        if (curves.isEmpty()) {
            return;
        }
        String svg = Charts.curves(
                "Resident memory over time, " + load.title(), "seconds", "MiB above the baseline", false, null, curves);
        curves(
                html,
                "chart-resident-" + load.id(),
                svg,
                curves,
                load.title() + ". Resident memory beyond that of the warm server without traffic, first round.");
    }

    static void curves(Html html, String id, String svg, List<Curve> curves, String caption) {
        html.chart(
                id,
                svg,
                curves.stream().map(Curve::side).toList(),
                curves.stream().map(Curve::name).toList(),
                caption);
    }

    private static List<String> memoryHeadings() {
        return List.of(
                "load",
                "allocator",
                "baseline",
                "peak",
                "2 s after the load",
                "peak above the baseline",
                "after the load, divided by the baseline",
                "used by the allocator at the end, by its own count",
                "peak above the baseline, relative to the best of Netty");
    }

    private List<List<Cell>> memoryRows() {
        List<List<Cell>> rows = new ArrayList<>();
        for (Load load : findings.loads()) {
            Optional<Spread> ratio = load.overBest(findings.server(), ServerSection::held, false);
            for (String allocator : load.allocators(findings.server())) {
                rows.add(List.of(
                        Cell.text(load.title()),
                        Cell.text(Side.ofAllocator(allocator).title()),
                        mib(load, allocator, ServerResult::baselineBytes),
                        mib(load, allocator, ServerResult::peakBytes),
                        mib(load, allocator, ServerResult::afterBytes),
                        mib(load, allocator, ServerSection::held),
                        Cell.number(Numbers.plain(
                                load.spread(findings.server(), allocator, ServerSection::kept)
                                        .mean(),
                                3)),
                        mib(load, allocator, ServerResult::heldBytes),
                        Cell.number(
                                allocator.equals("leased") && ratio.isPresent()
                                        ? ratio.get().ratio().toString()
                                        : NOTHING)));
            }
        }
        return rows;
    }

    private Cell mib(Load load, String allocator, ToDoubleFunction<ServerResult> figure) {
        return Cell.number(
                Numbers.mib(load.spread(findings.server(), allocator, figure).mean()));
    }

    /// {@return the resident bytes above the baseline at the peak}
    static double held(ServerResult term) {
        return (double) (term.peakBytes() - term.baselineBytes());
    }

    /// {@return the resident bytes after the load, divided by those before it}
    static double kept(ServerResult term) {
        return (double) term.afterBytes() / term.baselineBytes();
    }
}
