package io.leasehold.bench.scenario.growth.buffer;

import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import java.util.List;

/// The questions of this package.
public final class BufferQuestions {

    private static final List<GrowthQuestion> ALL = List.of(
            new RandomRelease(256, 0),
            new RandomRelease(256, 1),
            new RandomRelease(1 << 10, 0),
            new RandomRelease(1 << 10, 1),
            new RandomReplacement(),
            new Refusal(),
            new AllocatorTrim(),
            new HolesThenBursts(),
            SizesInUse.large(),
            SizesInUse.small(),
            new ManyThreads(true),
            new ManyThreads(false),
            new IdleAllocators());

    private BufferQuestions() {}

    /// {@return the questions in the order of the report}
    public static List<GrowthQuestion> all() {
        return ALL;
    }
}
