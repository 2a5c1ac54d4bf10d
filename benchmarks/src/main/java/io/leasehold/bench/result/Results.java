package io.leasehold.bench.result;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A folder with the results of one run. Parts that were not run have no file.
///
/// @param folder of the files
public record Results(Path folder) {

    /// What was measured with what. Every folder has it.
    public static final Kind<Machine> MACHINE = new Kind<>("machine.json", new TypeReference<>() {}, null);

    /// The questions that JMH's benchmarks ask, in the order of the report.
    public static final Kind<List<QuestionText>> QUESTIONS =
            new Kind<>("questions.json", new TypeReference<>() {}, List.of());

    /// The terms of the server scenario.
    public static final Kind<List<ServerResult>> SERVER =
            new Kind<>("server.json", new TypeReference<>() {}, List.of());

    /// The terms of the file scenario.
    public static final Kind<List<FileResult>> FILES = new Kind<>("files.json", new TypeReference<>() {}, List.of());

    /// The servers of static files under `wrk`.
    public static final Kind<List<StaticResult>> STATICS =
            new Kind<>("statics.json", new TypeReference<>() {}, List.of());

    /// The terms of the memory scenario.
    public static final Kind<List<MemoryResult>> MEMORY =
            new Kind<>("memory.json", new TypeReference<>() {}, List.of());

    /// The ring scenarios.
    public static final Kind<RingResult> RING =
            new Kind<>("ring.json", new TypeReference<>() {}, new RingResult(List.of(), List.of(), List.of()));

    /// The growth benchmark.
    public static final Kind<List<GrowthResult>> GROWTH =
            new Kind<>("growth.json", new TypeReference<>() {}, List.of());

    /// The first buffers.
    public static final Kind<List<FirstResult>> FIRST = new Kind<>("first.json", new TypeReference<>() {}, List.of());

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();
    private static final String JMH = "jmh.json";
    private static final List<String> FILE_NAMES = List.of(
            MACHINE.name,
            JMH,
            QUESTIONS.name,
            SERVER.name,
            FILES.name,
            STATICS.name,
            MEMORY.name,
            RING.name,
            GROWTH.name,
            FIRST.name);

    /// A kind of results, with a file of its own.
    ///
    /// @param <T> type of the results
    /// @param name of the file
    /// @param type of the results
    /// @param nothing the results of a run without this part; null if every run has it
    public record Kind<T>(
            String name, TypeReference<T> type, @Nullable T nothing) {}

    /// Writes results, replacing earlier ones of the same kind.
    ///
    /// @throws IOException if the file cannot be written
    public <T> void write(Kind<T> kind, T value) throws IOException {
        Files.createDirectories(folder);
        JSON.writeValue(folder.resolve(kind.name).toFile(), value);
    }

    /// {@return results as they were written}
    ///
    /// @throws IOException if the file cannot be read
    public <T> T read(Kind<T> kind) throws IOException {
        Path file = folder.resolve(kind.name);
        T nothing = kind.nothing;
        if (nothing != null && !Files.exists(file)) {
            return nothing;
        }
        try {
            T read = JSON.readValue(file.toFile(), kind.type);
            Values.check("$", read);
            return read;
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw damaged(file, e);
        }
    }

    /// {@return the path of JMH's own results; the file may be missing}
    public Path jmh() {
        return folder.resolve(JMH);
    }

    /// {@return the measurements of JMH}
    ///
    /// @throws IOException if the file cannot be read
    public List<Measurement> measurements() throws IOException {
        List<Measurement> all = new ArrayList<>();
        if (Files.exists(jmh())) {
            if (!Files.exists(folder.resolve(QUESTIONS.name))) {
                throw new IOException("file is missing beside " + JMH + ": file=" + folder.resolve(QUESTIONS.name));
            }
            try {
                JsonNode json = JSON.readTree(jmh().toFile());
                if (!json.isArray()) {
                    throw new IllegalArgumentException("not an array: type=" + json.getNodeType());
                }
                for (JsonNode one : json) {
                    all.add(Measurement.of(one));
                }
            } catch (JsonProcessingException | RuntimeException e) {
                throw damaged(jmh(), e);
            }
        }
        return all;
    }

    /// {@return the path of the report}
    public Path report() {
        return folder.resolve("index.html");
    }

    /// {@return the path of the chart for the README; the file may be missing}
    public Path readmeChart() {
        return folder.resolve("resident.svg");
    }

    /// {@return the names of the files of this folder that have results}
    public List<String> names() {
        return FILE_NAMES.stream()
                .filter(name -> Files.exists(folder.resolve(name)))
                .toList();
    }

    /// Deletes the files of an earlier run, so that they are not read as results of the next one.
    ///
    /// @throws IOException if a file cannot be deleted, or `folder` is not a folder
    public void clear() throws IOException {
        Files.createDirectories(folder);
        for (String name : FILE_NAMES) {
            Files.deleteIfExists(folder.resolve(name));
        }
        Files.deleteIfExists(report());
        Files.deleteIfExists(readmeChart());
    }

    private static IOException damaged(Path file, Exception cause) {
        String reason = String.valueOf(cause.getMessage()).split("\n", 2)[0];
        return new IOException("not a file of results: file=" + file + ", cause=" + reason, cause);
    }
}
