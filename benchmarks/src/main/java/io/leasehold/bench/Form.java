package io.leasehold.bench;

import java.util.Locale;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/// How long the benchmarks take. JMH's go in rounds: each runs every benchmark once in a fresh JVM, so that what is
/// compared alternates and a machine that slows down slows all of it.
///
/// In the short forms JMH has a budget that its runs share, so that they end in time however many there are; what they
/// say of a close race is worth little. The scenarios have about the rest of the minute, or of the five.
public enum Form {
    /// A minute: does everything still run, and is anything badly off?
    CI(1, 25),
    /// Five minutes.
    SHORT(2, 130),
    /// As long as a number that is published needs: five seconds a run, five runs of each.
    FULL(5, Long.MAX_VALUE);

    private static final int ITERATIONS = 5;
    private static final double FULL_SECONDS = 5;
    private static final double FLOOR_SECONDS = 0.3;

    /// Starting a JVM and handing the results over.
    private static final double FORK_SECONDS = 0.7;

    private final int rounds;
    private final long jmhSeconds;

    Form(int rounds, long jmhSeconds) {
        this.rounds = rounds;
        this.jmhSeconds = jmhSeconds;
    }

    /// {@return the form of a name}
    static Form of(String name) {
        try {
            return valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("bench.time is ci, short or full, and not " + name, e);
        }
    }

    int rounds() {
        return rounds;
    }

    /// Sets one fork and iterations such that `runs` runs a round fit; two thirds of a fork are measured.
    void apply(ChainedOptionsBuilder options, int runs, int actualRounds) {
        TimeValue time =
                TimeValue.milliseconds(Math.round(1000 * measuredSeconds(runs, actualRounds) / (ITERATIONS * 1.5)));
        options.forks(1)
                .warmupIterations((ITERATIONS + 1) / 2)
                .warmupTime(time)
                .measurementIterations(ITERATIONS)
                .measurementTime(time);
    }

    /// {@return about how long `runs` runs a round take}
    long expectedSeconds(int runs, int actualRounds) {
        return Math.round(runs * actualRounds * (measuredSeconds(runs, actualRounds) + FORK_SECONDS));
    }

    private double measuredSeconds(int runs, int actualRounds) {
        double share = (double) jmhSeconds / runs / actualRounds - FORK_SECONDS;
        return Math.clamp(share, FLOOR_SECONDS, FULL_SECONDS);
    }
}
