package io.leasehold.bench.traffic;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What the traffic scenario runs.
///
/// @param rounds in each of which every receiver has its turn
/// @param warmMillis of traffic, before it is measured: after one second a byte took a third more CPU than after three
/// @param measuredMillis of traffic
public record TrafficPlan(int rounds, long warmMillis, long measuredMillis) {

    /// Two JVMs and their end.
    private static final long REST_MILLIS = 1_100;

    /// One receiver under one kind of traffic.
    record Term(Traffic traffic, Receiver receiver, int round) {

        String text() {
            return traffic.text() + ", " + receiver.text();
        }
    }

    /// {@return the plan of a form: `ci`, `short` or `full`}
    ///
    /// @param form its name
    /// @param rounds how many, or 0 for as many as the form has
    /// @throws IllegalArgumentException if there is no such form
    public static TrafficPlan of(String form, int rounds) {
        return switch (form) {
            case "ci" -> new TrafficPlan(Math.max(1, rounds), 300, 300);
            case "short" -> new TrafficPlan(rounds == 0 ? 2 : rounds, 3_000, 1_500);
            case "full" -> new TrafficPlan(rounds == 0 ? 10 : rounds, 3_000, 4_000);
            default -> throw new IllegalArgumentException("form is none of ci, short, full: " + form);
        };
    }

    /// {@return about how long it takes, in milliseconds}
    public long expectedMillis() {
        return terms(Optional.empty(), Optional.empty()).size() * termMillis();
    }

    long termMillis() {
        return warmMillis + measuredMillis + REST_MILLIS;
    }

    /// {@return what runs where this is missing: round by round, and the receivers of every other round from the last
    ///     to the first, as what comes first has the cooler machine}
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
