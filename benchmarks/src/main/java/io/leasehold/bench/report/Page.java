package io.leasehold.bench.report;

import io.leasehold.bench.report.Comparison.Case;
import io.leasehold.bench.report.Comparison.Judgement;
import io.leasehold.bench.result.Conditions;
import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.Machine;
import io.leasehold.bench.result.Measurement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The contents of the page, which the template `page.peb` lays out.
///
/// @param banner why there are no verdicts; empty on a quiet machine
/// @param tiles the figures that matter to an operator
/// @param headline the chart of the first screen; empty if no memory was measured
/// @param machine one line
/// @param facts the machine, the software and the conditions
/// @param sections one for each group
/// @param files from which the page is made
record Page(
        String banner,
        List<Tile> tiles,
        List<Curves.Chart> headline,
        String machine,
        Map<String, String> facts,
        List<Section> sections,
        List<String> files) {

    private static final double GIB = 1 << 30;
    private static final double PERCENT = 100;

    private static final Map<String, String> GROUPS = groups();

    private static Map<String, String> groups() {
        Map<String, String> groups = new LinkedHashMap<>();
        groups.put("memory", "How much memory comes back?");
        groups.put("allocator", "What does a buffer cost?");
        groups.put("server", "What does a server gain?");
        groups.put("ring", "What does receiving cost?");
        groups.put("page", "What does a page cost?");
        groups.put("lease", "What does a lease cost?");
        groups.put("window", "What does reading a file cost?");
        groups.put("files", "What does sending a file cost?");
        groups.put("growth", "Does it get slower as more memory is in use?");
        groups.put("first", "What does the first buffer cost?");
        groups.put("observe", "What does it cost to be observed?");
        return groups;
    }

    /// A box of the first screen.
    record Tile(String title, List<Line> lines) {}

    /// A figure in a box.
    record Line(String value, String note, Table.Cell verdict) {}

    /// The answers to the questions of a group.
    ///
    /// @param losses sentences on the cases in which Leasehold is worse than a baseline
    /// @param glance the main cases with their best baselines; those in which Leasehold is worse come first
    /// @param isRun false if this run did not measure the group
    record Section(
            String id,
            String title,
            boolean isRun,
            String command,
            List<String> losses,
            Table glance,
            List<Question> questions,
            List<Curves.Chart> charts,
            List<Further> tables) {}

    /// A table that is closed at first.
    record Further(String id, Table table) {}

    /// One comparison with its bars.
    record Question(Comparison comparison, String axis, List<Bars> cases, Table table) {}

    /// One case with its best baseline.
    private record Answer(Comparison comparison, Case shown, Judgement best) {

        boolean isLoss() {
            return best.verdict() == Verdict.LOSE;
        }

        String loss() {
            return "%s, %s: %s against %s"
                    .formatted(
                            comparison.title(),
                            shown.label(),
                            best.text(),
                            best.rival().title());
        }

        List<Table.Cell> cells() {
            return List.of(
                    Table.text(comparison.title() + ": " + shown.label()),
                    Table.verdict(best.verdict()),
                    Table.number(best.text()),
                    Table.text(best.rival().title()));
        }
    }

    /// The bars of one case, and what they say.
    record Bars(String label, List<Bar> bars, String result, Table.Cell verdict) {}

    /// One bar. Widths are percentages of the longest bar.
    record Bar(String name, String color, String value, String width, String errorLeft, String errorWidth) {}

    static Page of(Findings findings, List<String> files) {
        List<Comparison> all = findings.comparisons();
        Curves curves = new Curves(findings);
        return new Page(
                banner(findings.machine().conditions()),
                List.of(memoryTile(all, curves), bufferTile(all), serverTile(all)),
                curves.headline().flatMap(curves::memory).stream().toList(),
                line(findings.machine()),
                facts(findings),
                GROUPS.entrySet().stream()
                        .map(group -> section(findings, group.getKey(), group.getValue(), all, curves))
                        .toList(),
                files);
    }

    /// {@return the identifier of the section of a group; a question may have the name of its group}
    static String anchor(String group) {
        return "group-" + group;
    }

    /// {@return the names of the groups, in the order of the report}
    static Set<String> groupNames() {
        return GROUPS.keySet();
    }

    /// {@return a sentence about a busy machine; empty for a quiet one}
    static String banner(Conditions conditions) {
        if (!conditions.disturbed()) {
            return "";
        }
        return String.format(
                Locale.ROOT,
                "The machine was busy with other work, so this run has no verdicts: other processes used %.0f %% of the"
                        + " processors before the run and %.0f %% during it, the hypervisor took %.0f %%, and the load"
                        + " average was %.1f before and %.1f at its highest. Figures of such a run are not comparable.",
                conditions.othersBeforePercent(),
                conditions.othersPercent(),
                conditions.stealPercent(),
                conditions.loadBefore(),
                conditions.loadHighest());
    }

    private static Tile memoryTile(List<Comparison> all, Curves curves) {
        String title = curves.headline().map(MemoryComparisons::title).orElse("");
        return new Tile(
                "Memory two seconds after a burst", List.of(tileLine(all, MemoryComparisons.AFTER, title, "memory")));
    }

    private static Tile bufferTile(List<Comparison> all) {
        String id = Findings.find(all, "bufferpattern").isPresent() ? "bufferpattern" : "buffer";
        return new Tile(
                "Cost of a buffer, common pattern",
                List.of(tileLine(all, id, "written and read, 8,192 live, proxy", "allocator")));
    }

    private static Tile serverTile(List<Comparison> all) {
        return new Tile(
                "A server under load",
                List.of(
                        tileLine(all, ServerComparisons.THROUGHPUT, "", "server"),
                        tileLine(all, ServerComparisons.TAIL, "", "server")));
    }

    /// {@return the figure of a case, or of the first one if no case has the label}
    private static Line tileLine(List<Comparison> all, String id, String label, String group) {
        Optional<Comparison> comparison = Findings.find(all, id);
        Optional<Case> shown = comparison.flatMap(one -> one.cases().stream()
                .filter(Case::isPlain)
                .filter(each -> each.ours().isPresent())
                .min(Comparator.comparing(each -> !each.label().equals(label))));
        if (comparison.isEmpty() || shown.isEmpty()) {
            String missing = comparison
                    .map(one -> one.cases().isEmpty()
                            ? "Other allocators were measured, and Leasehold was not"
                            : "Other cases were measured, and not the plain one (native access, no leak detection)")
                    .orElse("Not run");
            return new Line(Table.NOTHING, missing + ": mvn -Pbench -Dbench=" + group, Table.text("not run"));
        }
        String unit = comparison.get().unit();
        String value = shown.get().ours().map(Stat::text).orElse(Table.NOTHING) + " "
                + (id.equals(ServerComparisons.TAIL) ? unit + " for 99.9 %" : unit);
        Optional<Judgement> best = comparison.get().best(shown.get());
        String rival = best.map(one -> one.rival().title() + ", the best rival: "
                        + one.theirs().text() + " " + unit + ". ")
                .orElse("");
        return new Line(
                value,
                rival + capital(shown.get().label()) + ".",
                best.map(one -> Table.verdict(one.verdict())).orElse(Table.text("no rival")));
    }

    private static String capital(String text) {
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    private static String line(Machine machine) {
        return "%s, %d processors, %s, JDK %s, Netty %s, %s"
                .formatted(
                        machine.processor(),
                        machine.processorCount(),
                        machine.system(),
                        machine.java(),
                        machine.versions().getOrDefault("Netty", "unknown"),
                        machine.date());
    }

    private static Map<String, String> facts(Findings findings) {
        Machine machine = findings.machine();
        Conditions conditions = machine.conditions();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("processor", machine.processor() + ", " + machine.processorCount() + " for the JVM");
        facts.put("memory", Numbers.plain(machine.memoryBytes() / GIB, 1) + " GiB");
        facts.put("system", machine.system());
        facts.put("Java", machine.java());
        facts.putAll(machine.versions());
        facts.put("commit", machine.commit());
        facts.put("command", machine.command());
        facts.put("date", machine.date());
        facts.put("flags of JMH's runs", flags(findings.jmh()));
        facts.put(
                "conditions",
                conditions.equals(Conditions.UNKNOWN)
                        ? "not read"
                        : String.format(
                                Locale.ROOT,
                                "load average %.1f before, at most %.1f; other processes %.0f %% of the processors"
                                        + " before, %.0f %% during; stolen %.1f %%; quality %d",
                                conditions.loadBefore(),
                                conditions.loadHighest(),
                                conditions.othersBeforePercent(),
                                conditions.othersPercent(),
                                conditions.stealPercent(),
                                conditions.quality()));
        facts.replaceAll((name, value) -> value.isEmpty() ? "unknown" : value);
        return facts;
    }

    /// {@return the flags that all JMH runs share; jmh.json has all of them}
    private static String flags(List<Measurement> jmh) {
        List<String> flags =
                new ArrayList<>(jmh.isEmpty() ? List.of() : jmh.getFirst().flags());
        jmh.forEach(one -> flags.retainAll(one.flags()));
        return String.join(" ", flags);
    }

    private static Section section(Findings findings, String group, String title, List<Comparison> all, Curves curves) {
        List<Comparison> ours =
                all.stream().filter(one -> one.group().equals(group)).toList();
        List<Curves.Chart> charts = curves.of(group);
        List<Further> tables = new ArrayList<>();
        ours.stream()
                .filter(Comparison::isMinor)
                .map(one -> new Further(one.id(), one.table()))
                .forEach(tables::add);
        if (group.equals("growth") && !findings.growth().isEmpty()) {
            tables.add(new Further("growth-exponents", GrowthComparisons.exponents(findings)));
            for (GrowthResult result : findings.growth()) {
                tables.add(new Further("points-" + result.topic().id(), GrowthComparisons.points(result)));
            }
        }
        List<Comparison> main = ours.stream().filter(one -> !one.isMinor()).toList();
        List<Answer> answers = answers(main);
        return new Section(
                anchor(group),
                title,
                !ours.isEmpty() || !charts.isEmpty(),
                Figure.command(group),
                answers.stream().filter(Answer::isLoss).map(Answer::loss).toList(),
                glance(answers),
                main.stream().map(Page::question).toList(),
                charts,
                tables);
    }

    private static List<Answer> answers(List<Comparison> main) {
        List<Answer> answers = new ArrayList<>();
        for (Comparison comparison : main) {
            for (Case shown : comparison.shown()) {
                comparison.best(shown).ifPresent(best -> answers.add(new Answer(comparison, shown, best)));
            }
        }
        return answers;
    }

    private static Table glance(List<Answer> answers) {
        return new Table(
                "At a glance",
                List.of("question", "verdict", "ratio", "best rival"),
                answers.stream()
                        .sorted(Comparator.comparing(answer -> !answer.isLoss()))
                        .map(Answer::cells)
                        .toList());
    }

    private static Question question(Comparison comparison) {
        return new Question(
                comparison,
                comparison.unit() + ", " + comparison.better().words(),
                comparison.shown().stream().map(one -> bars(comparison, one)).toList(),
                comparison.table());
    }

    private static Bars bars(Comparison comparison, Case shown) {
        double longest = shown.sides().values().stream()
                .mapToDouble(stat -> Double.isNaN(stat.error()) ? stat.value() : stat.high())
                .max()
                .orElse(1);
        List<Bar> bars = new ArrayList<>();
        shown.sides().forEach((side, stat) -> bars.add(bar(side, stat, Math.max(longest, Double.MIN_NORMAL))));
        Optional<Judgement> best = comparison.best(shown);
        return new Bars(
                shown.label(),
                bars,
                best.map(one -> one.text() + " against " + one.rival().title()).orElse("no rival"),
                best.map(one -> Table.verdict(one.verdict())).orElse(Table.text("not compared")));
    }

    private static Bar bar(Side side, Stat stat, double longest) {
        boolean hasError = !Double.isNaN(stat.error());
        return new Bar(
                side.title(),
                side.css(),
                stat.text(),
                percent(stat.value() / longest),
                percent(hasError ? stat.low() / longest : 0),
                percent(hasError ? (stat.high() - stat.low()) / longest : 0));
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.1f", PERCENT * Math.clamp(share, 0, 1));
    }
}
