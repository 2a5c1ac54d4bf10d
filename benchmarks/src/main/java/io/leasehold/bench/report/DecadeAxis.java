package io.leasehold.bench.report;

import java.util.ArrayList;
import java.util.List;

/// A logarithmic axis that begins and ends at 1, 2 or 5 times a power of ten, or at a power of ten if there are many
/// decades. It spans at least one decade, so that a nearly constant series looks constant.
///
/// @param marks base-10 logarithms of the numbers that have a line and a label, in ascending order
record DecadeAxis(List<Double> marks) {

    /// Tolerance of a mark. The library places its marks at multiples of 0.1, which is up to 0.3 % beside a 2 or a 5.
    /// So an axis is extended by this much at both ends.
    static final double CLOSE = 0.002;

    private static final List<Double> ONES = List.of(0.0);
    private static final List<Double> ONES_TWOS_FIVES = List.of(0.0, Math.log10(2), Math.log10(5));

    /// Beyond this number of decades the labels at 2 and 5 would overlap.
    private static final double MANY_DECADES = 2.5;

    /// {@return an axis for all values, which must be positive}
    static DecadeAxis of(List<Double> values) {
        double low = values.stream().mapToDouble(Math::log10).min().orElse(0);
        double high = values.stream().mapToDouble(Math::log10).max().orElse(0);
        List<Double> steps = high - low > MANY_DECADES ? ONES : ONES_TWOS_FIVES;
        List<Double> marks = new ArrayList<>();
        for (double power = Math.floor(low); power <= Math.floor(high) + 2; power++) {
            for (double step : steps) {
                marks.add(power + step);
            }
        }
        while (marks.get(1) <= low) {
            marks.removeFirst();
        }
        double end = Math.max(high, marks.getFirst() + 1);
        while (marks.get(marks.size() - 2) > end - CLOSE) {
            marks.removeLast();
        }
        return new DecadeAxis(List.copyOf(marks));
    }

    double min() {
        return marks.getFirst();
    }

    double max() {
        return marks.getLast();
    }

    /// {@return the label of a mark of the library; blank if it is not one of `marks`}
    String label(double logarithm) {
        return marks.stream()
                .filter(mark -> Math.abs(logarithm - mark) < 2 * CLOSE)
                .map(mark -> Numbers.plain(Math.pow(10, mark), (int) Math.max(0, -Math.floor(mark + CLOSE))))
                .findFirst()
                .orElse(" ");
    }
}
