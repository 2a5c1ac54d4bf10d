package io.leasehold.bench.result;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The growth of the cost of one operation with `n`.
///
/// @param topic texts of the question
/// @param series one for each allocator that was measured
public record GrowthResult(GrowthTopic topic, List<Series> series) {

    /// The measurements of one allocator.
    ///
    /// @param allocator `leased` or `adaptive`
    /// @param points in ascending order of `n`
    public record Series(String allocator, List<Point> points) {}

    /// One measurement.
    ///
    /// @param n value of `n`
    /// @param cost of one operation, in the unit of the question
    /// @param worstWaitMillis longest single wait of an application thread; null if no application thread ran
    /// @param others further figures by name; the names include the units
    public record Point(long n, double cost, @Nullable Double worstWaitMillis, Map<String, Double> others) {}
}
