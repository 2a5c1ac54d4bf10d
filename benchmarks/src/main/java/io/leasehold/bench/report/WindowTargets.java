package io.leasehold.bench.report;

import static io.leasehold.bench.report.Target.atLeast;
import static io.leasehold.bench.report.Target.atMost;

import io.leasehold.bench.result.Measurement;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The targets of the project for windows on files, with their results.
record WindowTargets(Lookup lookup) {

    private static final String GROUP = "window";
    private static final String HOT = "WindowHotBenchmark";
    private static final String RECYCLE = "WindowRecycleBenchmark";
    private static final Map<String, String> LARGE = Map.of("written", "4194304");
    private static final Map<String, String> SMALL = Map.of("written", "4096");
    private static final List<String> TIERS = List.of("DIRECT", "RECYCLED", "AUTO");
    private static final List<String> TRACES = List.of(
            "HOT_0", "HOT_500", "HOT_900", "HOT_990", "HOT_1000", "SCAN", "LOOP", "TWICE", "UNIFORM", "SAWTOOTH");

    void addTo(List<Target> all) {
        for (Map<String, String> written : List.of(LARGE, SMALL)) {
            for (String tier : TIERS) {
                hits(all, written, tier);
            }
            for (String trace : TRACES) {
                all.add(atMost(
                        GROUP,
                        "4 KiB, over pread: " + trace.toLowerCase(Locale.ROOT).replace('_', ' ') + folios(written),
                        1.05,
                        ours("WindowTraceBenchmark", "step", with(written, "trace", trace))
                                .flatMap(ours -> lookup.better(ours, "stepPread"))
                                .map(Ratio::inverse)));
            }
        }
        hot(all);
        for (String windowBytes : List.of("2097152", "65536")) {
            String window = "recycling a window of " + Integer.parseInt(windowBytes) / 1024 + " KiB, ns";
            all.add(atMost(
                    GROUP,
                    window + folios(LARGE),
                    6000,
                    score(RECYCLE, "recycle", with(LARGE, "windowByteSize", windowBytes))));
            all.add(atMost(
                    GROUP,
                    window + folios(SMALL),
                    12_000,
                    score(RECYCLE, "recycle", with(SMALL, "windowByteSize", windowBytes))));
        }
        for (String chunkBytes : List.of("8192", "65536")) {
            all.add(atLeast(
                    GROUP,
                    "the next " + Integer.parseInt(chunkBytes) / 1024 + " KiB, over Netty's ChunkedNioFile",
                    1,
                    "",
                    ours("WindowStreamBenchmark", "chunk", with(LARGE, "chunkByteSize", chunkBytes))
                            .flatMap(ours -> lookup.better(ours, "chunkChunkedNioFile"))));
        }
        for (String parked : List.of("0", "1000")) {
            all.add(atMost(
                    GROUP,
                    "99.99 percentile while files are opened and closed, over the same without mapping, " + parked
                            + " parked threads",
                    1.1,
                    ours("WindowPauseBenchmark", "work", with(LARGE, "parked", parked))
                            .flatMap(ours -> lookup.better(ours, "workUnmapped"))
                            .map(Ratio::inverse)));
        }
    }

    private void hits(List<Target> all, Map<String, String> written, String tier) {
        String end = ", " + tier.toLowerCase(Locale.ROOT) + " tier" + folios(written);
        hit(all, "64", written, tier, "FileChannel", "64 B, over FileChannel.read" + end, 3.5, "6");
        hit(all, "64", written, tier, "Pread", "64 B, over pread" + end, 2.9, "4.5");
        hit(all, "4096", written, tier, "FileChannel", "4 KiB, over FileChannel.read" + end, 2, "");
        hit(all, "4096", written, tier, "Pread", "4 KiB, over pread" + end, 1.8, "");
        all.add(atMost(
                GROUP,
                "4 KiB, time over a whole-file mapping's" + end,
                1.1,
                better("4096", written, tier, "Mapping").map(Ratio::inverse)));
        hit(all, "65536", written, tier, "FileChannel", "64 KiB, over FileChannel.read" + end, 1.3, "");
        all.add(atMost(
                GROUP,
                "64 KiB, time over a whole-file mapping's" + end,
                1.02,
                better("65536", written, tier, "Mapping").map(Ratio::inverse)));
        if (written.equals(LARGE)) {
            all.add(atMost(
                    GROUP,
                    "64 B, garbage in B" + end,
                    0.05,
                    ours("WindowBenchmark", "hit", with(with(written, "byteSize", "64"), "tier", tier))
                            .map(Measurement::garbageBytes)
                            .map(bytes -> new Ratio(bytes, Double.NaN))));
        }
    }

    private void hot(List<Target> all) {
        all.add(atMost(GROUP, "a hit, additional to a bare copy, ns", 6, lookup.more(HOT, "alone", "aloneRaw", LARGE)));
        all.add(atMost(
                GROUP,
                "a hit, additional to a bare copy and a poll, ns",
                6,
                lookup.more(HOT, "alone", "alonePolled", LARGE)));
        all.add(atMost(
                GROUP,
                "a hit with two threads, additional to a bare copy and a poll, ns",
                6,
                lookup.more(HOT, "together", "togetherPolled", LARGE)));
        all.add(atMost(GROUP, "a window acquired and released, ns", 20, score(HOT, "lendAlone", LARGE)));
        all.add(atMost(
                GROUP, "one window acquired and released by two threads, ns", 40, score(HOT, "lendTogether", LARGE)));
    }

    private void hit(
            List<Target> all,
            String bytes,
            Map<String, String> written,
            String tier,
            String baseline,
            String what,
            double must,
            String aim) {
        all.add(atLeast(GROUP, what, must, aim, better(bytes, written, tier, baseline)));
    }

    private Optional<Ratio> better(String bytes, Map<String, String> written, String tier, String baseline) {
        return ours("WindowBenchmark", "hit", with(with(written, "byteSize", bytes), "tier", tier))
                .flatMap(ours -> lookup.better(ours, "hit" + baseline));
    }

    private Optional<Measurement> ours(String question, String method, Map<String, String> params) {
        return lookup.ours(question, method, params);
    }

    private Optional<Ratio> score(String question, String method, Map<String, String> params) {
        return ours(question, method, params).map(one -> new Ratio(one.score(), one.error()));
    }

    private static String folios(Map<String, String> written) {
        return written.equals(LARGE) ? ", written in 4 MiB pieces" : ", written in 4 KiB pieces";
    }

    private static Map<String, String> with(Map<String, String> params, String name, String value) {
        Map<String, String> more = new HashMap<>(params);
        more.put(name, value);
        return more;
    }
}
