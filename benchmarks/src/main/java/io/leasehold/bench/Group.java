package io.leasehold.bench;

import io.leasehold.bench.jmh.Questions;
import io.leasehold.bench.result.Results;
import io.leasehold.bench.result.RingResult;
import io.leasehold.bench.scenario.first.FirstScenario;
import io.leasehold.bench.scenario.growth.GrowthPlan;
import io.leasehold.bench.scenario.growth.GrowthScenario;
import io.leasehold.bench.scenario.memory.MemoryPlan;
import io.leasehold.bench.scenario.memory.MemoryScenario;
import io.leasehold.bench.scenario.ring.PoolScenario;
import io.leasehold.bench.scenario.server.FilePlan;
import io.leasehold.bench.scenario.server.FileScenario;
import io.leasehold.bench.scenario.server.Plan;
import io.leasehold.bench.scenario.server.ServerScenario;
import io.leasehold.bench.scenario.traffic.TrafficPlan;
import io.leasehold.bench.scenario.traffic.TrafficScenario;
import io.leasehold.bench.scenario.wrk.Programs;
import io.leasehold.bench.scenario.wrk.StaticPlan;
import io.leasehold.bench.scenario.wrk.StaticScenario;
import io.leasehold.bench.subject.Form;
import io.leasehold.bench.subject.Named;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/// The names that `-Dbench=` accepts. A group has JMH benchmarks, scenarios, or both.
enum Group implements Named {
    /// Buffers, compared with Netty's two allocators.
    ALLOCATOR,
    /// Pages and runs of pages.
    PAGE,
    /// Leases on pages.
    LEASE,
    /// A server under load.
    SERVER,
    /// The memory that allocators keep resident.
    MEMORY,
    /// The growth of costs with the amount of memory in use.
    GROWTH,
    /// The pool of receive pages (`JumboPool`).
    RING,
    /// File windows.
    WINDOW,
    /// Servers of files.
    FILES,
    /// The first buffer of a JVM.
    FIRST,
    /// Leasehold observed, compared with Leasehold not observed. `all` does not include this group.
    OBSERVE;

    private static final String ALL = "all";

    /// {@return the groups that `name` stands for; empty if it is not the name of a group}
    static List<Group> of(String name) {
        return Arrays.stream(values())
                .filter(group -> group.text().equals(name) || (name.equals(ALL) && group != OBSERVE))
                .toList();
    }

    /// {@return one regular expression for the JMH benchmarks of `groups`; empty if they have none}
    static String regex(List<Group> groups) {
        List<String> names = groups.stream().map(Group::text).toList();
        return Questions.classes().stream()
                .filter(type -> names.contains(Questions.of(type).group()))
                .map(type -> "\\." + type.getSimpleName() + "\\b")
                .collect(Collectors.joining("|"));
    }

    /// {@return `text`, which is a regular expression}
    ///
    /// @throws IllegalArgumentException if it is not
    static String regex(String text) {
        try {
            return Pattern.compile(text).pattern();
        } catch (PatternSyntaxException e) {
            throw unknown(text);
        }
    }

    static IllegalArgumentException unknown(String name) {
        return new IllegalArgumentException("no benchmark matches: bench=" + name + "; use one of "
                + Arrays.stream(values()).map(Group::text).collect(Collectors.joining(", ", "", ", " + ALL))
                + ", report, or a regular expression that is found in a benchmark's name");
    }

    /// {@return true if the scenarios of this group run in a form}
    ///
    /// If all groups are selected, the shorter forms have no time for the scenarios of the ring, of files and of the
    /// first buffer. The growth scenario is left out in `short` only: it takes a few seconds in `ci`, but in `short`
    /// half as long as all other groups together.
    ///
    /// @param isAlone true if no other group is selected
    boolean runsIn(Form form, boolean isAlone) {
        return isAlone
                || switch (this) {
                    case RING, FILES, FIRST -> form == Form.FULL;
                    case GROWTH -> form != Form.SHORT;
                    default -> true;
                };
    }

    /// {@return the scenarios that run besides the JMH benchmarks}
    ///
    /// @param chosen the only growth question or memory scenario that runs, or an empty string for those of the form
    /// @throws IllegalArgumentException if it is unknown
    List<Part> scenarios(Options options, String chosen) {
        Form form = options.form();
        int rounds = options.rounds();
        int most = rounds == 0 ? Integer.MAX_VALUE : rounds;
        return switch (this) {
            case SERVER, OBSERVE -> {
                Plan plan = (this == SERVER ? Plan.of(form) : Plan.observing(form)).inRounds(most);
                yield part(
                        plan.expectedSeconds(), (to, out) -> to.write(Results.SERVER, ServerScenario.run(plan, out)));
            }
            case FILES ->
                files(FilePlan.of(form).inRounds(most), StaticPlan.of(form).inRounds(most));
            case MEMORY -> {
                MemoryPlan plan = chosen.isEmpty() ? MemoryPlan.of(form, rounds) : MemoryPlan.of(form, rounds, chosen);
                yield part(
                        plan.terms().expectedSeconds(),
                        (to, out) -> to.write(Results.MEMORY, MemoryScenario.run(plan, out)));
            }
            case GROWTH -> {
                GrowthPlan plan = chosen.isEmpty()
                        ? GrowthPlan.of(form)
                        : GrowthPlan.of(form).only(chosen);
                yield part(plan.expectedSeconds(), (to, out) -> growth(plan, to, out));
            }
            case RING -> ring(TrafficPlan.of(form, rounds), form);
            case FIRST -> {
                FirstScenario first = FirstScenario.of(form, rounds);
                yield part(first.expectedSeconds(), (to, out) -> to.write(Results.FIRST, first.run(out)));
            }
            default -> List.of();
        };
    }

    private List<Part> part(long expectedSeconds, Part.Work work) {
        return List.of(new Part(text(), expectedSeconds, work));
    }

    /// {@return the scenarios of files: each way to send them, and servers under `wrk`, which may be missing}
    private List<Part> files(FilePlan ways, StaticPlan plan) {
        StaticScenario statics = new StaticScenario(plan, Programs.here());
        return List.of(
                new Part(
                        text(),
                        ways.expectedSeconds(),
                        (to, out) -> to.write(Results.FILES, FileScenario.run(ways, out))),
                new Part(
                        text() + " under wrk",
                        statics.expectedSeconds(),
                        (to, out) -> to.write(Results.STATICS, statics.run(out))));
    }

    private static void growth(GrowthPlan plan, Results results, Consumer<String> progress)
            throws IOException, InterruptedException {
        GrowthScenario.Outcome outcome = GrowthScenario.run(plan, progress);
        results.write(Results.GROWTH, outcome.results());
        if (!outcome.failures().isEmpty()) {
            throw new IOException(outcome.failures().size() + " measurements failed; the first: "
                    + outcome.failures().getFirst());
        }
    }

    /// {@return the scenarios of the ring: under traffic, while the pool grows, and after a burst}
    private List<Part> ring(TrafficPlan plan, Form form) {
        int growths = form == Form.CI ? 1 : form == Form.SHORT ? 5 : 20;
        int bursts = form == Form.FULL ? 10 : form == Form.SHORT ? 5 : 1;
        PoolScenario pools = new PoolScenario(growths, bursts);
        return part(
                plan.expectedSeconds() + pools.expectedSeconds(),
                (to, out) -> to.write(
                        Results.RING,
                        new RingResult(TrafficScenario.run(plan, out), pools.growth(out), pools.returns(out))));
    }

    /// {@return the name of the parameter that chooses a part of the scenario; empty if there is none}
    String chooser() {
        return switch (this) {
            case GROWTH -> "question";
            case MEMORY -> "scenario";
            default -> "";
        };
    }
}
