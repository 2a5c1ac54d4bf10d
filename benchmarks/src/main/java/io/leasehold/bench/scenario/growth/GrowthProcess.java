package io.leasehold.bench.scenario.growth;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.question.Questions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/// A JVM that makes the measurements of one batch.
///
/// It prints `growth` and a [Point], or `growth failed` and a message, for each measurement, and `closed` at
/// the end. It continues after a failed measurement.
public final class GrowthProcess {

    static final String PREFIX = "growth ";
    static final String FAILED = "failed ";

    private GrowthProcess() {}

    /// Runs the measurements.
    ///
    /// @param args the allocator, the budget in milliseconds, then the id of a question and `n` for each measurement
    public static void main(String[] args) {
        ChildJvm.endWithParent();
        Duration budget = Duration.ofMillis(Long.parseLong(args[1]));
        List<String> tasks = Arrays.asList(args).subList(2, args.length);
        for (int i = 0; i < tasks.size(); i += 2) {
            System.out.println(PREFIX
                    + measure(tasks.get(i), new Load(args[0], Long.parseLong(tasks.get(i + 1)), budget)));
        }
        System.out.println("closed");
        System.exit(0);
    }

    private static String measure(String question, Load load) {
        try {
            Point point = Questions.of(question).measurement().run(load);
            return ChildJvm.line(point);
        } catch (Exception | OutOfMemoryError e) {
            return FAILED + e.toString().replaceAll("\\s+", " ");
        }
    }
}
