package io.leasehold.bench;

import io.leasehold.bench.jmh.Questions;
import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// The JMH benchmarks as a part of the run, in rounds. If a round fails, the results of the rounds before it are kept.
///
/// JMH refuses to run if it cannot lock a file with a fixed name in the temporary folder. A file that another user left
/// there cannot be opened, not even by root. So this class switches that lock off.
record JmhRun(Selection selection, Form form, int rounds) implements Part.Work {

    private static final String IGNORE_LOCK = "jmh.ignoreLock";
    private static final Pattern OWN_PROPERTIES = Pattern.compile("\"-Dbench[^\"]*\",\\s*");

    @Override
    public void run(Results results, Consumer<String> progress) throws RunnerException, IOException {
        System.setProperty(IGNORE_LOCK, "true");
        int runs = selection.countRuns();
        Rounds done = new Rounds();
        results.writeQuestions(Questions.all());
        try {
            for (int round = 1; round <= rounds; round++) {
                progress.accept("round %d of %d, %d runs, about %d s left"
                        .formatted(
                                round,
                                rounds,
                                runs,
                                form.expectedSeconds(runs, rounds) * (rounds - round + 1) / rounds));
                for (Selection.Pass pass : selection.passes()) {
                    ChainedOptionsBuilder options =
                            new OptionsBuilder().addProfiler(GCProfiler.class).shouldFailOnError(true);
                    selection.apply(options, pass);
                    form.apply(options, runs, rounds);
                    done.add(new Runner(options.build()).run());
                }
            }
        } finally {
            ResultFormatFactory.getInstance(ResultFormatType.JSON, results.jmh().toString())
                    .writeOut(done.merged());
            forgetPaths(results.jmh());
        }
    }

    /// Removes the paths of the JDK and of these folders, because results are published.
    private static void forgetPaths(Path json) throws IOException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Files.writeString(
                json,
                OWN_PROPERTIES
                        .matcher(Files.readString(json).replace(java.toString(), "java"))
                        .replaceAll(""));
    }
}
