package io.leasehold.bench.report;

import java.util.ArrayList;
import java.util.List;

/// A logarithmic axis from one to another of the numbers 1, 2 and 5 times a power of ten, or of the powers alone if
/// there are many. It spans a decade at least, so that a series which hardly varies looks like one.
///
/// @param marks logarithms, to the base of ten, of the numbers that have a line and a label, in ascending order
record DecadeAxis(List<Double> marks) {

    /// The library puts its marks at multiples of a tenth, which is 0.3 % beside a two or a five. So an axis goes on
    /// for as much beyond its ends.
    static final double CLOSE = 0.002;

    private static final List<Double> ONES = List.of(0.0);
    private static final List<Double> ONES_TWOS_FIVES = List.of(0.0, Math.log10(2), Math.log10(5));

    /// With more decades than this their labels would touch.
    private static final double MANY_DECADES = 2.5;

    /// {@return an axis that has room for all values, which are positive}
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

    /// {@return the number at a mark of the library, or a blank where there is none of ours}
    String label(double logarithm) {
        return marks.stream()
                .filter(mark -> Math.abs(logarithm - mark) < 2 * CLOSE)
                .map(mark -> Numbers.plain(Math.pow(10, mark), (int) Math.max(0, -Math.floor(mark + CLOSE))))
                .findFirst()
                .orElse(" ");
    }
}
