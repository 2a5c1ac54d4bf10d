package io.leasehold.bench;

import java.util.Locale;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/// The duration of a run. JMH benchmarks run in rounds. A round runs every benchmark once, each in a new JVM. So
/// compared benchmarks alternate, and a machine that slows down affects all of them.
///
/// In the shorter forms all JMH runs share one time budget, so the total time does not depend on their number. Their
/// results are too noisy to decide a close comparison. The scenarios take about the rest of the three or seven minutes.
public enum Form {
    /// Three minutes. Checks that everything still runs and finds large regressions.
    CI(1, 25),
    /// Seven minutes.
    SHORT(2, 110),
    /// As long as publishable numbers need: five seconds a run, five runs of each benchmark.
    FULL(5, Long.MAX_VALUE);

    private static final int ITERATIONS = 5;
    private static final double FULL_SECONDS = 5;
    private static final double MIN_SECONDS = 0.3;

    /// Seconds to start a JVM and to transfer the results.
    private static final double FORK_SECONDS = 0.7;

    private final int rounds;
    private final long jmhSeconds;

    Form(int rounds, long jmhSeconds) {
        this.rounds = rounds;
        this.jmhSeconds = jmhSeconds;
    }

    /// {@return the form with a name}
    static Form of(String name) {
        try {
            return valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("unknown form: bench.time=" + name + "; use ci, short or full", e);
        }
    }

    int rounds() {
        return rounds;
    }

    /// Sets one fork, and an iteration time such that `runs` runs a round fit. Two thirds of the time of a fork are
    /// measured, the rest is warm-up.
    void apply(ChainedOptionsBuilder options, int runs, int actualRounds) {
        TimeValue time =
                TimeValue.milliseconds(Math.round(1000 * measuredSeconds(runs, actualRounds) / (ITERATIONS * 1.5)));
        options.forks(1)
                .warmupIterations((ITERATIONS + 1) / 2)
                .warmupTime(time)
                .measurementIterations(ITERATIONS)
                .measurementTime(time);
    }

    /// {@return the expected duration of `runs` runs a round, in seconds}
    long expectedSeconds(int runs, int actualRounds) {
        return Math.round(runs * actualRounds * (measuredSeconds(runs, actualRounds) + FORK_SECONDS));
    }

    private double measuredSeconds(int runs, int actualRounds) {
        double share = (double) jmhSeconds / runs / actualRounds - FORK_SECONDS;
        return Math.clamp(share, MIN_SECONDS, FULL_SECONDS);
    }
}
