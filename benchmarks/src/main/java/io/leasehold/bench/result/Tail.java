package io.leasehold.bench.result;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Figures of a tail: the 99.99 percentile of the times in one fork of JMH, and the middle and the range of several
/// such figures. They show pauses, which the mean would hide.
public final class Tail {

    private static final double QUANTILE = 0.9999;

    private Tail() {}

    /// {@return the percentile of a fork, whose iterations are lists of values with their counts}
    static double of(JsonNode fork) {
        TreeMap<Double, Long> counts = new TreeMap<>();
        for (JsonNode iteration : fork) {
            for (JsonNode pair : iteration) {
                counts.merge(pair.get(0).asDouble(), pair.get(1).asLong(), Long::sum);
            }
        }
        long left = (long) Math.ceil(
                QUANTILE * counts.values().stream().mapToLong(Long::longValue).sum());
        for (Map.Entry<Double, Long> entry : counts.entrySet()) {
            left -= entry.getValue();
            if (left <= 0) {
                return entry.getKey();
            }
        }
        return Double.NaN;
    }

    /// {@return the median, or the upper of two middle figures; NaN if there are no figures}
    public static double median(List<Double> figures) {
        return figures.isEmpty()
                ? Double.NaN
                : figures.stream().sorted().toList().get(figures.size() / 2);
    }

    /// {@return half of the range; NaN for one figure}
    public static double halfRange(List<Double> figures) {
        return figures.size() < 2 ? Double.NaN : (Collections.max(figures) - Collections.min(figures)) / 2;
    }
}
