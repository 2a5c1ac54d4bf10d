package io.leasehold.bench.scenario.server;

import io.leasehold.bench.process.Terms;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.Form;
import io.leasehold.bench.subject.JvmMode;
import io.leasehold.bench.subject.Observing;
import java.util.ArrayList;
import java.util.List;

/// What the server scenario runs.
///
/// @param settings in the order in which they run
/// @param allocators that each setting runs with
/// @param connections of the load
/// @param timing of every term
public record Plan(List<Setting> settings, List<String> allocators, int connections, Timing timing) {

    private static final int CONNECTIONS = 64;
    private static final int DEEP = 16;
    private static final int FULL_ROUNDS = 10;
    private static final int FEW_ROUNDS = 5;

    /// Time after the load in milliseconds. The scenario measures how much memory the allocator has returned by then.
    private static final int SETTLE_MILLIS = 2_000;

    /// The durations of the parts of a term. The terms at full load and at the fixed rate of one round share a server,
    /// which is warmed up once.
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
        private static final long START_MILLIS = 1_800;

        /// The end of two JVMs, and what remains of the start of the next ones. That start begins while the server
        /// before them is idle.
        private static final long CHANGE_MILLIS = 500;

        long rampMillis(boolean isFlatOut) {
            return isFlatOut ? rampMillis : rateRampMillis;
        }

        long termMillis(boolean isFlatOut) {
            long start = isFlatOut ? CHANGE_MILLIS + warmMillis + pauseMillis : 0;
            return start + rampMillis(isFlatOut) + measuredMillis + settleMillis;
        }

        /// {@return the duration of a term at full load that shares nothing with the next one}
        long aloneMillis() {
            return START_MILLIS + warmMillis + pauseMillis + rampMillis + measuredMillis + settleMillis;
        }
    }

    /// One server under one load.
    ///
    /// @param setting of the term
    /// @param round from 1
    /// @param allocator of the server
    /// @param isFlatOut true at full load, false at the fixed rate
    record Term(Setting setting, int round, String allocator, boolean isFlatOut) {

        /// {@return true if this term uses the server of the term before it}
        boolean follows(Term before) {
            return !isFlatOut && equals(new Term(before.setting, before.round, before.allocator, false));
        }

        String text() {
            return allocator + ", " + setting.text() + ", " + (isFlatOut ? "flat out" : "fixed rate");
        }
    }

    /// {@return the plan of a form}
    ///
    /// | form | question | duration |
    /// |---|---|---|
    /// | `ci` | does it run? Leasehold and Netty's default allocator, once | 15 s |
    /// | `short` | how do they compare on this machine now? Five rounds with pipelining | 3 min |
    /// | `full` | which results can be published? Ten rounds with and without pipelining, five of the rest | 33 min |
    public static Plan of(Form form) {
        return switch (form) {
            case CI ->
                new Plan(
                        List.of(new Setting(Transport.NIO, false, JvmMode.NATIVE, DEEP, 1, 1)),
                        Allocators.names().stream()
                                .filter(name -> !name.equals("pooled"))
                                .toList(),
                        CONNECTIONS,
                        new Timing(500, 300, 300, 300, 700, SETTLE_MILLIS));
            case SHORT ->
                new Plan(
                        List.of(new Setting(Transport.NIO, false, JvmMode.NATIVE, DEEP, FEW_ROUNDS, FEW_ROUNDS)),
                        Allocators.names(),
                        CONNECTIONS,
                        new Timing(2_000, 300, 1_000, 1_500, 1_000, SETTLE_MILLIS));
            case FULL ->
                new Plan(
                        full(),
                        Allocators.names(),
                        CONNECTIONS,
                        new Timing(2_000, 1_500, 1_000, 10_000, 5_000, SETTLE_MILLIS));
        };
    }

    /// {@return the plan that compares Leasehold observed with Leasehold not observed: the first setting of a form, at
    /// full load}
    public static Plan observing(Form form) {
        Plan plan = of(form);
        Setting first = plan.settings.getFirst();
        Setting flat = new Setting(first.transport(), first.tls(), first.mode(), first.depth(), first.flatRounds(), 0);
        return new Plan(List.of(flat), Observing.NAMES, plan.connections, plan.timing);
    }

    /// {@return ten rounds of the two main settings, and fewer of the others}
    private static List<Setting> full() {
        return List.of(
                new Setting(Transport.NIO, false, JvmMode.NATIVE, DEEP, FULL_ROUNDS, FEW_ROUNDS),
                new Setting(Transport.NIO, false, JvmMode.NATIVE, 1, FULL_ROUNDS, FEW_ROUNDS),
                new Setting(Transport.NIO, true, JvmMode.NATIVE, 1, FEW_ROUNDS, 0),
                new Setting(Transport.EPOLL, false, JvmMode.NATIVE, DEEP, FEW_ROUNDS, 0),
                new Setting(Transport.NIO, false, JvmMode.UNSAFE, DEEP, FEW_ROUNDS, 0),
                new Setting(Transport.NIO, false, JvmMode.NONE, DEEP, FEW_ROUNDS, 0));
    }

    /// {@return this plan with at most `most` rounds of each setting}
    ///
    /// @param most from 1
    public Plan inRounds(int most) {
        return with(settings.stream().map(setting -> setting.inRounds(most)).toList());
    }

    /// {@return this plan without the settings of a transport}
    Plan without(Transport transport) {
        return with(settings.stream()
                .filter(setting -> setting.transport() != transport)
                .toList());
    }

    private Plan with(List<Setting> others) {
        return new Plan(others, allocators, connections, timing);
    }

    /// {@return the expected duration in seconds}
    public long expectedSeconds() {
        return terms().expectedSeconds();
    }

    /// {@return the terms of all settings, in their order} A round runs each allocator at full load and then, on the
    /// same server, at the fixed rate. The first round begins with the last allocator. The fixed rate is derived from
    /// its rate.
    Terms<Term> terms() {
        List<Term> all = new ArrayList<>();
        for (Setting setting : settings) {
            for (int round = 1; round <= setting.flatRounds(); round++) {
                for (String allocator : Terms.inTurn(round, allocators.reversed())) {
                    all.add(new Term(setting, round, allocator, true));
                    if (round <= setting.rateRounds()) {
                        all.add(new Term(setting, round, allocator, false));
                    }
                }
            }
        }
        return new Terms<>("server", all, Term::text, term -> timing.termMillis(term.isFlatOut()));
    }
}
