package io.leasehold.bench;

import io.leasehold.bench.jmh.Questions;
import io.leasehold.bench.result.Results;
import io.leasehold.bench.subject.Form;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/// The JMH benchmarks as a part of the run, in rounds. A round runs every benchmark once, each in a new JVM. So the
/// compared benchmarks alternate, and a machine that slows down affects all of them. If a round fails, the results of
/// the rounds before it are kept.
///
/// In the shorter forms all runs share one time budget, as long as each has its minimum. In the full form a run takes
/// five seconds. The short form has two rounds, which are too few for a verdict. Only the case that the first screen of
/// the report shows runs in five.
///
/// JMH refuses to run if it cannot lock a file with a fixed name in the temporary folder. A file that another user left
/// there cannot be opened, not even by root. So this class switches that lock off.
///
/// @param rounds the benchmarks of each round
/// @param runSeconds time of a run in its JVM, in seconds; a third is measured, the rest is warm-up. In less than a
///     second C2 has not compiled the measured code, and the figure would be that of the interpreter. Only `ci` has so
///     little time; its figures show that the benchmarks run
record JmhRun(List<Selection> rounds, double runSeconds) implements Part.Work {

    private static final int ITERATIONS = 5;
    private static final double FULL_SECONDS = 5;
    private static final double MIN_SECONDS = 1.1;
    private static final double MIN_SECONDS_OF_CI = 0.3;

    /// Number of rounds that a verdict of the report needs.
    private static final int VERDICT_ROUNDS = 5;

    /// Seconds to start a JVM and to transfer the results.
    private static final double FORK_SECONDS = 0.8;

    private static final String IGNORE_LOCK = "jmh.ignoreLock";
    private static final Pattern OWN_PROPERTIES = Pattern.compile("\"-Dbench[^\"]*\",\\s*");

    /// {@return the run of a selection}
    ///
    /// @param rounds number of rounds; 0 for the number of the form
    static JmhRun of(Selection selection, Form form, int rounds) {
        int all = rounds > 0
                ? rounds
                : switch (form) {
                    case CI -> 1;
                    case SHORT -> 2;
                    case FULL -> VERDICT_ROUNDS;
                };
        List<Selection> each = new ArrayList<>(Collections.nCopies(all, selection));
        if (rounds == 0 && form == Form.SHORT) {
            selection.headline().ifPresent(one -> each.addAll(Collections.nCopies(VERDICT_ROUNDS - all, one)));
        }
        double budget = switch (form) {
            case CI -> 25;
            case SHORT -> 150;
            case FULL -> Double.MAX_VALUE;
        };
        double share = budget / Math.max(1, countRuns(each)) - FORK_SECONDS;
        double min = form == Form.CI ? MIN_SECONDS_OF_CI : MIN_SECONDS;
        return new JmhRun(List.copyOf(each), Math.clamp(share, min, FULL_SECONDS));
    }

    /// {@return true if no benchmark is selected}
    boolean isEmpty() {
        return countRuns(rounds) == 0;
    }

    /// {@return the expected duration in seconds}
    long expectedSeconds() {
        return secondsFrom(0);
    }

    private long secondsFrom(int round) {
        return Math.round(countRuns(rounds.subList(round, rounds.size())) * (runSeconds + FORK_SECONDS));
    }

    private static int countRuns(List<Selection> rounds) {
        return rounds.stream().mapToInt(Selection::countRuns).sum();
    }

    @Override
    public void run(Results results, Consumer<String> progress) throws RunnerException, IOException {
        System.setProperty(IGNORE_LOCK, "true");
        Map<String, List<RunResult>> done = new LinkedHashMap<>();
        results.write(Results.QUESTIONS, Questions.all());
        try {
            for (int i = 0; i < rounds.size(); i++) {
                Selection selection = rounds.get(i);
                progress.accept("round %d of %d, %d runs, about %d s left"
                        .formatted(i + 1, rounds.size(), selection.countRuns(), secondsFrom(i)));
                for (Selection.Pass pass : selection.passes()) {
                    for (RunResult result : new Runner(options(selection, pass).build()).run()) {
                        String id = result.getParams().id() + result.getParams().getJvmArgs();
                        done.computeIfAbsent(id, name -> new ArrayList<>()).add(result);
                    }
                }
            }
        } finally {
            Collection<RunResult> merged =
                    done.values().stream().map(JmhRun::merged).toList();
            ResultFormatFactory.getInstance(ResultFormatType.JSON, results.jmh().toString())
                    .writeOut(merged);
            forgetPaths(results.jmh());
        }
    }

    private ChainedOptionsBuilder options(Selection selection, Selection.Pass pass) {
        TimeValue time = TimeValue.milliseconds(Math.round(1000 * runSeconds / (3 * ITERATIONS)));
        ChainedOptionsBuilder options = new OptionsBuilder()
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .forks(1)
                .warmupIterations(2 * ITERATIONS)
                .warmupTime(time)
                .measurementIterations(ITERATIONS)
                .measurementTime(time);
        selection.apply(options, pass);
        return options;
    }

    /// {@return the results of one benchmark in one JVM, with the forks of all rounds in order}
    private static RunResult merged(List<RunResult> rounds) {
        List<BenchmarkResult> forks = new ArrayList<>();
        rounds.forEach(round -> forks.addAll(round.getBenchmarkResults()));
        return new RunResult(rounds.getFirst().getParams(), forks);
    }

    /// Removes the paths of the JDK and of the folders of this machine, because results are published.
    private static void forgetPaths(Path json) throws IOException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Files.writeString(
                json,
                OWN_PROPERTIES
                        .matcher(Files.readString(json).replace(java.toString(), "java"))
                        .replaceAll(""));
    }
}
