package io.leasehold.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.agent.app.ModuleProgram;
import io.leasehold.page.ForkedProgram;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.ModuleAttribute;
import java.lang.constant.ModuleDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The agent serves a program and a Netty that are named modules.
@Tag("os")
@Timeout(300)
class AgentModuleTest {

    private static final String MODULE = "leasehold.test.app";

    @TempDir
    private Path folder;

    @Test
    void namedModulesAreServed() throws Exception {
        ForkedProgram run = moduleRun().withAgent("").run();
        assertServed(run);
    }

    /// Netty logs through `java.logging` if it has no other way.
    @Test
    void modulesThatAreMissingAreNotNeeded() throws Exception {
        ForkedProgram run = moduleRun()
                .with("--limit-modules", "java.base,java.instrument,java.logging," + MODULE)
                .withAgent("")
                .run();
        assertServed(run);
    }

    private static void assertServed(ForkedProgram run) {
        assertThat(run.exitCode()).as("%s", run).isZero();
        assertThat(run.value("module")).as("%s", run).isEqualTo(MODULE);
        assertThat(run.value("netty")).isEqualTo("io.netty.buffer");
        assertThat(run.value("direct")).as("%s", run).isEqualTo("LeasedByteBuf");
        assertThat(run.value("heap")).as("%s", run).isEqualTo("LeasedHeapByteBuf");
        assertThat(run.value("isOwn")).isEqualTo("true");
        assertThat(AgentRun.lines(run)).as("%s", run).hasSize(1);
        assertThat(run.output()).doesNotContain("WARNING", "portable memory is in use");
    }

    private AgentRun moduleRun() throws IOException {
        return AgentRun.ofModule(
                MODULE,
                ModuleProgram.class,
                List.of(module(), AgentJar.rootOf(ByteBuf.class), AgentJar.rootOf(ReferenceCounted.class)));
    }

    /// {@return a folder with the program as a named module}
    private Path module() throws IOException {
        Path module = folder.resolve("app");
        String file = ModuleProgram.class.getName().replace('.', '/') + ".class";
        Files.createDirectories(module.resolve(file).getParent());
        Files.copy(AgentJar.rootOf(ModuleProgram.class).resolve(file), module.resolve(file));
        byte[] descriptor = ClassFile.of()
                .buildModule(ModuleAttribute.of(
                        ModuleDesc.of(MODULE),
                        builder -> builder.requires(ModuleDesc.of("java.base"), ClassFile.ACC_MANDATED, null)
                                .requires(ModuleDesc.of("io.netty.buffer"), 0, null)));
        Files.write(module.resolve("module-info.class"), descriptor);
        return module;
    }
}
