package io.leasehold.bench.report;

import io.leasehold.bench.report.Html.Cell;
import io.leasehold.bench.result.GrowthResult;
import io.leasehold.bench.result.Machine;
import io.leasehold.bench.result.Measurement;
import io.leasehold.bench.result.MemoryResult.Moment;
import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/// The page of one run: where and how it was measured, a summary, every question with its chart, and the targets.
public final class Report {

    private static final String TITLE = "Leasehold compared with what it replaces";
    private static final double GIB = 1 << 30;
    private static final long LITTLE = 1 << 20;

    private final Findings findings;
    private final Html html = new Html();

    private Report(Findings findings) {
        this.findings = findings;
    }

    /// Writes the page and the chart of the README into the folder of the results, and checks the page.
    ///
    /// @return one sentence for each fault of the page; empty if it is complete
    /// @throws IOException if the results cannot be read or the page cannot be written
    public static List<String> write(Results results) throws IOException {
        Findings findings = Findings.of(results);
        Files.writeString(results.report(), new Report(findings).page());
        Optional<ReadmeChart> chart = ReadmeChart.of(findings);
        if (chart.isPresent()) {
            Files.writeString(results.readmeChart(), chart.get().svg());
        }
        return Check.of(findings, Files.readString(results.report()));
    }

    private String page() throws IOException {
        html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
                .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
                .raw("<meta name=\"color-scheme\" content=\"light dark\">\n")
                .element("title", TITLE)
                .raw("<link rel=\"icon\" href=\"data:,\">\n<style>\n" + style()
                        + "</style>\n</head>\n<body>\n<main>\n");
        html.element("h1", TITLE);
        html.element("p", "Off-heap memory for network servers, compared with Netty's allocators, malloc and the JDK.");
        machine();
        summary();
        for (String group : List.of("allocator", "page", "lease", "ring", "window")) {
            questions(group);
        }
        new RingSection(new RingRounds(findings.ring())).write(html);
        new ServerSection(findings).write(html);
        new FileSection(findings.files()).write(html);
        new MemorySection(findings).write(html);
        new GrowthSection(findings.growth()).write(html);
        targets();
        html.raw("<footer>\n")
                .element("p", "Generated from these files in the same folder: " + String.join(", ", files()) + ".")
                .element("p", "jmh.json has JMH's own format, so JMH visualizers can read it.")
                .raw("</footer>\n</main>\n</body>\n</html>\n");
        return html.toString();
    }

    private void machine() {
        Machine machine = findings.machine();
        html.raw("<dl id=\"machine\">\n");
        fact("processor", machine.processor() + ", " + machine.processorCount() + " for the JVM");
        fact("memory", machine.memoryBytes() == 0 ? "" : Numbers.plain(machine.memoryBytes() / GIB, 1) + " GiB");
        fact("system", machine.system());
        fact("Java", machine.java());
        machine.versions().forEach(this::fact);
        fact("commit", machine.commit());
        fact("command", machine.command());
        fact("date", machine.date());
        fact("flags of JMH's runs", flags());
        html.raw("</dl>\n");
    }

    /// {@return the flags that all JMH runs share; a case with other flags names them, and jmh.json has all of them}
    private String flags() {
        List<String> flags = new ArrayList<>();
        for (Measurement one : findings.jmh()) {
            if (flags.isEmpty()) {
                flags.addAll(one.flags());
            }
            flags.retainAll(one.flags());
        }
        return String.join(" ", flags);
    }

    private void fact(String name, String value) {
        html.raw("<div>")
                .element("dt", name)
                .element("dd", value.isEmpty() ? "unknown" : value)
                .raw("</div>\n");
    }

    private void summary() {
        html.heading(2, "summary", "Summary");
        List<List<Cell>> rows = new ArrayList<>();
        for (Question question : findings.questions()) {
            Cases cases = Cases.of(findings.of(question));
            for (Pairing pairing : cases.shown()) {
                Cases.best(pairing)
                        .ifPresent(best -> rows.add(row(
                                question.title() + ": " + cases.label(pairing.ours()),
                                Cases.baseline(pairing.word(best)),
                                pairing.ratio(best))));
            }
        }
        for (Load load : findings.loads()) {
            server(load, rows);
        }
        for (String scenario : findings.scenarios()) {
            memory(scenario, rows);
        }
        ring(rows);
        for (GrowthResult result : findings.growth()) {
            GrowthSeries.theirsOverOurs(result)
                    .ifPresent(ratio ->
                            rows.add(row("Growth, largest N: " + result.topic().title(), "Netty adaptive", ratio)));
        }
        if (rows.isEmpty()) {
            html.element("p", "No benchmark with a baseline was run.");
            return;
        }
        html.element(
                "p",
                "Each row compares Leasehold with its best baseline in the same run. Netty runs with native access and"
                        + " without leak detection. A ratio above 1 means that Leasehold is better. Errors are 99.9 %"
                        + " intervals. A difference within the error is called " + Ratio.Verdict.EVEN.words() + ". "
                        + count(rows));
        html.table("Summary", List.of("question", "verdict", "ratio", "compared with"), rows);
    }

    private void server(Load load, List<List<Cell>> rows) {
        String against = "best of Netty";
        if (!load.fixed()) {
            load.overBest(findings.server(), term -> term.requestsPerSecond(), true)
                    .ifPresent(over -> rows.add(row("Server, requests/s: " + load.title(), against, over.ratio())));
        }
        load.overBest(findings.server(), term -> term.cpuMicrosPerRequest(), false)
                .ifPresent(over -> rows.add(row(
                        "Server, CPU per request: " + load.title(),
                        against,
                        over.ratio().inverse())));
        load.overBest(findings.server(), ServerSection::held, false)
                .ifPresent(over -> rows.add(row(
                        "Server, memory at peak: " + load.title(),
                        against,
                        over.ratio().inverse())));
    }

    /// Differences below 1 MiB are ignored, because the JVM itself varies by that much.
    private void memory(String scenario, List<List<Cell>> rows) {
        Lookup lookup = new Lookup(findings);
        lookup.moment(scenario, "leased", "after")
                .ifPresent(ours -> Stream.of("adaptive", "pooled")
                        .flatMap(netty -> lookup.moment(scenario, netty, "after").stream())
                        .mapToLong(Moment::residentBytes)
                        .min()
                        .ifPresent(theirs -> rows.add(row(
                                MemorySection.title(scenario) + ": resident",
                                "best of Netty",
                                new Ratio(
                                        (double) Math.max(theirs, LITTLE) / Math.max(ours.residentBytes(), LITTLE),
                                        Double.NaN)))));
    }

    private void ring(List<List<Cell>> rows) {
        RingRounds ring = new RingRounds(findings.ring());
        for (String kind : ring.kinds()) {
            for (String receiver : ring.receivers(kind)) {
                if (!RingRounds.isOurs(receiver)) {
                    ring.over(kind, receiver, RingSection.cpu(kind))
                            .ifPresent(over -> rows.add(row(
                                    "Ring, CPU: " + RingRounds.title(kind),
                                    RingRounds.receiver(kind, receiver),
                                    over.ratio().inverse())));
                }
            }
        }
    }

    private static List<Cell> row(String what, String against, Ratio ratio) {
        return List.of(
                Cell.text(what), Cell.verdict(ratio.verdict()), Cell.number(ratio.toString()), Cell.text(against));
    }

    private static String count(List<List<Cell>> rows) {
        List<String> counts = new ArrayList<>();
        for (Ratio.Verdict verdict : Ratio.Verdict.values()) {
            long count = rows.stream()
                    .filter(row -> row.get(1).text().equals(verdict.words()))
                    .count();
            if (count > 0 || verdict == Ratio.Verdict.LOSE) {
                counts.add(count + " × " + verdict.words());
            }
        }
        return "Rows: " + rows.size() + ", of which " + String.join(", ", counts) + ".";
    }

    private void questions(String group) {
        html.heading(2, group, group.substring(0, 1).toUpperCase(Locale.ROOT) + group.substring(1));
        List<Question> questions = findings.questions().stream()
                .filter(question -> isIn(question, group))
                .toList();
        if (questions.isEmpty()) {
            html.element("p", "Not run. Command:").command("mvn -Pbench -Dbench=" + group);
        }
        questions.forEach(question -> new JmhSection(question, findings.of(question)).write(html));
    }

    /// A question without an entry belongs to the section of the allocator.
    private static boolean isIn(Question question, String group) {
        boolean known = List.of("page", "lease", "ring", "window").contains(question.group());
        return known ? question.group().equals(group) : group.equals("allocator");
    }

    private void targets() {
        html.heading(2, "targets", "Targets");
        html.element("p", "The performance targets of the project, and the result of each in this run.");
        List<List<Cell>> rows = new ArrayList<>();
        for (Target target : Targets.of(findings).all()) {
            Optional<Ratio> measured = target.measured();
            rows.add(List.of(
                    Cell.text(target.what()),
                    new Cell(target.outcome().words(), target.outcome().style()),
                    Cell.text(target.bound()),
                    Cell.number(measured.map(Ratio::toString).orElse("–")),
                    Cell.text(target.group())));
        }
        html.table("Targets", List.of("figure", "verdict", "target", "measured", "group"), rows);
    }

    private List<String> files() {
        List<String> files = new ArrayList<>(List.of("machine.json"));
        if (!findings.jmh().isEmpty()) {
            files.add("jmh.json");
        }
        if (!findings.server().isEmpty()) {
            files.add("server.json");
        }
        if (!findings.files().isEmpty()) {
            files.add("files.json");
        }
        if (!findings.memory().isEmpty()) {
            files.add("memory.json");
        }
        if (!new RingRounds(findings.ring()).isEmpty()) {
            files.add("ring.json");
        }
        if (!findings.growth().isEmpty()) {
            files.add("growth.json");
        }
        return files;
    }

    private static String style() throws IOException {
        try (InputStream in = Objects.requireNonNull(Report.class.getResourceAsStream("report.css"), "report.css")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
