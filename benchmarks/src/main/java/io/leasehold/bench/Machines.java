package io.leasehold.bench;

import io.leasehold.bench.process.SystemMemory;
import io.leasehold.bench.result.Conditions;
import io.leasehold.bench.result.Machine;
import io.netty.util.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Describes this machine without its name and without paths, because results are published.
final class Machines {

    private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
    private static final String UNKNOWN = "unknown";

    private Machines() {}

    /// {@return the description of this machine and of `command`}
    static Machine here(String command) {
        return new Machine(
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                processor(),
                Runtime.getRuntime().availableProcessors(),
                SystemMemory.totalBytes(),
                "%s %s, %s"
                        .formatted(
                                System.getProperty("os.name"),
                                System.getProperty("os.version"),
                                System.getProperty("os.arch")),
                "%s, %s".formatted(System.getProperty("java.vendor.version"), Runtime.version()),
                versions(),
                commit(),
                command,
                Conditions.UNKNOWN);
    }

    private static String processor() {
        try {
            return Files.readAllLines(PROCESSORS).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch"); // the file exists only on Linux
        }
    }

    private static Map<String, String> versions() {
        Map<String, String> versions = new TreeMap<>();
        versions.put("Leasehold", System.getProperty("bench.version", UNKNOWN));
        versions.put("JMH", System.getProperty("bench.jmh", UNKNOWN));
        versions.put(
                "Netty",
                Optional.ofNullable(Version.identify().get("netty-buffer"))
                        .map(Version::artifactVersion)
                        .orElse(UNKNOWN));
        return versions;
    }

    /// {@return the commit of the tree, with `+` if the tree has changes}
    private static String commit() {
        return git("rev-parse", "HEAD")
                .map(head -> head
                        + git("status", "--porcelain")
                                .filter(changes -> !changes.isEmpty())
                                .map(changes -> "+")
                                .orElse(""))
                .orElse(UNKNOWN);
    }

    private static Optional<String> git(String... arguments) {
        List<String> command =
                Stream.concat(Stream.of("git"), Stream.of(arguments)).toList();
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor() == 0 ? Optional.of(answer) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // no git or no repository, for example an unpacked archive
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
