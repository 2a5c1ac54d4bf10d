package io.leasehold.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.result.Results;
import io.leasehold.bench.result.RingResult;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {

    private static final Pattern SVG = Pattern.compile("<svg [^>]*>");

    @TempDir
    private Path folder;

    @Test
    void hasEveryChartAndNoEmptyCell() throws IOException {
        Results results = everything();

        assertThat(Report.write(results)).isEmpty();
        assertThat(Check.charts(Findings.of(results)))
                .contains(
                        "chart-pagearena",
                        "chart-buffer",
                        "chart-pagescaling",
                        "chart-lease",
                        "chart-server-throughput",
                        "chart-server-cpu",
                        "chart-latency-nio-plain-native-16-rate",
                        "chart-resident-nio-plain-native-16-max",
                        "chart-files-throughput",
                        "chart-files-cpu",
                        "chart-memory-burst4k",
                        "chart-memory-unheardOf",
                        "chart-jumbo",
                        "chart-ring-sink-cpu",
                        "chart-ring-echo-throughput",
                        "chart-ring-echo-cpu",
                        "chart-ring-datagrams-cpu",
                        "chart-ring-growth",
                        "chart-ring-return",
                        "chart-growth-grows",
                        "chart-growth-may")
                .allSatisfy(chart -> assertThat(page(results)).contains("<figure id=\"" + chart + "\">"));
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
                .contains("<i style=\"background:#0072b2\"></i>Leasehold</span>")
                .contains("<i style=\"background:#e69f00\"></i>Netty adaptive</span>")
                .contains("<i style=\"background:#cc79a7\"></i>Netty pooled</span>")
                .contains("fill:rgb(0,114,178)", "fill:rgb(230,159,0)", "fill:rgb(204,121,167)");
    }

    @Test
    void partsThatWereNotRunHaveACommand() throws IOException {
        Results results = Fixture.in(folder).results();

        assertThat(Report.write(results)).isEmpty();
        for (String group : List.of("allocator", "page", "lease", "ring", "server", "memory", "growth")) {
            assertThat(page(results)).contains("Not run. Command:").contains("mvn -Pbench -Dbench=" + group);
        }
        assertThat(page(results)).contains("not measured in this run");
    }

    @Test
    void aWorseCaseIsMarked() throws IOException {
        Results results = Fixture.in(folder)
                .time("PageArenaBenchmark.page", 30)
                .time("PageArenaBenchmark.pageNettyAdaptive", 10)
                .results();
        Report.write(results);

        assertThat(page(results))
                .contains("<td class=\"lose\">worse</td>")
                .contains("1 × worse")
                .contains("<td>a page, ns</td><td class=\"lose\">missed</td><td>at most 20</td>");
    }

    @Test
    void growingCostsAndWorseComparisonsAreMarked() throws IOException {
        Results results = Fixture.in(folder).growth(1, 2, 4, 8).results();

        assertThat(Report.write(results)).isEmpty();
        assertThat(page(results))
                .contains("<td>A cost that grows</td><td class=\"lose\">exceeded</td>")
                .contains("<td>A cost that may grow</td><td>exempt, touches every byte</td>")
                .contains("<td>A cost that grows</td><td class=\"lose\">worse</td><td class=\"n\">0.06</td>")
                .contains("A wait under 10 ms in one run is noise on a shared machine.")
                .contains("<td>exponent of the cost over N: A cost that grows</td><td class=\"lose\">missed</td>")
                .doesNotContain("exponent of the cost over N: A cost that may grow");
    }

    @Test
    void twoValuesOfNAreShownWithoutVerdict() throws IOException {
        Results results = Fixture.in(folder).growth(1, 2).results();

        assertThat(Report.write(results)).isEmpty();
        assertThat(page(results))
                .contains("<td>A cost that grows</td><td>too few N to say</td>")
                .contains("<td>exponent of the cost over N: A cost that grows</td><td>not measured in this run</td>");
        assertThat(new GrowthTable(results.growth()).toString())
                .contains("A cost that grows     Leasehold       1 to 2")
                .contains("too few N to say");
    }

    @Test
    void oneValueOfNIsShownToo() throws IOException {
        Results results = Fixture.in(folder).growth(64).results();

        assertThat(Report.write(results)).isEmpty();
        assertThat(page(results)).contains("<figure id=\"chart-growth-grows\">");
    }

    @Test
    void oneRoundWithoutUringIsShownAndMarked() throws IOException {
        Results results = Fixture.in(folder).ring(1).results();
        RingResult all = results.ring();
        results.writeRing(new RingResult(
                all.traffic().stream()
                        .filter(term -> term.receiver().startsWith("epoll")
                                || term.kind().equals("datagrams"))
                        .toList(),
                List.of(),
                all.returns()));

        assertThat(Report.write(results)).isEmpty();
        assertThat(page(results))
                .contains("id=\"chart-ring-sink-cpu\"", "id=\"chart-ring-return\"")
                .contains("this machine has no io_uring, or it failed")
                .doesNotContain("id=\"chart-ring-growth\"");
    }

    @Test
    void externalTextIsEscaped() throws IOException {
        Results results = Fixture.in(folder)
                .on(Fixture.machine("<script>alert(1)</script> & \"co\""))
                .time("OddBenchmark.a", 1, "{\"<b>\": \"</td>\"}")
                .results();

        assertThat(Report.write(results)).isEmpty();
        assertThat(page(results))
                .doesNotContain("<script", "<b>")
                .contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;co&quot;")
                .contains("&lt;b&gt;=&lt;/td&gt;");
    }

    @Test
    void classesWithoutEntryAreShownUnderTheirName() throws IOException {
        Results results = Fixture.in(folder).time("NewBenchmark.thing", 1).results();

        assertThat(Report.write(results)).isEmpty();
        assertThat(page(results)).contains("id=\"chart-new\"").contains("mvn -Pbench -Dbench=NewBenchmark");
    }

    @Test
    void everyBenchmarkHasAQuestion() throws IOException {
        try (InputStream in = Objects.requireNonNull(getClass().getResourceAsStream("/META-INF/BenchmarkList"))) {
            String list = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            List<String> classes = Pattern.compile("io\\.leasehold\\.bench\\.(\\w+Benchmark)[_.]")
                    .matcher(list)
                    .results()
                    .map(match -> match.group(1))
                    .distinct()
                    .toList();

            assertThat(classes).isNotEmpty().allMatch(Question.classNames()::contains);
        }
    }

    @Test
    void theCheckReportsMissingParts() throws IOException {
        Results results = everything();
        Report.write(results);
        Findings findings = Findings.of(results);
        String page = page(results);

        assertThat(Check.of(findings, page.replace("<figure id=\"chart-lease\">", "<figure id=\"x\">")))
                .containsExactly("the report has no chart: chart-lease");
        assertThat(Check.of(findings, page.replace("id=\"targets\"", "id=\"x\"")))
                .containsExactly("the report has no section: targets");
        assertThat(Check.of(findings, page.replaceFirst("<td>[^<]+</td>", "<td></td>")))
                .singleElement()
                .asString()
                .startsWith("the report has a cell without a value");
        assertThat(Check.of(findings, page.replaceFirst("<td>[^<]+</td>", "<td>NaN</td>")))
                .singleElement()
                .asString()
                .startsWith("the report has a cell without a value");
        assertThat(Check.of(findings, page.replaceFirst("<main>", "<main><img src=\"http://a\">")))
                .singleElement()
                .asString()
                .startsWith("the report refers to an external resource");
        assertThat(Check.of(findings, page.replaceAll("(?s)<svg.*?</svg>", "")))
                .contains("the chart is empty: chart-lease");
    }

    private Results everything() throws IOException {
        return Fixture.in(folder)
                .files(5)
                .time("PageArenaBenchmark.page", 10)
                .time("PageArenaBenchmark.pageNettyAdaptive", 20)
                .time("PageArenaBenchmark.pageNettyPooled", 40)
                .time("LeaseBenchmark.windowHit", 20)
                .time("LeaseBenchmark.directObject", 15)
                .time("LeaseBenchmark.directObjectJdkShared", 50_000)
                .time("BufferBenchmark.NativeAccess.oneLive", 10, "{\"byteSize\": \"4096\", \"leak\": \"disabled\"}")
                .time(
                        "BufferBenchmark.NativeAccess.oneLiveAdaptive",
                        30,
                        "{\"byteSize\": \"4096\", \"leak\": \"disabled\"}")
                .rate("PageScalingBenchmark.pageOneThread", 10)
                .rate("PageScalingBenchmark.pageTwoThreads", 20)
                .rate("PageScalingBenchmark.controlOneThread", 5)
                .rate("PageScalingBenchmark.controlTwoThreads", 10)
                .time("JumboBenchmark.oneLive", 10, "{\"bufferSize\": \"KIB_4\"}")
                .time("JumboBenchmark.oneLiveAdaptive", 25, "{\"bufferSize\": \"KIB_4\"}")
                .server(5)
                .memory()
                .ring(5)
                .growth(1, 2, 4, 8)
                .results();
    }

    private static String page(Results results) throws IOException {
        return Files.readString(results.report());
    }
}
