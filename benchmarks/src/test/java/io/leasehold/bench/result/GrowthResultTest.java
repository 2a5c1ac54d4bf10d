package io.leasehold.bench.result;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthResult.Series;
import java.io.IOException;
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
        List<GrowthResult> written = List.of(
                new GrowthResult(
                        GrowthTopic.of("a", "A question", "things", "ns/thing", "What is done?"),
                        List.of(
                                new Series("leased", List.of(new Point(1, 2.5, 0.75, others))),
                                new Series("adaptive", List.of(new Point(1L << 40, 2.5, null, Map.of()))))),
                new GrowthResult(
                        GrowthTopic.of("b", "Another", "MiB", "µs/call", "What is timed?")
                                .touchingAll(),
                        List.of()));
        Results results = new Results(folder);

        results.writeGrowth(written);

        assertThat(results.growth()).isEqualTo(written);
        assertThat(results.growth()
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
        results.writeGrowth(List.of());
        assertThat(folder.resolve("growth.json")).exists();

        results.clear();

        assertThat(folder.resolve("growth.json")).doesNotExist();
        assertThat(results.growth()).isEmpty();
    }
}
