package io.leasehold.bench.report;

import io.leasehold.bench.result.Measurement;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The cases of one question: their names, and the selection that the chart and the summary show.
///
/// A chart shows only a few cases. It shows Netty in the mode that the JDK recommends (native access granted, Unsafe
/// not), without leak detection and without pollution, where these were measured. The table shows all cases.
record Cases(List<Pairing> all) {

    private static final List<String> OTHER_VARIANTS = List.of("Unsafe", "NoFlag");
    private static final Map<String, String> PLAIN =
            Map.of("leak", "disabled", "polluted", "false", "written", "4194304", "tier", "DIRECT");
    private static final Map<String, String> WORDS = Map.ofEntries(
            Map.entry("NettyAdaptive", "Netty adaptive"),
            Map.entry("Adaptive", "Netty adaptive"),
            Map.entry("NettyPooled", "Netty pooled"),
            Map.entry("Pooled", "Netty pooled"),
            Map.entry("Malloc", "malloc"),
            Map.entry("JdkConfined", "Arena.ofConfined"),
            Map.entry("JdkShared", "Arena.ofShared"),
            Map.entry("Remap", "bare mmap"),
            Map.entry("Segment", "constant segment"),
            Map.entry("PlatformThreads", "platform threads"),
            Map.entry("FileChannel", "FileChannel.read"),
            Map.entry("Pread", "pread"),
            Map.entry("Mapping", "whole-file mapping"),
            Map.entry("Lucene", "Lucene MMapDirectory"),
            Map.entry("ChunkedNioFile", "Netty ChunkedNioFile"),
            Map.entry("Raw", "bare copy"),
            Map.entry("Polled", "bare copy and a poll"),
            Map.entry("Unmapped", "nothing mapped"));

    static Cases of(List<Measurement> measurements) {
        return new Cases(Pairing.of(measurements));
    }

    /// {@return the cases that the chart shows}
    List<Pairing> shown() {
        List<Pairing> plain = all.stream().filter(Cases::isPlain).toList();
        return plain.isEmpty() ? all : plain;
    }

    /// {@return the parameters that all shown cases share, as text; empty if there are none}
    String common() {
        return shown().getFirst().ours().params().entrySet().stream()
                .filter(param -> !varies(param.getKey()))
                .map(param -> words(param.getKey(), param.getValue()))
                .collect(Collectors.joining(", "));
    }

    /// {@return the short name of a shown case: what distinguishes it from the others}
    String label(Measurement ours) {
        boolean variants =
                shown().stream().map(one -> one.ours().variant()).distinct().count() > 1;
        String params = ours.params().entrySet().stream()
                .filter(param -> varies(param.getKey()))
                .map(param -> words(param.getKey(), param.getValue()))
                .collect(Collectors.joining(", "));
        boolean methods =
                shown().stream().map(one -> one.ours().method()).distinct().count() > 1;
        String name = variants
                ? ours.variant().replaceFirst("Thread$", "").toLowerCase(Locale.ROOT)
                : methods || params.isEmpty() ? ours.method() : "";
        return (name + " " + params).strip();
    }

    /// {@return the full name of any case}
    static String title(Measurement ours) {
        String params = ours.params().entrySet().stream()
                .map(param -> words(param.getKey(), param.getValue()))
                .collect(Collectors.joining(", "));
        String variant = switch (ours.variant()) {
            case "NativeAccess" -> "native access";
            case "Unsafe" -> "Unsafe allowed";
            case "NoFlag" -> "no flag";
            case "PlatformThread" -> "platform thread";
            case "VirtualThread" -> "virtual thread";
            default -> ours.variant();
        };
        return Stream.of(ours.method(), params, variant)
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining(", "));
    }

    /// {@return the display name of a baseline}
    static String baseline(String word) {
        return WORDS.getOrDefault(word, word);
    }

    /// {@return the baseline with the best result}
    static Optional<Measurement> best(Pairing pairing) {
        return pairing.theirs().stream()
                .min(Comparator.comparingDouble(theirs -> pairing.ratio(theirs).value()));
    }

    private boolean varies(String param) {
        TreeSet<String> values = new TreeSet<>();
        shown().forEach(one -> values.add(one.ours().params().getOrDefault(param, "")));
        return values.size() > 1;
    }

    private static boolean isPlain(Pairing pairing) {
        Map<String, String> params = pairing.ours().params();
        return !OTHER_VARIANTS.contains(pairing.ours().variant())
                && PLAIN.entrySet().stream()
                        .allMatch(plain -> params.getOrDefault(plain.getKey(), plain.getValue())
                                .equals(plain.getValue()));
    }

    private static String words(String param, String value) {
        return switch (param) {
            case "byteSize", "largeByteSize", "chunkByteSize" -> bytes(Long.parseLong(value));
            case "windowByteSize" -> "windows of " + bytes(Long.parseLong(value));
            case "written" -> "written in " + bytes(Long.parseLong(value)) + " pieces";
            case "tier" -> value.toLowerCase(Locale.ROOT) + " tier";
            case "trace" -> value.toLowerCase(Locale.ROOT).replace('_', ' ');
            case "parked" -> value + " parked threads";
            case "leak" -> value.equals("disabled") ? "no leak detection" : "leak detection " + value;
            case "liveCount" -> value + " live";
            case "bufferSize" -> value.replaceFirst("KIB_", "") + " KiB";
            case "polluted" -> value.equals("true") ? "polluted" : "not polluted";
            case "sizes" -> value.toLowerCase(Locale.ROOT);
            default -> param + "=" + value;
        };
    }

    private static String bytes(long bytes) {
        for (int i = 0; i < 2; i++) {
            int shift = 20 - 10 * i;
            for (int odd = 0; odd < 2; odd++) {
                if (bytes > odd && (bytes - odd) % (1L << shift) == 0) {
                    return ((bytes - odd) >> shift) + (shift == 20 ? " MiB" : " KiB") + (odd == 1 ? "+1" : "");
                }
            }
        }
        return bytes + " B";
    }
}
