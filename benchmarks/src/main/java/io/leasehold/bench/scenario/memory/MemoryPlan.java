package io.leasehold.bench.scenario.memory;

import io.leasehold.bench.subject.Allocators;
import java.util.ArrayList;
import java.util.List;

/// What the memory scenario runs.
///
/// @param terms in the order in which they run
public record MemoryPlan(List<Term> terms) {

    private static final List<String> BURSTS = List.of("burst4k", "survivors256", "burst64k");
    private static final List<String> OTHERS = List.of("steadyGateway", "threads", "steadyProxy");
    private static final List<String> MIXED = List.of("mixedDefault", "mixedSecond", "mixedTrickle", "mixedSilent");

    /// One JVM.
    ///
    /// @param isLong true if memory is read again a minute after a burst
    record Term(int round, String scenario, String allocator, boolean isLong) {

        long expectedSeconds() {
            if (scenario.startsWith("mixed")) {
                return 66;
            }
            return isLong ? 66 : scenario.startsWith("steady") ? 4 : 6;
        }
    }

    /// {@return the plan of a form}
    ///
    /// | form | scenarios | duration |
    /// |---|---|---|
    /// | `ci` | one burst | 20 s |
    /// | `short` | two bursts and two others | 70 s |
    /// | `full` | all, with another reading after a minute, and the mixed ones | 25 min |
    ///
    /// Every other round runs the allocators in reverse order.
    ///
    /// @param rounds number of rounds, or 0 for one
    /// @throws IllegalArgumentException if the form is unknown
    public static MemoryPlan of(String form, int rounds) {
        List<String> scenarios = new ArrayList<>();
        switch (form) {
            case "ci" -> scenarios.addAll(BURSTS.subList(0, 1));
            case "short" -> {
                scenarios.addAll(BURSTS.subList(0, 2));
                scenarios.addAll(OTHERS.subList(0, 2));
            }
            case "full" -> {
                scenarios.addAll(BURSTS);
                scenarios.addAll(OTHERS);
                scenarios.addAll(MIXED);
            }
            default -> throw new IllegalArgumentException("unknown form: name=" + form + "; use ci, short or full");
        }
        List<Term> terms = new ArrayList<>();
        List<String> allocators = Allocators.names();
        for (int i = 1; i <= Math.max(1, rounds); i++) {
            int round = i;
            for (String scenario : scenarios) {
                boolean isLong = form.equals("full") && BURSTS.contains(scenario);
                (i % 2 == 1 ? allocators : allocators.reversed())
                        .forEach(allocator -> terms.add(new Term(round, scenario, allocator, isLong)));
            }
        }
        return new MemoryPlan(terms);
    }

    /// {@return the part of this plan with one scenario}
    ///
    /// @throws IllegalArgumentException if the plan does not have it
    public MemoryPlan only(String scenario) {
        List<Term> some =
                terms.stream().filter(term -> term.scenario.equals(scenario)).toList();
        if (some.isEmpty()) {
            throw new IllegalArgumentException("unknown scenario: bench.params=scenario=" + scenario + "; use one of "
                    + terms.stream().map(Term::scenario).distinct().toList());
        }
        return new MemoryPlan(some);
    }

    /// {@return the expected duration in seconds}
    public long expectedSeconds() {
        return terms.stream().mapToLong(Term::expectedSeconds).sum();
    }
}
