package io.leasehold.bench.result;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The growth of the cost of one operation with `n`.
///
/// @param topic texts of the question
/// @param series one for each allocator that was measured
public record GrowthResult(GrowthTopic topic, List<Series> series) {

    /// Checks that something was measured.
    public GrowthResult {
        if (series.isEmpty()) {
            throw new IllegalArgumentException("question has no series: min=1");
        }
    }

    /// The measurements of one allocator.
    ///
    /// @param allocator `leased` or `adaptive`
    /// @param points in ascending order of `n`
    public record Series(String allocator, List<Point> points) {

        /// Checks that something was measured.
        public Series {
            if (points.isEmpty()) {
                throw new IllegalArgumentException("series has no points: allocator=" + allocator + ", min=1");
            }
        }
    }

    /// One measurement.
    ///
    /// @param n value of `n`
    /// @param cost of one operation, in the unit of the question
    /// @param worstWaitMillis longest single wait of an application thread; null if no application thread ran
    /// @param others further figures by name; the names include the units
    public record Point(long n, double cost, @Nullable Double worstWaitMillis, Map<String, Double> others) {

        /// Checks that `n` and the cost have a logarithm.
        public Point {
            if (n < 1 || !(cost > 0) || Double.isInfinite(cost)) {
                throw new IllegalArgumentException("n or cost is not above 0: n=" + n + ", cost=" + cost);
            }
        }
    }
}
