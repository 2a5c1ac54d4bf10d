package io.leasehold.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// `mvn -Pbench`: runs the benchmarks and ends with a table of ours beside the baselines.
///
/// | property | is |
/// |---|---|
/// | `bench` | a regular expression that the name of a benchmark contains; without it see [Selection] |
/// | `bench.time` | `ci`, `short` or `full`: see [Form] |
/// | `bench.rounds` | how often each benchmark runs, instead of what the form says |
/// | `bench.results` | the folder that the JSON goes to |
public final class Main {

    private Main() {}

    /// Takes no arguments.
    public static void main(String[] args) throws RunnerException, IOException {
        Form form = Form.of(System.getProperty("bench.time", "short"));
        String regex = System.getProperty("bench", ".*");
        Selection selection = Selection.of(regex, form);
        int runs = selection.countRuns();
        if (runs == 0) {
            System.err.println("no benchmark matches " + regex);
            System.exit(1);
        }
        Path json =
                Path.of(System.getProperty("bench.results", "target/results")).resolve(fileName(form));
        Files.createDirectories(json.toAbsolutePath().getParent());
        int rounds = Integer.getInteger("bench.rounds", form.rounds());
        System.out.printf("%d rounds of %d runs, about %d s%n", rounds, runs, form.expectedSeconds(runs, rounds));

        ChainedOptionsBuilder options =
                new OptionsBuilder().addProfiler(GCProfiler.class).shouldFailOnError(true);
        selection.apply(options);
        form.apply(options, runs, rounds);
        Rounds results = new Rounds();
        for (int round = 1; round <= rounds; round++) {
            System.out.printf("%n# Round %d of %d%n%n", round, rounds);
            results.add(new Runner(options.build()).run());
        }
        ResultFormatFactory.getInstance(ResultFormatType.JSON, json.toString()).writeOut(results.merged());

        System.out.printf("%nA ratio above 1 is in our favour. Errors are 99.9 %% intervals; results in %s%n%n", json);
        System.out.print(Table.of(results.merged()));
        System.out.print(results.gains());
    }

    private static String fileName(Form form) {
        String time = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").format(LocalDateTime.now(ZoneOffset.UTC));
        return form.name().toLowerCase(Locale.ROOT) + "-" + time + ".json";
    }
}
