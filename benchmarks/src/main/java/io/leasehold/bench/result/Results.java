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

/// A folder with the results of one run. What a run left out has no file and reads as an empty list.
///
/// @param folder that the files are in
public record Results(Path folder) {

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    private static final String JMH = "jmh.json";
    private static final String MACHINE = "machine.json";
    private static final String SERVER = "server.json";
    private static final String FILES = "files.json";
    private static final String MEMORY = "memory.json";
    private static final String RING = "ring.json";
    private static final String GROWTH = "growth.json";
    private static final String REPORT = "index.html";
    private static final String README_CHART = "resident.svg";

    /// {@return where JMH's own results are; there may be none}
    public Path jmh() {
        return folder.resolve(JMH);
    }

    /// Writes the description of the machine.
    public void write(Machine machine) throws IOException {
        write(MACHINE, machine);
    }

    /// Writes the terms of the server scenario, in place of earlier ones.
    public void writeServer(List<ServerResult> terms) throws IOException {
        write(SERVER, terms);
    }

    /// Writes the terms of the file scenario, in place of earlier ones.
    public void writeFiles(List<FileResult> terms) throws IOException {
        write(FILES, terms);
    }

    /// Writes what the memory scenario found, in place of earlier results.
    public void writeMemory(List<MemoryResult> scenarios) throws IOException {
        write(MEMORY, scenarios);
    }

    /// Writes what became of the ring under traffic, in place of earlier results.
    public void writeRing(RingResult ring) throws IOException {
        write(RING, ring);
    }

    /// Writes what the growth benchmark measured, in place of earlier results.
    public void writeGrowth(List<GrowthResult> questions) throws IOException {
        write(GROWTH, questions);
    }

    /// {@return what JMH measured}
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

    /// Takes away what an earlier run left, so that nothing of it is read as a part of the next one.
    public void clear() throws IOException {
        Files.createDirectories(folder);
        for (String name : List.of(JMH, MACHINE, SERVER, FILES, MEMORY, RING, GROWTH, REPORT, README_CHART)) {
            Files.deleteIfExists(folder.resolve(name));
        }
    }

    /// {@return where the report is}
    public Path report() {
        return folder.resolve(REPORT);
    }

    /// {@return the description of the machine}
    public Machine machine() throws IOException {
        return JSON.readValue(folder.resolve(MACHINE).toFile(), Machine.class);
    }

    /// {@return the terms of the server scenario}
    public List<ServerResult> server() throws IOException {
        return read(SERVER, ServerResult[].class);
    }

    /// {@return the terms of the file scenario}
    public List<FileResult> files() throws IOException {
        return read(FILES, FileResult[].class);
    }

    /// {@return what the memory scenario found}
    public List<MemoryResult> memory() throws IOException {
        return read(MEMORY, MemoryResult[].class);
    }

    /// {@return what became of the ring under traffic}
    public RingResult ring() throws IOException {
        Path file = folder.resolve(RING);
        return Files.exists(file) ? JSON.readValue(file.toFile(), RingResult.class) : RingResult.NOTHING;
    }

    /// {@return the questions of the growth benchmark that were measured}
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
