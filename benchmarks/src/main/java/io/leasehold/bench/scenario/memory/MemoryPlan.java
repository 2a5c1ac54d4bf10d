package io.leasehold.bench.scenario.memory;

import io.leasehold.bench.process.Terms;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// What the memory scenario runs.
///
/// @param terms in the order in which they run
public record MemoryPlan(Terms<Term> terms) {

    /// Number of rounds that a verdict of the report needs.
    private static final int VERDICT_ROUNDS = 5;

    private static final List<String> BURSTS = List.of("burst4k", "survivors256", "burst64k");
    private static final List<String> OTHERS = List.of("steadyGateway", "threads", "steadyProxy");
    private static final List<String> MIXED = List.of("mixedDefault", "mixedSecond", "mixedTrickle", "mixedSilent");

    /// One JVM.
    ///
    /// @param round from 1
    /// @param scenario its name
    /// @param allocator its name
    /// @param isLong true if memory is read again a minute after a burst
    public record Term(int round, String scenario, String allocator, boolean isLong) {

        private String text() {
            return scenario + ", " + allocator;
        }

        private long millis() {
            boolean isMinute = isLong || scenario.startsWith("mixed");
            return isMinute ? 66_000 : scenario.startsWith("steady") ? 4_000 : 6_000;
        }
    }

    /// {@return a plan of terms}
    static MemoryPlan of(List<Term> terms) {
        return new MemoryPlan(new Terms<>("memory", terms, Term::text, Term::millis));
    }

    /// {@return the plan of a form}
    ///
    /// | form | scenarios | duration |
    /// |---|---|---|
    /// | `ci` | one burst | 20 s |
    /// | `short` | two bursts and two others | 70 s |
    /// | `full` | all, with another reading after a minute, and the mixed ones, in five rounds | 2 h |
    ///
    /// The shorter forms have one round, which shows values but gives no verdict.
    ///
    /// @param rounds number of rounds, or 0 for those of the form
    public static MemoryPlan of(Form form, int rounds) {
        List<String> scenarios = switch (form) {
            case CI -> BURSTS.subList(0, 1);
            case SHORT ->
                Stream.of(BURSTS.subList(0, 2), OTHERS.subList(0, 2))
                        .flatMap(List::stream)
                        .toList();
            case FULL -> Stream.of(BURSTS, OTHERS, MIXED).flatMap(List::stream).toList();
        };
        List<Term> terms = new ArrayList<>();
        for (int i = 1; i <= roundsOf(form, rounds); i++) {
            int round = i;
            for (String scenario : scenarios) {
                boolean isLong = form == Form.FULL && BURSTS.contains(scenario);
                Terms.inTurn(round, Allocators.names())
                        .forEach(allocator -> terms.add(new Term(round, scenario, allocator, isLong)));
            }
        }
        return of(terms);
    }

    private static int roundsOf(Form form, int rounds) {
        return rounds > 0 ? rounds : form == Form.FULL ? VERDICT_ROUNDS : 1;
    }

    /// {@return the plan of one scenario, which may be one that only `full` has}
    ///
    /// @param rounds number of rounds, or 0 for those of `form`
    /// @throws IllegalArgumentException if there is no such scenario
    public static MemoryPlan of(Form form, int rounds, String scenario) {
        return of(Form.FULL, roundsOf(form, rounds)).only(scenario);
    }

    /// {@return the part of this plan with one scenario}
    ///
    /// @throws IllegalArgumentException if the plan does not have it
    private MemoryPlan only(String scenario) {
        List<Term> some = terms.all().stream()
                .filter(term -> term.scenario.equals(scenario))
                .toList();
        if (some.isEmpty()) {
            throw new IllegalArgumentException("unknown scenario: bench.params=scenario=" + scenario + "; use one of "
                    + terms.all().stream().map(Term::scenario).distinct().toList());
        }
        return of(some);
    }
}
