package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import java.util.List;
import java.util.stream.Collectors;

/// All questions of the growth benchmark.
public final class Questions {

    private static final List<GrowthQuestion> ALL = List.of(
            RandomRelease.question(256, 0),
            RandomRelease.question(256, 1),
            RandomRelease.question(1 << 10, 0),
            RandomRelease.question(1 << 10, 1),
            RandomReplacement.question(),
            Refusal.question(),
            AllocatorTrim.question(),
            HolesThenBursts.question(),
            SizesInUse.large(),
            SizesInUse.small(),
            ManyThreads.question(true),
            ManyThreads.question(false),
            IdleAllocators.question(),
            RunSearch.question(),
            RunWaiters.question(),
            LeaseWaiters.question(),
            RingStats.question(),
            RingTrim.question(),
            WindowLoan.question(),
            FileClose.question());

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
