package io.leasehold.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.result.Results;
import io.leasehold.bench.result.RingResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {

    private static final Pattern SVG = Pattern.compile("<svg [^>]*>");
    private static final Pattern CAPTION = Pattern.compile("<figcaption>.*?</figcaption>", Pattern.DOTALL);
    private static final Pattern FIGURE = Pattern.compile("<figure[^>]*>\\s*<p class=\"axis\">([^<]*)</p>\\s*<svg");
    private static final Pattern AXIS = Pattern.compile("(?<=</p>\n)<p class=\"axis\">[^<]*</p>");

    @TempDir
    private Path folder;

    @Test
    void hasEveryPartAndNoEmptyCell() throws IOException {
        Results results = everything();

        assertThat(Report.write(results)).isEmpty();
        assertThat(Check.parts(Findings.of(results)))
                .contains(
                        "tiles",
                        "machine",
                        "pagearena",
                        "buffer",
                        "pagescaling",
                        "pagescaling-gain",
                        "lease",
                        "jumbo",
                        "server-throughput",
                        "server-p999",
                        "server-cpu",
                        "chart-latency-nio-plain-native-16-rate",
                        "chart-resident-nio-plain-native-16-max",
                        "files-throughput",
                        "files-cpu",
                        "static-rate",
                        "static-p99",
                        "static-cpu",
                        "static-wrong",
                        "memory-after",
                        "memory-fill",
                        "chart-memory-burst4k",
                        "chart-memory-unheardOf",
                        "ring-cpu",
                        "ring-throughput",
                        "ring-growth",
                        "chart-ring-return",
                        "growth-ns-release",
                        "first-cpu",
                        "first-wall",
                        "chart-growth-grows",
                        "chart-growth-may")
                .allSatisfy(part -> assertThat(page(results)).contains("id=\"" + part + "\""));
    }

    @Test
    void theFirstScreenHasTheThreeFigures() throws IOException {
        Results results = everything();
        Report.write(results);

        assertThat(firstScreen(results))
                .contains("<b>6.00 ±0.00 MiB</b>", "Netty pooled, the best rival: 6.00 ±0.00 MiB.")
                .contains("<b>10.0 ±0.1 ns per operation</b> <span class=\"win\">better</span>")
                .contains("Netty adaptive, the best rival: 30.0 ±0.3 ns per operation.")
                .contains("<b>166,666 ±0 requests/s</b>", "<b>0.540 ms for 99.9 %</b>")
                .contains("Leasehold: 6.0 MiB after 2 s, filled in 0.500 s");
    }

    @Test
    void theFirstScreenSaysWhatIsMissing() throws IOException {
        Results leaks = Fixture.in(folder)
                .time("BufferBenchmark.oneLive", 10, buffer("leased").replace("disabled", "simple"))
                .results();
        Report.write(leaks);
        assertThat(firstScreen(leaks))
                .contains("Other cases were measured, and not the plain one (native access, no leak detection): mvn");

        Results pooled = Fixture.in(folder)
                .time("BufferBenchmark.oneLive", 10, buffer("pooled"))
                .results();
        Report.write(pooled);
        assertThat(firstScreen(pooled)).contains("Other allocators were measured, and Leasehold was not: mvn -Pbench");
    }

    @Test
    void eachAnchorIsUnique() throws IOException {
        Results results = everything();
        Report.write(results);

        assertThat(page(results)).contains("href=\"#group-lease\"");
        assertThat(Pattern.compile(" id=\"([^\"]*)\"")
                        .matcher(page(results).replaceAll("(?s)<svg.*?</svg>", ""))
                        .results()
                        .map(id -> id.group(1)))
                .doesNotHaveDuplicates();
    }

    @Test
    void eachChartSaysItsUnitAndWhatIsBetter() throws IOException {
        Results results = everything();
        Report.write(results);
        String page = page(results);

        assertThat(CAPTION.matcher(page).results().map(MatchResult::group))
                .hasSizeGreaterThan(8)
                .allMatch(caption -> caption.contains("Lower is better"));
        assertThat(page.split("<figure", -1)).hasSizeGreaterThan(8);
        assertThat(FIGURE.matcher(page).results().map(figure -> figure.group(1)))
                .hasSize(page.split("<figure", -1).length - 1)
                .allMatch(unit -> !unit.isBlank());
        assertThat(AXIS.matcher(page).results().map(MatchResult::group))
                .hasSizeGreaterThan(8)
                .allMatch(axis -> axis.contains(" bars are better"));
    }

    @Test
    void theTerminalHasTheRowsOfServersAndMemory() throws IOException {
        assertThat(Terminal.text(everything()).lines())
                .anyMatch(line -> line.matches("nio, 16 pipelined, flat out +166,666 ±0  Netty adaptive .*better"))
                .anyMatch(line -> line.matches("nio, 16 pipelined, fixed rate +0\\.540  Netty adaptive .*better"))
                .anyMatch(line -> line.matches("A burst of 1 GiB .*6\\.00 ±0\\.00  Netty adaptive .*better"));
    }

    @Test
    void eachChartHasATextAlternativeAndNoExternalResource() throws IOException {
        Results results = everything();
        Report.write(results);
        String page = page(results);

        List<String> images =
                SVG.matcher(page).results().map(MatchResult::group).toList();

        assertThat(images).hasSizeGreaterThan(8).allMatch(svg -> svg.contains("role=\"img\" aria-label=\""));
        assertThat(page).doesNotContain("http://", "https://", "<script", "<link rel=\"stylesheet\"");
    }

    @Test
    void aSideHasOneColorEverywhere() throws IOException {
        Results results = everything();
        Report.write(results);

        assertThat(page(results))
                .contains("background:#0072b2", "background:#e69f00", "background:#cc79a7")
                .contains("rgb(0,114,178)", "rgb(230,159,0)", "rgb(204,121,167)");
    }

    @Test
    void partsThatWereNotRunHaveACommand() throws IOException {
        Results results = Fixture.in(folder).results();

        assertThat(Report.write(results)).isEmpty();
        for (String group : List.of(
                "allocator",
                "page",
                "lease",
                "ring",
                "server",
                "memory",
                "growth",
                "window",
                "files",
                "first",
                "observe")) {
            assertThat(page(results)).contains("mvn -Pbench -Dbench=" + group);
        }
        assertThat(page(results)).contains("Not run. Command:");
    }

    @Test
    void theAgentIsComparedWithNettyOnly() throws IOException {
        Results results = Fixture.in(folder).first(5).results();

        assertThat(Findings.of(results).comparisons())
                .extracting(Comparison::id)
                .containsExactly("first-cpu", "first-wall");
        assertThat(Findings.of(results).comparisons().getFirst().cases())
                .satisfiesExactly(
                        cold -> assertThat(values(cold)).containsExactly(60.0, 80.0, 60.0),
                        agent -> assertThat(values(agent)).containsExactly(50.0, 80.0, 60.0),
                        warm -> assertThat(values(warm)).containsExactly(6.0, 8.0, 6.0),
                        agent -> assertThat(values(agent)).containsExactly(5.0, 8.0, 6.0));
    }

    private static List<Double> values(Comparison.Case one) {
        assertThat(one.sides().keySet())
                .extracting(Side::title)
                .containsExactly("Leasehold", "Netty adaptive", "Netty pooled");
        return one.sides().values().stream().map(Stat::value).toList();
    }

    @Test
    void staticFilesAreComparedWithNginxAndWithSendfile() throws IOException {
        Results results = Fixture.in(folder).statics(5).results();

        assertThat(Report.write(results)).isEmpty();
        List<Comparison> all = Findings.of(results).comparisons();
        assertThat(all)
                .extracting(Comparison::id)
                .containsExactly("static-rate", "static-p99", "static-cpu", "static-wrong");
        assertThat(all).extracting(Comparison::group).containsOnly("files");
        assertThat(all.getFirst().cases())
                .extracting(Comparison.Case::label)
                .containsExactly("a file of 2 KiB", "a file of 64 KiB");
        assertThat(all.stream().map(one -> one.cases().getFirst().sides()))
                .extracting(sides -> sides.keySet().stream().map(Side::title).toList())
                .containsOnly(List.of("Leasehold", "Netty DefaultFileRegion", "nginx/1"));
        assertThat(all.stream().map(one -> one.cases().getFirst().sides()))
                .extracting(sides -> sides.values().stream().map(Stat::value).toList())
                .containsExactly(
                        List.of(1_000.0, 500.0, 2_000.0),
                        List.of(4.0, 8.0, 2.0),
                        List.of(20.0, 40.0, 10.0),
                        List.of(0.0, 3.0, 0.0));
        assertThat(page(results))
                .contains("<span class=\"lose\">worse</span> Static files beside nginx, a file of 2 KiB:"
                        + " 0.50 ±0.00 against nginx/1");
    }

    /// A machine without nginx has no side of that name.
    @Test
    void staticFilesAreComparedWithoutNginx() throws IOException {
        Results results = Fixture.in(folder).statics(5).results();
        results.write(
                Results.STATICS,
                results.read(Results.STATICS).stream()
                        .filter(result -> !result.server().equals("nginx"))
                        .toList());

        assertThat(Report.write(results)).isEmpty();
        assertThat(Findings.of(results)
                        .comparisons()
                        .getFirst()
                        .cases()
                        .getFirst()
                        .sides()
                        .keySet())
                .extracting(Side::title)
                .containsExactly("Leasehold", "Netty DefaultFileRegion");
    }

    @Test
    void aWorseCaseComesFirst() throws IOException {
        Results results = Fixture.in(folder)
                .time("LeaseBenchmark.directObject", 15)
                .time("LeaseBenchmark.directObjectJdkShared", 50_000)
                .time("LeaseBenchmark.windowMiss", 30)
                .time("LeaseBenchmark.windowMissRemap", 10)
                .results();
        Report.write(results);

        assertThat(page(results))
                .contains("<span class=\"lose\">worse</span> A lease on a wired page,"
                        + " a window, to be mapped: 0.33 ±0.00")
                .containsSubsequence("<h4>a window, to be mapped</h4>", "<h4>direct map, as an object</h4>");
    }

    @Test
    void aBusyMachineHasABannerAndNoVerdict() throws IOException {
        Results results = Fixture.in(folder)
                .time("LeaseBenchmark.windowMiss", 30)
                .time("LeaseBenchmark.windowMissRemap", 10)
                .growth(1, 2, 4, 8)
                .busy()
                .results();

        assertThat(Report.write(results)).isEmpty();
        assertThat(page(results))
                .contains("class=\"banner\"", "busy machine, no verdict")
                .doesNotContain(">worse<", ">better<", ">equal within error<", ">exceeded<", ">met<");
        assertThat(Terminal.text(results)).contains("The machine was busy").doesNotContain("worse", "better.\n");
        assertThat(Files.readString(folder.resolve("machine.json"))).contains("\"quality\" : 60");
    }

    @Test
    void fewerThanFiveRoundsHaveARangeAndNoVerdict() throws IOException {
        Results results = Fixture.in(folder).server(2).results();

        assertThat(Report.write(results)).isEmpty();
        assertThat(page(results)).contains("too few rounds, no verdict").doesNotContain(">better<");
    }

    /// Charts know their curves by the title of the side.
    @Test
    void aRivalWithTheNameOfLeaseholdIsShownAsARival() throws IOException {
        Results results = Fixture.in(folder).memory(1).results();
        Path memory = folder.resolve("memory.json");
        Files.writeString(memory, Files.readString(memory).replace("\"pooled\"", "\"com.acme.Leasehold\""));

        assertThat(Report.write(results)).isEmpty();
        assertThat(page(results)).contains("Leasehold, rival: 6.0 MiB after 2 s");
    }

    @Test
    void growingCostsAreMarked() throws IOException {
        Results results = Fixture.in(folder).growth(1, 2, 4, 8).results();

        assertThat(Report.write(results)).isEmpty();
        assertThat(page(results))
                .contains("<td class=\"lose\">exceeded</td>", "<td>exempt, touches every byte</td>")
                .contains("<span class=\"unknown\">too few rounds, no verdict</span> 0.06 against Netty adaptive");
        assertThat(Terminal.text(results))
                .contains("A cost that grows     Leasehold")
                .contains("exceeded");
    }

    @Test
    void fewValuesOfNAreShownWithoutVerdict() throws IOException {
        Results two = Fixture.in(folder).growth(1, 2).results();

        assertThat(Report.write(two)).isEmpty();
        assertThat(page(two)).contains("<td>too few N to say</td>");
        Results one = Fixture.in(folder).growth(64).results();
        assertThat(Report.write(one)).isEmpty();
        assertThat(page(one)).contains("<figure id=\"chart-growth-grows\">");
    }

    @Test
    void oneRoundWithoutUringIsShown() throws IOException {
        Results results = Fixture.in(folder).ring(1).results();
        RingResult all = results.read(Results.RING);
        results.write(
                Results.RING,
                new RingResult(
                        all.traffic().stream()
                                .filter(term -> term.receiver().startsWith("epoll")
                                        || term.kind().equals("datagrams"))
                                .toList(),
                        List.of(),
                        all.returns()));

        assertThat(Report.write(results)).isEmpty();
        assertThat(page(results)).contains("id=\"ring-cpu\"").doesNotContain("id=\"ring-growth\"");
    }

    @Test
    void externalTextIsEscaped() throws IOException {
        Results results = Fixture.in(folder)
                .on(Fixture.machine("<script>alert(1)</script> & \"co\""))
                .time("LeaseBenchmark.windowHit", 1, "{\"<b>\": \"</td>\"}")
                .time("LeaseBenchmark.windowHit", 1, "{\"<b>\": \"<i>\"}")
                .results();

        assertThat(Report.write(results)).isEmpty();
        assertThat(page(results))
                .doesNotContain("<script", "<b>=")
                .contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;co&quot;")
                .contains("&lt;b&gt;=&lt;/td&gt;");
    }

    @Test
    void theCheckReportsMissingParts() throws IOException {
        Results results = everything();
        Report.write(results);
        Findings findings = Findings.of(results);
        String page = page(results);

        assertThat(Check.of(findings, page.replace("id=\"group-lease\"", "id=\"x\"")))
                .contains("the report has no part: group-lease");
        assertThat(Check.of(findings, page.replaceFirst("<td>[^<]+</td>", "<td></td>")))
                .singleElement()
                .asString()
                .startsWith("the report has a cell without a value");
        assertThat(Check.of(findings, page.replaceFirst("<output>[^<]+</output>", "<output>NaN</output>")))
                .singleElement()
                .asString()
                .startsWith("the report has a cell without a value");
        assertThat(Check.of(findings, page.replaceFirst("<main>", "<main><img src=\"http://a\">")))
                .singleElement()
                .asString()
                .startsWith("the report refers to an external resource");
        assertThat(Check.of(findings, page.replaceAll("(?s)<svg.*?</svg>", "")))
                .contains("the chart is empty: chart-ring-return");
    }

    private Results everything() throws IOException {
        return Fixture.in(folder)
                .files(5)
                .statics(5)
                .time("PageArenaBenchmark.page", 10)
                .time("PageArenaBenchmark.pageBuffer", 20, "{\"baseline\": \"adaptive\"}")
                .time("PageArenaBenchmark.pageBuffer", 40, "{\"baseline\": \"pooled\"}")
                .time("LeaseBenchmark.windowHit", 20)
                .time("LeaseBenchmark.directObject", 15)
                .time("LeaseBenchmark.directObjectJdkShared", 50_000)
                .time("BufferBenchmark.oneLive", 10, buffer("leased"))
                .time("BufferBenchmark.oneLive", 30, buffer("adaptive"))
                .rate("PageScalingBenchmark.oneThread", 10, 10, 10, 10, 10)
                .rate("PageScalingBenchmark.twoThreads", 20, 20, 20, 20, 20)
                .rate("PageScalingBenchmark.controlOneThread", 5, 5, 5, 5, 5)
                .rate("PageScalingBenchmark.controlTwoThreads", 10, 10, 10, 10, 10)
                .time("JumboBenchmark.oneLive", 10, "{\"bufferSize\": \"KIB_4\"}")
                .time("JumboBenchmark.oneLiveBuffer", 25, "{\"bufferSize\": \"KIB_4\", \"baseline\": \"adaptive\"}")
                .server(5)
                .memory(5)
                .ring(5)
                .first(5)
                .growth(1, 2, 4, 8)
                .results();
    }

    private static String buffer(String allocator) {
        return "{\"byteSize\": \"4096\", \"leak\": \"disabled\", \"allocator\": \"" + allocator + "\"}";
    }

    private static String firstScreen(Results results) throws IOException {
        String page = page(results);
        return page.substring(0, page.indexOf("<nav>"));
    }

    private static String page(Results results) throws IOException {
        return Files.readString(results.report());
    }
}
