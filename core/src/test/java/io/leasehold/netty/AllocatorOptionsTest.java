package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.MemoryBudget;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a builder takes, what it refuses, and what comes of it.
class AllocatorOptionsTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 16, 64, 512, 4096})
    void directBuffersAreAligned(int alignment) {
        try (LeasedByteBufAllocator allocator =
                TestAllocators.builder("aligned", 8 << 20).alignment(alignment).build()) {
            ByteBuf[] held = new ByteBuf[50];
            for (int i = 0; i < held.length; i++) {
                held[i] = allocator.directBuffer(1 + 97 * i);
                assertThat(held[i].memoryAddress() % Math.max(16, alignment)).isZero();
                assertThat(held[i].capacity()).isEqualTo(1 + 97 * i);
            }
            for (ByteBuf buf : held) {
                buf.release();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void zeroingAllocatorShowsNobodyElsesBytes(boolean isDirect) {
        try (LeasedByteBufAllocator allocator =
                TestAllocators.builder("zeroed", 8 << 20).zeroing(true).build()) {
            for (int round = 0; round < 3; round++) {
                ByteBuf buf = isDirect ? allocator.directBuffer(90) : allocator.heapBuffer(90);
                assertZero(buf, 0, 90);
                buf.setBytes(0, filled(90));
                buf.capacity(96);
                assertZero(buf, 90, 6);
                buf.setBytes(0, filled(96)).capacity(90).capacity(3_000);
                assertZero(buf, 90, 2_910);
                buf.setBytes(0, filled(3_000));
                buf.release();
            }
        }
    }

    @Test
    void buffersAreOfTheKindThatIsPreferred() {
        try (LeasedByteBufAllocator direct = TestAllocators.small("direct");
                LeasedByteBufAllocator heap = TestAllocators.builder("heap", 1 << 20)
                        .preferDirect(false)
                        .build()) {
            ByteBuf buf = heap.buffer(10);
            assertThat(buf.isDirect()).isFalse();
            buf.release();
            ByteBuf io = heap.ioBuffer(10);
            assertThat(io.isDirect()).isTrue();
            io.release();
            assertThat(direct.isDirectBufferPooled()).isTrue();
        }
    }

    @Test
    void metricShowsWhatIsHeld() {
        try (LeasedByteBufAllocator allocator = TestAllocators.small("metered")) {
            LeasedByteBufAllocatorMetric metric = allocator.metric();
            assertThat(metric.reservedBytes()).isEqualTo(16 << 20);
            assertThat(metric.pinnedBytes()).isZero();
            ByteBuf direct = allocator.directBuffer(1_000);
            ByteBuf heap = allocator.heapBuffer(60_000);
            assertThat(metric.pinnedBuffers()).isEqualTo(2);
            assertThat(metric.pinnedBytes()).isBetween(61_000L, 70_000L);
            assertThat(metric.usedBytes()).isBetween(1_000L, 16L << 20);
            assertThat(metric.committedBytes()).isBetween(1_000L, 20L << 20);
            assertThat(metric.directSizeClasses()).anySatisfy(c -> {
                assertThat(c.byteSize()).isEqualTo(1_024);
                assertThat(c.liveBlocks()).isEqualTo(1);
            });
            assertThat(metric.heapSizeClasses())
                    .anySatisfy(c -> assertThat(c.liveBlocks()).isEqualTo(1));
            assertThat(allocator.dumpStats()).contains("metered", "in 2 buffers", "1,024", "Java heap");
            direct.release();
            heap.release();
            assertThat(metric.pinnedBytes()).isZero();
            assertThat(metric.cachedBytes()).isNotNegative();
        }
    }

    @Test
    void defaultIsThereAndOpensWithItsFirstBuffer() {
        LeasedByteBufAllocator allocator = LeasedByteBufAllocator.DEFAULT;
        assertThat(allocator.name()).isEqualTo("default");
        ByteBuf buf = allocator.directBuffer(100);
        assertThat(buf.alloc()).isSameAs(allocator);
        buf.release();
        assertThat(allocator).hasToString("LeasedByteBufAllocator(default)");
    }

    @Test
    void impossibleValuesAreRefusedByName() {
        LeasedByteBufAllocatorBuilder builder = LeasedByteBufAllocator.builder();
        assertThatThrownBy(() -> builder.name(" "))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("name is blank: \" \"");
        assertThatThrownBy(() -> builder.byteLimit(65_535)).hasMessage("byteLimit is too low: 65535, bound=65536");
        assertThatThrownBy(() -> builder.decay(Duration.ZERO)).hasMessageContaining("decay is below");
        assertThatThrownBy(() -> builder.threadCacheByteSize(-1))
                .hasMessage("threadCacheByteSize is negative: -1, bound=0");
        assertThatThrownBy(() -> builder.alignment(48)).hasMessage("alignment is not a power of two: 48");
        assertThatThrownBy(() -> builder.softLimit(-1, Duration.ZERO, used -> {}))
                .hasMessage("softByteLimit is negative: -1, bound=0");
        assertThatThrownBy(() -> builder.softLimit(1, Duration.ofNanos(-1), used -> {}))
                .hasMessage("interval is negative: PT-0.000000001S, bound=PT0S");
    }

    @Test
    void alignmentBeyondAPageIsRefusedAndNothingStaysOpen() {
        MemoryBudget budget = MemoryBudget.of("aligned", 8 << 20);
        LeasedByteBufAllocatorBuilder builder = LeasedByteBufAllocator.builder()
                .byteLimit(1 << 20)
                .budget(budget)
                .alignment(1 << 20);
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("alignment is more than a page: 1048576, bound=");
        assertThat(budget.usedBytes()).isZero();
        assertThat(budget.report()).doesNotContain("(");
    }

    @Test
    void givenArenaExcludesABoundBesideIt() {
        PageArenaOptions options = PageArenaOptions.defaults()
                .withName("given")
                .withByteSize(1 << 20)
                .withBudget(MemoryBudget.of("given", 8 << 20));
        try (PageArena arena = PageArena.open(options)) {
            assertThatThrownBy(LeasedByteBufAllocator.builder().arena(arena).byteLimit(1 << 20)::build)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a given arena has its own bound, budget and decay: arena=given,"
                            + " byteLimit=1048576, budget=null, decay=null");
        }
    }

    private static void assertZero(ByteBuf buf, int index, int length) {
        for (int i = index; i < index + length; i++) {
            assertThat(buf.getByte(i)).isZero();
        }
    }

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 0x5a);
        return bytes;
    }
}
