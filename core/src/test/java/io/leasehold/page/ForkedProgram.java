package io.leasehold.page;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The result of a JVM with native access that ran one main class of the tests to its end, under limits.
///
/// @param exitCode exit code of the process
/// @param output everything that the process printed
/// @param hasCrashed true if the JVM left an error file
public record ForkedProgram(int exitCode, String output, boolean hasCrashed) {

    private static final String SHELL = "sh";

    /// A program that is not started yet. Each change makes a new object.
    ///
    /// @param libraries classes whose jars are on the class path too
    /// @param prefix words of the command in front of the JVM
    /// @param options options of the JVM
    /// @param timeoutSeconds maximum run time in seconds
    public record Plan(
            Class<?> main, List<Class<?>> libraries, List<String> prefix, List<String> options, long timeoutSeconds) {

        /// {@return the same program with the jars of these classes on its class path}
        public Plan beside(Class<?>... more) {
            return new Plan(main, List.of(more), prefix, options, timeoutSeconds);
        }

        /// {@return the same program with more options of the JVM}
        public Plan with(String... more) {
            return new Plan(main, libraries, prefix, joined(options, List.of(more)), timeoutSeconds);
        }

        /// {@return the same program with more words in front of the command}
        public Plan after(String... more) {
            return new Plan(main, libraries, joined(List.of(more), prefix), options, timeoutSeconds);
        }

        /// {@return the same program, started by a shell that runs `commands` first}
        public Plan afterShell(String commands) {
            return after(SHELL, "-c", commands + " && exec \"$@\"", SHELL);
        }

        /// Runs the program with these arguments of its main method.
        public ForkedProgram run(String... arguments) throws IOException, InterruptedException {
            Path directory = Files.createTempDirectory("leasehold-forked");
            Path output = directory.resolve("output.txt");
            Path errorFile = directory.resolve("hs_err.log");
            try {
                List<String> command = new ArrayList<>(prefix);
                command.add(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString());
                command.addAll(options);
                command.addAll(List.of(
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:-CreateCoredumpOnCrash",
                        "-XX:ErrorFile=" + errorFile,
                        "-cp",
                        classPath(),
                        main.getName()));
                command.addAll(List.of(arguments));
                Process process = new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
                if (!process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
                    process.destroyForcibly().waitFor();
                    throw new AssertionError("a forked JVM did not end within " + timeoutSeconds + " s: command="
                            + command + ", output=" + Files.readString(output));
                }
                return new ForkedProgram(process.exitValue(), Files.readString(output), Files.exists(errorFile));
            } finally {
                delete(directory);
            }
        }

        private String classPath() {
            // the library and its tests are in two directories, even if the tests patch a module
            Set<String> roots = new LinkedHashSet<>();
            roots.add(rootOf(main));
            roots.add(rootOf(PageArena.class));
            libraries.forEach(library -> roots.add(jarOf(library)));
            return String.join(File.pathSeparator, roots);
        }
    }

    /// Runs a program on a thread of its own. A program that waits most of its time can so run beside another one.
    ///
    /// @return its result
    public static CompletableFuture<ForkedProgram> start(Callable<ForkedProgram> program) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return program.call();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                },
                task -> Thread.ofPlatform().name("forked").start(task));
    }

    public static Plan of(Class<?> main) {
        return new Plan(main, List.of(), List.of(), List.of(), 300);
    }

    /// {@return the rest of the line that begins with `key=`}
    public String value(String key) {
        return output.lines()
                .filter(line -> line.startsWith(key + "="))
                .map(line -> line.substring(key.length() + 1))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no line " + key + "=: " + this));
    }

    private static String rootOf(Class<?> type) {
        try {
            String file = type.getName().replace('.', '/') + ".class";
            String path = Path.of(type.getResource("/" + file).toURI()).toString();
            return path.substring(0, path.length() - file.length() - 1);
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static String jarOf(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> joined(List<String> first, List<String> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
