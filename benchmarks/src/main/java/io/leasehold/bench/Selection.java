package io.leasehold.bench;

import java.util.List;
import java.util.Map;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/// Which benchmarks are run: what the user names, or else, in the short forms, one case of each question.
///
/// @param regex that the names contain
/// @param excluded that they do not
/// @param params with one value instead of all
record Selection(String regex, List<String> excluded, Map<String, String> params) {

    /// What the build says where the user says nothing.
    private static final String ALL = ".*";

    private static final List<String> OTHER_MODES = List.of("\\.Unsafe\\.", "\\.NoFlag\\.");

    private static final Map<String, String> ONE_CASE = Map.of(
            "leak", "disabled",
            "byteSize", "4096",
            "largeByteSize", "2097152",
            "liveCount", "8192",
            "polluted", "false");

    static Selection of(String regex, Form form) {
        return regex.equals(ALL) && form != Form.FULL
                ? new Selection(regex, OTHER_MODES, ONE_CASE)
                : new Selection(regex, List.of(), Map.of());
    }

    void apply(ChainedOptionsBuilder options) {
        options.include(regex);
        excluded.forEach(options::exclude);
        params.forEach(options::param);
    }

    /// {@return how many runs a round has}
    int countRuns() {
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
