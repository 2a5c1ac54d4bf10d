package io.leasehold.bench.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The jar that is published shows the memory of another process, without Netty or any other library.
class PackagedStatTest {

    private static final Path JAR = Path.of(System.getProperty("leasehold.core.jar", ""));
    private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final String HELD = "pinned 409,600 B in " + HoldingProgram.BUFFERS + " buffers";
    private static final String HOLDER = "  holder web: 409,600 B";

    @TempDir
    private Path folder;

    /// The end of a command.
    private record Shown(int code, String out, String err) {}

    @BeforeEach
    void findJar() {
        assumeTrue(Files.isRegularFile(JAR), "the jar is built by the phase `package`");
    }

    @Test
    void aProcessIsShownWhileItRunsAndAfterItEnded() throws Exception {
        Process process = new ProcessBuilder(
                        java(),
                        "-Xmx128m",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Djava.io.tmpdir=" + folder,
                        "-Duser.name=tester",
                        "-classpath",
                        classPath(),
                        HoldingProgram.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output.txt").toFile())
                .start();
        try {
            String pid = Long.toString(process.pid());
            assertThat(await(process, pid))
                    .returns(0, Shown::code)
                    .returns("", Shown::err)
                    .extracting(Shown::out)
                    .asString()
                    .startsWith("process " + pid + ", runs, last change ")
                    .contains("web: limit 67,108,864 B, committed ", HELD, HOLDER);
            assertThat(stat(pid, "--json"))
                    .returns(0, Shown::code)
                    .extracting(Shown::out)
                    .asString()
                    .startsWith("{\"pid\":" + pid + ",\"alive\":true,")
                    .contains("\"pinnedBytes\":" + HoldingProgram.BUFFERS * HoldingProgram.BYTES);

            process.destroyForcibly().waitFor();
            assertThat(stat(pid))
                    .returns(0, Shown::code)
                    .returns("", Shown::err)
                    .extracting(Shown::out)
                    .asString()
                    .startsWith("process " + pid + ", ended, last change ")
                    .contains(HELD);
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void aFailureIsOneSentenceAndAnExitCode() throws Exception {
        Path none = folder.resolve("leasehold-tester").resolve("4711");
        assertThat(stat("4711"))
                .isEqualTo(new Shown(1, "", "there is no counter file: path=" + none + System.lineSeparator()));
        assertThat(run(List.of()))
                .returns(2, Shown::code)
                .returns("", Shown::out)
                .extracting(Shown::err)
                .asString()
                .startsWith("usage: stat ");
    }

    /// {@return what is shown once the process has held its buffers for a tick}
    private Shown await(Process process, String pid) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Shown shown = stat(pid);
        while (!(shown.out.contains(HELD) && shown.out.contains(HOLDER))
                && System.nanoTime() - start < DEADLINE_NANOS) {
            assertThat(process.isAlive())
                    .as(Files.readString(folder.resolve("output.txt")))
                    .isTrue();
            shown = stat(pid);
        }
        return shown;
    }

    private Shown stat(String... arguments) throws IOException, InterruptedException {
        Stream<String> all = Stream.concat(Stream.of("stat"), Arrays.stream(arguments));
        return run(Stream.concat(all, Stream.of("--folder=" + folder.resolve("leasehold-tester")))
                .toList());
    }

    /// Runs the jar with nothing else on its class path.
    private Shown run(List<String> arguments) throws IOException, InterruptedException {
        Path out = folder.resolve("out.txt");
        Path err = folder.resolve("err.txt");
        List<String> command = Stream.concat(
                        Stream.of(java(), "-Xmx64m", "-XX:TieredStopAtLevel=1", "-jar", JAR.toString()),
                        arguments.stream())
                .toList();
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().remove("JAVA_TOOL_OPTIONS"); // the JVM names it on the error stream
        Process process = builder.start();
        boolean isEnded = process.waitFor(2, TimeUnit.MINUTES);
        process.destroyForcibly().waitFor();
        assertThat(isEnded).as("%s: %s", command, Files.readString(err)).isTrue();
        return new Shown(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /// {@return the class path of the program: the tests, the jar and Netty}
    private static String classPath() throws URISyntaxException {
        Path tests = Path.of(HoldingProgram.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Stream<String> netty = Arrays.stream(
                        System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> Path.of(entry).getFileName().toString().startsWith("netty-"));
        return Stream.concat(Stream.of(tests.toString(), JAR.toString()), netty)
                .collect(Collectors.joining(File.pathSeparator));
    }
}
