package io.leasehold.os;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// A JVM of the same kind as this one, which ran to its end with other options and the same class path.
///
/// @param exitCode exit code of the JVM
/// @param output output of the JVM, including errors
public record ForkedJvm(int exitCode, String output) {

    private static final long TIMEOUT_SECONDS = 120;

    /// Runs the main method of a test class.
    static ForkedJvm run(Class<?> main, String... options) throws IOException, InterruptedException {
        return run(List.of(rootOf(main), rootOf(VirtualMemory.class)), main, options);
    }

    /// Runs the main method of a test class on another class path.
    public static ForkedJvm run(List<Path> classPath, Class<?> main, String... options)
            throws IOException, InterruptedException {
        return run(new ProcessBuilder(), classPath, main, List.of(options), List.of());
    }

    /// Runs the main method of a test class with arguments in another locale.
    ///
    /// @param directory working directory
    /// @param locale value of LC_ALL
    public static ForkedJvm runIn(
            File directory, String locale, Class<?> main, List<String> options, List<String> arguments)
            throws IOException, InterruptedException {
        ProcessBuilder process = new ProcessBuilder().directory(directory);
        process.environment().put("LC_ALL", locale);
        return run(process, List.of(rootOf(main), rootOf(VirtualMemory.class)), main, options, arguments);
    }

    private static ForkedJvm run(
            ProcessBuilder builder, List<Path> classPath, Class<?> main, List<String> options, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // the programs are short: optimised code and a second thread of the collector would cost more than they save
        command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(options);
        command.add("-cp");
        command.add(classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
        command.add(main.getName());
        command.addAll(arguments);
        Path output = Files.createTempFile("forked", ".log");
        try {
            Process process = builder.command(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(
                        "a forked JVM did not end: command=" + command + ", output=" + Files.readString(output));
            }
            return new ForkedJvm(process.exitValue(), Files.readString(output));
        } finally {
            Files.delete(output);
        }
    }

    /// {@return the directory or jar of a class file, also if its module is patched there}
    public static Path rootOf(Class<?> type) {
        try {
            String up = "../"
                    .repeat((int) type.getName().chars().filter(c -> c == '.').count());
            URI file = type.getResource(type.getSimpleName() + ".class").toURI();
            if (file.getScheme().equals("jar")) {
                String inJar = file.getRawSchemeSpecificPart();
                return Path.of(URI.create(inJar.substring(0, inJar.indexOf("!/"))));
            }
            return Path.of(file.resolve(up));
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
