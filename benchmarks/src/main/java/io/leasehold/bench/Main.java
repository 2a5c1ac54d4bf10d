package io.leasehold.bench;

import io.leasehold.bench.report.Figures;
import io.leasehold.bench.report.Gain;
import io.leasehold.bench.report.GrowthTable;
import io.leasehold.bench.report.Report;
import io.leasehold.bench.report.Table;
import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.Measurement;
import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Runs the benchmarks: `mvn -Pbench` runs JMH's benchmarks and the scenarios. It then prints a table that compares
/// Leasehold with the baselines, and writes a report.
///
/// | property | meaning |
/// |---|---|
/// | `bench` | a group (see [Group]), a regular expression that is found in names of benchmarks, or `report` |
/// | `bench.params` | values of parameters (`leak=disabled,liveCount=8192`), or `question=` and a growth question |
/// | `bench.time` | `ci`, `short` or `full`: see [Form] |
/// | `bench.rounds` | number of rounds of each JMH benchmark and ring receiver; maximum number for the server |
/// | `bench.dir` | folder for the files that are measured; the default is that of temporary files |
/// | `bench.results` | folder of the results, relative to the folder in which Maven was started |
///
/// If a part fails, its message is printed and the other parts still run. The run then ends with an error. It also ends
/// with an error if its report is incomplete. `report` measures nothing: it writes the report of an existing folder
/// again and prints the figures that the README shows.
public final class Main {

    private static final String REPORT = "report";

    private final Form form = Form.of(System.getProperty("bench.time", "short"));
    private final String chosen = System.getProperty("bench", "all");
    private final String params = System.getProperty("bench.params", "");
    private final Results results = new Results(folder());
    private final List<String> failures = new ArrayList<>();

    private Main() {}

    /// Runs the parts that the system properties name.
    ///
    /// @param args ignored
    /// @throws IOException if the results cannot be written
    public static void main(String[] args) throws IOException {
        endWithOthers();
        try {
            Main main = new Main();
            if (main.chosen.equals(REPORT)) {
                main.recompute();
            } else {
                main.run(main.parts());
            }
            main.end();
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    /// Ends the child JVMs when this JVM ends, and ends this JVM when Maven does. Otherwise JMH's forks and the JVMs of
    /// the scenarios would go on measuring until their next output. Maven leaves its child behind when only Maven is
    /// killed.
    private static void endWithOthers() {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly)));
        if (System.getProperty("bench.root") != null) {
            ProcessHandle.current()
                    .parent()
                    .ifPresent(maven -> Thread.ofPlatform().daemon().start(() -> {
                        maven.onExit().join();
                        System.exit(1);
                    }));
        }
    }

    /// {@return the scenarios to run, by title, in the order in which they run}
    private Map<String, Scenario> parts() {
        int rounds = Integer.getInteger("bench.rounds", 0);
        String question = Selection.parse(params).getOrDefault("question", "");
        Map<String, Scenario> parts = new LinkedHashMap<>();
        List<Group> groups = Group.of(chosen).orElse(List.of());
        Selection selection =
                (groups.isEmpty() ? Selection.ofRegex(regex()) : Selection.ofGroups(groups, form)).withParams(params);
        if (selection.countRuns() > 0) {
            parts.put("JMH", new JmhPart(selection, rounds == 0 ? form.rounds() : rounds));
        }
        groups.stream()
                .filter(group -> group.runsIn(form, groups.size() == 1))
                .forEach(group ->
                        group.scenario(rounds, question).ifPresent(scenario -> parts.put(group.title(), scenario)));
        if (parts.isEmpty() && !groups.isEmpty()) {
            throw new IllegalArgumentException(
                    "group has no benchmarks: bench=" + chosen + "; groups: " + Group.names());
        }
        if (parts.isEmpty()) {
            throw unknown();
        }
        return parts;
    }

    private void run(Map<String, Scenario> parts) throws IOException {
        results.clear();
        results.write(Machines.here(command()));
        int number = 0;
        for (Map.Entry<String, Scenario> part : parts.entrySet()) {
            String prefix = "# Part %d of %d, %s: ".formatted(++number, parts.size(), part.getKey());
            System.out.printf("%n%s%s%n", prefix, left(parts, number));
            try {
                part.getValue().run(form, results, line -> System.out.println(prefix + line));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalArgumentException("interrupted: part=" + part.getKey(), e);
            } catch (Exception e) {
                failures.add(part.getKey() + " failed: " + e.getMessage());
                System.err.println(failures.getLast());
            }
        }
        List<Measurement> measured = results.measurements();
        if (!measured.isEmpty()) {
            System.out.printf("%nA ratio above 1 means that Leasehold is better. Errors are 99.9 %% intervals.%n%n");
            System.out.print(Table.of(measured));
            Gain.of(measured)
                    .forEach(gain -> System.out.printf(
                            "%nThroughput with a second thread, %s, relative to private work: %s%n",
                            gain.stem(), gain.words()));
        }
        List<GrowthResult> growth = results.growth();
        if (!growth.isEmpty()) {
            System.out.printf("%nThe exponent is the slope of log cost over log N. Waits under 10 ms are noise.%n%n");
            System.out.print(new GrowthTable(growth));
        }
        report();
    }

    private String left(Map<String, Scenario> parts, int number) {
        long seconds = parts.values().stream()
                .skip(number - 1)
                .mapToLong(part -> part.expectedSeconds(form))
                .sum();
        return seconds < 600 ? "about " + seconds + " s left in total" : "about " + seconds / 60 + " min left in total";
    }

    private void recompute() throws IOException {
        if (!Files.isDirectory(results.folder())) {
            throw new IllegalArgumentException("not a folder: bench.results=" + results.folder());
        }
        System.out.print(Figures.of(results).markdown());
        report();
    }

    private void report() throws IOException {
        failures.addAll(Report.write(results));
        System.out.printf("%nReport: %s%n", results.report().toAbsolutePath().normalize());
    }

    private void end() {
        if (!failures.isEmpty()) {
            System.err.printf("%n%d %s:%n", failures.size(), failures.size() == 1 ? "failure" : "failures");
            failures.forEach(failure -> System.err.println("  " + failure));
            System.exit(1);
        }
    }

    private String regex() {
        try {
            return Pattern.compile(chosen).pattern();
        } catch (PatternSyntaxException e) {
            throw unknown();
        }
    }

    /// {@return the command that was typed, without properties that are specific to this machine}
    private String command() {
        StringBuilder command = new StringBuilder("mvn -Pbench");
        if (!chosen.equals("all")) {
            command.append(" '-Dbench=").append(chosen).append('\'');
        }
        if (form != Form.SHORT) {
            command.append(" -Dbench.time=").append(System.getProperty("bench.time"));
        }
        if (!params.isEmpty()) {
            command.append(" -Dbench.params=").append(params);
        }
        String rounds = System.getProperty("bench.rounds", "");
        return command.append(rounds.isEmpty() ? "" : " -Dbench.rounds=" + rounds)
                .toString();
    }

    /// Resolves `bench.results` against the folder in which Maven was started, because Maven runs this class in the
    /// module.
    private static Path folder() {
        return Path.of(System.getProperty("bench.root", ""))
                .resolve(System.getProperty("bench.results", "target/report"));
    }

    private IllegalArgumentException unknown() {
        return new IllegalArgumentException("no benchmark matches: bench=" + chosen + "; use one of " + Group.names()
                + ", report, or a regular expression that is found in a benchmark's name");
    }
}
