package io.leasehold.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.report.Ratio.Verdict;
import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PairingTest {

    @TempDir
    private Path folder;

    @Test
    void pairsByTheWordThatTheBaselineAdds() throws IOException {
        Results results = Fixture.in(folder)
                .time("PageArenaBenchmark.page", 10)
                .time("PageArenaBenchmark.pageMalloc", 30)
                .time("PageArenaBenchmark.pages", 1)
                .results();

        List<Pairing> pairings = Pairing.of(results.measurements());

        assertThat(pairings).hasSize(2);
        Pairing page = pairings.getFirst();
        assertThat(page.theirs()).hasSize(1);
        assertThat(page.word(page.theirs().getFirst())).isEqualTo("Malloc");
        assertThat(page.ratio(page.theirs().getFirst()).value()).isEqualTo(3);
        assertThat(pairings.getLast().theirs()).isEmpty();
    }

    @Test
    void pairsOnlyEqualParameters() throws IOException {
        Results results = Fixture.in(folder)
                .time("BufferBenchmark.NativeAccess.oneLive", 10, "{\"byteSize\": \"256\"}")
                .time("BufferBenchmark.NativeAccess.oneLiveAdaptive", 20, "{\"byteSize\": \"4096\"}")
                .time("BufferBenchmark.Unsafe.oneLiveAdaptive", 20, "{\"byteSize\": \"256\"}")
                .results();

        assertThat(Pairing.of(results.measurements()))
                .allSatisfy(pairing -> assertThat(pairing.theirs()).isEmpty());
    }

    @Test
    void aBaselineMayHaveFewerParameters() throws IOException {
        Results results = Fixture.in(folder)
                .time("WindowBenchmark.hit", 10, "{\"byteSize\": \"64\", \"tier\": \"DIRECT\"}")
                .time("WindowBenchmark.hit", 20, "{\"byteSize\": \"64\", \"tier\": \"RECYCLED\"}")
                .time("WindowBenchmark.hitPread", 40, "{\"byteSize\": \"64\"}")
                .time("WindowBenchmark.hitPread", 50, "{\"byteSize\": \"4096\"}")
                .results();

        List<Pairing> pairings = Pairing.of(results.measurements());

        assertThat(pairings).hasSize(3);
        assertThat(pairings.getFirst().theirs())
                .singleElement()
                .satisfies(theirs -> assertThat(theirs.score()).isEqualTo(40));
        assertThat(pairings.get(1).ratio(pairings.get(1).theirs().getFirst()).value())
                .isEqualTo(2);
        assertThat(pairings.getLast().theirs()).isEmpty();
    }

    @Test
    void higherIsBetterForRatesAndLowerForTimes() throws IOException {
        Results results = Fixture.in(folder)
                .rate("PageVirtualThreadBenchmark.pages", 10)
                .rate("PageVirtualThreadBenchmark.pagesPlatformThreads", 20)
                .results();
        Pairing pages = Pairing.of(results.measurements()).getFirst();

        Ratio ratio = pages.ratio(pages.theirs().getFirst());

        assertThat(ratio.value()).isEqualTo(0.5);
        assertThat(ratio.verdict()).isEqualTo(Verdict.LOSE);
    }

    @Test
    void aDifferenceWithinTheErrorIsTooCloseToCall() {
        assertThat(new Ratio(1.2, 0.1).verdict()).isEqualTo(Verdict.WIN);
        assertThat(new Ratio(1.2, 0.3).verdict()).isEqualTo(Verdict.EVEN);
        assertThat(new Ratio(0.8, 0.3).verdict()).isEqualTo(Verdict.EVEN);
        assertThat(new Ratio(0.8, 0.1).verdict()).isEqualTo(Verdict.LOSE);
        assertThat(new Ratio(1.2, Double.NaN).verdict()).isEqualTo(Verdict.UNKNOWN);
    }

    @Test
    void aGainIsTheMedianOfTheRounds() throws IOException {
        Results results = Fixture.in(folder)
                .rate("PageScalingBenchmark.pageOneThread", 10, 10, 10)
                .rate("PageScalingBenchmark.pageTwoThreads", 20, 16, 18)
                .rate("PageScalingBenchmark.controlOneThread", 5, 5, 5)
                .rate("PageScalingBenchmark.controlTwoThreads", 10, 10, 10)
                .results();

        assertThat(Gain.of(results.measurements())).singleElement().satisfies(gain -> {
            assertThat(gain.stem()).isEqualTo("page");
            assertThat(gain.rounds()).containsExactly(1.0, 0.8, 0.9);
            assertThat(gain.words()).isEqualTo("median 0.900, from 0.800 to 1.000, 3 rounds");
        });
    }

    @Test
    void theTableShowsWhereLeaseholdIsWorse() throws IOException {
        Results results = Fixture.in(folder)
                .time("PageArenaBenchmark.page", 30)
                .time("PageArenaBenchmark.pageMalloc", 10)
                .results();

        assertThat(Table.of(results.measurements()).toString())
                .contains("PageArena.page")
                .contains("Malloc")
                .contains("0.33 ±0.00  worse");
    }
}
