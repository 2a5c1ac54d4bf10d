package io.leasehold.bench.report;

import io.leasehold.bench.report.Charts.Bars;
import io.leasehold.bench.report.Charts.Curve;
import io.leasehold.bench.report.Html.Cell;
import io.leasehold.bench.result.RingResult.Growth;
import io.leasehold.bench.result.RingResult.Traffic;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// The section on the ring: under traffic, while the pool grows, and after a burst.
record RingSection(RingRounds rounds) {

    private static final String NOTHING = "–";
    private static final List<Long> MOMENTS = List.of(200L, 500L, 1000L, 2000L);
    private static final double MILLION = 1e6;
    private static final double GIB = 1 << 30;
    private static final double TICKS = 1000;

    private static final Map<String, ToDoubleFunction<Growth>> FIGURES = figures();

    private static Map<String, ToDoubleFunction<Growth>> figures() {
        Map<String, ToDoubleFunction<Growth>> figures = new LinkedHashMap<>();
        figures.put("50 %", Growth::medianMicros);
        figures.put("99 %", Growth::p99Micros);
        figures.put("99.9 %", Growth::p999Micros);
        figures.put("worst", Growth::worstMicros);
        return figures;
    }

    void write(Html html) {
        if (rounds.isEmpty()) {
            html.element("p", "Traffic, growth and bursts were not run. Command:")
                    .command("mvn -Pbench -Dbench=ring");
            return;
        }
        if (!rounds.kinds().isEmpty()) {
            traffic(html);
        }
        if (!rounds.growing().isEmpty()) {
            growth(html);
        }
        if (!rounds.bursting().isEmpty()) {
            returns(html);
        }
        html.element("p", "Command:").command("mvn -Pbench -Dbench=ring");
    }

    private void traffic(Html html) {
        html.heading(3, "ring-traffic", "The ring under traffic");
        html.element(
                "p",
                "A receiver with one event loop in its own JVM. Another JVM sends to it over loopback. The content"
                        + " is checked. Leak detection is off. epoll and Netty's own ring use Netty's adaptive"
                        + " allocator. The table compares the processor time of the receiver's process.");
        html.raw("<div class=\"grid\">\n");
        for (String kind : rounds.kinds()) {
            if (kind.equals("echo")) {
                chart(html, kind, "throughput", "messages, higher is better", "million/s", Traffic::messagesPerSecond);
            }
            chart(html, kind, "cpu", "processor time, lower is better", unit(kind), cpu(kind));
        }
        html.raw("</div>\n");
        html.table("The ring under traffic", headings(), trafficRows());
        if (rounds.kinds().contains("sink") && rounds.receivers("sink").stream().noneMatch("ring"::equals)) {
            html.element("p", "There are no results for the rings: this machine has no io_uring, or it failed.");
        }
    }

    private void chart(Html html, String kind, String id, String what, String unit, ToDoubleFunction<Traffic> figure) {
        String title = RingRounds.title(kind) + ": " + what;
        double divisor = id.equals("throughput") ? MILLION : kind.equals("sink") ? 1 : TICKS;
        List<Bars> sides = new ArrayList<>();
        for (String receiver : rounds.receivers(kind)) {
            Spread spread = rounds.spread(kind, receiver, figure);
            sides.add(new Bars(
                    RingRounds.side(receiver),
                    RingRounds.receiver(kind, receiver),
                    List.of(spread.mean() / divisor),
                    List.of(spread.error() / divisor)));
        }
        String shown = divisor == TICKS ? "µs/message" : unit;
        draw(
                html,
                "chart-ring-" + kind + "-" + id,
                title,
                shown,
                List.of(kind),
                sides,
                rounds.terms(kind, rounds.receivers(kind).getFirst()).size());
    }

    private void draw(
            Html html, String id, String title, String unit, List<String> categories, List<Bars> sides, int count) {
        html.chart(
                id,
                Charts.bars(title, unit, categories, sides),
                sides.stream().map(Bars::side).toList(),
                sides.stream().map(Bars::name).toList(),
                title + ". " + Spread.explained(count));
    }

    /// {@return the cost of one GiB for bulk traffic, and of one message for other traffic}
    static ToDoubleFunction<Traffic> cpu(String kind) {
        return kind.equals("sink") ? Traffic::cpuMillisPerGib : Traffic::cpuNanosPerMessage;
    }

    private static String unit(String kind) {
        return kind.equals("sink") ? "ms/GiB" : "ns/message";
    }

    private static List<String> headings() {
        return List.of(
                "traffic",
                "receiver",
                "GiB/s",
                "messages/s",
                "CPU, ms/GiB",
                "CPU, ns/message",
                "B/read",
                "garbage, B/read",
                "wrong",
                "CPU, relative to Leasehold",
                "verdict");
    }

    private List<List<Cell>> trafficRows() {
        List<List<Cell>> rows = new ArrayList<>();
        for (String kind : rounds.kinds()) {
            for (String receiver : rounds.receivers(kind)) {
                Optional<Ratio> ratio = RingRounds.isOurs(receiver)
                        ? Optional.empty()
                        : rounds.over(kind, receiver, cpu(kind))
                                .map(Spread::ratio)
                                .map(Ratio::inverse);
                rows.add(List.of(
                        Cell.text(RingRounds.title(kind)),
                        Cell.text(RingRounds.receiver(kind, receiver)),
                        number(kind, receiver, term -> term.bytes() / GIB / term.seconds()),
                        number(kind, receiver, Traffic::messagesPerSecond),
                        number(kind, receiver, Traffic::cpuMillisPerGib),
                        number(kind, receiver, Traffic::cpuNanosPerMessage),
                        number(kind, receiver, term -> (double) term.bytes() / term.reads()),
                        number(kind, receiver, Traffic::garbagePerRead),
                        Cell.number(Numbers.plain(
                                rounds.terms(kind, receiver).stream()
                                        .mapToDouble(Traffic::wrong)
                                        .sum(),
                                0)),
                        Cell.number(ratio.map(Ratio::toString).orElse(NOTHING)),
                        ratio.map(one -> Cell.verdict(one.verdict())).orElse(Cell.text(NOTHING))));
            }
        }
        return rows;
    }

    private Cell number(String kind, String receiver, ToDoubleFunction<Traffic> figure) {
        Spread spread = rounds.spread(kind, receiver, figure);
        return Cell.number(Numbers.score(spread.mean(), spread.error()));
    }

    private void growth(Html html) {
        html.heading(3, "ring-growth", "A pool that grows");
        html.element(
                "p",
                "How long does one allocation take while a pool grows from 64 to 4,096 pages of 64 KiB on an event"
                        + " loop? A page is written to after its allocation; the time of the write is not counted.");
        List<Bars> sides = new ArrayList<>();
        List<List<Cell>> rows = new ArrayList<>();
        for (String allocator : rounds.growing()) {
            List<Spread> spreads = FIGURES.values().stream()
                    .map(figure -> rounds.growth(allocator, figure).orElseThrow())
                    .toList();
            sides.add(new Bars(
                    RingRounds.poolSide(allocator),
                    RingRounds.pool(allocator),
                    spreads.stream().map(Spread::mean).toList(),
                    spreads.stream().map(Spread::error).toList()));
            List<Cell> row = new ArrayList<>(List.of(Cell.text(RingRounds.pool(allocator))));
            spreads.forEach(spread -> row.add(Cell.number(Numbers.score(spread.mean(), spread.error()))));
            row.add(Cell.number(Numbers.score(worst(allocator))));
            rows.add(row);
        }
        draw(
                html,
                "chart-ring-growth",
                "Time of an allocation while a pool grows, lower is better",
                "µs",
                List.copyOf(FIGURES.keySet()),
                sides,
                rounds.ring().growth().stream().mapToInt(Growth::round).max().orElse(0));
        List<String> headings = new ArrayList<>(List.of("pool"));
        FIGURES.keySet().forEach(figure -> headings.add(figure + ", µs"));
        headings.add("worst round, µs");
        html.table("Time of an allocation while a pool grows", headings, rows);
    }

    private double worst(String allocator) {
        return rounds.ring().growth().stream()
                .filter(growth -> growth.allocator().equals(allocator))
                .mapToDouble(Growth::worstMicros)
                .max()
                .orElseThrow();
    }

    private void returns(Html html) {
        html.heading(3, "ring-return", "After a burst of pages");
        html.element(
                "p",
                "How much memory is resident after 4,096 pages of 64 KiB were allocated, written and freed at once,"
                        + " if nothing is called afterwards? Trimmed means that trim() was called.");
        List<Curve> curves = rounds.bursting().stream()
                .map(allocator -> {
                    Curve curve = MemorySection.curve(
                            RingRounds.poolSide(allocator),
                            rounds.bursts(allocator).getFirst().curve(),
                            0);
                    return new Curve(curve.side(), RingRounds.pool(allocator), curve.x(), curve.y());
                })
                .toList();
        String title = "Resident memory after a burst of 256 MiB in pages";
        ServerSection.curves(
                html,
                "chart-ring-return",
                Charts.curves(title, "seconds", "resident MiB", false, null, curves),
                curves,
                title + ", first round.");
        List<List<Cell>> rows = new ArrayList<>();
        for (String allocator : rounds.bursting()) {
            List<Cell> row = new ArrayList<>(List.of(Cell.text(RingRounds.pool(allocator))));
            for (long moment : MOMENTS) {
                Spread spread = rounds.returned(allocator, moment).orElseThrow();
                row.add(Cell.number(Numbers.score(spread.mean(), spread.error())));
            }
            rows.add(row);
        }
        List<String> headings = new ArrayList<>(List.of("pool"));
        MOMENTS.forEach(moment -> headings.add("% returned after " + Numbers.plain(moment / TICKS, 1) + " s"));
        html.table("Memory returned after a burst of pages, percent", headings, rows);
    }
}
