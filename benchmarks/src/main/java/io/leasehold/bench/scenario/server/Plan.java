package io.leasehold.bench.scenario.server;

import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.JvmMode;
import java.util.ArrayList;
import java.util.List;

/// What the server scenario runs.
///
/// @param settings in the order in which they run
/// @param allocators that each setting runs with
/// @param connections of the load
/// @param port that servers listen on; 0 for any
/// @param timing of every term
public record Plan(List<Setting> settings, List<String> allocators, int connections, int port, Timing timing) {

    private static final int CONNECTIONS = 64;
    private static final int DEEP = 16;
    private static final int FULL_ROUNDS = 10;
    private static final int FEW_ROUNDS = 5;
    private static final int SHORT_ROUNDS = 5;

    /// Time after the load in milliseconds. The scenario measures how much memory the allocator has returned by then.
    private static final int SETTLE_MILLIS = 2_000;

    /// The durations of the parts of a term.
    ///
    /// @param warmMillis traffic over a few connections
    /// @param pauseMillis pause without traffic, before the baseline is read
    /// @param rampMillis load at full rate, before the measurement
    /// @param rateRampMillis load at the fixed rate, before the measurement; requests that wait because the JIT
    ///     compilers are busy must be answered by then, or the measurement would include them
    /// @param measuredMillis measured load
    /// @param settleMillis time from the end of the load until resident memory is read
    public record Timing(
            long warmMillis,
            long pauseMillis,
            long rampMillis,
            long rateRampMillis,
            long measuredMillis,
            long settleMillis) {

        /// The start of two JVMs, one of which touches its heap, and their end.
        private static final long REST_MILLIS = 1_800;

        long rampMillis(boolean isFlatOut) {
            return isFlatOut ? rampMillis : rateRampMillis;
        }

        long termMillis(boolean isFlatOut) {
            return warmMillis + pauseMillis + rampMillis(isFlatOut) + measuredMillis + settleMillis + REST_MILLIS;
        }
    }

    /// One server under one load.
    ///
    /// @param setting of the term
    /// @param round from 1, counted separately at full load and at the fixed rate
    /// @param allocator of the server
    /// @param isFlatOut true at full load, false at the fixed rate
    record Term(Setting setting, int round, String allocator, boolean isFlatOut) {

        String text() {
            return allocator + ", " + setting.text() + ", " + (isFlatOut ? "flat out" : "fixed rate");
        }
    }

    /// {@return the plan of a form}
    ///
    /// | form | question | duration |
    /// |---|---|---|
    /// | `ci` | does it run? Leasehold and Netty's default allocator, once | 20 s |
    /// | `short` | how do they compare on this machine now? Five rounds with pipelining | 200 s |
    /// | `full` | which results can be published? Ten rounds with and without pipelining, five of the rest | 40 min |
    ///
    /// @throws IllegalArgumentException if the form is unknown
    public static Plan of(String form) {
        return switch (form) {
            case "ci" ->
                new Plan(
                        List.of(new Setting(Transport.NIO, false, JvmMode.NATIVE, DEEP, 1, 1)),
                        some(),
                        CONNECTIONS,
                        0,
                        new Timing(500, 300, 300, 300, 700, SETTLE_MILLIS));
            case "short" ->
                new Plan(
                        List.of(new Setting(Transport.NIO, false, JvmMode.NATIVE, DEEP, SHORT_ROUNDS, SHORT_ROUNDS)),
                        Allocators.names(),
                        CONNECTIONS,
                        0,
                        new Timing(600, 400, 300, 1_200, 1_000, SETTLE_MILLIS));
            case "full" ->
                new Plan(
                        full(),
                        Allocators.names(),
                        CONNECTIONS,
                        0,
                        new Timing(2_000, 1_500, 1_000, 10_000, 5_000, SETTLE_MILLIS));
            default -> throw new IllegalArgumentException("unknown form: name=" + form + "; use ci, short or full");
        };
    }

    /// {@return Leasehold, Netty's default allocator, and the rival of this run}
    private static List<String> some() {
        return Allocators.names().stream()
                .filter(name -> !name.equals("pooled"))
                .toList();
    }

    /// {@return ten rounds of the two settings that have targets, and fewer of the others}
    private static List<Setting> full() {
        return List.of(
                new Setting(Transport.NIO, false, JvmMode.NATIVE, DEEP, FULL_ROUNDS, FEW_ROUNDS),
                new Setting(Transport.NIO, false, JvmMode.NATIVE, 1, FULL_ROUNDS, FEW_ROUNDS),
                new Setting(Transport.NIO, true, JvmMode.NATIVE, 1, FEW_ROUNDS, 0),
                new Setting(Transport.EPOLL, false, JvmMode.NATIVE, DEEP, FEW_ROUNDS, 0),
                new Setting(Transport.NIO, false, JvmMode.UNSAFE, DEEP, FEW_ROUNDS, 0),
                new Setting(Transport.NIO, false, JvmMode.NONE, DEEP, FEW_ROUNDS, 0));
    }

    /// {@return this plan with all settings on one transport, without duplicates}
    public Plan on(Transport transport) {
        return new Plan(
                settings.stream()
                        .map(setting -> setting.on(transport))
                        .distinct()
                        .toList(),
                allocators,
                connections,
                port,
                timing);
    }

    /// {@return this plan with at most `most` rounds of each setting}
    ///
    /// @param most from 1
    public Plan inRounds(int most) {
        return new Plan(
                settings.stream().map(setting -> setting.inRounds(most)).toList(),
                allocators,
                connections,
                port,
                timing);
    }

    /// {@return this plan on one port}
    ///
    /// @param other a port of 127.0.0.1, or 0 for any
    public Plan listeningOn(int other) {
        return new Plan(settings, allocators, connections, other, timing);
    }

    /// {@return this plan without the settings of a transport, or with NIO instead if no setting would be left}
    Plan without(Transport transport) {
        List<Setting> rest = settings.stream()
                .filter(setting -> setting.transport() != transport)
                .toList();
        return rest.isEmpty() ? on(Transport.NIO) : new Plan(rest, allocators, connections, port, timing);
    }

    /// {@return the expected duration in seconds}
    public long expectedSeconds() {
        return terms().stream()
                        .mapToLong(term -> timing.termMillis(term.isFlatOut()))
                        .sum()
                / 1000;
    }

    /// {@return the terms of all settings, in their order}
    List<Term> terms() {
        return settings.stream().flatMap(setting -> terms(setting).stream()).toList();
    }

    /// {@return the rounds at full load, then those at the fixed rate} Every other round runs the allocators in reverse
    /// order, because the first one runs on a cooler machine.
    private List<Term> terms(Setting setting) {
        List<Term> terms = new ArrayList<>();
        for (int i = 0; i < setting.flatRounds() + setting.rateRounds(); i++) {
            boolean isFlatOut = i < setting.flatRounds();
            int round = isFlatOut ? i + 1 : i - setting.flatRounds() + 1;
            List<String> order = round % 2 == 1 ? allocators : allocators.reversed();
            order.forEach(allocator -> terms.add(new Term(setting, round, allocator, isFlatOut)));
        }
        return terms;
    }
}
