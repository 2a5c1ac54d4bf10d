package io.leasehold.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.leasehold.bench.result.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Files that are damaged, or that an earlier version wrote.
class DamagedResultsTest {

    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    private Path folder;

    @BeforeEach
    void writeResults() throws IOException {
        Fixture.in(folder)
                .time("BufferBenchmark.oneLive", 10, "{\"byteSize\": \"4096\"}")
                .server(1)
                .memory(1)
                .growth(1, 2, 4);
    }

    @Test
    void resultsThatAreWholeAreRead() throws IOException {
        assertThat(Report.write(new Results(folder))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "machine.json | ''",
                "machine.json | null",
                "machine.json | {}",
                "server.json | null",
                "server.json | [null]",
                "growth.json | [{}]",
                "questions.json | [{}]",
                "jmh.json | ''",
                "jmh.json | null",
                "jmh.json | {}",
                "jmh.json | [{}]"
            })
    void otherContentIsNamed(String file, String content) throws IOException {
        Files.writeString(folder.resolve(file), content);

        checkNamed(file);
    }

    @ParameterizedTest
    @CsvSource({
        "machine.json, , conditions",
        "machine.json, , versions",
        "memory.json, /0, moments",
        "memory.json, /0, curve",
        "memory.json, /0/moments/0, name",
        "server.json, /0, curve",
        "server.json, /0, latency",
        "questions.json, /0, cases",
        "growth.json, /0, topic",
        "growth.json, /0, series",
        "growth.json, /0/series/0, points",
        "growth.json, /0/series/0/points/0, others",
        "jmh.json, /0, primaryMetric",
        "jmh.json, /0, benchmark"
    })
    void aMissingValueIsNamed(String file, String parent, String name) throws IOException {
        JsonNode all = JSON.readTree(folder.resolve(file).toFile());
        ((ObjectNode) all.at(parent == null ? "" : parent)).remove(name);
        JSON.writeValue(folder.resolve(file).toFile(), all);

        checkNamed(file);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "growth.json | /0/series/0/points/0 | cost | 0",
                "growth.json | /0/series/0/points/0 | cost | -1",
                "growth.json | /0/series/0/points/0 | cost | \"NaN\"",
                "growth.json | /0/series/0/points/0 | n | 0",
                "growth.json | /0/series/0 | points | []",
                "growth.json | /0 | series | []",
                "jmh.json | /0/primaryMetric | rawData | []",
                "jmh.json | /0 | benchmark | \"step\"",
                "jmh.json | /0/params | byteSize | \"12x\""
            })
    void aWrongValueIsNamed(String file, String parent, String name, String value) throws IOException {
        JsonNode all = JSON.readTree(folder.resolve(file).toFile());
        ((ObjectNode) all.at(parent)).set(name, JSON.readTree(value));
        JSON.writeValue(folder.resolve(file).toFile(), all);

        checkNamed(file);
    }

    @Test
    void measurementsOfJmhNeedTheirQuestions() throws IOException {
        Files.delete(folder.resolve("questions.json"));

        assertThatThrownBy(() -> Report.write(new Results(folder)))
                .isInstanceOf(IOException.class)
                .hasMessage("file is missing beside jmh.json: file=" + folder.resolve("questions.json"));
    }

    @Test
    void valuesThatDoNotFitTogetherNameTheFolder() {
        assertThatThrownBy(() ->
                        Findings.make(new Results(folder), findings -> List.of().getFirst()))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("no report can be made: folder=" + folder + ", cause=java.util.NoSuchElement")
                .hasMessageNotContaining("\n");
    }

    private void checkNamed(String file) {
        assertThatThrownBy(() -> Report.write(new Results(folder)))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("not a file of results: file=" + folder.resolve(file) + ", cause=")
                .hasMessageNotContaining("\n");
    }
}
