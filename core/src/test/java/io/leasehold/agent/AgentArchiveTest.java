package io.leasehold.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.ForkedProgram;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A program can start from an AOT cache, which saves most of the time to load classes. The JVM does not start if it
/// cannot use the cache.
///
/// @see <a href="https://openjdk.org/jeps/514">JEP 514</a>
@Tag("os")
@Timeout(300)
class AgentArchiveTest {

    @Test
    void programThatStartsFromAnAotCacheIsServed(@TempDir Path folder) throws Exception {
        AgentRun program = AgentRun.of(PoolProgram.class);
        List<Path> jars = new ArrayList<>(program.classPath());
        jars.set(0, jar(folder)); // a cache holds no classes from folders
        AgentRun run = new AgentRun(program.options(), jars, program.program()).withAgent("");
        Path cache = folder.resolve("program.aot");

        ForkedProgram training = run.with("-XX:AOTCacheOutput=" + cache).run();
        assertThat(cache).as("%s", training).exists();
        ForkedProgram started =
                run.with("-XX:AOTCache=" + cache, "-XX:AOTMode=on").run();

        for (ForkedProgram each : List.of(training, started)) {
            assertThat(each.exitCode()).as("%s", each).isZero();
            assertThat(each.value("wrong")).as("%s", each).isEqualTo("[]");
            assertThat(each.value("default.direct")).as("%s", each).isEqualTo("LeasedByteBuf");
            assertThat(AgentRun.lines(each)).as("%s", each).hasSize(1);
        }
    }

    private static Path jar(Path folder) throws IOException {
        Path root = AgentJar.rootOf(PoolProgram.class);
        Path jar = folder.resolve("program.jar");
        try (Stream<Path> files = Files.list(root.resolve("io/leasehold/agent"));
                OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out)) {
            for (Path file : files.filter(AgentArchiveTest::isOfProgram).toList()) {
                entries.putNextEntry(new JarEntry("io/leasehold/agent/" + file.getFileName()));
                entries.write(Files.readAllBytes(file));
                entries.closeEntry();
            }
        }
        return jar;
    }

    private static boolean isOfProgram(Path file) {
        return String.valueOf(file.getFileName()).startsWith(PoolProgram.class.getSimpleName());
    }
}
