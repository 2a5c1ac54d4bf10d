package io.leasehold.bench.scenario.growth.measure;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import java.util.List;

/// A question: how does the cost of one operation grow with `n`?
///
/// **Threads.** Immutable. Each call of [#run] opens what it needs and closes it.
public interface GrowthQuestion {

    /// Leasehold.
    String LEASED = "leased";

    /// Netty's default allocator.
    String ADAPTIVE = "adaptive";

    /// Both allocators, for questions that apply to both.
    List<String> BOTH = List.of(LEASED, ADAPTIVE);

    /// {@return the texts of the question}
    GrowthTopic topic();

    /// {@return the values of `n`}
    GrowthRange range();

    /// {@return the names of the allocators that are measured}
    default List<String> allocators() {
        return List.of(LEASED);
    }

    /// {@return approximate number of bytes that one measurement touches outside of the Java heap}
    ///
    /// @param n value of `n`
    default long touchedBytes(long n) {
        return 0;
    }

    /// Measures one value of `n` with one allocator.
    ///
    /// @param load what is measured, and for how long
    /// @return the figures
    /// @throws Exception if the measurement failed
    Point run(Load load) throws Exception;
}
