package io.leasehold.bench.result;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One benchmark with one set of parameters, as in JMH's JSON.
///
/// The name of a benchmark consists of its package, its class and its method.
///
/// @param benchmark full name
/// @param mode of JMH, for example `avgt` or `thrpt`
/// @param params by name
/// @param score in `unit`; for sampled times, the 99.99 percentile of the median fork
/// @param unit for example `ns/op`
/// @param garbageBytes heap bytes allocated per operation, if measured
/// @param flags of the JVM, and the executor of JMH
/// @param forks the mean of each fork, or its percentile, in the order in which they ran
public record Measurement(
        String benchmark,
        String mode,
        Map<String, String> params,
        double score,
        String unit,
        @Nullable Double garbageBytes,
        List<String> flags,
        List<Double> forks) {

    private static final String TIMED_EACH = "sample";
    private static final String PROFILE = "gc.alloc.rate.norm";
    private static final String NATIVE = "--enable-native-access=ALL-UNNAMED";
    private static final String UNSAFE = "--sun-misc-unsafe-memory-access=allow";
    private static final String EXECUTOR = "-Djmh.executor=";

    /// Parameters that are numbers.
    private static final Pattern NUMBERS = Pattern.compile(".*[bB]yteSize|written|liveCount");

    /// Checks what the report reads from a name, from numbers and from forks.
    public Measurement {
        if (benchmark.indexOf('.') < 0) {
            throw new IllegalArgumentException("name of a benchmark has no class: benchmark=" + benchmark);
        }
        if (forks.isEmpty()) {
            throw new IllegalArgumentException("benchmark has no forks: benchmark=" + benchmark + ", min=1");
        }
        params.forEach((name, value) -> {
            if (NUMBERS.matcher(name).matches() && !value.matches("\\d{1,18}")) {
                throw new IllegalArgumentException(
                        "parameter is not a number: benchmark=" + benchmark + ", " + name + "=" + value);
            }
        });
    }

    static Measurement of(JsonNode json) {
        JsonNode primary = json.required("primaryMetric");
        Map<String, String> params = new TreeMap<>();
        json.path("params")
                .properties()
                .forEach(param -> params.put(param.getKey(), param.getValue().asText()));
        boolean isTail = json.required("mode").asText().equals(TIMED_EACH);
        List<Double> forks = new ArrayList<>();
        for (JsonNode fork : primary.path(isTail ? "rawDataHistogram" : "rawData")) {
            forks.add(isTail ? Tail.of(fork) : mean(fork));
        }
        JsonNode garbage = json.path("secondaryMetrics").path(PROFILE).path("score");
        return new Measurement(
                json.required("benchmark").asText(),
                json.required("mode").asText(),
                params,
                isTail ? Tail.median(forks) : number(primary.required("score")),
                primary.required("scoreUnit").asText(),
                garbage.isMissingNode() ? null : number(garbage),
                flags(json.path("jvmArgs")),
                forks);
    }

    /// {@return the simple name of its class, for example `BufferBenchmark`}
    public String question() {
        String className = benchmark.substring(0, benchmark.lastIndexOf('.'));
        return className.substring(className.lastIndexOf('.') + 1);
    }

    /// {@return its method}
    public String method() {
        return benchmark.substring(benchmark.lastIndexOf('.') + 1);
    }

    /// {@return the value of a parameter; empty if it has none of that name}
    public String param(String name) {
        return params.getOrDefault(name, "");
    }

    /// {@return how the JVM was started, in words; empty with native access and without `sun.misc.Unsafe`}
    public String jvm() {
        if (flags.contains(UNSAFE)) {
            return "Unsafe allowed";
        }
        return flags.contains(NATIVE) ? "" : "no flag";
    }

    /// {@return the kind of its threads, in words}
    public String threads() {
        if (flags.contains(EXECUTOR + "VIRTUAL")) {
            return "virtual thread";
        }
        return flags.contains(EXECUTOR + "CUSTOM") ? "event loop" : "platform thread";
    }

    /// {@return true if each time was measured, and the score is that of a tail}
    public boolean isTail() {
        return mode.equals(TIMED_EACH);
    }

    /// {@return true if a higher score is better}
    public boolean isRate() {
        return mode.equals("thrpt");
    }

    private static List<String> flags(JsonNode arguments) {
        Set<String> flags = new LinkedHashSet<>();
        for (JsonNode argument : arguments) {
            String text = argument.asText();
            if (text.startsWith("-X") || text.startsWith("--") || text.startsWith(EXECUTOR)) {
                flags.add(text);
            }
        }
        return List.copyOf(flags);
    }

    private static double mean(JsonNode samples) {
        double sum = 0;
        for (JsonNode sample : samples) {
            sum += number(sample);
        }
        return sum / samples.size();
    }

    /// {@return the number of a node} JMH writes values that are not numbers as text.
    private static double number(JsonNode node) {
        return node.isTextual() ? Double.parseDouble(node.asText()) : node.asDouble();
    }
}
