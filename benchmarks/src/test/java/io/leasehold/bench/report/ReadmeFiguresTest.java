package io.leasehold.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Checks that the figures in the README are those of the folder that it links to.
class ReadmeFiguresTest {

    private static final Path ROOT = Path.of("..");
    private static final Pattern FIGURES =
            Pattern.compile("<!-- figures:begin (\\S+) -->\n(.*?)<!-- figures:end -->", Pattern.DOTALL);

    @Test
    void areThoseOfThePublishedFolder() throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        Matcher figures = FIGURES.matcher(readme);
        assertThat(figures.find()).as("figures between their markers").isTrue();
        String folder = figures.group(1);

        assertThat(readme).as("a link to where the figures are from").contains("](" + folder + ")");
        assertThat(figures.group(2).strip())
                .as("made anew by: mvn -Pbench -Dbench=report -Dbench.results=" + folder)
                .isEqualTo(
                        Figures.of(new Results(ROOT.resolve(folder))).markdown().strip());
    }

    @Test
    void thePageOfThePublishedFolderIsBesideIt() throws IOException {
        Matcher figures = FIGURES.matcher(Files.readString(ROOT.resolve("README.md")));
        assertThat(figures.find()).as("figures between their markers").isTrue();
        Results results = new Results(ROOT.resolve(figures.group(1)));

        assertThat(results.report())
                .as("made by: mvn -Pbench -Dbench=report -Dbench.results=" + figures.group(1))
                .content()
                .contains("<h1>Leasehold</h1>")
                .contains(Charts.escape(results.read(Results.MACHINE).commit()));
    }

    @Test
    void chartShowsTheResults() throws IOException {
        Matcher chart = Pattern.compile("!\\[([^]]*)]\\((\\S+)/resident.svg\\)")
                .matcher(Files.readString(ROOT.resolve("README.md")));
        assertThat(chart.find()).as("a chart").isTrue();
        Results results = new Results(ROOT.resolve(chart.group(2)));
        String words = ReadmeChart.of(Findings.of(results)).orElseThrow().words();

        assertThat(chart.group(1)).as("the words of the chart in the README").isEqualTo(words);
        assertThat(Files.readString(results.readmeChart())).contains("<desc>" + Charts.escape(words) + "</desc>");
    }
}
