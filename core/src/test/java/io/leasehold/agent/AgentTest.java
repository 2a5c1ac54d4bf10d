package io.leasehold.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.ForkedProgram;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Netty's pools allocate from Leasehold under the agent, and say that the buffers are theirs.
@Tag("os")
@Timeout(300)
class AgentTest {

    private static final List<String> SERVED = List.of("default", "pooled", "onHeap", "grpc", "adaptive", "subclass");

    /// A run with the agent and nothing else, about which several tests ask.
    private static ForkedProgram plain;

    @BeforeAll
    static void runPlain() throws Exception {
        plain = AgentRun.of(PoolProgram.class).withAgent("").run();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "io.netty.buffer.ByteBufUtil",
                "io.netty.buffer.PooledByteBufAllocator",
                "io.netty.buffer.AdaptiveByteBufAllocator",
                "io.netty.buffer.Unpooled"
            })
    void everyPoolIsServedWhateverIsLoadedFirst(String first) throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class).withAgent("").run(first);
        assertServed(run);
        assertThat(run.value("unpooled")).contains("Unpooled");
    }

    @Test
    void poolsThatDoNotPoolKeepTheirOwn() {
        assertThat(plain.value("noDirectArenas.direct")).as("%s", plain).contains("Unpooled");
        assertThat(plain.value("noDirectArenas.heap")).isEqualTo("LeasedHeapByteBuf");
        assertThat(plain.value("noHeapArenas.direct")).isEqualTo("LeasedByteBuf");
        assertThat(plain.value("noHeapArenas.heap")).contains("Unpooled");
    }

    @Test
    void alignedPoolsKeepTheirOwn() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .with("--sun-misc-unsafe-memory-access=allow", "-Dio.netty.noUnsafe=false")
                .withAgent("")
                .run();
        assertServed(run);
        assertThat(run.value("aligned.direct")).as("%s", run).startsWith("Pooled");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pooled", "adaptive"})
    void theSumOverAllPoolsCountsMemoryOnce(String type) throws Exception {
        assertCountedOnce(AgentRun.of(PoolProgram.class)
                .with("-Dio.netty.allocator.type=" + type)
                .withAgent("")
                .run());
    }

    /// The pool that reports the memory otherwise is no facade for direct buffers.
    @Test
    void theSumCountsMemoryOnceIfTheDefaultPoolKeepsItsOwn() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .with("-Dio.netty.allocator.type=pooled", "-Dio.netty.allocator.numDirectArenas=0")
                .withAgent("")
                .run();
        assertThat(run.value("pooled.direct")).as("%s", run).contains("Unpooled");
        assertCountedOnce(run);
    }

    @Test
    void unpooledBuffersStayThoseOfNetty() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .with("-Dio.netty.allocator.type=unpooled")
                .withAgent("")
                .run();
        assertThat(run.value("default.direct")).as("%s", run).contains("Unpooled");
        assertThat(run.value("default.heap")).as("%s", run).contains("Unpooled");
        assertThat(run.value("pooled.direct")).as("%s", run).isEqualTo("LeasedByteBuf");
        assertCountedOnce(run);
    }

    @Test
    void aFlightRecordingHasTheBuffers() throws Exception {
        ForkedProgram run = AgentRun.of(RecordedProgram.class)
                .with("-XX:StartFlightRecording:+io.netty.AllocateBuffer#enabled=true")
                .withAgent("")
                .run();
        assertThat(run.exitCode()).as("%s", run).isZero();
        assertThat(run.value("allocator")).as("%s", run).isEqualTo("io.leasehold.netty.LeasedByteBufAllocator");
    }

    /// Without the agent, the arenas count the buffers. Otherwise the lists would be empty for another reason.
    @Test
    void gettersOfNettysArenasReadZero() throws Exception {
        assertThat(plain.value("directArenas")).as("%s", plain).isEqualTo("[]");
        assertThat(plain.value("heapArenas")).as("%s", plain).isEqualTo("[]");
        ForkedProgram without = AgentRun.of(PoolProgram.class).run();
        assertThat(without.value("directArenas")).as("%s", without).contains("1");
        assertThat(without.value("heapArenas")).as("%s", without).contains("1");
    }

    @Test
    void poolsWithoutArenasForLackOfMemoryAreServed() throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .with("-Dio.netty.maxDirectMemory=" + (32 << 20))
                .withAgent("")
                .run();
        assertServed(run);
        assertThat(run.value("pooled.isDirectBufferPooled")).isEqualTo("true");
    }

    /// The default of the JVM is as large as the Java heap, too.
    @Test
    void aLimitForDirectMemoryAsLargeAsTheJavaHeapIsTheBudget() throws Exception {
        AgentRun plan = AgentRun.of(PoolProgram.class).with("-XX:-UseSerialGC", "-XX:+UseG1GC");
        ForkedProgram given =
                plan.with("-XX:MaxDirectMemorySize=256m").withAgent("").run();
        assertServed(given);
        assertThat(AgentRun.lines(given).getFirst()).contains("budget=268435456");
        ForkedProgram none = plan.withAgent("").run();
        assertServed(none);
        assertThat(AgentRun.lines(none).getFirst()).doesNotContain("budget=");
    }

    @ParameterizedTest
    @CsvSource({"' 33554432 ', 33554432", "033554432, 33554432", "0x2000000, ''", "33554432k, ''"})
    void theLimitOfNettyIsReadAsNettyReadsIt(String value, String limit) throws Exception {
        ForkedProgram run = AgentRun.of(PoolProgram.class)
                .with("-Dio.netty.maxDirectMemory=" + value)
                .withAgent("")
                .run();
        assertServed(run);
        String line = AgentRun.lines(run).getFirst();
        assertThat(line.contains("limit=")).as(line).isEqualTo(!limit.isEmpty());
        assertThat(line).contains(limit);
    }

    @RepeatedTest(3)
    void poolsThatSeveralThreadsLoadAtOnceAreServed() throws Exception {
        ForkedProgram run = AgentRun.of(LoadingProgram.class).withAgent("").run();
        assertThat(run.exitCode()).as("%s", run).isZero();
        assertThat(run.value("direct")).as("%s", run).isEqualTo("LeasedByteBuf");
        assertThat(AgentRun.lines(run)).as("%s", run).hasSize(1);
    }

    /// Asserts that the sums over all pools have one direct buffer and one heap buffer of 1 MiB.
    private static void assertCountedOnce(ForkedProgram run) {
        assertThat(run.exitCode()).as("%s", run).isZero();
        assertThat(run.value("wrong")).as("%s", run).isEqualTo("[]");
        for (String sum : List.of("usedDirect", "usedHeap", "pinnedDirect", "pinnedHeap")) {
            assertThat(Long.parseLong(run.value(sum))).as("%s %s", sum, run).isBetween(1L << 20, (2L << 20) - 1);
        }
    }

    private static void assertServed(ForkedProgram run) {
        assertThat(run.exitCode()).as("%s", run).isZero();
        for (String pool : SERVED) {
            assertThat(run.value(pool + ".direct")).as("%s %s", pool, run).isEqualTo("LeasedByteBuf");
            assertThat(run.value(pool + ".heap")).as("%s %s", pool, run).isEqualTo("LeasedHeapByteBuf");
        }
        assertThat(run.value("wrong")).isEqualTo("[]");
        assertThat(AgentRun.lines(run)).as("%s", run).hasSize(1);
        assertThat(AgentRun.lines(run).getFirst()).contains("Netty allocates from Leasehold");
    }
}
