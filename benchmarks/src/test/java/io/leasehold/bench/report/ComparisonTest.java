package io.leasehold.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.report.Comparison.Better;
import io.leasehold.bench.report.Comparison.Case;
import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {

    @TempDir
    private Path folder;

    @Test
    void aMethodIsComparedWithOtherAllocatorsInTheSameCase() throws IOException {
        Comparison buffer = comparison(
                "buffer",
                Fixture.in(folder)
                        .time("BufferBenchmark.oneLive", 10, "{\"byteSize\": \"256\", \"allocator\": \"leased\"}")
                        .time("BufferBenchmark.oneLive", 20, "{\"byteSize\": \"256\", \"allocator\": \"adaptive\"}")
                        .time("BufferBenchmark.oneLive", 30, "{\"byteSize\": \"256\", \"allocator\": \"a.b.Rival\"}")
                        .time("BufferBenchmark.oneLive", 40, "{\"byteSize\": \"4096\", \"allocator\": \"pooled\"}")
                        .results());

        assertThat(buffer.cases()).singleElement().satisfies(one -> {
            assertThat(one.label()).isEqualTo("one at a time, 256 B");
            assertThat(one.sides().keySet())
                    .extracting(Side::title)
                    .containsExactly("Leasehold", "Netty adaptive", "Rival");
            assertThat(buffer.best(one).orElseThrow().rival()).isEqualTo(Side.ADAPTIVE);
            assertThat(buffer.best(one).orElseThrow().text()).startsWith("2.00");
        });
    }

    @Test
    void aBaselineMayHaveFewerParameters() throws IOException {
        Comparison window = comparison(
                "window",
                Fixture.in(folder)
                        .time("WindowBenchmark.hit", 10, "{\"byteSize\": \"64\", \"tier\": \"DIRECT\"}")
                        .time("WindowBenchmark.hit", 20, "{\"byteSize\": \"64\", \"tier\": \"RECYCLED\"}")
                        .time("WindowBenchmark.hitPread", 40, "{\"byteSize\": \"64\"}")
                        .time("WindowBenchmark.hitPread", 50, "{\"byteSize\": \"4096\"}")
                        .results());

        assertThat(window.cases())
                .extracting(one -> window.best(one).orElseThrow().text().substring(0, 4))
                .containsExactly("4.00", "2.00");
    }

    @Test
    void aRatioAboveOneIsBetterForRatesToo() throws IOException {
        Comparison pages = comparison(
                "pagevirtualthread",
                Fixture.in(folder)
                        .rate("PageVirtualThreadBenchmark.pages", 10, 10, 10, 10, 10)
                        .rate("PageVirtualThreadBenchmark.pagesPlatformThreads", 20, 20, 20, 20, 20)
                        .results());

        assertThat(pages.best(pages.cases().getFirst()).orElseThrow()).satisfies(best -> {
            assertThat(best.text()).isEqualTo("0.50 ±0.00");
            assertThat(best.verdict()).isEqualTo(Verdict.LOSE);
        });
    }

    @Test
    void theCostOfObservationIsAnOverheadInPercent() throws IOException {
        Comparison observed = comparison(
                "observe",
                Fixture.in(folder)
                        .time("ObserveBenchmark.oneLive", 25, "{\"byteSize\": \"256\", \"allocator\": \"observed\"}")
                        .time("ObserveBenchmark.oneLive", 20, "{\"byteSize\": \"256\", \"allocator\": \"unobserved\"}")
                        .results());

        assertThat(observed.group()).isEqualTo("observe");
        assertThat(observed.cases()).singleElement().satisfies(one -> {
            assertThat(one.sides().keySet())
                    .extracting(Side::title)
                    .containsExactly("Leasehold", "Leasehold, not observed");
            assertThat(observed.best(one).orElseThrow().text()).matches("0\\.80 ±.*, overhead 25\\.0 ±.* %");
        });
        assertThat(new Ratio(1.25, Double.NaN).overhead()).isEqualTo(", overhead -20.0 %");
    }

    @Test
    void theGainOfASecondThreadIsPairedByRound() throws IOException {
        Comparison gain = comparison(
                "pagescaling-gain",
                Fixture.in(folder)
                        .rate("PageScalingBenchmark.oneThread", 10, 10, 10)
                        .rate("PageScalingBenchmark.twoThreads", 20, 16, 18)
                        .rate("PageScalingBenchmark.controlOneThread", 5, 5, 5)
                        .rate("PageScalingBenchmark.controlTwoThreads", 10, 10, 10)
                        .results());

        assertThat(gain.cases().getFirst().ours().orElseThrow().rounds()).containsExactly(2.0, 1.6, 1.8);
        assertThat(gain.best(gain.cases().getFirst()).orElseThrow().text()).isEqualTo("0.90");
    }

    /// The mean of the ratios of the rounds is 1.00 against the first rival and 1.02 against the second.
    @Test
    void theBestRivalAndTheRatioAreThoseOfTheFiguresShown() {
        List<Double> rounds = List.of(60.0, 90.0, 75.0, 70.0, 80.0);
        Case one = of(rounds, rounds, List.of(90.0, 60.0, 76.0, 80.0, 74.0));
        Comparison server = new Comparison("s", "server", "Server", "", "a/s", Better.MORE, "", true, List.of(one));

        assertThat(one.sides().values()).extracting(Stat::value).containsExactly(75.0, 75.0, 76.0);
        assertThat(server.best(one).orElseThrow().rival()).isEqualTo(Side.ADAPTIVE);
        assertThat(server.best(one).orElseThrow().text()).startsWith("0.99 ±");
    }

    @Test
    void theErrorOfARatioIsThatOfPairedRounds() {
        Stat ours = Stat.of(List.of(20.0, 40.0, 60.0, 80.0, 100.0));
        Stat theirs = Stat.of(List.of(10.0, 20.0, 30.0, 40.0, 50.0));

        assertThat(ours.over(theirs)).isEqualTo(new Ratio(2, 0));
    }

    @Test
    void allFiguresOfACaseAreMediansIfOneOfThemIs() {
        Case one = of(List.of(1.0, 1.0, 1.0, 1.0, 90.0), List.of(2.0, 4.0, 4.0, 4.0, 5.0), List.of(9.0));
        Comparison server = new Comparison("s", "server", "Server", "", "ms", Better.LESS, "", true, List.of(one));

        assertThat(one.sides().values())
                .extracting(Stat::text)
                .containsExactly("1.00 (1.00 to 90.0)", "4.00 (2.00 to 5.00)", "9.00");
        assertThat(one.sides().values())
                .extracting(stat -> stat.low() + ", " + stat.high())
                .containsExactly("1.0, 90.0", "2.0, 5.0", "9.0, 9.0");
        assertThat(server.best(one).orElseThrow().text()).startsWith("4.00");
    }

    private static Case of(List<Double> leased, List<Double> pooled, List<Double> adaptive) {
        Map<Side, Stat> sides = new LinkedHashMap<>();
        sides.put(Side.LEASED, Stat.of(leased));
        sides.put(Side.POOLED, Stat.of(pooled));
        sides.put(Side.ADAPTIVE, Stat.of(adaptive));
        return Case.of("one", sides);
    }

    @Test
    void littleMemoryIsComparedByItsDifference() {
        Map<Side, Stat> sides = new LinkedHashMap<>();
        sides.put(Side.LEASED, Stat.of(List.of(6.0, 5.0, 7.0, 6.0, 6.0)));
        sides.put(Side.POOLED, Stat.of(List.of(5.5, 5.5, 5.5, 5.5, 5.5)));
        sides.put(Side.ADAPTIVE, Stat.of(List.of(1025.0, 1024.0, 1026.0, 1025.0, 1025.0)));
        Case one = Case.of("a burst", sides);
        Comparison memory = new Comparison("m", "memory", "Memory", "", "MiB", Better.LESS, "", true, List.of(one));

        assertThat(memory.judge(one).values())
                .extracting(judgement ->
                        judgement.text() + ", " + judgement.verdict().words())
                .containsExactly("0.500 MiB more, equal within error", "1,019 MiB less, better");
    }

    /// For example the garbage collections of a short round.
    @Test
    void figuresThatAreZeroInARoundAreComparedByTheirDifference() {
        Map<Side, Stat> sides = new LinkedHashMap<>();
        sides.put(Side.LEASED, Stat.of(List.of(2.0, 2.0, 3.0, 2.0, 2.0)));
        sides.put(Side.POOLED, Stat.of(List.of(1.0, 0.0, 1.0, 1.0, 1.0)));
        Case one = Case.of("a round", sides);
        Comparison server = new Comparison("s", "server", "Server", "", "runs", Better.LESS, "", true, List.of(one));

        assertThat(server.best(one).orElseThrow().text()).isEqualTo("1.00 runs more");
    }

    @Test
    void fewerThanFiveForksHaveARangeAndNoVerdict() throws IOException {
        Comparison pages = comparison(
                "pagevirtualthread",
                Fixture.in(folder)
                        .rate("PageVirtualThreadBenchmark.pages", 10, 11, 10, 11)
                        .rate("PageVirtualThreadBenchmark.pagesPlatformThreads", 20, 21, 20, 21)
                        .results());
        Case one = pages.cases().getFirst();

        assertThat(one.ours().orElseThrow().text()).isEqualTo("10.0 to 11.0");
        assertThat(pages.best(one).orElseThrow().verdict()).isEqualTo(Verdict.UNKNOWN);
        assertThat(pages.best(one).orElseThrow().text()).isEqualTo("0.51");
    }

    @Test
    void theTailOfForksIsTheirMedianWithTheirRange() throws IOException {
        Comparison pauses = comparison(
                "windowpause",
                Fixture.in(folder)
                        .tail("WindowPauseBenchmark.work", 10, 30, 11, 12, 11)
                        .results());

        assertThat(pauses.cases().getFirst().ours().orElseThrow()).satisfies(ours -> {
            assertThat(ours.isMedian()).isTrue();
            assertThat(ours.text()).isEqualTo("11.0 (10.0 to 30.0)");
        });
    }

    @Test
    void oneReadingOfMemoryHasNoVerdict() throws IOException {
        Comparison one = comparison("memory-after", Fixture.in(folder).memory(1).results());
        Comparison five =
                comparison("memory-after", Fixture.in(folder).memory(5).results());

        assertThat(one.judge(one.cases().getFirst()).values())
                .filteredOn(judgement -> judgement.rival().equals(Side.ADAPTIVE))
                .extracting(Comparison.Judgement::verdict)
                .containsExactly(Verdict.UNKNOWN);
        assertThat(one.cases().getFirst().ours().orElseThrow().text()).isEqualTo("6.00");
        assertThat(five.judge(five.cases().getFirst()).values())
                .filteredOn(judgement -> judgement.rival().equals(Side.ADAPTIVE))
                .extracting(Comparison.Judgement::verdict)
                .containsExactly(Verdict.WIN);
    }

    @Test
    void figuresAreShownWithWhatIsKnownOfThem() {
        assertThat(Stat.of(List.of(10.0)).text()).isEqualTo("10.0");
        assertThat(Stat.of(List.of(10.0, 12.0)).text()).isEqualTo("10.0 to 12.0");
        assertThat(Stat.of(List.of(10.0, 12.0, 11.0, 11.0, 11.0)).text()).isEqualTo("11.0 ±2.7");
        assertThat(Stat.ofTail(List.of(10.0, 12.0, 11.0, 11.0, 30.0)).text()).isEqualTo("11.0 (10.0 to 30.0)");
        assertThat(Stat.ofTail(List.of(0.54, 0.54, 0.54, 0.5401, 0.54)).text()).isEqualTo("0.540");
        assertThat(Stat.of(List.of(0.54, 0.5401)).text()).isEqualTo("0.540");
    }

    @Test
    void aDifferenceWithinTheErrorIsEqual() {
        assertThat(new Ratio(1.2, 0.1).verdict()).isEqualTo(Verdict.WIN);
        assertThat(new Ratio(1.2, 0.3).verdict()).isEqualTo(Verdict.EVEN);
        assertThat(new Ratio(0.8, 0.3).verdict()).isEqualTo(Verdict.EVEN);
        assertThat(new Ratio(0.8, 0.1).verdict()).isEqualTo(Verdict.LOSE);
        assertThat(new Ratio(1.2, Double.NaN).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    private static Comparison comparison(String id, Results results) throws IOException {
        return Findings.find(Findings.of(results).comparisons(), id).orElseThrow();
    }
}
