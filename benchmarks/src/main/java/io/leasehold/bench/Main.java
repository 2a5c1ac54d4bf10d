package io.leasehold.bench;

import io.leasehold.bench.process.MavenOptions;
import io.leasehold.bench.report.Figures;
import io.leasehold.bench.report.Regression;
import io.leasehold.bench.report.Report;
import io.leasehold.bench.report.Terminal;
import io.leasehold.bench.result.Machine;
import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/// Runs the benchmarks: `mvn -Pbench` runs JMH's benchmarks and the scenarios. It then prints tables that compare
/// Leasehold with the baselines, and writes a report. [Options] and the README have the options.
///
/// If a part fails, its message is printed and the other parts still run. The run then ends with an error. It also ends
/// with an error if its report is incomplete, or if a figure is worse than in the run of `bench.baseline`. `report`
/// measures nothing: it writes the report of an existing folder again and prints the figures that the README shows.
public final class Main {

    private final Options options;
    private final Results results;
    private final List<String> failures = new ArrayList<>();

    private final Optional<Regression> baseline; // read before the run, which may write to the same folder

    private Main(Options options) throws IOException {
        this.options = options;
        this.results = new Results(options.results());
        this.baseline = options.baseline().isPresent()
                ? Optional.of(Regression.from(new Results(options.baseline().get())))
                : Optional.empty();
    }

    /// Runs the parts that the system properties name.
    ///
    /// @param args ignored
    public static void main(String[] args) {
        Locale.setDefault(Locale.ROOT); // tables, charts and figures are the same on each machine
        endWithOthers();
        try {
            Main main = new Main(Options.parse(name -> System.getProperty(name, ""), MavenOptions.typed()));
            if (!main.options.bench().equals(Options.REPORT)) {
                main.run(main.parts());
            } else {
                System.out.print(Figures.of(main.results).markdown());
            }
            main.report();
            main.end();
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        } catch (IOException e) {
            System.err.println("results cannot be read or written: " + e.getMessage());
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

    /// {@return the parts to run, in the order in which they run}
    private List<Part> parts() {
        List<Part> parts = parts(options);
        if (parts.isEmpty()) {
            throw Group.unknown(options.bench());
        }
        return parts;
    }

    static List<Part> parts(Options options) {
        List<Group> groups = Group.of(options.bench());
        Map<String, String> params = new HashMap<>(options.params());
        Map<Group, String> chosen = new EnumMap<>(Group.class);
        groups.forEach(group -> chosen.put(group, Objects.requireNonNullElse(params.remove(group.chooser()), "")));
        Selection selection = groups.isEmpty()
                ? Selection.ofRegex(Group.regex(options.bench()))
                : Selection.ofGroups(groups, options.form());
        JmhRun jmh = JmhRun.of(selection.withParams(params), options.form(), options.rounds());
        List<Part> parts = new ArrayList<>();
        if (!jmh.isEmpty()) {
            parts.add(new Part("JMH", jmh.expectedSeconds(), jmh));
        }
        for (Group group : groups) {
            String one = chosen.getOrDefault(group, "");
            if (!one.isEmpty() || group.runsIn(options.form(), groups.size() == 1)) {
                parts.addAll(group.scenarios(options, one));
            }
        }
        return parts;
    }

    private void run(List<Part> parts) throws IOException {
        System.out.printf("# Expected: %s%n", expected(parts));
        results.clear();
        Machine machine = Machines.here(options.command());
        results.write(Results.MACHINE, machine);
        try (Watch watch = new Watch()) {
            watch.warning().ifPresent(System.out::println);
            for (int i = 0; i < parts.size(); i++) {
                Part part = parts.get(i);
                String prefix = "# Part %d of %d, %s: ".formatted(i + 1, parts.size(), part.title());
                System.out.printf("%n%s%s%n", prefix, left(parts.subList(i, parts.size())));
                try {
                    part.work().run(results, line -> System.out.println(prefix + line));
                } catch (InterruptedException e) {
                    throw e;
                } catch (Exception e) {
                    failures.add(part.title() + " failed: " + e.getMessage());
                    System.err.println(failures.getLast());
                }
            }
            results.write(Results.MACHINE, machine.under(watch.stop()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalArgumentException("interrupted: bench=" + options.bench(), e);
        }
    }

    /// {@return the expected duration of the run in words, by part}
    static String expected(List<Part> parts) {
        return parts.stream()
                .map(part -> part.title() + " " + part.expectedSeconds() + " s")
                .collect(Collectors.joining(", ", duration(parts) + " (", ")"));
    }

    private static String left(List<Part> parts) {
        return "about " + duration(parts) + " left in total";
    }

    private static String duration(List<Part> parts) {
        long seconds = parts.stream().mapToLong(Part::expectedSeconds).sum();
        return seconds < 60 ? seconds + " s" : seconds / 60 + " min " + seconds % 60 + " s";
    }

    private void report() throws IOException {
        failures.addAll(Report.write(results));
        System.out.print(Terminal.text(results));
        if (baseline.isPresent()) {
            failures.addAll(baseline.get().in(results));
        }
        System.out.printf("%nReport: %s%n", results.report().toAbsolutePath().normalize());
    }

    private void end() {
        if (!failures.isEmpty()) {
            System.err.printf("%n%d %s:%n", failures.size(), failures.size() == 1 ? "failure" : "failures");
            failures.forEach(failure -> System.err.println("  " + failure));
            System.exit(1);
        }
    }
}
