package io.leasehold;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The metadata for native images names what the sources reach by reflection, and the functions that they link. No
/// native image is built here.
final class NativeImageMetadataTest {

    private static final Path SOURCES = ProjectFiles.core("src/main/java");
    private static final Path METADATA = ProjectFiles.core(
            "src/main/resources/META-INF/native-image/io.leasehold" + "/leasehold-core/reachability-metadata.json");

    private static final Map<String, String> TYPES =
            Map.of("JAVA_LONG", "\"jlong\"", "JAVA_INT", "\"jint\"", "ADDRESS", "\"void*\"");

    @Test
    void everyTypeExists() throws Exception {
        String metadata = metadata();
        Set<String> names = new TreeSet<>();
        matches("\"type\": \"([\\w.$]+)\"", metadata).forEach(match -> names.add(match.group(1)));
        assertThat(names).hasSizeGreaterThan(1);
        for (String name : names) {
            Class.forName(name, false, getClass().getClassLoader());
        }
    }

    /// `EarlyClasses` finds classes by name.
    @Test
    void everyEarlyClassIsNamed() throws IOException {
        String metadata = metadata();
        Set<String> early = new TreeSet<>();
        for (Path file : sources()) {
            String source = Files.readString(file);
            matches("EarlyClasses\\.initialize\\(([^;]*)\\);", source)
                    .flatMap(call -> matches("([\\w.]+)\\.class", call.group(1)))
                    .forEach(type -> early.add(fullName(type.group(1), source)));
        }
        assertThat(early)
                .hasSizeGreaterThan(1)
                .allSatisfy(name -> assertThat(metadata).contains("{\"type\": \"" + name + "\"}"));
    }

    @Test
    void everyLinkedFunctionIsNamed() throws IOException {
        String source = Files.readString(SOURCES.resolve("io/leasehold/os/LinuxCall.java"));
        Set<String> linked = matches(
                        "handle\\(\\s*(\"?\\w+\"?),\\s*FunctionDescriptor\\.(of|ofVoid)\\(([^)]*)\\)", source)
                .map(call -> downcall(call, source))
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> named = matches("\\{\\s*(\"returnType\": [^{}]*(?:\\{[^{}]*\\}\\s*)?)\\}", metadata())
                .map(match -> match.group(1).replaceAll("\\s", ""))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(named).isEqualTo(linked).hasSizeGreaterThan(1);
    }

    /// {@return an entry of the metadata without white space, for a call that links a function}
    private static String downcall(MatchResult call, String source) {
        String[] types = Arrays.stream(call.group(3).split(","))
                .map(type -> TYPES.get(type.strip().replace("ValueLayout.", "")))
                .toArray(String[]::new);
        boolean isVoid = call.group(2).equals("ofVoid");
        String parameters = Arrays.stream(types).skip(isVoid ? 0 : 1).collect(Collectors.joining(","));
        String options = source.substring(call.end(), source.indexOf(';', call.end()));
        String metadata =
                "\"returnType\":" + (isVoid ? "\"void\"" : types[0]) + ",\"parameterTypes\":[" + parameters + "]";
        Set<String> set = new TreeSet<>();
        matches("captureCallState\\(", options).forEach(option -> set.add("\"captureCallState\":true"));
        matches("firstVariadicArg\\((\\d)\\)", options)
                .forEach(option -> set.add("\"firstVariadicArg\":" + option.group(1)));
        return set.isEmpty() ? metadata : metadata + ",\"options\":{" + String.join(",", set) + "}";
    }

    /// {@return the binary name of a type of ours, as a source file names it}
    private static String fullName(String name, String source) {
        String[] parts = name.split("\\.", 2);
        String inner = parts.length == 2 ? "$" + parts[1].replace('.', '$') : "";
        Matcher imported =
                Pattern.compile("import ([\\w.]+\\." + parts[0] + ");").matcher(source);
        if (imported.find()) {
            return imported.group(1) + inner;
        }
        Matcher own = Pattern.compile("package ([\\w.]+);").matcher(source);
        assertThat(own.find()).isTrue();
        return own.group(1) + "." + parts[0] + inner;
    }

    private static Stream<MatchResult> matches(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results();
    }

    private static String metadata() throws IOException {
        return Files.readString(METADATA);
    }

    private static Iterable<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }
}
