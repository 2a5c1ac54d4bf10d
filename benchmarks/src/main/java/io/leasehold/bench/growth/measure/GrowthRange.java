package io.leasehold.bench.growth.measure;

import java.util.List;
import java.util.stream.IntStream;

/// The values of `n` that a question is asked with: `first`, doubled again and again.
///
/// @param first the smallest value
/// @param doublings how many doublings the full form has
/// @param shortDoublings how many doublings the short form has
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

    /// {@return every second value of the short form, so that the range is wide and the run is not long}
    public List<Long> few() {
        return upTo(shortDoublings, 2);
    }

    /// {@return the two smallest values, which show that the measurement works}
    public List<Long> two() {
        return upTo(1, 1);
    }

    private List<Long> upTo(int last, int step) {
        return IntStream.iterate(0, doubling -> doubling <= last, doubling -> doubling + step)
                .mapToObj(doubling -> first << doubling)
                .toList();
    }
}
