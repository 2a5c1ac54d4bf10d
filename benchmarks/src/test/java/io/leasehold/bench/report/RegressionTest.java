package io.leasehold.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegressionTest {

    @TempDir
    private Path folder;

    @Test
    void onlyAFigureThatIsWorseByMoreThanItsErrorIsReported() throws IOException {
        Results before = fixture("before")
                .time("LeaseBenchmark.windowHit", 100)
                .time("LeaseBenchmark.windowMiss", 100)
                .time("LeaseBenchmark.directHandle", 100)
                .results();
        Results after = fixture("after")
                .time("LeaseBenchmark.windowHit", 101)
                .time("LeaseBenchmark.windowMiss", 110)
                .time("LeaseBenchmark.directHandle", 50)
                .time("LeaseBenchmark.directObject", 900)
                .results();

        assertThat(Regression.from(before).in(after))
                .containsExactly("worse than the baseline: A lease on a wired page, a window, to be mapped:"
                        + " before=100.0 ±1.0, now=110.0 ±1.1, unit=ns per operation");
    }

    @Test
    void ratesAreWorseIfTheyAreLower() throws IOException {
        Results before = fixture("before").server(5).results();
        Results after = fixture("after").server(5).results();
        assertThat(Regression.from(before).in(after)).isEmpty();

        Results slower = fixture("slower")
                .rate("PageVirtualThreadBenchmark.pages", 5, 5, 5, 5, 5)
                .results();
        Results fast = fixture("fast")
                .rate("PageVirtualThreadBenchmark.pages", 9, 9, 9, 9, 9)
                .results();
        assertThat(Regression.from(fast).in(slower)).singleElement().asString().contains("before=9.00", "now=5.00");
        assertThat(Regression.from(slower).in(fast)).isEmpty();
    }

    @Test
    void bothFiguresAreMediansIfOneOfThemIs() throws IOException {
        Results before = fixture("before")
                .rate("PageVirtualThreadBenchmark.pages", 9, 9, 9, 9, 9)
                .results();
        Results after = fixture("after")
                .rate("PageVirtualThreadBenchmark.pages", 1, 1, 1, 1, 5)
                .results();

        assertThat(Regression.from(before).in(after))
                .singleElement()
                .asString()
                .endsWith(": before=9.00, now=1.00 (1.00 to 5.00), unit=ops/µs");
    }

    @Test
    void runsWithoutAFigureOfFiveRoundsAreNotCompared() throws IOException {
        Results before = fixture("before").server(5).results();
        Results after = fixture("after").server(4).results();

        assertThat(Regression.from(before).in(after))
                .containsExactly("runs cannot be compared: no figure has 5 rounds in both; use bench.rounds=5");
    }

    @Test
    void aBusyRunIsNotCompared() throws IOException {
        Results before = fixture("before").server(5).results();
        Results busy = fixture("busy").server(5).busy().results();

        assertThat(Regression.from(before).in(busy))
                .containsExactly("runs cannot be compared: the machine was busy: quality=60, max=0");
    }

    /// A run with such a baseline would be in vain.
    @Test
    void aBaselineThatNoRunCanBeComparedWithIsRefusedAtOnce() throws IOException {
        Results busy = fixture("busy").server(5).busy().results();
        Results few = fixture("few").server(4).results();

        assertThatThrownBy(() -> Regression.from(busy))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("machine of the baseline was busy: bench.baseline=%s, quality=60, max=0; measure it again"
                        .formatted(busy.folder()));
        assertThatThrownBy(() -> Regression.from(few))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no figure of the baseline has enough rounds: bench.baseline=%s, min=5; use bench.rounds=5"
                        .formatted(few.folder()));
    }

    private Fixture fixture(String name) throws IOException {
        return Fixture.in(Files.createDirectory(folder.resolve(name)));
    }
}
