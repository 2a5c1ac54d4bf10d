package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import java.util.List;
import java.util.stream.Collectors;

/// All questions of the growth benchmark.
public final class Questions {

    private static final List<GrowthQuestion> ALL = List.of(
            RandomRelease.question(256, 0),
            RandomRelease.question(256, 1),
            RandomRelease.question(1 << 10, 0),
            RandomRelease.question(1 << 10, 1),
            GrowthQuestion.of("replace", new GrowthRange(8 << 10, 7, 5), Replacement::ofMany)
                    .ofBoth()
                    .touching(Replacement.BYTES),
            GrowthQuestion.of("refusal", new GrowthRange(8, 6, 4), Refusal::run).touching(1 << 20),
            GrowthQuestion.of("trim", new GrowthRange(8, 7, 4), AllocatorTrim::run)
                    .touching(1 << 20),
            GrowthQuestion.of("holes", new GrowthRange(16, 7, 4), HolesThenBursts::run)
                    .ofBoth()
                    .touching(1 << 20),
            GrowthQuestion.of(
                            "large-sizes", // above those whose slabs have many blocks
                            new GrowthRange(1, 5, 4),
                            load -> Replacement.ofSizes(load, 72 << 10, 288 << 10, 16))
                    .ofBoth(),
            GrowthQuestion.of(
                            "small-sizes",
                            new GrowthRange(1, 6, 6),
                            load -> Replacement.ofSizes(load, 16, 16 << 10, 64))
                    .ofBoth(),
            ManyThreads.question(true),
            ManyThreads.question(false),
            GrowthQuestion.of("idle", new GrowthRange(16, 6, 4), IdleAllocators::run),
            GrowthQuestion.of("runs", new GrowthRange(64, 9, 6), RunSearch::run),
            GrowthQuestion.of("waiters", new GrowthRange(1, 7, 6), RunWaiters::run),
            GrowthQuestion.of("leases", new GrowthRange(64, 10, 6), LeaseWaiters::run),
            GrowthQuestion.of("ring-stats", new GrowthRange(32, 8, 6), RingStats::run),
            GrowthQuestion.of("ring-trim", new GrowthRange(32, 8, 6), RingTrim::run),
            GrowthQuestion.of("windows", new GrowthRange(125, 7, 6), WindowLoan::run),
            GrowthQuestion.of("close", new GrowthRange(125, 7, 6), FileClose::run));

    private Questions() {}

    /// {@return the questions in the order of the report}
    public static List<GrowthQuestion> all() {
        return ALL;
    }

    /// {@return the question with an id}
    ///
    /// @param id see [io.leasehold.bench.result.GrowthTopic#id()]
    /// @throws IllegalArgumentException if the id is unknown, with all ids
    public static GrowthQuestion of(String id) {
        return ALL.stream()
                .filter(question -> question.topic().id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("unknown question: id=" + id + "; use one of "
                        + ALL.stream().map(question -> question.topic().id()).collect(Collectors.joining(", "))));
    }
}
