package io.leasehold.bench.result;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One benchmark with one set of parameters, as JMH's JSON has it.
///
/// A benchmark is named by its package, its class, perhaps a class nested in that (how the JVM was started), and its
/// method.
///
/// @param benchmark its whole name
/// @param mode of JMH, as `avgt` or `thrpt`
/// @param params by name
/// @param score in `unit`; where each operation was timed for itself, their 99.99 percentile, of the median fork
/// @param error half of the 99.9 % interval, for percentiles half of the range of the forks; not a number if there was
///     one sample
/// @param unit as `ns/op`
/// @param garbageBytes an operation allocated on the heap, if that was measured
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

    /// {@return its class without the package, as `BufferBenchmark`}
    public String question() {
        return classes()[0];
    }

    /// {@return how the JVM was started, as `NativeAccess`; empty if there is one way}
    public String variant() {
        String[] classes = classes();
        return classes.length > 1 ? classes[1] : "";
    }

    /// {@return its method}
    public String method() {
        return benchmark.substring(benchmark.lastIndexOf('.') + 1);
    }

    /// {@return whether a higher score is the better one}
    public boolean isRate() {
        return mode.equals("thrpt");
    }

    /// {@return whether this was asked what another one was: class and mode are equal, and so are the parameters that
    /// this one knows}
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

    /// JMH writes what is no number as text.
    private static double number(JsonNode node) {
        return node.isTextual() ? Double.parseDouble(node.asText()) : node.asDouble();
    }
}
