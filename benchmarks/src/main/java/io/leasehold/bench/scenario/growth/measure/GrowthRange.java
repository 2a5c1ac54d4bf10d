package io.leasehold.bench.scenario.growth.measure;

import java.util.List;
import java.util.stream.IntStream;

/// The values of `n` for a question: `first` and its successive doublings.
///
/// @param first smallest value
/// @param doublings number of doublings in the full form
/// @param shortDoublings number of doublings in the short form
public record GrowthRange(long first, int doublings, int shortDoublings) {

    /// Checks the values.
    public GrowthRange {
        if (first < 1 || shortDoublings < 2 || shortDoublings > doublings) {
            throw new IllegalArgumentException("range of n: first=" + first + ", min=1; shortDoublings="
                    + shortDoublings + ", min=2, max=" + doublings);
        }
    }

    /// {@return every value}
    public List<Long> all() {
        return upTo(doublings, 1);
    }

    /// {@return every second value up to `shortDoublings`, to cover a wide range in a short run}
    public List<Long> few() {
        return upTo(shortDoublings, 2);
    }

    /// {@return the two smallest values, with which the measurement is tested}
    public List<Long> two() {
        return upTo(1, 1);
    }

    private List<Long> upTo(int last, int step) {
        return IntStream.iterate(0, doubling -> doubling <= last, doubling -> doubling + step)
                .mapToObj(doubling -> first << doubling)
                .toList();
    }
}
