package io.leasehold.bench.scenario.traffic;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What the traffic scenario runs.
///
/// @param rounds number of rounds; each runs every receiver once
/// @param warmMillis traffic before the measurement: after one second, CPU per byte was a third higher than after three
/// @param measuredMillis measured traffic
public record TrafficPlan(int rounds, long warmMillis, long measuredMillis) {

    /// Starting and ending two JVMs.
    private static final long REST_MILLIS = 1_100;

    /// One receiver with one kind of traffic.
    record Term(Traffic traffic, Receiver receiver, int round) {

        String text() {
            return traffic.text() + ", " + receiver.text();
        }
    }

    /// {@return the plan of a form: `ci`, `short` or `full`}
    ///
    /// @param form name of the form
    /// @param rounds number of rounds, or 0 for the number of the form
    /// @throws IllegalArgumentException if the form is unknown
    public static TrafficPlan of(String form, int rounds) {
        return switch (form) {
            case "ci" -> new TrafficPlan(Math.max(1, rounds), 300, 300);
            case "short" -> new TrafficPlan(rounds == 0 ? 5 : rounds, 3_000, 1_500);
            case "full" -> new TrafficPlan(rounds == 0 ? 10 : rounds, 3_000, 4_000);
            default -> throw new IllegalArgumentException("unknown form: name=" + form + "; use ci, short or full");
        };
    }

    /// {@return the expected duration in milliseconds}
    public long expectedMillis() {
        return terms(Optional.empty(), Optional.empty()).size() * termMillis();
    }

    long termMillis() {
        return warmMillis + measuredMillis + REST_MILLIS;
    }

    /// {@return the terms that can run on this machine, round by round} Every other round runs the receivers in reverse
    /// order, because the first one runs on a cooler machine.
    ///
    /// @param missingUring reason why io_uring cannot be used; empty if it can
    /// @param missingEpoll reason why epoll cannot be used; empty if it can
    List<Term> terms(Optional<String> missingUring, Optional<String> missingEpoll) {
        List<Term> terms = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            List<Term> all = new ArrayList<>();
            for (Traffic traffic : Traffic.values()) {
                for (Receiver receiver : traffic.receivers()) {
                    boolean isMissing = (receiver.isUring(traffic) && missingUring.isPresent())
                            || (receiver.isEpoll() && missingEpoll.isPresent());
                    if (!isMissing) {
                        all.add(new Term(traffic, receiver, round));
                    }
                }
            }
            terms.addAll(round % 2 == 1 ? all : all.reversed());
        }
        return terms;
    }
}
