package io.leasehold.bench.scenario.growth;

import io.leasehold.bench.result.GrowthResult.Point;
import java.util.LinkedHashMap;
import java.util.Map;

/// The text format of a measurement, which [GrowthProcess] sends to [GrowthScenario].
///
/// ```text
///   n  cost  worst wait in ms, or -  name  value  name  value ...      separated by tabs
/// ```
final class PointLine {

    private static final String TAB = "\t";
    private static final String NO_WAIT = "-";
    private static final int FIXED_FIELDS = 3;

    private PointLine() {}

    static String of(Point point) {
        StringBuilder line = new StringBuilder().append(point.n()).append(TAB).append(point.cost());
        line.append(TAB).append(point.worstWaitMillis() == null ? NO_WAIT : point.worstWaitMillis());
        point.others()
                .forEach((name, value) ->
                        line.append(TAB).append(name).append(TAB).append(value.doubleValue()));
        return line.toString();
    }

    /// {@return the measurement of a line that [#of] made}
    ///
    /// @throws IllegalArgumentException if the line has another format
    static Point parse(String line) {
        String[] fields = line.split(TAB, -1);
        if (fields.length < FIXED_FIELDS || fields.length % 2 != FIXED_FIELDS % 2) {
            throw new IllegalArgumentException("not a measurement: line=" + line);
        }
        Map<String, Double> others = new LinkedHashMap<>();
        for (int i = FIXED_FIELDS; i < fields.length; i += 2) {
            others.put(fields[i], Double.valueOf(fields[i + 1]));
        }
        return new Point(
                Long.parseLong(fields[0]),
                Double.parseDouble(fields[1]),
                fields[2].equals(NO_WAIT) ? null : Double.valueOf(fields[2]),
                others);
    }
}
