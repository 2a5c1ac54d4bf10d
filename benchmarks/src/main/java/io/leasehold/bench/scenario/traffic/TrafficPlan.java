package io.leasehold.bench.scenario.traffic;

import io.leasehold.bench.process.Terms;
import io.leasehold.bench.subject.Form;
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

    /// {@return the plan of a form}
    ///
    /// @param rounds number of rounds, or 0 for the number of the form
    public static TrafficPlan of(Form form, int rounds) {
        return switch (form) {
            case CI -> new TrafficPlan(Math.max(1, rounds), 300, 300);
            case SHORT -> new TrafficPlan(rounds == 0 ? 5 : rounds, 3_000, 1_500);
            case FULL -> new TrafficPlan(rounds == 0 ? 10 : rounds, 3_000, 4_000);
        };
    }

    /// {@return the expected duration in seconds}
    public long expectedSeconds() {
        return terms(Optional.empty(), Optional.empty()).expectedSeconds();
    }

    /// {@return the terms that can run on this machine, round by round}
    ///
    /// @param missingUring reason why io_uring cannot be used; empty if it can
    /// @param missingEpoll reason why epoll cannot be used; empty if it can
    Terms<Term> terms(Optional<String> missingUring, Optional<String> missingEpoll) {
        List<Term> all = new ArrayList<>();
        for (int round = 1; round <= rounds; round++) {
            List<Term> terms = new ArrayList<>();
            for (Traffic traffic : Traffic.values()) {
                for (Receiver receiver : traffic.receivers()) {
                    boolean isMissing = (receiver.isUring(traffic) && missingUring.isPresent())
                            || (receiver.isEpoll() && missingEpoll.isPresent());
                    if (!isMissing) {
                        terms.add(new Term(traffic, receiver, round));
                    }
                }
            }
            all.addAll(Terms.inTurn(round, terms));
        }
        return new Terms<>("traffic", all, Term::text, term -> warmMillis + measuredMillis + REST_MILLIS);
    }
}
