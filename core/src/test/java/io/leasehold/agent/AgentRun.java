package io.leasehold.agent;

import io.leasehold.page.ForkedProgram;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A JVM that runs one main class of the tests with the agent. Leasehold is not on its class path. Each change makes a
/// new object.
///
/// @param main main class
/// @param options options of the JVM, in order; agents are loaded in this order
/// @param classPath folders and jars
record AgentRun(Class<?> main, List<String> options, List<Path> classPath) {

    private static final long TIMEOUT_SECONDS = 120;

    /// {@return a run without an agent, with the Netty of the tests}
    static AgentRun of(Class<?> main) {
        List<Path> classPath = Stream.of(main, ByteBuf.class, ReferenceCounted.class)
                .map(AgentJar::rootOf)
                .toList();
        return new AgentRun(main, List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"), classPath);
    }

    AgentRun with(String... more) {
        return new AgentRun(
                main, Stream.concat(options.stream(), Stream.of(more)).toList(), classPath);
    }

    AgentRun withClassPath(Path... more) {
        return new AgentRun(
                main,
                options,
                Stream.concat(classPath.stream(), Stream.of(more)).toList());
    }

    /// {@return the same run with the agent}
    ///
    /// @param arguments text after `=`, or nothing
    AgentRun withAgent(String arguments) {
        return with("-javaagent:" + AgentJar.path() + (arguments.isEmpty() ? "" : "=" + arguments));
    }

    /// Runs the program with these arguments of its main method.
    ForkedProgram run(String... arguments) throws IOException, InterruptedException {
        Path output = Files.createTempFile("leasehold-agent-run", ".txt");
        try {
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(options);
            command.add("-cp");
            command.add(classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
            command.add(main.getName());
            command.addAll(List.of(arguments));
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new AssertionError("a JVM with the agent did not end within " + TIMEOUT_SECONDS + " s: command="
                        + command + ", output=" + Files.readString(output));
            }
            return new ForkedProgram(process.exitValue(), Files.readString(output), false);
        } finally {
            Files.delete(output);
        }
    }

    /// {@return the lines that the agent printed}
    static List<String> lines(ForkedProgram run) {
        return run.output()
                .lines()
                .filter(line -> line.startsWith("leasehold-agent: "))
                .toList();
    }
}
