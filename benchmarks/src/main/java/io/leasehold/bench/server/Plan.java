package io.leasehold.bench.server;

import java.util.ArrayList;
import java.util.List;

/// What the server scenario runs.
///
/// @param settings in their order
/// @param allocators of each
/// @param connections that the load is spread over
/// @param port that servers listen on; 0 for any
/// @param timing of every term
public record Plan(List<Setting> settings, List<String> allocators, int connections, int port, Timing timing) {

    private static final List<String> ALL = List.of("leased", "adaptive", "pooled");
    private static final int CONNECTIONS = 64;
    private static final int DEEP = 16;
    private static final int FULL_ROUNDS = 10;
    private static final int FEW_ROUNDS = 2;

    /// What the allocator is to have given back two seconds after the load is the question.
    private static final int SETTLE_MILLIS = 2_000;

    /// How long the parts of a term take.
    ///
    /// @param warmMillis of traffic over a few connections
    /// @param pauseMillis without traffic, before the baseline is taken
    /// @param rampMillis of the load flat out, before it is measured
    /// @param rateRampMillis of the load at the fixed rate, before it is measured: what waits because the compilers
    ///     were at work has to be answered by then, or that is what is measured
    /// @param measuredMillis of the load
    /// @param settleMillis from its end until what is still resident is read
    public record Timing(
            long warmMillis,
            long pauseMillis,
            long rampMillis,
            long rateRampMillis,
            long measuredMillis,
            long settleMillis) {

        /// Two JVMs, one of which touches its heap, and their end.
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
    /// @param setting that it is part of
    /// @param round from 1, flat out and at the fixed rate each
    /// @param allocator of the server
    /// @param isFlatOut or at the fixed rate
    record Term(Setting setting, int round, String allocator, boolean isFlatOut) {

        String text() {
            return allocator + ", " + setting.text() + ", " + (isFlatOut ? "flat out" : "fixed rate");
        }
    }

    /// {@return the plan of a form}
    ///
    /// | form | asks | takes about |
    /// |---|---|---|
    /// | `ci` | does it run? Ours and Netty's default, once | 20 s |
    /// | `short` | how do the three compare, on this machine, now? | 100 s |
    /// | `full` | what may be published? Ten rounds deep and not, fewer with TLS, epoll and the other modes | 20 min |
    ///
    /// @throws IllegalArgumentException if there is no such form
    public static Plan of(String form) {
        return switch (form) {
            case "ci" ->
                new Plan(
                        List.of(new Setting(Transport.NIO, false, Mode.NATIVE, DEEP, 1, 1)),
                        ALL.subList(0, 2),
                        CONNECTIONS,
                        0,
                        new Timing(500, 300, 300, 300, 700, SETTLE_MILLIS));
            case "short" ->
                new Plan(
                        List.of(
                                new Setting(Transport.NIO, false, Mode.NATIVE, DEEP, 2, 1),
                                new Setting(Transport.NIO, false, Mode.NATIVE, 1, 1, 0)),
                        ALL,
                        CONNECTIONS,
                        0,
                        new Timing(1_500, 1_500, 500, 4_000, 2_000, SETTLE_MILLIS));
            case "full" ->
                new Plan(full(), ALL, CONNECTIONS, 0, new Timing(2_000, 1_500, 1_000, 10_000, 5_000, SETTLE_MILLIS));
            default -> throw new IllegalArgumentException("form is none of ci, short, full: " + form);
        };
    }

    /// Ten rounds of the two questions that the targets ask, fewer of the others.
    private static List<Setting> full() {
        return List.of(
                new Setting(Transport.NIO, false, Mode.NATIVE, DEEP, FULL_ROUNDS, FEW_ROUNDS),
                new Setting(Transport.NIO, false, Mode.NATIVE, 1, FULL_ROUNDS, FEW_ROUNDS),
                new Setting(Transport.NIO, true, Mode.NATIVE, 1, FEW_ROUNDS, 0),
                new Setting(Transport.EPOLL, false, Mode.NATIVE, DEEP, FEW_ROUNDS, 0),
                new Setting(Transport.NIO, false, Mode.UNSAFE, DEEP, 1, 0),
                new Setting(Transport.NIO, false, Mode.NONE, DEEP, 1, 0));
    }

    /// {@return this plan with every setting on one transport, those that are then the same once}
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

    /// {@return this plan with at most so many rounds of each setting}
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

    /// {@return this plan without the settings on a transport; if that are all, with NIO in its place}
    Plan without(Transport transport) {
        List<Setting> rest = settings.stream()
                .filter(setting -> setting.transport() != transport)
                .toList();
        return rest.isEmpty() ? on(Transport.NIO) : new Plan(rest, allocators, connections, port, timing);
    }

    /// {@return about how long it takes}
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

    /// {@return first the rounds flat out, then those at the fixed rate, and the allocators of every other round from
    ///     the last to the first: what comes first has the cooler machine}
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
