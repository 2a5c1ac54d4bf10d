package io.leasehold.bench;

import io.leasehold.bench.result.Results;
import java.util.function.Consumer;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// JMH's share of the main job, in rounds; what the finished ones measured is kept if a later one fails.
///
/// JMH would refuse to run while it cannot lock a file of a fixed name among the temporary ones. A file that another
/// user left there cannot be opened, not even by root, so that lock is not taken.
record JmhPart(Selection selection, int rounds) implements Scenario {

    private static final String IGNORE_LOCK = "jmh.ignoreLock";

    @Override
    public long expectedSeconds(Form form) {
        return form.expectedSeconds(selection.countRuns(), rounds);
    }

    @Override
    public void run(Form form, Results results, Consumer<String> progress) throws RunnerException {
        System.setProperty(IGNORE_LOCK, "true");
        int runs = selection.countRuns();
        ChainedOptionsBuilder options =
                new OptionsBuilder().addProfiler(GCProfiler.class).shouldFailOnError(true);
        selection.apply(options);
        form.apply(options, runs, rounds);
        Rounds done = new Rounds();
        try {
            for (int round = 1; round <= rounds; round++) {
                progress.accept("round %d of %d, %d runs, about %d s left"
                        .formatted(round, rounds, runs, expectedSeconds(form) * (rounds - round + 1) / rounds));
                done.add(new Runner(options.build()).run());
            }
        } finally {
            ResultFormatFactory.getInstance(ResultFormatType.JSON, results.jmh().toString())
                    .writeOut(done.merged());
        }
    }
}
