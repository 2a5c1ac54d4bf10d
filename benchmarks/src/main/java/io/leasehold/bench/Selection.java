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

/// Which of JMH's benchmarks are run: all cases of what the user names by a regular expression, and of groups in the
/// full form; one case of each question of a group in a shorter one.
///
/// @param regex that the names contain
/// @param excluded that they do not
/// @param params with one value instead of all
record Selection(String regex, List<String> excluded, Map<String, String> params) {

    private static final List<String> OTHER_MODES = List.of("\\.Unsafe\\.", "\\.NoFlag\\.");

    /// What five minutes have no room for beside the two scenarios: second figures of a question.
    private static final List<String> SECOND_FIGURES = List.of(
            "(Page|Lease)Scaling",
            "PageVirtualThread",
            "Access.*\\.(setLongs|toArray)",
            "Lease.*(Handle|Escaping)",
            "JumboReceive",
            "Window(Hot|Pause|Recycle|Stream)");

    /// What a minute has no room for: all but one question of each kind.
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

    /// {@return what a regular expression of the user's chooses}
    static Selection ofRegex(String regex) {
        return new Selection(regex, List.of(), Map.of());
    }

    /// {@return what groups mean in a form}
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
            params.remove("bufferSize"); // the ring alone has few cases, and answers differ by class
        }
        return new Selection(regex, excluded, Map.copyOf(params));
    }

    /// {@return this selection with fewer cases}
    ///
    /// @param text parameters with the one value that each is to have, as `leak=disabled,liveCount=8192`; may be empty
    /// @throws IllegalArgumentException if it is anything else
    Selection withParams(String text) {
        Map<String, String> fewer = new HashMap<>(params);
        fewer.putAll(parse(text));
        return new Selection(regex, excluded, Map.copyOf(fewer));
    }

    /// {@return parameters by their names}
    ///
    /// @param text as `name=value`, several with commas between; may be empty
    /// @throws IllegalArgumentException if it is anything else
    static Map<String, String> parse(String text) {
        Map<String, String> parsed = new HashMap<>();
        for (String param : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            int equals = param.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException(
                        "bench.params is name=value, several with commas between, and not " + text);
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

    /// {@return how many runs a round has}
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
