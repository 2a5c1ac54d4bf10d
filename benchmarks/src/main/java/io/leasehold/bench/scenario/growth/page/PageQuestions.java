package io.leasehold.bench.scenario.growth.page;

import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import java.util.List;

/// The questions of this package.
public final class PageQuestions {

    private static final List<GrowthQuestion> ALL = List.of(
            new RunSearch(),
            new RunWaiters(),
            new LeaseWaiters(),
            new RingStats(),
            new RingTrim(),
            new WindowLoan(),
            new FileClose());

    private PageQuestions() {}

    /// {@return the questions in the order of the report}
    public static List<GrowthQuestion> all() {
        return ALL;
    }
}
