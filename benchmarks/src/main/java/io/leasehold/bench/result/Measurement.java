package io.leasehold.bench.result;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One benchmark with one set of parameters, as in JMH's JSON.
///
/// The name of a benchmark consists of its package, its class, an optional nested class (which says how the JVM was
/// started), and its method.
///
/// @param benchmark full name
/// @param mode of JMH, for example `avgt` or `thrpt`
/// @param params by name
/// @param score in `unit`; for sampled times, the 99.99 percentile of the median fork
/// @param error half of the 99.9 % interval, for percentiles half of the range of the forks; NaN if there was one
///     sample
/// @param unit for example `ns/op`
/// @param garbageBytes heap bytes allocated per operation, if measured
/// @param flags of the JVM, without properties
/// @param forks the mean of each fork, or its percentile, in the order in which they ran
public record Measurement(
        String benchmark,
        String mode,
        Map<String, String> params,
        double score,
        double error,
        String unit,
        @Nullable Double garbageBytes,
        List<String> flags,
        List<Double> forks) {

    private static final String TIMED_EACH = "sample";
    private static final String PROFILE = "gc.alloc.rate.norm";

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
                isTail ? Tail.error(forks) : number(primary.required("scoreError")),
                primary.required("scoreUnit").asText(),
                garbage.isMissingNode() ? null : number(garbage),
                flags(json.path("jvmArgs")),
                forks);
    }

    /// {@return the simple name of its class, for example `BufferBenchmark`}
    public String question() {
        return classes()[0];
    }

    /// {@return the nested class that says how the JVM was started, for example `NativeAccess`; empty if there is none}
    public String variant() {
        String[] classes = classes();
        return classes.length > 1 ? classes[1] : "";
    }

    /// {@return its method}
    public String method() {
        return benchmark.substring(benchmark.lastIndexOf('.') + 1);
    }

    /// {@return true if a higher score is better}
    public boolean isRate() {
        return mode.equals("thrpt");
    }

    /// {@return true if `other` answers the same question: class and mode are equal, and so are the parameters that
    /// this benchmark has}
    public boolean isComparableTo(Measurement other) {
        return className().equals(other.className())
                && mode.equals(other.mode)
                && other.params.entrySet().containsAll(params.entrySet());
    }

    private String className() {
        return benchmark.substring(0, benchmark.lastIndexOf('.'));
    }

    private String[] classes() {
        return className().replaceFirst("^([a-z]\\w*\\.)+", "").split("[.$]", -1);
    }

    private static List<String> flags(JsonNode arguments) {
        Set<String> flags = new LinkedHashSet<>();
        for (JsonNode argument : arguments) {
            String text = argument.asText();
            if (text.startsWith("-X") || text.startsWith("--")) {
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
