package io.leasehold.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.ProjectFiles;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.classfile.ClassFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A JVM that is too old runs its program, and says why it has no agent.
@Tag("os")
class AgentEntryTest {

    @TempDir
    private Path folder;

    @Test
    void aJvmThatIsTooOldIsNamed() throws Exception {
        assertThat(AgentRun.lines(AgentRun.of(TooOld.class)
                        .withClassPath(AgentJar.rootOf(AgentEntry.class))
                        .run()))
                .containsExactly(
                        "leasehold-agent: this JVM is too old: java=24, min=25; Netty keeps its own allocator");
    }

    /// Starts the agent as a JVM of Java 24 does.
    static final class TooOld {

        private TooOld() {}

        /// Starts the agent, with an argument that it would name.
        public static void main(String[] arguments) {
            AgentEntry.start(24, "limt=1g", null);
        }
    }

    /// The build compiles the entry for Java 11.
    @Test
    void theEntryIsJava11() throws IOException {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        Path source = ProjectFiles.core("src/main/java/io/leasehold/agent/AgentEntry.java");
        try (StandardJavaFileManager files = javac.getStandardFileManager(null, null, null)) {
            boolean isDone = javac.getTask(
                            said,
                            files,
                            null,
                            List.of("--release", "11", "-proc:none", "-d", folder.toString()),
                            null,
                            files.getJavaFileObjects(source))
                    .call();
            assertThat(isDone).as(said.toString()).isTrue();
        }
        byte[] compiled = Files.readAllBytes(folder.resolve("io/leasehold/agent/AgentEntry.class"));
        assertThat(ClassFile.of().parse(compiled).majorVersion()).isEqualTo(ClassFile.JAVA_11_VERSION);
    }
}
