package io.leasehold.bench.report;

import io.leasehold.bench.report.Charts.Curve;
import io.leasehold.bench.report.Html.Cell;
import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.result.MemoryResult.Moment;
import io.leasehold.bench.result.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/// The section on the memory that an allocator keeps resident: in a burst, after it, in steady state and with many
/// threads.
record MemorySection(Findings findings) {

    private static final String NOTHING = "–";
    private static final double LITTLE = 1 << 20;
    private static final double MILLIS = 1000;
    private static final int POINTS = 150;

    private static final Map<String, String> TITLES = Map.of(
            "burst4k", "A burst of 1 GiB in buffers of 4 KiB, all released",
            "burst64k", "A burst of 1 GiB in buffers of 64 KiB, all released",
            "survivors256", "A burst of 1 GiB in buffers of 256 B, one in a hundred kept",
            "steadyProxy", "Steady state with the sizes of a WebSocket proxy",
            "steadyGateway", "Steady state with the sizes of an API gateway",
            "threads", "384 threads that have used every size once, and live on",
            "virtualThreads", "Virtual threads that have used every size once");

    void write(Html html) {
        html.heading(2, "memory", "Memory");
        html.element(
                "p",
                "Each scenario runs with each allocator in its own JVM, whose heap is touched beforehand. Values"
                        + " are in addition to what was resident before the scenario.");
        if (findings.memory().isEmpty()) {
            html.element("p", "Not run. Command:").command("mvn -Pbench -Dbench=memory");
            return;
        }
        findings.scenarios().forEach(scenario -> scenario(html, scenario));
        html.element("p", "Command:").command("mvn -Pbench -Dbench=memory");
    }

    private void scenario(Html html, String scenario) {
        List<MemoryResult> results = findings.memory().stream()
                .filter(result -> result.scenario().equals(scenario))
                .toList();
        String title = title(scenario);
        html.heading(3, "memory-" + scenario, title);
        List<Curve> curves = results.stream()
                .filter(result -> !result.curve().isEmpty())
                .map(result -> curve(Side.ofAllocator(result.allocator()), result.curve(), 0))
                .toList();
        if (!curves.isEmpty()) {
            String svg = Charts.curves(
                    "Resident memory over time: " + title, "seconds", "resident MiB", false, null, curves);
            ServerSection.curves(html, "chart-memory-" + scenario, svg, curves, "Resident memory over time.");
        }
        html.table(
                title + ", MiB",
                List.of(
                        "allocator",
                        "when",
                        "live MiB",
                        "resident MiB",
                        "resident per live byte",
                        "heap MiB",
                        "charged to the cgroup, MiB"),
                rows(results));
    }

    private static List<List<Cell>> rows(List<MemoryResult> results) {
        List<List<Cell>> rows = new ArrayList<>();
        for (MemoryResult result : results) {
            for (Moment moment : result.moments()) {
                rows.add(List.of(
                        Cell.text(Side.ofAllocator(result.allocator()).title()),
                        Cell.text(when(moment.name())),
                        Cell.number(Numbers.mib((double) moment.liveBytes())),
                        Cell.number(Numbers.mib((double) moment.residentBytes())),
                        Cell.number(
                                moment.liveBytes() < LITTLE
                                        ? NOTHING
                                        : Numbers.plain((double) moment.residentBytes() / moment.liveBytes(), 3)),
                        Cell.number(Numbers.mib((double) moment.heapBytes())),
                        Cell.number(
                                moment.chargedBytes() == 0 ? NOTHING : Numbers.mib((double) moment.chargedBytes()))));
            }
        }
        return rows;
    }

    /// {@return a curve with few points, so that the page stays small}
    static Curve curve(Side side, List<Sample> samples, long baselineBytes) {
        int step = Math.max(1, samples.size() / POINTS);
        List<Sample> sampled = IntStream.range(0, samples.size())
                .filter(i -> i % step == 0)
                .mapToObj(samples::get)
                .toList();
        return new Curve(
                side,
                side.title(),
                sampled.stream().map(sample -> sample.millis() / MILLIS).toList(),
                sampled.stream()
                        .map(sample -> Numbers.toMib((double) Math.max(0, sample.residentBytes() - baselineBytes)))
                        .toList());
    }

    static String title(String scenario) {
        return TITLES.getOrDefault(scenario, scenario);
    }

    private static String when(String moment) {
        return switch (moment) {
            case "after" -> "2 s after";
            case "minute" -> "a minute after";
            default -> moment;
        };
    }
}
