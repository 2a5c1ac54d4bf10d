package io.leasehold.bench.report;

import io.leasehold.bench.jmh.Questions;
import io.leasehold.bench.result.Conditions;
import io.leasehold.bench.result.FileResult;
import io.leasehold.bench.result.FirstResult;
import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthResult.Series;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.result.Machine;
import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.result.MemoryResult.Moment;
import io.leasehold.bench.result.Results;
import io.leasehold.bench.result.RingResult;
import io.leasehold.bench.result.RingResult.Growth;
import io.leasehold.bench.result.RingResult.Return;
import io.leasehold.bench.result.RingResult.Traffic;
import io.leasehold.bench.result.Sample;
import io.leasehold.bench.result.ServerResult;
import io.leasehold.bench.result.ServerResult.Quantile;
import io.leasehold.bench.result.StaticResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/// Creates small folders of results for tests.
final class Fixture {

    private static final String PACKAGE = "io.leasehold.bench.jmh.";
    private static final long MIB = 1 << 20;

    /// Of five forks with this spread, the 99.9 % interval is one percent to each side.
    private static final double SPREAD = 0.00367;

    private final Results results;
    private final List<String> measurements = new ArrayList<>();

    private Fixture(Path folder) {
        results = new Results(folder);
    }

    /// {@return a folder that contains only the description of a machine}
    static Fixture in(Path folder) throws IOException {
        Fixture fixture = new Fixture(folder);
        fixture.results.write(Results.MACHINE, machine("a processor"));
        fixture.results.write(Results.QUESTIONS, Questions.all());
        return fixture;
    }

    static Machine machine(String processor) {
        return new Machine(
                "2026-11-21",
                processor,
                2,
                24L << 30,
                "Linux",
                "25",
                Map.of("Netty", "4"),
                "abc",
                "mvn -Pbench",
                Conditions.UNKNOWN);
    }

    Fixture on(Machine machine) throws IOException {
        results.write(Results.MACHINE, machine);
        return this;
    }

    /// Adds a time of five forks with an error of one percent.
    Fixture time(String benchmark, double nanos) throws IOException {
        return time(benchmark, nanos, "{}");
    }

    Fixture time(String benchmark, double nanos, String params) throws IOException {
        double least = nanos * (1 - SPREAD);
        double most = nanos * (1 + SPREAD);
        return measured(benchmark, "avgt", params, "ns/op", least, nanos, nanos, nanos, most);
    }

    /// Adds times of single operations, one for each fork.
    Fixture tail(String benchmark, double... forks) throws IOException {
        return measured(benchmark, "sample", "{}", "us/op", forks);
    }

    /// Adds rates, one for each fork.
    Fixture rate(String benchmark, double... forks) throws IOException {
        return measured(benchmark, "thrpt", "{}", "ops/us", forks);
    }

    Fixture server(int rounds) throws IOException {
        List<ServerResult> terms = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            for (String allocator : List.of("leased", "adaptive", "pooled")) {
                int slow = allocator.length();
                terms.add(term(round, allocator, 0, 1_000_000 / slow, slow, List.of()));
                terms.add(term(
                        round,
                        allocator,
                        1000,
                        1000,
                        slow,
                        List.of(
                                new Quantile(50, 10 * slow),
                                new Quantile(90, 12 * slow),
                                new Quantile(99, 20 * slow),
                                new Quantile(99.9, 90 * slow),
                                new Quantile(99.99, 100 * slow))));
            }
        }
        results.write(Results.SERVER, terms);
        return this;
    }

    Fixture files(int rounds) throws IOException {
        List<FileResult> terms = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            for (String way : List.of("leasehold", "sendfile", "chunked", "chunked64")) {
                boolean tls = way.startsWith("chunked");
                terms.add(new FileResult(round, tls, way, 100, (1 + way.length()) * MIB, 0, 1, 1_000_000, 300 * MIB));
            }
            terms.add(new FileResult(round, true, "leasehold", 100, 16 * MIB, 0, 1, 1_000_000, 300 * MIB));
        }
        results.write(Results.FILES, terms);
        return this;
    }

    /// Adds servers of static files: nginx answers twice as much as Leasehold, and sendfile half as much.
    Fixture statics(int rounds) throws IOException {
        List<StaticResult> results = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            for (int byteSize : new int[] {64 << 10, 2 << 10}) {
                results.add(new StaticResult(round, byteSize, "leasehold", "", 2_000, 1_000, 4_000, 0, 40_000_000));
                results.add(new StaticResult(round, byteSize, "nginx", "nginx/1", 4_000, 2_000, 2_000, 0, 40_000_000));
                results.add(new StaticResult(round, byteSize, "sendfile", "", 1_000, 500, 8_000, 3, 40_000_000));
            }
        }
        this.results.write(Results.STATICS, results);
        return this;
    }

    Fixture memory(int rounds) throws IOException {
        List<MemoryResult> scenarios = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            memory(round, scenarios);
        }
        results.write(Results.MEMORY, scenarios);
        return this;
    }

    private static void memory(int round, List<MemoryResult> scenarios) {
        for (String scenario : List.of("burst4k", "steadyProxy", "unheardOf")) {
            for (String allocator : List.of("leased", "adaptive", "pooled")) {
                long held = allocator.length() * MIB;
                scenarios.add(new MemoryResult(
                        round,
                        scenario,
                        allocator,
                        scenario.equals("burst4k") ? 500.0 : null,
                        List.of(
                                new Moment("peak", 1024 * MIB, 1030 * MIB, MIB, 0),
                                new Moment("after", 4 * MIB, held, MIB, 2048 * MIB)),
                        List.of(new Sample(0, 0), new Sample(500, 1030 * MIB), new Sample(2500, held))));
            }
        }
    }

    /// Adds results of the ring: Leasehold has cost 1 in everything, other receivers have more.
    Fixture ring(int rounds) throws IOException {
        List<Traffic> traffic = new ArrayList<>();
        List<Growth> growth = new ArrayList<>();
        List<Return> returns = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            for (String receiver : List.of("leased", "ring", "ring64", "epoll")) {
                traffic.add(traffic(round, "sink", receiver, receiver.equals("leased") ? 1 : 2));
            }
            for (String receiver : List.of("leased", "leased64", "ring", "epoll4", "epoll")) {
                traffic.add(traffic(round, "echo", receiver, receiver.startsWith("leased") ? 1 : 4));
            }
            for (String receiver : List.of("leased", "epollGro", "epoll")) {
                traffic.add(traffic(round, "datagrams", receiver, receiver.equals("leased") ? 1 : 5));
            }
            for (String allocator : List.of("leased", "adaptive", "pooled")) {
                growth.add(new Growth(round, allocator, 0.1, 1, 10, 100 * allocator.length() + round));
            }
            for (String allocator : List.of("leased", "trimmed", "adaptive", "pooled")) {
                returns.add(new Return(
                        round,
                        allocator,
                        256 * MIB,
                        List.of(new Sample(0, 256 * MIB), new Sample(900, 16 * MIB), new Sample(1900, 0))));
            }
        }
        results.write(Results.RING, new RingResult(traffic, growth, returns));
        return this;
    }

    /// Adds two growth questions: in the first one the cost of Leasehold grows, and in the second one growth is
    /// permitted.
    Fixture growth(long... values) throws IOException {
        GrowthTopic grows = new GrowthTopic("grows", "A cost that grows", "What is done?", "MiB", "ns/release", false);
        GrowthTopic may = new GrowthTopic("may", "A cost that may grow", "What is timed?", "MiB", "µs/call", true);
        results.write(
                Results.GROWTH,
                List.of(
                        new GrowthResult(
                                grows, List.of(series("leased", 1, 2, values), series("adaptive", 0, 1, values))),
                        new GrowthResult(may, List.of(series("leased", 1, 1, values)))));
        return this;
    }

    /// Adds first buffers: with Netty warm, the name of an allocator in milliseconds, otherwise ten times as much.
    Fixture first(int rounds) throws IOException {
        List<FirstResult> all = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            for (String allocator : List.of("leased", "agent", "adaptive", "pooled")) {
                int cost = allocator.length();
                all.add(new FirstResult(round, false, allocator, 10 * cost, 10 * cost));
                all.add(new FirstResult(round, true, allocator, cost, cost));
            }
        }
        results.write(Results.FIRST, all);
        return this;
    }

    private static Series series(String allocator, double power, double first, long... values) {
        return new Series(
                allocator,
                LongStream.of(values)
                        .mapToObj(n -> new Point(
                                n,
                                first * Math.pow((double) n, power),
                                n == 1 ? null : 12.5,
                                allocator.equals("leased") ? Map.of("a further figure, ms", 0.5) : Map.of()))
                        .toList());
    }

    private static Traffic traffic(int round, String kind, String receiver, int slow) {
        long messages = 1_000_000 / slow;
        return new Traffic(
                round,
                kind,
                receiver,
                1,
                messages * 1024,
                messages,
                messages,
                messages,
                0,
                1_000_000_000L,
                8 * messages);
    }

    /// Adds the result of a busy machine.
    Fixture busy() throws IOException {
        results.write(Results.MACHINE, machine("a processor").under(Conditions.of(1, 9, 0, 60, 0)));
        return this;
    }

    Results results() {
        return results;
    }

    private Fixture measured(String benchmark, String mode, String params, String unit, double... forks)
            throws IOException {
        List<String> raw = new ArrayList<>();
        for (double fork : forks) {
            raw.add(mode.equals("sample") ? "[[[%s, 9]]]".formatted(fork) : "[%s, %s]".formatted(fork, fork));
        }
        measurements.add("""
                {"benchmark": "%s%s", "mode": "%s", "params": %s,
                 "jvmArgs": ["-Xmx1g", "--enable-native-access=ALL-UNNAMED"],
                 "primaryMetric": {"score": %s, "scoreUnit": "%s", "%s": [%s]},
                 "secondaryMetrics": {"gc.alloc.rate.norm": {"score": 0.01, "scoreError": "NaN"}}}
                """.formatted(
                        PACKAGE,
                        benchmark,
                        mode,
                        params,
                        forks[0],
                        unit,
                        mode.equals("sample") ? "rawDataHistogram" : "rawData",
                        String.join(", ", raw)));
        Files.writeString(results.jmh(), "[" + String.join(",", measurements) + "]");
        return this;
    }

    private static ServerResult term(
            int round, String allocator, double target, long perSecond, int slow, List<Quantile> latency) {
        return new ServerResult(
                round,
                "nio",
                false,
                "native",
                allocator,
                16,
                target,
                perSecond,
                0,
                1,
                latency,
                slow,
                300 * MIB,
                (300 + 10L * slow) * MIB,
                301 * MIB,
                10L * slow * MIB,
                List.of(new Sample(0, 300 * MIB), new Sample(1000, (300 + 10L * slow) * MIB)),
                3,
                100);
    }
}
