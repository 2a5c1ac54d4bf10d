package io.leasehold.bench;

import io.leasehold.bench.jmh.Question;
import io.leasehold.bench.jmh.Questions;
import io.leasehold.bench.jmh.ThreadKind;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.Form;
import io.leasehold.bench.subject.JvmMode;
import io.leasehold.bench.subject.Observing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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
/// @param isEveryMode true if all JVM modes of a question run, false if only the first one does
record Selection(String regex, List<String> excluded, Map<String, String> params, boolean isEveryMode) {

    /// Secondary questions and figures. The shorter forms have no time for them if several groups are selected.
    private static final List<String> SECOND_FIGURES = List.of(
            "Scaling",
            "PageVirtualThread",
            "Buffer(Access|Growth|Heap|Large|Threads)",
            "Lease.*(Handle|Escaping)",
            "Jumbo(HandOff|Receive)",
            "Window(Hot|Pause|Recycle|Stream|Trace)");

    /// All but one question of each kind: `ci` has no time for more.
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

    /// The benchmark that the first screen of the report shows.
    private static final String HEADLINE = "\\.BufferPatternBenchmark\\.step$";

    private static final String SIZES = "sizes";
    private static final String PROXY = "PROXY";
    private static final String ALLOCATOR = "allocator";
    private static final String BASELINE = "baseline";
    private static final String OBSERVE = Group.OBSERVE.text();

    /// Maximum value of a number, in multiples of its largest usual value.
    private static final long MOST_TIMES = 16;

    /// The runs that share the flags of the JVM.
    ///
    /// @param benchmarks that run
    /// @param sides values of the parameter `allocator`
    record Pass(JvmMode mode, ThreadKind threads, List<String> sides, List<BenchmarkListEntry> benchmarks) {}

    /// {@return the selection for a regular expression of the user}
    static Selection ofRegex(String regex) {
        return new Selection(regex, List.of(), Map.of(), true);
    }

    /// {@return the selection for groups in a form}
    static Selection ofGroups(List<Group> groups, Form form) {
        String regex = Group.regex(groups);
        if (form == Form.FULL) {
            return ofRegex(regex);
        }
        List<String> excluded = new ArrayList<>();
        if (groups.size() > 1) {
            excluded.addAll(SECOND_FIGURES);
        }
        if (form == Form.CI) {
            excluded.addAll(MOST);
        }
        Map<String, String> params = new HashMap<>(ONE_CASE);
        if (groups.size() > 1) {
            params.put(SIZES, PROXY);
        }
        if (groups.equals(List.of(Group.RING)) && form != Form.CI) {
            params.remove("bufferSize"); // the group has few cases, and results differ by size
        }
        return new Selection(regex, excluded, Map.copyOf(params), false);
    }

    /// {@return this selection with fewer cases}
    ///
    /// @param fewer parameters with one value each
    /// @throws IllegalArgumentException if no selected benchmark has such a parameter, or such a value of it
    Selection withParams(Map<String, String> fewer) {
        fewer.forEach(this::check);
        Map<String, String> all = new HashMap<>(params);
        all.putAll(fewer);
        return new Selection(regex, excluded, Map.copyOf(all), isEveryMode);
    }

    /// {@return the cases of this selection that need a verdict in each form: the one that the first screen of the
    /// report shows, and those of the group `observe`; empty if they are not selected, or if all cases are}
    Optional<Selection> headline() {
        if (!isEveryMode && benchmarks().stream().allMatch(Selection::isObserving)) {
            return Optional.of(this);
        }
        if (isEveryMode
                || benchmarks().stream()
                        .noneMatch(one -> Pattern.compile(HEADLINE)
                                .matcher(one.getUsername())
                                .find())) {
            return Optional.empty();
        }
        Map<String, String> one = new HashMap<>(params);
        one.putIfAbsent(SIZES, PROXY);
        return Optional.of(new Selection(HEADLINE, excluded, Map.copyOf(one), false));
    }

    private void check(String name, String value) {
        Set<String> names = new TreeSet<>();
        Set<String> values = new TreeSet<>();
        for (BenchmarkListEntry benchmark : benchmarks()) {
            Map<String, String[]> known = benchmark.getParams().orElse(Map.of());
            names.addAll(known.keySet());
            values.addAll(Arrays.asList(known.getOrDefault(name, new String[0])));
        }
        if (!names.contains(name)) {
            throw new IllegalArgumentException("unknown parameter: bench.params=" + name + "=" + value
                    + "; the selected benchmarks have " + names);
        }
        String start = "unknown value: bench.params=" + name + "=" + value;
        if (values.stream().allMatch(one -> one.matches("\\d+"))) {
            LongSummaryStatistics known =
                    values.stream().mapToLong(Long::parseLong).summaryStatistics();
            long min = Math.min(1, known.getMin());
            long max = MOST_TIMES * known.getMax();
            if (!value.matches("\\d{1,18}") || Long.parseLong(value) < min || Long.parseLong(value) > max) {
                throw new IllegalArgumentException(
                        start + ", min=" + min + ", max=" + max + "; use a number, for example " + values);
            }
            return;
        }
        if (name.equals(ALLOCATOR)) {
            values.addAll(Allocators.names());
        }
        if (!values.contains(value)) {
            throw new IllegalArgumentException(start + "; use one of " + values);
        }
    }

    /// {@return the runs by the flags of their JVMs}
    List<Pass> passes() {
        Map<List<Object>, List<BenchmarkListEntry>> passes = new LinkedHashMap<>();
        for (BenchmarkListEntry benchmark : benchmarks()) {
            Question question = question(benchmark);
            for (JvmMode mode : isEveryMode ? question.modes() : new JvmMode[] {question.modes()[0]}) {
                for (ThreadKind threads : question.threads()) {
                    passes.computeIfAbsent(List.of(mode, threads, isObserving(benchmark)), key -> new ArrayList<>())
                            .add(benchmark);
                }
            }
        }
        return passes.entrySet().stream()
                .map(pass -> new Pass(
                        (JvmMode) pass.getKey().get(0),
                        (ThreadKind) pass.getKey().get(1),
                        sides(pass.getValue().getFirst()),
                        pass.getValue()))
                .toList();
    }

    private static boolean isObserving(BenchmarkListEntry benchmark) {
        return question(benchmark).group().equals(OBSERVE);
    }

    private static List<String> sides(BenchmarkListEntry benchmark) {
        return isObserving(benchmark) ? Observing.NAMES : Allocators.names();
    }

    private static Question question(BenchmarkListEntry benchmark) {
        return Questions.classes().stream()
                .filter(type -> type.getName().equals(benchmark.getUserClassQName()))
                .findFirst()
                .map(Questions::of)
                .orElseThrow(() -> new IllegalStateException(
                        "benchmark class is not in Questions: " + benchmark.getUserClassQName()));
    }

    /// Sets the benchmarks of a pass, the flags of its JVMs, and the parameters. The flags replace those of this JVM,
    /// which JMH would otherwise hand on.
    void apply(ChainedOptionsBuilder options, Pass pass) {
        pass.benchmarks.forEach(benchmark -> options.include("^" + Pattern.quote(benchmark.getUsername()) + "$"));
        String dir = "-Dbench.dir=" + System.getProperty("bench.dir", ""); // first, where JmhRun removes it
        List<String> flags = new ArrayList<>(List.of(dir, Allocators.MIN_HEAP, Allocators.MAX_HEAP));
        flags.addAll(pass.mode.flags());
        flags.addAll(pass.threads.options());
        options.jvmArgs(flags.toArray(String[]::new));
        options.param(ALLOCATOR, pass.sides.toArray(String[]::new));
        options.param(BASELINE, pass.sides.stream().skip(1).toArray(String[]::new));
        params.forEach(options::param);
    }

    /// {@return the number of runs in a round}
    int countRuns() {
        return passes().stream()
                .flatMap(pass -> pass.benchmarks.stream())
                .mapToInt(this::combinations)
                .sum();
    }

    private Set<BenchmarkListEntry> benchmarks() {
        if (regex.isEmpty()) {
            return Set.of();
        }
        return BenchmarkList.defaultList()
                .find(
                        OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT),
                        List.of(regex),
                        excluded)
                .stream()
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private int combinations(BenchmarkListEntry benchmark) {
        int rivals = sides(benchmark).size();
        return benchmark.getParams().orElse(Map.of()).entrySet().stream()
                .mapToInt(param -> switch (param.getKey()) {
                    case String name when params.containsKey(name) -> 1;
                    case ALLOCATOR -> rivals;
                    case BASELINE -> rivals - 1;
                    default -> param.getValue().length;
                })
                .reduce(1, Math::multiplyExact);
    }
}
