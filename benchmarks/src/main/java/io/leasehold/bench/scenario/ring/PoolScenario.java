package io.leasehold.bench.scenario.ring;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.process.Terms;
import io.leasehold.bench.result.RingResult.Growth;
import io.leasehold.bench.result.RingResult.Return;
import io.leasehold.bench.subject.Allocators;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// Measures growth and burst with each pool in turn. A failure is reported in a sentence, and its measurement is left
/// out.
///
/// @param growths number of growths of each pool
/// @param bursts number of bursts of each pool
public record PoolScenario(int growths, int bursts) {

    private static final List<String> GROWING = List.of("leased", "adaptive", "pooled");
    private static final List<String> BURSTING = List.of("leased", "trimmed", "adaptive", "pooled");
    private static final List<String> FLAGS = List.of(
            Allocators.MIN_HEAP,
            Allocators.MAX_HEAP,
            Allocators.NATIVE,
            "-XX:+AlwaysPreTouch",
            "-Dio.netty.maxDirectMemory=" + (16L << 30));
    private static final int LIMIT_MILLIS = 60_000;
    private static final long START_MILLIS = 900;
    private static final long GROWTH_MILLIS = 120;
    private static final long BURST_MILLIS = 3_500;

    private record Burst(int round, String pool) {}

    private Terms<String> growing() {
        return new Terms<>(
                "pool growth",
                GROWING,
                pool -> "from %d to %d pages, %s".formatted(Pool.FIRST_PAGES, Pool.PAGES, pool),
                pool -> START_MILLIS + (PoolProcess.WARM + growths) * GROWTH_MILLIS);
    }

    private Terms<Burst> bursting() {
        List<Burst> all = IntStream.rangeClosed(1, bursts)
                .boxed()
                .flatMap(round -> BURSTING.stream().map(pool -> new Burst(round, pool)))
                .toList();
        return new Terms<>("burst", all, Burst::pool, burst -> BURST_MILLIS);
    }

    /// {@return the expected duration in seconds}
    public long expectedSeconds() {
        return growing().expectedSeconds() + bursting().expectedSeconds();
    }

    /// Measures the growth of each pool, in its own JVM.
    ///
    /// @param out receives lines that say what runs and what was measured
    /// @return the results of the terms that succeeded
    /// @throws IOException if every term failed
    /// @throws InterruptedException if the caller is interrupted; the process has ended by then
    public List<Growth> growth(Consumer<String> out) throws IOException, InterruptedException {
        return growing().run(this::grow, PoolScenario::text, out).stream()
                .flatMap(List::stream)
                .toList();
    }

    private List<Growth> grow(String pool) throws IOException, InterruptedException {
        List<String> args = List.of(pool, Integer.toString(growths));
        try (ChildJvm child = ChildJvm.start("growth", PoolProcess.class, FLAGS, args)) {
            List<Growth> all = new ArrayList<>();
            for (int i = 0; i < growths; i++) {
                all.add(child.await("growth ", Growth.class, LIMIT_MILLIS));
            }
            child.await("closed", LIMIT_MILLIS);
            return all;
        }
    }

    private static String text(List<Growth> all) {
        return all.stream()
                .map(growth -> String.format(
                        Locale.ROOT,
                        "99.9 %% of the allocations took at most %.1f us, the worst took %.1f us",
                        growth.p999Micros(),
                        growth.worstMicros()))
                .toList()
                .toString();
    }

    /// Measures the burst of each pool, each time in a JVM of its own.
    ///
    /// @param out receives lines that say what runs and what was measured
    /// @return the results of the terms that succeeded
    /// @throws IOException if every term failed
    /// @throws InterruptedException if the caller is interrupted; the process has ended by then
    public List<Return> returns(Consumer<String> out) throws IOException, InterruptedException {
        return bursting().run(PoolScenario::burst, PoolScenario::text, out);
    }

    private static Return burst(Burst burst) throws IOException, InterruptedException {
        try (ChildJvm child = ChildJvm.start("the burst", PoolProcess.class, FLAGS, List.of(burst.pool))) {
            Return one = child.await("burst ", Return.class, LIMIT_MILLIS);
            child.await("closed", LIMIT_MILLIS);
            return new Return(burst.round, burst.pool, one.burstBytes(), one.curve());
        }
    }

    private static String text(Return result) {
        return String.format(
                Locale.ROOT,
                "%.0f %% returned after 0.2 s, %.0f %% after 1 s, %.0f %% after 2 s",
                100 * result.returned(200),
                100 * result.returned(1000),
                100 * result.returned(2000));
    }
}
