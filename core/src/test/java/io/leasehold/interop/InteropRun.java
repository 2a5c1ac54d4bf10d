package io.leasehold.interop;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.os.ForkedJvm;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// One program in a JVM of its own, and the line that it printed.
///
/// @param server what was loaded
/// @param way how our allocator got there
/// @param tls kind of TLS
/// @param values the values of the line
record InteropRun(InteropServer server, Way way, Crypto tls, Map<String, String> values) {

    /// The folders of class files of the programs that this JVM has compiled, by module.
    private static final Map<String, Path> COMPILED = new HashMap<>();

    private static final ToolProvider JAVAC = ToolProvider.findFirst("javac").orElseThrow();

    /// How our allocator gets under a server.
    enum Way {
        /// The program hands it over.
        OPTION,
        /// The agent of the JVM puts it behind Netty's own allocators.
        AGENT,
        /// It does not: for comparison.
        NONE
    }

    /// The encryption of the traffic.
    enum Crypto {
        NONE,
        JDK,
        BORINGSSL
    }

    /// A run that is to come.
    ///
    /// @param requests least number of requests
    record Plan(InteropServer server, Way way, Crypto tls, int requests) {

        @Override
        public String toString() {
            return "%s by %s, TLS %s".formatted(server, way, tls).toLowerCase(java.util.Locale.ROOT);
        }
    }

    /// Compiles the program unless this JVM has compiled it already, and runs it.
    ///
    /// @param folder for class files and logs
    /// @param jars class path of the server
    /// @param keyStore key of the server
    /// @param options more options of the JVM, those of the agent among them
    static InteropRun of(
            Plan plan, Path folder, List<Path> jars, Path keyStore, List<String> options, long limitSeconds)
            throws IOException, InterruptedException {
        List<Path> library = List.of(ForkedJvm.rootOf(LeasedByteBufAllocator.class));
        Path classes = COMPILED.get(plan.server.module());
        if (classes == null) {
            classes = folder.resolve(plan.server.module() + "-classes");
            compile(plan.server, folder, classes, joined(List.of(jars, library)));
            COMPILED.put(plan.server.module(), classes);
        }
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx384m",
                "-XX:-CreateCoredumpOnCrash",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dinterop.way=" + lower(plan.way),
                "-Dinterop.tls=" + lower(plan.tls),
                "-Dinterop.requests=" + plan.requests,
                "-Dinterop.keystore=" + keyStore));
        String netty = plan.server.relocation().replaceFirst("netty$", "");
        command.addAll(Stream.of(
                        "leakDetection.level=paranoid",
                        "leakDetection.samplingInterval=1",
                        "leakDetection.acquireAndReleaseOnly=true",
                        "customResourceLeakDetector=interop.LeakCounts")
                .map(option -> "-D" + netty + "netty." + option)
                .toList());
        command.addAll(options);
        if (plan.way == Way.AGENT && plan.tls == Crypto.JDK) {
            command.add("-D" + netty + "netty.allocator.type=pooled"); // the default of 4.2 is the other facade
        }
        // the agent brings its own copy
        String classPath = joined(List.of(List.of(classes), jars, plan.way == Way.OPTION ? library : List.of()));
        command.addAll(List.of("-cp", classPath, "interop." + plan.server.main()));
        Path log = folder.resolve(plan.toString().replaceAll("\\W+", "-") + ".log");
        String output = run(command, log, limitSeconds);
        Matcher line = Pattern.compile("(?m)^RESULT \\{(.*)}$").matcher(output);
        if (!line.find()) {
            throw new AssertionError(plan + " ended without a result: output=" + output);
        }
        Map<String, String> values = new TreeMap<>();
        Matcher pairs = Pattern.compile("\"(\\w+)\":(?:(\\d+)|\"([^\"]*)\")").matcher(line.group(1));
        while (pairs.find()) {
            values.put(pairs.group(1), pairs.group(2) != null ? pairs.group(2) : pairs.group(3));
        }
        values.put("output", output);
        return new InteropRun(plan.server, plan.way, plan.tls, values);
    }

    private static void compile(InteropServer server, Path folder, Path classes, String classPath) throws IOException {
        boolean isRelocated = !server.relocation().equals("io.netty");
        List<Path> sources = new ArrayList<>();
        for (String name : List.of("harness", server.sources())) {
            try (Stream<Path> files = Files.list(InteropServer.FOLDER.resolve(name))) {
                sources.addAll(files.filter(file -> file.toString().endsWith(".java"))
                        .filter(file -> !isRelocated || !file.endsWith("OursByOption.java"))
                        .toList());
            }
        }
        if (isRelocated) {
            Path relocated = Files.createDirectories(folder.resolve(server.module() + "-sources"));
            List<Path> copies = new ArrayList<>();
            for (Path source : sources) {
                String text = Files.readString(source)
                        .replaceAll("\\bio\\.netty\\b", server.relocation())
                        .replaceAll("\\bio\\.grpc\\.netty\\.(?!shaded)", "io.grpc.netty.shaded.io.grpc.netty.");
                copies.add(Files.writeString(relocated.resolve(source.getFileName()), text));
            }
            sources = copies;
        }
        String processing = server.isProcessed() ? "-proc:full" : "-proc:none";
        List<String> arguments =
                new ArrayList<>(List.of(processing, "-nowarn", "-d", classes.toString(), "-cp", classPath));
        sources.forEach(source -> arguments.add(source.toString()));
        StringWriter output = new StringWriter();
        PrintWriter lines = new PrintWriter(output);
        int code = JAVAC.run(lines, lines, arguments.toArray(String[]::new));
        if (code != 0) {
            throw new AssertionError("javac failed: code=" + code + ", module=" + server.module() + ", arguments="
                    + arguments + ", output=" + output);
        }
    }

    private static String joined(List<List<Path>> parts) {
        return parts.stream().flatMap(List::stream).map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    /// {@return the output of a command that ended well}
    private static String run(List<String> command, Path log, long limitSeconds)
            throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        boolean isInTime = process.waitFor(limitSeconds, TimeUnit.SECONDS);
        if (!isInTime) {
            process.destroyForcibly().waitFor();
        }
        String output = Files.readString(log);
        if (!isInTime || process.exitValue() != 0) {
            throw new AssertionError("a process failed: limit=" + limitSeconds + " s, isInTime=" + isInTime
                    + ", command=" + command + ", output=" + output);
        }
        return output;
    }

    static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(java.util.Locale.ROOT);
    }

    /// {@return a number of the line}
    long number(String key) {
        return Long.parseLong(values.get(key));
    }

    /// {@return the share of the buffers of the process that our allocator served, of 100}
    double percentOurs() {
        return 100.0 * number("ours") / Math.max(1, number("ours") + number("others"));
    }
}
