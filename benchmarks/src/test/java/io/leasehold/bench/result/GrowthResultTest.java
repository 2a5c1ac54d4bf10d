package io.leasehold.bench.result;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthResult.Series;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrowthResultTest {

    @TempDir
    private Path folder;

    @Test
    void isReadAsWritten() throws IOException {
        Map<String, Double> others = new LinkedHashMap<>();
        others.put("worst refusal, ms", 3.5);
        others.put("a call, ms", 0.25);
        List<GrowthResult> written = List.of(new GrowthResult(
                new GrowthTopic("a", "A question", "What is done?", "things", "ns/thing", false),
                List.of(
                        new Series("leased", List.of(new Point(1, 2.5, 0.75, others))),
                        new Series("adaptive", List.of(new Point(1L << 40, 2.5, null, Map.of()))))));
        Results results = new Results(folder);

        results.write(Results.GROWTH, written);

        assertThat(results.read(Results.GROWTH)).isEqualTo(written);
        assertThat(results.read(Results.GROWTH)
                        .getFirst()
                        .series()
                        .getFirst()
                        .points()
                        .getFirst()
                        .others()
                        .keySet())
                .containsExactlyElementsOf(others.keySet());
    }

    @Test
    void isClearedWithTheRest() throws IOException {
        Results results = new Results(folder);
        results.write(Results.GROWTH, List.of());
        assertThat(folder.resolve("growth.json")).exists();

        results.clear();

        assertThat(folder.resolve("growth.json")).doesNotExist();
        assertThat(results.read(Results.GROWTH)).isEmpty();
    }

    @Test
    void aDamagedFileIsNamed() throws IOException {
        Path file = folder.resolve("growth.json");
        for (String content : List.of("", "{", "[{\"a\": 1}]", "[null, 7]", "null", "[null]")) {
            Files.writeString(file, content);
            assertThatThrownBy(() -> new Results(folder).read(Results.GROWTH))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("not a file of results: file=" + file + ", cause=")
                    .hasMessageNotContaining("\n");
        }
    }
}
