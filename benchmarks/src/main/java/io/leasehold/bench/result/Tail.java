package io.leasehold.bench.result;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Computes the 99.99 percentile of the times in one fork of JMH. It shows pauses, which the mean would hide.
final class Tail {

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

    static double median(List<Double> forks) {
        return forks.stream().sorted().toList().get(forks.size() / 2);
    }

    /// {@return half of the range of the forks; NaN for one fork}
    static double error(List<Double> forks) {
        return forks.size() < 2 ? Double.NaN : (Collections.max(forks) - Collections.min(forks)) / 2;
    }
}
