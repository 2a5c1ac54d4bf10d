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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The jar that is published serves the buffers of a program that knows Netty only.
class PackagedAgentTest {

    private static final Path JAR = Path.of(System.getProperty("leasehold.agent.jar", ""));

    @TempDir
    private Path folder;

    @Test
    void oneFlagServesTheBuffersOfNettysPools() throws Exception {
        assumeTrue(Files.isRegularFile(JAR), "the jar is built by the phase `package`");

        List<String> lines = run("-javaagent:" + JAR);

        assertThat(buffers(lines)).hasSize(3).allMatch(line -> line.startsWith("buffer=io.leasehold."));
    }

    /// Without the agent, the test above would pass for another reason.
    @Test
    void withoutTheFlagTheBuffersAreNettys() throws Exception {
        assertThat(buffers(run("-Xshare:auto"))).hasSize(3).allMatch(line -> line.startsWith("buffer=io.netty."));
    }

    private static List<String> buffers(List<String> lines) {
        return lines.stream().filter(line -> line.endsWith(", value=4096")).toList();
    }

    private List<String> run(String option) throws IOException, InterruptedException, URISyntaxException {
        Path output = folder.resolve("output.txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        option,
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-classpath",
                        classPath(),
                        PoolsProgram.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean isEnded = process.waitFor(2, TimeUnit.MINUTES);
        process.destroyForcibly();
        List<String> lines = Files.readAllLines(output);
        assertThat(isEnded).as(String.join("\n", lines)).isTrue();
        assertThat(process.exitValue()).as(String.join("\n", lines)).isZero();
        return lines;
    }

    /// {@return the class path with the tests and with Netty only}
    private static String classPath() throws URISyntaxException {
        Path tests = Path.of(PoolsProgram.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Stream<String> netty = Arrays.stream(
                        System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> Path.of(entry).getFileName().toString().startsWith("netty-"));
        return Stream.concat(Stream.of(tests.toString()), netty).collect(Collectors.joining(File.pathSeparator));
    }
}
