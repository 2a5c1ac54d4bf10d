package io.leasehold.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.process.Terms;
import io.leasehold.bench.result.MemoryResult;
import io.leasehold.bench.scenario.memory.MemoryPlan;
import io.leasehold.bench.scenario.memory.MemoryPlan.Term;
import io.leasehold.bench.scenario.memory.MemoryScenario;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.Form;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A rival whose class is only in a jar.
class RivalJarTest {

    private static final String CLASS_PATH = "java.class.path";
    private static final String RIVAL = "com.acme.Plain";
    private static final String SOURCE = """
            package com.acme;

            public final class Plain extends io.netty.buffer.PooledByteBufAllocator {
                public Plain(boolean preferDirect) {
                    super(preferDirect);
                }
            }
            """;

    private final String classPath = System.getProperty(CLASS_PATH);

    @TempDir
    private Path folder;

    @AfterEach
    void forgetRival() {
        System.setProperty(CLASS_PATH, classPath);
        System.clearProperty("bench.rival");
    }

    @Test
    void isInEachComparisonAndInTheJvmsOfTheRun() throws Exception {
        Map<String, String> properties =
                Map.of("bench.root", folder.toString(), "bench.rival", RIVAL, "bench.rival.jar", jar().toString());

        Options options = Options.parse(name -> properties.getOrDefault(name, ""), Stream.of());

        assertThat(options.rival()).isEqualTo(RIVAL);
        assertThat(Allocators.names()).containsExactly("leased", "adaptive", "pooled", RIVAL);
        assertThat(Selection.ofGroups(List.of(Group.ALLOCATOR), Form.SHORT)
                        .headline()
                        .orElseThrow()
                        .countRuns())
                .isEqualTo(4);
        assertThat(MemoryPlan.of(Form.CI, 0).terms().all())
                .extracting(Term::allocator)
                .containsExactly("leased", "adaptive", "pooled", RIVAL);
        List<String> progress = new ArrayList<>();
        Term burst = new Term(1, "burst64k", RIVAL, false);
        MemoryPlan plan = new MemoryPlan(new Terms<>("memory", List.of(burst), Term::scenario, term -> 1));
        assertThat(MemoryScenario.run(plan, progress::add))
                .as("%s", progress)
                .singleElement()
                .extracting(MemoryResult::allocator)
                .isEqualTo(RIVAL);
    }

    private Path jar() throws IOException {
        Path source = Files.writeString(folder.resolve("Plain.java"), SOURCE);
        Path classes = folder.resolve("classes");
        Path jar = folder.resolve("acme.jar");
        run("javac", "-proc:none", "-cp", classPath, "-d", classes.toString(), source.toString());
        run("jar", "--create", "--file", jar.toString(), "-C", classes.toString(), ".");
        return jar;
    }

    private static void run(String tool, String... args) {
        assertThat(ToolProvider.findFirst(tool).orElseThrow().run(System.out, System.err, args))
                .as(tool)
                .isZero();
    }
}
