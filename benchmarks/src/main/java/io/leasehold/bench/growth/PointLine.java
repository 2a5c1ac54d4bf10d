package io.leasehold.bench.growth;

import io.leasehold.bench.result.GrowthResult.Point;
import java.util.LinkedHashMap;
import java.util.Map;

/// A measurement as one line of text, on its way from [GrowthProcess] to [GrowthScenario].
///
/// ```text
///   n  cost  worst wait in ms, or -  name  value  name  value ...      with tabs between
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

    /// {@return what [#of] was given}
    ///
    /// @throws IllegalArgumentException if it is another line
    static Point parse(String line) {
        String[] fields = line.split(TAB, -1);
        if (fields.length < FIXED_FIELDS || fields.length % 2 != FIXED_FIELDS % 2) {
            throw new IllegalArgumentException("not the line of a measurement: " + line);
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
