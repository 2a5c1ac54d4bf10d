package io.leasehold.bench.report;

import io.leasehold.bench.report.Comparison.Better;
import io.leasehold.bench.report.Comparison.Case;
import io.leasehold.bench.result.Measurement;
import io.leasehold.bench.result.QuestionText;
import io.leasehold.bench.result.QuestionText.CaseText;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The comparison of one question that JMH's benchmarks ask.
///
/// A result of Leasehold is compared with the results of the same method with other allocators, and with the baselines
/// of that method. Their JVM modes, threads and parameters are equal, except parameters that a baseline does not have.
///
/// Charts show only a few cases: Netty in the mode that the JDK recommends (native access granted, Unsafe not), without
/// leak detection and without pollution. Of files they show the tier DIRECT and writes of 4 MiB. The table shows all
/// cases.
record JmhComparisons(Findings findings, QuestionText question, List<Measurement> all) {

    private static final String ONE = "oneThread";
    private static final String TWO = "twoThreads";
    private static final List<String> SIDES = List.of("allocator", "baseline");
    private static final Map<String, String> PLAIN =
            Map.of("leak", "disabled", "polluted", "false", "written", "4194304", "tier", "DIRECT");
    private static final double THOUSAND = 1000;

    static List<Comparison> of(Findings findings) {
        return findings.questions().stream()
                .map(question -> new JmhComparisons(
                        findings,
                        question,
                        findings.jmh().stream()
                                .filter(one -> one.question().equals(question.className()))
                                .toList()))
                .filter(one -> !one.all.isEmpty())
                .flatMap(one -> Stream.concat(Stream.of(one.costs()), one.gain().stream()))
                .toList();
    }

    private String id() {
        return question.className().replaceFirst("Benchmark$", "").toLowerCase(Locale.ROOT);
    }

    private Comparison comparison(String id, String title, String unit, Better better, List<Case> cases) {
        String command = Figure.command(question.className());
        return new Comparison(
                id, question.group(), title, question.sentence(), unit, better, command, findings.isJudged(), cases);
    }

    private Comparison costs() {
        boolean isRate = all.getFirst().isRate();
        double least = all.stream()
                .mapToDouble(Measurement::score)
                .filter(score -> score > 0)
                .min()
                .orElse(1);
        boolean isLong = !isRate && least >= 10 * THOUSAND;
        String unit = all.getFirst().unit().replace("/us", "/µs").replace("/op", " per operation");
        List<Case> cases = all.stream()
                .filter(this::isOurs)
                .map(ours -> {
                    Map<Side, Stat> sides = sides(ours);
                    sides.replaceAll((side, stat) -> stat.dividedBy(isLong ? THOUSAND : 1));
                    Double garbage = ours.garbageBytes();
                    return new Case(
                            label(ours),
                            isPlain(ours),
                            sides,
                            garbage == null
                                    ? Map.of()
                                    : Map.of("garbage of Leasehold, B per operation", Numbers.plain(garbage, 1)));
                })
                .toList();
        return comparison(
                id(),
                question.title(),
                isLong ? unit.replaceFirst("^ns", "µs") : unit,
                isRate ? Better.MORE : Better.LESS,
                cases);
    }

    /// {@return the gain of a second thread, of Leasehold and of private work, if the question asks for it} It is
    /// computed for each round: the two benchmarks alternate, so a machine that slows down affects both.
    private Optional<Comparison> gain() {
        List<Double> ours = gains(ONE, TWO);
        List<Double> control = gains("controlOneThread", "controlTwoThreads");
        if (ours.isEmpty() || ours.size() != control.size()) {
            return Optional.empty();
        }
        Map<Side, Stat> sides = new LinkedHashMap<>();
        sides.put(Side.LEASED, Stat.of(ours));
        sides.put(Side.other("private work", 0), Stat.of(control));
        return Optional.of(comparison(
                id() + "-gain",
                question.title() + ": gain",
                "times the throughput of one thread",
                Better.MORE,
                List.of(Case.of("two threads", sides))));
    }

    private List<Double> gains(String one, String two) {
        List<Double> alone = forks(one);
        List<Double> together = forks(two);
        return IntStream.range(0, Math.min(alone.size(), together.size()))
                .mapToObj(i -> together.get(i) / alone.get(i))
                .toList();
    }

    private List<Double> forks(String method) {
        return all.stream()
                .filter(one -> one.method().equals(method))
                .findFirst()
                .map(Measurement::forks)
                .orElse(List.of());
    }

    private CaseText text(Measurement one) {
        return question.cases().getOrDefault(one.method(), new CaseText(one.method(), ""));
    }

    private boolean isOurs(Measurement one) {
        return text(one).baselineOf().isEmpty()
                && Side.ofAllocator(one.params().getOrDefault("allocator", "leased"))
                        .isOurs();
    }

    private Map<Side, Stat> sides(Measurement ours) {
        Map<Side, Stat> sides = new LinkedHashMap<>();
        sides.put(Side.LEASED, stat(ours));
        int others = 0;
        for (Measurement theirs : all) {
            if (!isOurs(theirs) && isBaseline(theirs, ours)) {
                String allocator = theirs.param("allocator") + theirs.param("baseline");
                boolean isAllocator = !allocator.isEmpty();
                sides.put(
                        isAllocator
                                ? Side.ofAllocator(allocator)
                                : Side.other(text(theirs).name(), others),
                        stat(theirs));
                others += isAllocator ? 0 : 1;
            }
        }
        return sides;
    }

    private boolean isBaseline(Measurement theirs, Measurement ours) {
        String of = text(theirs).baselineOf();
        return (of.isEmpty() ? theirs : ours).method().equals(of.isEmpty() ? ours.method() : of)
                && theirs.mode().equals(ours.mode())
                && theirs.jvm().equals(ours.jvm())
                && theirs.threads().equals(ours.threads())
                && own(ours).entrySet().containsAll(own(theirs).entrySet());
    }

    private static Stat stat(Measurement one) {
        return one.isTail() ? Stat.ofTail(one.forks()) : Stat.of(one.forks());
    }

    /// {@return the parameters that do not select a side}
    private static Map<String, String> own(Measurement one) {
        Map<String, String> own = new TreeMap<>(one.params());
        SIDES.forEach(own::remove);
        return own;
    }

    private static boolean isPlain(Measurement ours) {
        return ours.jvm().isEmpty()
                && PLAIN.entrySet().stream()
                        .allMatch(plain -> ours.params()
                                .getOrDefault(plain.getKey(), plain.getValue())
                                .equals(plain.getValue()));
    }

    /// {@return what distinguishes a case from the others of the question}
    private String label(Measurement ours) {
        List<String> parts = new ArrayList<>(List.of(text(ours).name()));
        own(ours).forEach((name, value) -> {
            if (varies(name)) {
                parts.add(words(name, value));
            }
        });
        if (all.stream().map(Measurement::threads).distinct().count() > 1) {
            parts.add(ours.threads());
        }
        parts.add(ours.jvm());
        String label = parts.stream().filter(part -> !part.isEmpty()).collect(Collectors.joining(", "));
        return label.isEmpty() ? "all" : label;
    }

    private boolean varies(String param) {
        return all.stream()
                                .filter(this::isOurs)
                                .map(one -> one.param(param))
                                .distinct()
                                .count()
                        > 1
                || List.of("sizes", "byteSize", "liveCount", "trace", "bufferSize")
                        .contains(param);
    }

    private static String words(String param, String value) {
        return switch (param) {
            case "byteSize", "largeByteSize", "chunkByteSize" -> Numbers.bytes(Long.parseLong(value));
            case "windowByteSize" -> "windows of " + Numbers.bytes(Long.parseLong(value));
            case "written" -> "written in " + Numbers.bytes(Long.parseLong(value)) + " pieces";
            case "tier" -> value.toLowerCase(Locale.ROOT) + " tier";
            case "trace" -> value.toLowerCase(Locale.ROOT).replace('_', ' ');
            case "parked" -> value + " parked threads";
            case "leak" -> value.equals("disabled") ? "no leak detection" : "leak detection " + value;
            case "liveCount" -> Numbers.count(Long.parseLong(value)) + " live";
            case "bufferSize" -> value.replaceFirst("KIB_", "") + " KiB";
            case "polluted" -> value.equals("true") ? "polluted" : "not polluted";
            case "sizes" -> value.toLowerCase(Locale.ROOT);
            default -> param + "=" + value;
        };
    }
}
