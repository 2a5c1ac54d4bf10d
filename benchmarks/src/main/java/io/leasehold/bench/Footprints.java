package io.leasehold.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// Every scenario of [Footprint] with every allocator, each in a JVM of its own, as a table: resident memory beyond
/// what the process had before, and live heap beside it.
public final class Footprints {

    private static final List<String> ALLOCATORS = List.of("leased", "adaptive", "pooled");
    private static final List<String> SCENARIOS =
            List.of("burst4k", "burst64k", "survivors256", "steadyProxy", "steadyGateway", "threads");
    private static final double MIB = 1 << 20;

    /// The other compiler takes some ten MiB for itself, now and then.
    private static final String C1_ONLY = "-XX:TieredStopAtLevel=1";

    private Footprints() {}

    /// Takes no arguments.
    public static void main(String[] args) throws IOException, InterruptedException {
        System.out.printf(
                "%-14s %-9s %-6s %12s %14s %14s %9s%n",
                "scenario", "allocator", "when", "live MiB", "resident MiB", "per live byte", "heap MiB");
        for (String scenario : SCENARIOS) {
            for (String allocator : ALLOCATORS) {
                run(scenario, allocator);
            }
        }
    }

    private static void run(String scenario, String allocator) throws IOException, InterruptedException {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        Allocators.MIN_HEAP,
                        Allocators.MAX_HEAP,
                        Allocators.NATIVE,
                        "-XX:+AlwaysPreTouch",
                        C1_ONLY,
                        "-Dio.netty.maxDirectMemory=" + (4L << 30),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Footprint.class.getName(),
                        allocator,
                        scenario)
                .redirectErrorStream(true)
                .start();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(Footprint.MARK)) {
                    print(scenario, allocator, line.split(" ", -1));
                } else {
                    System.out.println(line);
                }
            }
        }
        if (child.waitFor() != 0) {
            throw new IllegalStateException(scenario + " with " + allocator + " ended with " + child.exitValue());
        }
    }

    private static void print(String scenario, String allocator, String[] fields) {
        double live = Long.parseLong(fields[2]) / MIB;
        double resident = Long.parseLong(fields[3]) / MIB;
        String ratio = live < 1 ? "" : String.format(Locale.ROOT, "%.3f", resident / live);
        System.out.printf(
                Locale.ROOT,
                "%-14s %-9s %-6s %,12.1f %,14.1f %14s %9.1f%n",
                scenario,
                allocator,
                fields[1],
                live,
                resident,
                ratio,
                Long.parseLong(fields[4]) / MIB);
    }
}
