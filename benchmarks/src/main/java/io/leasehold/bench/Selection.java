package io.leasehold.bench;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/// Selects the JMH benchmarks that run. A regular expression selects all cases. Groups select all cases in the full
/// form, and one case of each question in the shorter forms.
///
/// @param regex found in the names of the selected benchmarks
/// @param excluded regular expressions for names that are left out
/// @param params parameters that have one value instead of all
record Selection(String regex, List<String> excluded, Map<String, String> params) {

    private static final List<String> OTHER_MODES = List.of("\\.Unsafe\\.", "\\.NoFlag\\.");

    /// Secondary figures of a question, for which a run of five minutes has no time beside the scenarios.
    private static final List<String> SECOND_FIGURES = List.of(
            "(Page|Lease)Scaling",
            "PageVirtualThread",
            "Access.*\\.(setLongs|toArray)",
            "Lease.*(Handle|Escaping)",
            "JumboReceive",
            "Window(Hot|Pause|Recycle|Stream)");

    /// All but one question of each kind: a run of one minute has no time for more.
    private static final List<String> MOST = List.of(
            "Buffer(Access|Growth|HandOff|Heap|Large|Threads)",
            "BufferBenchmark.*\\.fifo",
            "Jumbo.*\\.(fifo|handOff|read)",
            "LeaseBenchmark.*(direct|Hit|JdkShared)",
            "Window(Hot|Pause|Recycle|Stream|Trace)");

    private static final Map<String, String> ONE_CASE = Map.ofEntries(
            Map.entry("leak", "disabled"),
            Map.entry("byteSize", "4096"),
            Map.entry("largeByteSize", "2097152"),
            Map.entry("liveCount", "8192"),
            Map.entry("polluted", "false"),
            Map.entry("bufferSize", "KIB_4"),
            Map.entry("written", "4194304"),
            Map.entry("tier", "DIRECT"),
            Map.entry("trace", "UNIFORM"),
            Map.entry("windowByteSize", "2097152"),
            Map.entry("chunkByteSize", "65536"),
            Map.entry("parked", "1000"));

    /// {@return the selection for a regular expression of the user}
    static Selection ofRegex(String regex) {
        return new Selection(regex, List.of(), Map.of());
    }

    /// {@return the selection for groups in a form}
    static Selection ofGroups(List<Group> groups, Form form) {
        String regex = Group.regex(groups);
        if (form == Form.FULL) {
            return ofRegex(regex);
        }
        List<String> excluded = new ArrayList<>(OTHER_MODES);
        if (groups.size() > 1) {
            excluded.addAll(SECOND_FIGURES);
        }
        if (form == Form.CI) {
            excluded.addAll(MOST);
        }
        Map<String, String> params = new HashMap<>(ONE_CASE);
        if (groups.equals(List.of(Group.RING)) && form != Form.CI) {
            params.remove("bufferSize"); // the group has few cases, and results differ by size
        }
        return new Selection(regex, excluded, Map.copyOf(params));
    }

    /// {@return this selection with fewer cases}
    ///
    /// @param text parameters with one value each, for example `leak=disabled,liveCount=8192`; may be empty
    /// @throws IllegalArgumentException if `text` has another format
    Selection withParams(String text) {
        Map<String, String> fewer = new HashMap<>(params);
        fewer.putAll(parse(text));
        return new Selection(regex, excluded, Map.copyOf(fewer));
    }

    /// {@return the parameters by name}
    ///
    /// @param text `name=value` pairs, separated by commas; may be empty
    /// @throws IllegalArgumentException if `text` has another format
    static Map<String, String> parse(String text) {
        Map<String, String> parsed = new HashMap<>();
        for (String param : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            int equals = param.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("not name=value pairs separated by commas: bench.params=" + text);
            }
            parsed.put(param.substring(0, equals), param.substring(equals + 1));
        }
        return parsed;
    }

    void apply(ChainedOptionsBuilder options) {
        options.include(regex);
        excluded.forEach(options::exclude);
        params.forEach(options::param);
    }

    /// {@return the number of runs in a round}
    int countRuns() {
        if (regex.isEmpty()) {
            return 0;
        }
        return BenchmarkList.defaultList()
                .find(
                        OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT),
                        List.of(regex),
                        excluded)
                .stream()
                .mapToInt(this::combinations)
                .sum();
    }

    private int combinations(BenchmarkListEntry benchmark) {
        return benchmark.getParams().orElse(Map.of()).entrySet().stream()
                .mapToInt(param -> params.containsKey(param.getKey()) ? 1 : param.getValue().length)
                .reduce(1, Math::multiplyExact);
    }
}
