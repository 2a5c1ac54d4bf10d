package io.leasehold.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.ForkedProgram;
import io.netty.buffer.AdaptiveByteBufAllocatorTest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import net.bytebuddy.ByteBuddy;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.engine.JupiterTestEngine;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.platform.commons.PreconditionViolationException;
import org.junit.platform.engine.TestEngine;
import org.junit.platform.launcher.Launcher;
import org.opentest4j.AssertionFailedError;

/// Netty's own tests of its two pools pass under the agent, except those that are listed here with a reason.
///
/// The failures of the first three lists are no faults: these tests look inside Netty's pools (white box). Those of the
/// last two lists are differences that a program can see, and Leasehold makes them on purpose.
@Tag("os")
@Timeout(300)
class NettyTestsTest {

    /// White box: they ask for the class of a buffer, or cast a buffer to Netty's class and read its `handle` or its
    /// `chunk`.
    private static final List<String> CLASS_OF_BUFFER = List.of(
            "AdaptiveByteBufAllocatorTest.sliceOrDuplicateUnwrapLetNotEscapeRootParent#1",
            "AdaptiveByteBufAllocatorTest.sliceOrDuplicateUnwrapLetNotEscapeRootParent#2",
            "AdaptiveByteBufAllocatorTest.testUnsafeHeapBufferAndUnsafeDirectBuffer",
            "PooledByteBufAllocatorTest.testAllocateSmallOffset",
            "PooledByteBufAllocatorTest.testCollapse",
            "PooledByteBufAllocatorTest.testNormalPoolSubpageRelease",
            "PooledByteBufAllocatorTest.testPooledUnsafeHeapBufferAndUnsafeDirectBuffer");

    /// White box: they count the allocations, chunks and subpages of Netty's arenas, which serve no buffers. The tests
    /// of aligned pools fail at the arenas for heap buffers. Their arenas for direct buffers are used.
    private static final List<String> ARENAS = List.of(
            "PooledByteBufAllocatorTest.testArenaMetricsCache",
            "PooledByteBufAllocatorTest.testArenaMetricsCacheAlign",
            "PooledByteBufAllocatorTest.testArenaMetricsNoCache",
            "PooledByteBufAllocatorTest.testArenaMetricsNoCacheAlign",
            "PooledByteBufAllocatorTest.testCacheWorksForNormalAllocations",
            "PooledByteBufAllocatorTest.testFreePoolChunk",
            "PooledByteBufAllocatorTest.testSmallSubpageMetric");

    /// White box: they count Netty's thread caches, which are never made.
    private static final List<String> THREAD_CACHES = List.of(
            "PooledByteBufAllocatorTest.testNumThreadCachesAccountForDirectAndHeapArenas",
            "PooledByteBufAllocatorTest.testNumThreadCachesWithNoDirectArenas",
            "PooledByteBufAllocatorTest.testThreadCacheDestroyedAfterExitRun",
            "PooledByteBufAllocatorTest.testThreadCacheDestroyedByThreadCleaner",
            "PooledByteBufAllocatorTest.testThreadCacheToArenaMappings");

    /// Ours: a pool of its own reads 0 used and 0 pinned bytes, since one pool of all reports the shared heap
    /// ([FacadeHeap][io.leasehold.netty.FacadeHeap]). These tests also expect whole chunks of Netty's sizes.
    private static final List<String> BYTES_OF_ONE_POOL = List.of(
            "AdaptiveByteBufAllocatorTest.purgeScanShouldEvictIdleChunks#1",
            "AdaptiveByteBufAllocatorTest.purgeScanShouldEvictIdleChunks#2",
            "AdaptiveByteBufAllocatorTest.testUsedDirectMemory",
            "AdaptiveByteBufAllocatorTest.testUsedDirectMemoryHuge",
            "AdaptiveByteBufAllocatorTest.testUsedHeapMemory",
            "AdaptiveByteBufAllocatorTest.testUsedHeapMemoryHuge",
            "PooledByteBufAllocatorTest.pinnedMemoryMustReflectBuffersInUseWithThreadLocalCaching",
            "PooledByteBufAllocatorTest.pinnedMemoryMustReflectBuffersInUseWithoutThreadLocalCaching",
            "PooledByteBufAllocatorTest.testUsedDirectMemory",
            "PooledByteBufAllocatorTest.testUsedDirectMemoryHuge",
            "PooledByteBufAllocatorTest.testUsedHeapMemory",
            "PooledByteBufAllocatorTest.testUsedHeapMemoryHuge");

    /// Ours: `trimCurrentThreadCache()` does nothing and returns false. Leasehold gives cached memory back by decay.
    private static final List<String> TRIM = List.of("PooledByteBufAllocatorTest.testTrim");

    /// With `Unsafe`, Netty skips none of the tests.
    @Test
    void onlyListedTestsFail() throws Exception {
        Path[] jars = Stream.of(
                        AdaptiveByteBufAllocatorTest.class,
                        Assertions.class,
                        ByteBuddy.class,
                        Test.class,
                        ParameterizedTest.class,
                        JupiterTestEngine.class,
                        PreconditionViolationException.class,
                        TestEngine.class,
                        Launcher.class,
                        AssertionFailedError.class)
                .map(AgentJar::rootOf)
                .toArray(Path[]::new);
        ForkedProgram run = AgentRun.of(NettyTestsProgram.class)
                .withClassPath(jars)
                .with("--sun-misc-unsafe-memory-access=allow", "-Dio.netty.noUnsafe=false")
                // milliseconds, by default 15000
                .with("-Dio.netty.buffer.PooledByteBufAllocatorTest.testConcurrentUsageTime=500")
                .withAgent("")
                .run();
        assertThat(run.exitCode()).as("%s", run).isZero();
        assertThat(AgentRun.lines(run))
                .as("%s", run)
                .singleElement()
                .asString()
                .contains("Netty allocates from Leasehold");
        List<String> expected = new ArrayList<>();
        Stream.of(CLASS_OF_BUFFER, ARENAS, THREAD_CACHES, BYTES_OF_ONE_POOL, TRIM)
                .forEach(expected::addAll);
        assertThat(names(run, "failed=")).as("%s", run).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(names(run, "skipped=")).as("%s", run).isEmpty();
        // the number in the description of the package
        assertThat(names(run, "passed=")).as("%s", run).hasSize(142);
    }

    private static List<String> names(ForkedProgram run, String prefix) {
        return run.output()
                .lines()
                .filter(line -> line.startsWith(prefix))
                .map(line -> line.substring(prefix.length()))
                .toList();
    }
}
