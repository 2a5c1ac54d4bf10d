package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The values that a builder accepts and rejects, and their effects.
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
            for (int i = 0; i < 3; i++) {
                ByteBuf empty = allocator.directBuffer(0, 5_000);
                assertThat(empty.memoryAddress() % Math.max(16, alignment)).isZero();
                empty.writeZero(5_000);
                assertThat(empty.memoryAddress() % Math.max(16, alignment)).isZero();
                empty.release();
            }
            for (ByteBuf buf : held) {
                buf.release();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void zeroingAllocatorShowsNoBytesOfOthers(boolean isDirect) {
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
            assertThat(metric.limitBytes()).isEqualTo(16 << 20);
            assertThat(metric.reservedBytes())
                    .isGreaterThanOrEqualTo(16 << 20)
                    .isEqualTo(allocator.figures().reservedBytes());
            assertThat(metric.pinnedBytes()).isZero();
            ByteBuf direct = allocator.directBuffer(1_000);
            ByteBuf heap = allocator.heapBuffer(60_000);
            assertThat(metric.pinnedBuffers()).isEqualTo(2);
            assertThat(metric.pinnedBytes()).isBetween(61_000L, 70_000L);
            assertThat(metric.usedDirectMemory()).isBetween(1_000L, 16L << 20);
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
            assertThat(metric)
                    .asString()
                    .startsWith("LeasedByteBufAllocatorMetric(allocator=metered, usedDirectMemory=");
            assertThat(allocator.arena()).asString().startsWith("PageArena(name=metered pages, byteSize=16777216, ");
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
    void closingTheDefaultHasNoEffect() {
        LeasedByteBufAllocator shared = LeasedByteBufAllocator.DEFAULT;
        ByteBuf mine = shared.directBuffer(100);
        shared.close();
        assertThat(shared.closeForcibly()).isZero();
        for (ThrowingCallable close : List.<ThrowingCallable>of(shared.arena()::close, shared.arena()::closeForcibly)) {
            assertThatIllegalStateException()
                    .isThrownBy(close)
                    .withMessage("cannot close, all code of the process shares the arena: arena=default pages");
        }
        mine.setLong(0, 1);
        shared.directBuffer(100).release();
        mine.release();
        shared.close();
        shared.heapBuffer(100).release();
        shared.directBuffer(100).release();
    }

    @Test
    void impossibleValuesAreRefusedByNameWhenTheyAreSet() {
        LeasedByteBufAllocatorBuilder builder = LeasedByteBufAllocator.builder();
        assertRefused(() -> builder.name(" "), "name is blank: name=\" \"");
        assertRefused(() -> builder.byteLimit(65_535), "byteLimit is out of bounds: byteLimit=65535, min=65536, max=");
        assertRefused(
                () -> builder.byteLimit(1L << 50),
                "byteLimit is out of bounds: byteLimit=1125899906842624, min=65536, max=");
        assertRefused(
                () -> builder.budget(MemoryBudget.of("tiny", 4_096)),
                "budget is too small: budget=tiny, byteLimit=4096, min=65536");
        assertRefused(() -> builder.decay(Duration.ZERO), "decay is too short: decay=PT0S, min=PT0.001S");
        assertRefused(
                () -> builder.threadCacheByteSize(-1),
                "threadCacheByteSize is out of bounds: threadCacheByteSize=-1, min=0, max=67108864");
        assertRefused(
                () -> builder.threadCacheByteSize(65 << 20),
                "threadCacheByteSize is out of bounds: threadCacheByteSize=68157440, min=0, max=67108864");
        assertRefused(() -> builder.idleByteSize(-1), "idleByteSize is too low: idleByteSize=-1, min=0");
        assertRefused(() -> builder.alignment(48), "alignment is not a power of two: alignment=48, min=1, max=65536");
        assertRefused(
                () -> builder.alignment(1 << 20), "alignment is out of bounds: alignment=1048576, min=1, max=65536");
        assertRefused(
                () -> builder.softLimit(-1, Duration.ZERO, used -> {}),
                "softByteLimit is too low: softByteLimit=-1, min=0");
        assertRefused(
                () -> builder.softLimit(1, Duration.ofNanos(-1), used -> {}),
                "interval is negative: interval=PT-0.000000001S, min=PT0S");
        builder.byteLimit(1 << 20).build().close(); // none of the rejected values was stored
    }

    @Test
    @SuppressWarnings("NullAway") // that is what is tested
    void softLimitWithoutAListenerIsRefusedWhenItIsSet() {
        LeasedByteBufAllocatorBuilder builder = LeasedByteBufAllocator.builder();
        assertThatThrownBy(() -> builder.softLimit(1, Duration.ZERO, null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("listener is null");
        assertThatThrownBy(() -> builder.softLimit(1, null, used -> {}))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("interval is null");
        assertThatThrownBy(() -> builder.name(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("name is null");
    }

    @Test
    void softLimitAboveAnyOtherIsRefusedByTheLastThatIsSet() {
        LeasedByteBufAllocatorBuilder first =
                LeasedByteBufAllocator.builder().softLimit(1_000_000, Duration.ZERO, used -> {});
        assertRefused(
                () -> first.byteLimit(1 << 19),
                "softByteLimit is more than the byteLimit: softByteLimit=1000000, max=524288");
        assertRefused(
                () -> first.budget(MemoryBudget.of("half", 1 << 19)),
                "softByteLimit is more than the byteLimit of the budget: softByteLimit=1000000, max=524288");
        LeasedByteBufAllocatorBuilder last = LeasedByteBufAllocator.builder().byteLimit(1 << 19);
        assertRefused(
                () -> last.softLimit(1_000_000, Duration.ZERO, used -> {}),
                "softByteLimit is more than the byteLimit: softByteLimit=1000000, max=524288");
        last.softLimit(1 << 19, Duration.ZERO, used -> {}).build().close();
        MemoryBudget process = MemoryBudget.process();
        LeasedByteBufAllocatorBuilder undecided =
                LeasedByteBufAllocator.builder().softLimit(process.byteLimit() + 1, Duration.ZERO, used -> {});
        assertRefused(undecided::build, "softByteLimit is more than the limit of the process: softByteLimit=");
    }

    /// The lowest limit counts, also if it is that of a budget above.
    @Test
    void limitAboveTheBudgetIsKnownWhenAnOptionIsSet() {
        MemoryBudget top = MemoryBudget.of("top", 1 << 20);
        MemoryBudget wide = top.child("wide", 1 << 24);
        String refusal = "softByteLimit is more than the byteLimit of the budget: softByteLimit=1048577, max=1048576";
        assertRefused(
                () -> LeasedByteBufAllocator.builder().budget(wide).softLimit((1 << 20) + 1, Duration.ZERO, used -> {}),
                refusal);
        assertRefused(
                () -> LeasedByteBufAllocator.builder()
                        .softLimit((1 << 20) + 1, Duration.ZERO, used -> {})
                        .budget(wide),
                refusal);
        PageArenaOptions options =
                PageArenaOptions.builder().byteSize(1 << 24).budget(wide).build();
        try (PageArena arena = PageArena.open(options)) {
            assertRefused(
                    () -> LeasedByteBufAllocator.builder()
                            .arena(arena)
                            .softLimit((1 << 20) + 1, Duration.ZERO, used -> {}),
                    refusal);
        }
        MemoryBudget tiny = MemoryBudget.of("tiny", 4_096).child("wide", 1 << 20);
        assertRefused(
                () -> LeasedByteBufAllocator.builder().budget(tiny),
                "budget is too small: budget=tiny, byteLimit=4096, min=65536");
    }

    /// A class that reads a property when it is initialized hides its reason in the cause of another error.
    @Test
    void errorOfABufferNamesThePropertyThatIsNotValid() {
        Throwable reason = new IllegalArgumentException("io.leasehold.memory is neither native nor portable: value=x");
        for (Throwable cause : List.of(reason, new ExceptionInInitializerError(reason))) {
            assertThat(new BufferMemoryError("named", true, 1, HeapRefusals.CANNOT_OPEN, cause))
                    .hasMessage("no memory for a direct buffer, the allocator cannot be opened: allocator=named,"
                            + " request=1 B, cause=java.lang.IllegalArgumentException: io.leasehold.memory is neither"
                            + " native nor portable: value=x")
                    .hasCause(cause);
        }
        Throwable bare = new NoClassDefFoundError("Absent");
        assertThat(new BufferMemoryError("named", true, 1, HeapRefusals.CANNOT_OPEN, bare))
                .hasMessageEndingWith("cause=java.lang.NoClassDefFoundError: Absent");
    }

    @Test
    @SuppressWarnings("NullAway") // null is what is tested
    void nullIsRefusedByTheNameOfTheOption() {
        LeasedByteBufAllocatorBuilder builder = LeasedByteBufAllocator.builder();
        assertThatThrownBy(() -> builder.budget(null)).hasMessage("budget is null");
        assertThatThrownBy(() -> builder.arena(null)).hasMessage("arena is null");
        assertThatThrownBy(() -> builder.decay(null)).hasMessage("decay is null");
    }

    @Test
    void alignmentBeyondAPageIsRefusedAndNothingStaysOpen() {
        MemoryBudget budget = MemoryBudget.of("aligned", 8 << 20);
        int alignment = (int) (2 * VirtualMemory.system().pageSize());
        LeasedByteBufAllocatorBuilder builder = LeasedByteBufAllocator.builder()
                .byteLimit(1 << 20)
                .budget(budget)
                .alignment(alignment);
        assertRefused(builder::build, "alignment is more than a page: alignment=" + alignment + ", max=");
        assertThat(budget.usedBytes()).isZero();
        assertThat(budget.report()).doesNotContain("(");
    }

    @Test
    void arenaThatDoesNotFitIsRefusedWhenItIsSet() {
        PageArenaOptions options = PageArenaOptions.builder()
                .name("large pages")
                .byteSize(4 << 20)
                .pageByteSize(2 << 20)
                .budget(MemoryBudget.of("large pages", 8 << 20))
                .build();
        try (PageArena arena = PageArena.open(options)) {
            assertRefused(
                    () -> LeasedByteBufAllocator.builder().arena(arena),
                    "arena has pages that are too large: arena=large pages, pageByteSize=2097152, max=65536");
        }
        PageArenaOptions small =
                options.toBuilder().name("small").pageByteSize(0).build();
        try (PageArena arena = PageArena.open(small)) {
            int alignment = (int) (2 * arena.options().pageByteSize());
            assertRefused(
                    () -> LeasedByteBufAllocator.builder().alignment(alignment).arena(arena),
                    "alignment is more than a page: ");
            assertRefused(
                    () -> LeasedByteBufAllocator.builder().arena(arena).alignment(alignment),
                    "alignment is more than a page: ");
            assertRefused(
                    () -> LeasedByteBufAllocator.builder().arena(arena).softLimit(5 << 20, Duration.ZERO, used -> {}),
                    "softByteLimit is more than the byteSize of the arena: softByteLimit=5242880, max=4194304");
        }
    }

    @Test
    void givenArenaExcludesABoundBesideIt() {
        PageArenaOptions options = PageArenaOptions.builder()
                .name("given")
                .byteSize(1 << 20)
                .budget(MemoryBudget.of("given", 8 << 20))
                .build();
        try (PageArena arena = PageArena.open(options)) {
            assertThatThrownBy(LeasedByteBufAllocator.builder().arena(arena).byteLimit(1 << 20)::build)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a given arena has its own limit, budget and decay: arena=given,"
                            + " byteLimit=1048576, budget=null, decay=null");
        }
    }

    private static void assertRefused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(message);
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
