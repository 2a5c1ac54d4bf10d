package io.leasehold.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.ForkedProgram;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Where the agent cannot work, the program runs with Netty's own pools, and one line says why.
@Tag("os")
@Timeout(600)
class AgentFailureTest {

    private static final String POOLED = "io/netty/buffer/PooledByteBufAllocator";
    private static final String ADAPTIVE = "io/netty/buffer/AdaptiveByteBufAllocator";

    @TempDir
    private Path folder;

    /// One JVM is given all of them, one after the other, and uses none.
    @Test
    void eachBadOptionIsNamed() throws Exception {
        Map<String, String> sentences = new LinkedHashMap<>();
        sentences.put("limt=1g", "unknown option: option=\"limt=1g\"");
        sentences.put("limit=1m", "option is too low: limit=1048576, min=16777216");
        sentences.put("limit=many", "option is not a number of bytes: limit=many");
        sentences.put("limit=", "option is not a number of bytes: limit=,");
        sentences.put("limit=1g,limit=1g", "option is given twice: option=limit");
        sentences.put("off=perhaps", "option is neither true nor false: off=perhaps");
        sentences.put("limit=1\n2", "option is not a number of bytes: limit=1 2");
        AgentRun plan = AgentRun.of(PoolProgram.class);
        for (String arguments : sentences.keySet()) {
            plan = plan.withAgent(arguments);
        }
        assertUntouched(plan.run(), List.copyOf(sentences.values()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "-Dio.leasehold.agent.limt=1g | unknown option: option=io.leasehold.agent.limt",
                "-Dio.leasehold.agent.budget= | option is not a number of bytes: budget=,",
                "-Dio.leasehold.memory=some | io.leasehold.memory is neither native nor portable: value=some",
                "-Dio.netty.maxDirectMemory=15728640 | option is too low: io.netty.maxDirectMemory=15728640",
                "-XX:MaxDirectMemorySize=15m | option is too low: -XX:MaxDirectMemorySize=15728640, min=16777216",
            })
    void aBadPropertyIsNamed(String option, String why) throws Exception {
        ForkedProgram run =
                AgentRun.of(PoolProgram.class).with(option).withAgent("").run();
        assertUntouched(run, why);
    }

    @Test
    void anOptionWinsOverABadProperty() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .with("-Dio.leasehold.agent.limit=many")
                .withAgent("limit=64m")
                .run();
        assertServed(run);
    }

    @ParameterizedTest
    @CsvSource({"off,''", "'',-Dio.leasehold.agent.off", "'',-Dio.leasehold.agent.off=true"})
    void anAgentThatIsOffSaysNothing(String arguments, String property) throws Exception {
        AgentRun plan = AgentRun.of(PoolProgram.class);
        ForkedProgram run = (property.isEmpty() ? plan : plan.with(property))
                .withAgent(arguments)
                .run();
        assertThat(run.exitCode()).as("%s", run).isZero();
        assertThat(run.value("default.direct")).as("%s", run).doesNotContain("Leased");
        assertThat(AgentRun.lines(run)).isEmpty();
    }

    @Test
    void aNettyThatIsLoadedAlreadyKeepsItsOwn() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .with("-javaagent:" + OtherAgent.jar(folder) + "=load")
                .withAgent("")
                .run();
        assertUntouched(run, "a pool of Netty is loaded already");
    }

    @ParameterizedTest
    @ValueSource(strings = {POOLED, ADAPTIVE, POOLED + " " + ADAPTIVE})
    void aNettyOfAnotherShapeKeepsItsOwn(String classes) throws Exception {
        for (String name : classes.split(" ")) {
            Path file = folder.resolve(name + ".class");
            Files.createDirectories(file.getParent());
            Files.write(file, withAnotherConstructor(name));
        }
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .withFirst(folder)
                .withAgent("")
                .run(classes.split(" ")[0].replace('/', '.'));
        assertUntouched(run, "unexpected constructor: type=");
    }

    @Test
    void theSameAgentGivenTwiceIsIgnoredOnce() throws Exception {
        ForkedProgram run =
                AgentRun.of(PoolProgram.class).withAgent("").withAgent("").run();
        assertThat(run.exitCode()).as("%s", run).isZero();
        assertThat(run.value("default.direct")).as("%s", run).isEqualTo("LeasedByteBuf");
        assertThat(AgentRun.lines(run)).as("%s", run).hasSize(2).anyMatch(line -> line.contains("already active"));
    }

    @ParameterizedTest
    @CsvSource({"cover, true", "cover, false", "trace, true", "trace, false"})
    void anotherAgentThatChangesThePoolsIsNoHindrance(String mode, boolean isFirst) throws Exception {
        String other = "-javaagent:" + OtherAgent.jar(folder) + "=" + mode;
        AgentRun plan = AgentRun.of(PoolProgram.class);
        ForkedProgram run = (isFirst
                        ? plan.with(other).withAgent("")
                        : plan.withAgent("").with(other))
                .run(OtherAgent.AfterLoading.class.getName());
        assertServed(run);
        assertThat(Integer.parseInt(run.value("changes"))).as("%s", run).isGreaterThan(1);
    }

    @Test
    void deniedNativeAccessIsRespected() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .with("--illegal-native-access=deny")
                .withAgent("")
                .run();
        assertThat(run.exitCode()).as("%s", run).isZero();
        assertThat(run.value("default.direct")).as("%s", run).isEqualTo("LeasedByteBuf");
        assertThat(AgentRun.lines(run)).as("%s", run).hasSize(1);
        assertThat(AgentRun.lines(run).getFirst())
                .contains("portable memory is in use: cause=native access is refused");
        assertThat(AgentRun.otherLines(run)).as("%s", run).isEmpty();
    }

    @Test
    void nativeAccessIsGranted() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class).withAgent("").run();
        assertServed(run);
        assertThat(AgentRun.lines(run).getFirst()).contains("name=netty, native memory is in use");
        assertThat(AgentRun.otherLines(run)).as("%s", run).isEmpty();
    }

    @Test
    void anUnknownTypeOfAllocatorIsServed() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .with("-Dio.netty.allocator.type=leasehold")
                .withAgent("")
                .run();
        assertServed(run);
    }

    private static void assertServed(ForkedProgram run) {
        assertThat(run.exitCode()).as("%s", run).isZero();
        assertThat(run.value("default.direct")).as("%s", run).isEqualTo("LeasedByteBuf");
        assertThat(run.value("pooled.direct")).as("%s", run).isEqualTo("LeasedByteBuf");
        assertThat(run.value("adaptive.direct")).as("%s", run).isEqualTo("LeasedByteBuf");
        assertThat(run.value("wrong")).isEqualTo("[]");
        assertThat(AgentRun.lines(run)).as("%s", run).hasSize(1);
        assertThat(AgentRun.lines(run).getFirst()).contains("Netty allocates from Leasehold");
    }

    private static void assertUntouched(ForkedProgram run, String why) {
        assertUntouched(run, List.of(why));
    }

    /// @param reasons a part of each line of the agents, in their order
    private static void assertUntouched(ForkedProgram run, List<String> reasons) {
        assertThat(run.exitCode()).as("%s", run).isZero();
        for (String pool : List.of("default", "pooled", "adaptive")) {
            assertThat(run.value(pool + ".direct")).as("%s", run).doesNotContain("Leased");
        }
        assertThat(run.value("wrong")).isEqualTo("[]");
        List<String> lines = AgentRun.lines(run);
        assertThat(lines).as("%s", run).hasSameSizeAs(reasons);
        for (int i = 0; i < lines.size(); i++) {
            assertThat(lines.get(i)).contains(reasons.get(i), "keeps its own allocator");
        }
        assertThat(AgentRun.otherLines(run)).as("%s", run).isEmpty();
    }

    /// {@return a pool of the same behaviour with a second constructor that calls that of the superclass}
    private static byte[] withAnotherConstructor(String name) throws IOException {
        MethodTypeDesc parent = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_boolean);
        try (InputStream in = ByteBuf.class.getResourceAsStream("/" + name + ".class")) {
            ClassFile classFile = ClassFile.of();
            var model = classFile.parse(in.readAllBytes());
            return classFile.transformClass(
                    model,
                    ClassTransform.endHandler(builder -> builder.withMethodBody(
                            ConstantDescs.INIT_NAME,
                            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_Void),
                            ClassFile.ACC_PRIVATE,
                            code -> code.aload(0)
                                    .loadConstant(1)
                                    .invokespecial(
                                            model.superclass().orElseThrow().asSymbol(),
                                            ConstantDescs.INIT_NAME,
                                            parent)
                                    .return_())));
        }
    }
}
