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

/// `mvn -Pbench`: runs JMH's benchmarks and the scenarios, and ends with a table of ours beside the baselines and a
/// report.
///
/// | property | is |
/// |---|---|
/// | `bench` | a group (see [Group]), a regular expression that the names of benchmarks contain, or `report` |
/// | `bench.params` | a value each for some parameters, `leak=disabled,liveCount=8192`, or `question=` one of growth |
/// | `bench.time` | `ci`, `short` or `full`: see [Form] |
/// | `bench.rounds` | how often each of JMH's benchmarks runs, and the ring's receivers; the most that a server does |
/// | `bench.dir` | the folder that files to be measured lie in, instead of that for temporary files |
/// | `bench.results` | the folder of the results, seen from that of Maven |
///
/// A part that fails says so in a sentence, the others run all the same, and the run ends with an error; so does one
/// whose report lacks something. `report` measures nothing: it makes the report of a folder again, and prints the
/// figures that the README shows.
public final class Main {

    private static final String REPORT = "report";

    private final Form form = Form.of(System.getProperty("bench.time", "short"));
    private final String chosen = System.getProperty("bench", "all");
    private final String params = System.getProperty("bench.params", "");
    private final Results results = new Results(folder());
    private final List<String> failures = new ArrayList<>();

    private Main() {}

    /// Takes no arguments.
    ///
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

    /// Takes our JVMs along when we end, and ends when Maven does: JMH's forks and the scenarios' JVMs would measure on
    /// until they next had something to say, and Maven leaves its child behind when it alone is killed.
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

    /// What is to run, by its name.
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
                .filter(group -> group.hasRoom(form, groups.size() == 1))
                .forEach(group ->
                        group.scenario(rounds, question).ifPresent(scenario -> parts.put(group.title(), scenario)));
        if (parts.isEmpty() && !groups.isEmpty()) {
            throw new IllegalArgumentException(
                    "nothing is measured yet in group " + chosen + "; the groups are " + Group.names());
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
                throw new IllegalArgumentException("interrupted in " + part.getKey(), e);
            } catch (Exception e) {
                failures.add(part.getKey() + " failed: " + e.getMessage());
                System.err.println(failures.getLast());
            }
        }
        List<Measurement> measured = results.measurements();
        if (!measured.isEmpty()) {
            System.out.printf("%nA ratio above 1 is in our favour. Errors are 99.9 %% intervals.%n%n");
            System.out.print(Table.of(measured));
            Gain.of(measured)
                    .forEach(gain -> System.out.printf(
                            "%nGain of a second thread, %s over private work: %s%n", gain.stem(), gain.words()));
        }
        List<GrowthResult> growth = results.growth();
        if (!growth.isEmpty()) {
            System.out.printf("%nThe exponent is the slope of log cost over log N; waits under 10 ms mean little.%n%n");
            System.out.print(new GrowthTable(growth));
        }
        report();
    }

    private String left(Map<String, Scenario> parts, int number) {
        long seconds = parts.values().stream()
                .skip(number - 1)
                .mapToLong(part -> part.expectedSeconds(form))
                .sum();
        return seconds < 600 ? "about " + seconds + " s left in all" : "about " + seconds / 60 + " min left in all";
    }

    private void recompute() throws IOException {
        if (!Files.isDirectory(results.folder())) {
            throw new IllegalArgumentException("bench.results is no folder: " + results.folder());
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

    /// What was typed, without what belongs to this machine.
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

    /// Maven runs us in the module; what the user types is seen from where Maven was started.
    private static Path folder() {
        return Path.of(System.getProperty("bench.root", ""))
                .resolve(System.getProperty("bench.results", "target/report"));
    }

    private IllegalArgumentException unknown() {
        return new IllegalArgumentException("no benchmark matches " + chosen + "; bench is one of " + Group.names()
                + ", report, or a regular expression that a benchmark's name contains");
    }
}
