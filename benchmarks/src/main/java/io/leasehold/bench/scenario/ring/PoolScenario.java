package io.leasehold.bench.scenario.ring;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.result.RingResult.Growth;
import io.leasehold.bench.result.RingResult.Return;
import io.leasehold.bench.result.Sample;
import io.leasehold.bench.subject.Allocators;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// Measures growth and burst with each pool in turn. A failure is reported in a sentence, and its measurement is left
/// out.
///
/// @param growths number of growths of each pool
/// @param bursts number of bursts of each pool
/// @param out receives lines that say what runs and what was measured
public record PoolScenario(int growths, int bursts, Consumer<String> out) {

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
    private static final double NANOS_PER_MICRO = 1e3;

    /// {@return the expected duration in milliseconds}
    public long expectedMillis() {
        long growing = START_MILLIS + (GrowthProcess.WARM + growths) * GROWTH_MILLIS;
        return GROWING.size() * growing + BURST_MILLIS * BURSTING.size() * bursts;
    }

    /// Measures the growth of each pool, in its own JVM.
    ///
    /// @return the results; may be empty
    /// @throws InterruptedException if the caller is interrupted; the process has ended by then
    public List<Growth> growth() throws InterruptedException {
        List<Growth> all = new ArrayList<>();
        for (String pool : GROWING) {
            out.accept("growth from %d to %d pages: %s".formatted(Pool.FIRST_PAGES, Pool.PAGES, pool));
            try (ChildJvm child =
                    ChildJvm.start("growth", GrowthProcess.class, FLAGS, List.of(pool, Integer.toString(growths)))) {
                for (int round = 1; round <= growths; round++) {
                    all.add(growth(round, pool, child.await("growth ", LIMIT_MILLIS)));
                }
                child.await("closed", LIMIT_MILLIS);
            } catch (IOException | RuntimeException e) {
                out.accept("  failed and left out: " + e.getMessage());
            }
        }
        return all;
    }

    private Growth growth(int round, String pool, String line) {
        String[] nanos = line.split(" ", -1);
        Growth growth = new Growth(round, pool, micros(nanos[0]), micros(nanos[1]), micros(nanos[2]), micros(nanos[3]));
        out.accept(String.format(
                Locale.ROOT,
                "  99.9 %% of the allocations took at most %.1f us, the worst took %.1f us",
                growth.p999Micros(),
                growth.worstMicros()));
        return growth;
    }

    private static double micros(String nanos) {
        return Long.parseLong(nanos) / NANOS_PER_MICRO;
    }

    /// Measures the burst of each pool, each time in a JVM of its own.
    ///
    /// @return the results; may be empty
    /// @throws InterruptedException if the caller is interrupted; the process has ended by then
    public List<Return> returns() throws InterruptedException {
        List<Return> all = new ArrayList<>();
        for (int round = 1; round <= bursts; round++) {
            for (String pool : BURSTING) {
                out.accept("burst %d of %d: %s".formatted(round, bursts, pool));
                try (ChildJvm child = ChildJvm.start("the burst", BurstProcess.class, FLAGS, List.of(pool))) {
                    Return result = burst(round, pool, child);
                    all.add(result);
                    out.accept(String.format(
                            Locale.ROOT,
                            "  %.0f %% returned after 0.2 s, %.0f %% after 1 s, %.0f %% after 2 s",
                            100 * result.returned(200),
                            100 * result.returned(1000),
                            100 * result.returned(2000)));
                } catch (IOException | RuntimeException e) {
                    out.accept("  failed and left out: " + e.getMessage());
                }
            }
        }
        return all;
    }

    private static Return burst(int round, String pool, ChildJvm child) throws IOException, InterruptedException {
        long burstBytes = Long.parseLong(child.await("burst ", LIMIT_MILLIS));
        List<Sample> curve = new ArrayList<>();
        for (String line = child.await("", LIMIT_MILLIS);
                !line.equals("closed");
                line = child.await("", LIMIT_MILLIS)) {
            String[] sample = line.split(" ", -1);
            if (sample[0].equals("sample")) {
                curve.add(new Sample(Long.parseLong(sample[1]), Long.parseLong(sample[2])));
            }
        }
        return new Return(round, pool, burstBytes, curve);
    }
}
