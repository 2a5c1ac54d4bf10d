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
/// @param options options of the JVM, in order; agents are loaded in this order
/// @param classPath folders and jars
/// @param program last options of the JVM, which name the main class
record AgentRun(List<String> options, List<Path> classPath, List<String> program) {

    private static final long TIMEOUT_SECONDS = 120;
    private static final List<String> OPTIONS = List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");

    /// {@return a run without an agent, with the Netty of the tests}
    static AgentRun of(Class<?> main) {
        List<Path> classPath = Stream.of(main, ByteBuf.class, ReferenceCounted.class)
                .map(AgentJar::rootOf)
                .toList();
        return new AgentRun(OPTIONS, classPath, List.of(main.getName()));
    }

    /// {@return a run without an agent, with named modules only}
    static AgentRun ofModule(String module, Class<?> main, List<Path> modulePath) {
        return new AgentRun(
                OPTIONS,
                List.of(),
                List.of("--module-path", joined(modulePath), "--module", module + "/" + main.getName()));
    }

    AgentRun with(String... more) {
        return new AgentRun(joined(options, List.of(more)), classPath, program);
    }

    AgentRun withClassPath(Path... more) {
        return new AgentRun(options, joined(classPath, List.of(more)), program);
    }

    /// {@return the same run with folders and jars in front of the others}
    AgentRun withFirst(Path... more) {
        return new AgentRun(options, joined(List.of(more), classPath), program);
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
            if (!classPath.isEmpty()) {
                command.addAll(List.of("-cp", joined(classPath)));
            }
            command.addAll(program);
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

    /// {@return the lines that are neither of the agent nor a result of the program, such as warnings of the JVM}
    static List<String> otherLines(ForkedProgram run) {
        return run.output()
                .lines()
                .filter(line -> !line.startsWith("leasehold-agent: ") && !line.matches("[A-Za-z.]+=.*"))
                .toList();
    }

    private static String joined(List<Path> paths) {
        return paths.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    private static <E> List<E> joined(List<E> first, List<E> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }
}
