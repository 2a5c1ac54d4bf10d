package io.leasehold.bench.result;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// A folder with the results of one run. Parts that were not run have no file and are read as empty lists.
///
/// @param folder of the files
public record Results(Path folder) {

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    private static final String JMH = "jmh.json";
    private static final String MACHINE = "machine.json";
    private static final String QUESTIONS = "questions.json";
    private static final String SERVER = "server.json";
    private static final String FILES = "files.json";
    private static final String MEMORY = "memory.json";
    private static final String RING = "ring.json";
    private static final String GROWTH = "growth.json";
    private static final String REPORT = "index.html";
    private static final String README_CHART = "resident.svg";

    /// {@return the path of JMH's own results; the file may be missing}
    public Path jmh() {
        return folder.resolve(JMH);
    }

    /// Writes the description of the machine.
    public void write(Machine machine) throws IOException {
        write(MACHINE, machine);
    }

    /// Writes the questions that JMH's benchmarks ask.
    public void writeQuestions(List<QuestionText> questions) throws IOException {
        write(QUESTIONS, questions);
    }

    /// Writes the terms of the server scenario, replacing earlier ones.
    public void writeServer(List<ServerResult> terms) throws IOException {
        write(SERVER, terms);
    }

    /// Writes the terms of the file scenario, replacing earlier ones.
    public void writeFiles(List<FileResult> terms) throws IOException {
        write(FILES, terms);
    }

    /// Writes the results of the memory scenario, replacing earlier ones.
    public void writeMemory(List<MemoryResult> scenarios) throws IOException {
        write(MEMORY, scenarios);
    }

    /// Writes the results of the ring scenarios, replacing earlier ones.
    public void writeRing(RingResult ring) throws IOException {
        write(RING, ring);
    }

    /// Writes the results of the growth benchmark, replacing earlier ones.
    public void writeGrowth(List<GrowthResult> questions) throws IOException {
        write(GROWTH, questions);
    }

    /// {@return the measurements of JMH}
    public List<Measurement> measurements() throws IOException {
        List<Measurement> all = new ArrayList<>();
        if (Files.exists(jmh())) {
            for (JsonNode one : JSON.readTree(jmh().toFile())) {
                all.add(Measurement.of(one));
            }
        }
        return all;
    }

    /// {@return the path of the chart for the README; the file may be missing}
    public Path readmeChart() {
        return folder.resolve(README_CHART);
    }

    /// Deletes the files of an earlier run, so that they are not read as results of the next one.
    public void clear() throws IOException {
        Files.createDirectories(folder);
        for (String name :
                List.of(JMH, QUESTIONS, MACHINE, SERVER, FILES, MEMORY, RING, GROWTH, REPORT, README_CHART)) {
            Files.deleteIfExists(folder.resolve(name));
        }
    }

    /// {@return the path of the report}
    public Path report() {
        return folder.resolve(REPORT);
    }

    /// {@return the description of the machine}
    public Machine machine() throws IOException {
        return JSON.readValue(folder.resolve(MACHINE).toFile(), Machine.class);
    }

    /// {@return the questions that JMH's benchmarks ask, in the order of the report}
    public List<QuestionText> questions() throws IOException {
        return read(QUESTIONS, QuestionText[].class);
    }

    /// {@return the names of the files of this folder that have results}
    public List<String> names() {
        return Stream.of(MACHINE, JMH, QUESTIONS, SERVER, FILES, MEMORY, RING, GROWTH)
                .filter(name -> Files.exists(folder.resolve(name)))
                .toList();
    }

    /// {@return the terms of the server scenario}
    public List<ServerResult> server() throws IOException {
        return read(SERVER, ServerResult[].class);
    }

    /// {@return the terms of the file scenario}
    public List<FileResult> files() throws IOException {
        return read(FILES, FileResult[].class);
    }

    /// {@return the results of the memory scenario}
    public List<MemoryResult> memory() throws IOException {
        return read(MEMORY, MemoryResult[].class);
    }

    /// {@return the results of the ring scenarios}
    public RingResult ring() throws IOException {
        Path file = folder.resolve(RING);
        return Files.exists(file) ? JSON.readValue(file.toFile(), RingResult.class) : RingResult.NOTHING;
    }

    /// {@return the results of the growth benchmark}
    public List<GrowthResult> growth() throws IOException {
        return read(GROWTH, GrowthResult[].class);
    }

    private void write(String name, Object value) throws IOException {
        Files.createDirectories(folder);
        JSON.writeValue(folder.resolve(name).toFile(), value);
    }

    private <T> List<T> read(String name, Class<T[]> type) throws IOException {
        Path file = folder.resolve(name);
        return Files.exists(file) ? List.of(JSON.readValue(file.toFile(), type)) : List.of();
    }
}
