package io.leasehold.netty.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboStateException;
import io.leasehold.memory.Seeds;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.RecordingLeakDetector;
import io.leasehold.netty.TestAllocators;
import io.leasehold.observe.Holders;
import io.leasehold.observe.Holding;
import io.netty.buffer.ByteBuf;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The buffers that a ring gives to Netty's io_uring, and the buffers that readers get.
class LeasedBufferRingTest {

    private static final int DEPTH = 8;
    private static final int PAGE = 4096;
    private static final LeasedBufferRingOptions OPTIONS = LeasedBufferRingOptions.builder()
            .name("test")
            .bufferSize(BufferSize.KIB_4)
            .slabByteSize(256 << 10)
            .pages(64, 0, 0)
            .eventLoops(1)
            .depth(DEPTH)
            .build();

    /// Closes everything strictly: a test that leaves a page or a buffer behind fails.
    private record Fixture(LeasedByteBufAllocator allocator, LeasedBufferRing ring) implements AutoCloseable {

        Fixture(LeasedBufferRingOptions options) {
            this(TestAllocators.small("ring"), options);
        }

        private Fixture(LeasedByteBufAllocator allocator, LeasedBufferRingOptions options) {
            this(allocator, LeasedBufferRing.open(allocator, options));
        }

        int out() {
            return ring.stats().pages().pages().outstanding();
        }

        @Override
        public void close() {
            ring.close();
            allocator.close();
        }
    }

    @Test
    void readIsThePagesOwnBuffer() {
        try (Fixture fixture = new Fixture(OPTIONS)) {
            ByteBuf read;
            try (KernelRing kernel = new KernelRing(fixture.ring, DEPTH, false)) {
                assertThat(fixture.ring.stats().pages().pages().armed()).isEqualTo(DEPTH);
                long address = kernel.next().memoryAddress();
                read = kernel.read(1000, 3);
                assertThat(read.getClass().getSimpleName()).isEqualTo("LeasedByteBuf");
                assertThat(read.memoryAddress()).isEqualTo(address);
                assertThat(read.refCnt()).isOne();
                assertThat(KernelRing.isRead(read, 1000, 3)).isTrue();
                assertThat(read.maxFastWritableBytes()).isEqualTo(PAGE - 1000);
            }
            assertThat(fixture.out()).isOne();
            assertThatThrownBy(fixture.ring::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("inUse=1");
            read.release();
            assertThat(fixture.out()).isZero();
        }
    }

    @Test
    void pageReusesOneBuffer() {
        try (Fixture fixture = new Fixture(OPTIONS);
                KernelRing kernel = new KernelRing(fixture.ring, 2, false)) {
            ByteBuf[] first = {kernel.read(PAGE, 0), kernel.read(PAGE, 0)};
            first[0].release();
            first[1].release();
            ByteBuf[] later = new ByteBuf[4];
            for (int i = 0; i < later.length; i++) {
                later[i] = kernel.read(PAGE, 0);
            }
            assertThat(later).contains(first);
            for (ByteBuf buf : later) {
                buf.release();
            }
        }
    }

    @Test
    void smallReadIsCopiedAndItsPageArmedAgain() {
        try (Fixture fixture = new Fixture(OPTIONS);
                KernelRing kernel = new KernelRing(fixture.ring, DEPTH, false)) {
            ByteBuf small = kernel.read(256, 1);
            assertThat(fixture.out()).isEqualTo(DEPTH);
            assertThat(small.capacity()).isLessThan(PAGE);
            assertThat(KernelRing.isRead(small, 256, 1)).isTrue();
            ByteBuf large = kernel.read(257, 2);
            assertThat(fixture.out()).isEqualTo(DEPTH + 1);
            assertThat(fixture.ring.stats().reads()).isEqualTo(new LeasedBufferRingStats.Reads(2, 513, 1, 0));
            small.release();
            large.release();
        }
    }

    @Test
    void pageIsHandedOverIfASmallReadCannotBeCopied() {
        try (Fixture fixture = new Fixture(OPTIONS);
                KernelRing kernel = new KernelRing(fixture.ring, DEPTH, false)) {
            List<ByteBuf> all = exhaust(fixture.allocator);
            ByteBuf small = kernel.read(10, 1);
            assertThat(KernelRing.isRead(small, 10, 1)).isTrue();
            assertThat(fixture.ring.stats().reads().copied()).isZero();
            small.release();
            all.forEach(ByteBuf::release);
        }
    }

    @Test
    void incrementalReadsArePartsOfOnePage() {
        try (Fixture fixture = new Fixture(OPTIONS);
                KernelRing kernel = new KernelRing(fixture.ring, 2, true)) {
            List<ByteBuf> reads = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                reads.add(kernel.read(Math.min(kernel.writableBytes(), 1000), i));
            }
            for (int i = 0; i < reads.size(); i++) {
                ByteBuf read = reads.get(i);
                assertThat(KernelRing.isRead(read, read.readableBytes(), i))
                        .as("read %d", i)
                        .isTrue();
                read.release();
            }
            assertThat(fixture.ring.stats().reads().sliced()).isGreaterThan(20);
            assertThat(fixture.out()).isEqualTo(2);
        }
    }

    @Test
    void readerThatReleasesAtOnceDoesNotFreeAPageThatIsStillFilled() {
        try (Fixture fixture = new Fixture(OPTIONS);
                KernelRing kernel = new KernelRing(fixture.ring, 2, true)) {
            for (int i = 0; i < 100; i++) {
                kernel.read(Math.min(kernel.writableBytes(), 700), i).release();
                assertThat(fixture.out()).isEqualTo(2);
            }
        }
    }

    /// With random lengths, holding times and both modes, against the bytes that were written.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyReadHasItsBytesAsLongAsItIsHeld(boolean incremental) {
        SplittableRandom random = new SplittableRandom(Seeds.next("reads"));
        record Held(ByteBuf read, int length, int seed) {}
        try (Fixture fixture = new Fixture(OPTIONS);
                KernelRing kernel = new KernelRing(fixture.ring, DEPTH, incremental)) {
            Deque<Held> held = new ArrayDeque<>();
            for (int i = 0; i < 2_000; i++) {
                int length = random.nextInt(1, Math.min(kernel.writableBytes(), PAGE) + 1);
                held.add(new Held(kernel.read(length, i), length, i));
                int kept = held.size() > 100 ? random.nextInt(100) : 100;
                while (held.size() > kept) {
                    Held oldest = held.remove();
                    assertThat(KernelRing.isRead(oldest.read, oldest.length, oldest.seed))
                            .as("read %d", oldest.seed)
                            .isTrue();
                    oldest.read.release();
                }
            }
            held.forEach(last -> last.read.release());
            assertThat(fixture.ring.stats().fallbacks().leased()).isPositive();
            assertThat(fixture.ring.stats().fallbacks().unpooled()).isZero();
        }
    }

    @Test
    void growthBeyondThePageGivesThePageBack() {
        try (Fixture fixture = new Fixture(OPTIONS);
                KernelRing kernel = new KernelRing(fixture.ring, DEPTH, false)) {
            ByteBuf read = kernel.read(3000, 5);
            read.writeBytes(new byte[5000]);
            assertThat(fixture.out()).isEqualTo(DEPTH);
            assertThat(read.readableBytes()).isEqualTo(8000);
            assertThat(KernelRing.isRead(read.slice(0, 3000), 3000, 5)).isTrue();
            read.release();
        }
    }

    @Test
    void secondReleaseIsRefused() {
        try (Fixture fixture = new Fixture(OPTIONS);
                KernelRing kernel = new KernelRing(fixture.ring, DEPTH, false)) {
            ByteBuf read = kernel.read(3000, 5);
            read.release();
            assertThatThrownBy(read::release).isInstanceOf(IllegalReferenceCountException.class);
            ByteBuf armed = fixture.ring.allocate();
            armed.release();
            assertThatThrownBy(armed::release).isInstanceOf(JumboStateException.class);
            assertThat(fixture.out()).isEqualTo(DEPTH);
        }
    }

    @Test
    void exhaustedRingFallsBackToTheAllocatorAndThenToUnpooledBuffers() {
        try (Fixture fixture = new Fixture(OPTIONS)) {
            List<ByteBuf> held = new ArrayList<>();
            try (KernelRing kernel = new KernelRing(fixture.ring, DEPTH, false)) {
                while (fixture.ring.stats().fallbacks().unpooled() < 3) {
                    assertThat(kernel.writableBytes()).isGreaterThanOrEqualTo(PAGE);
                    assertThat(kernel.next().isDirect()).isTrue();
                    held.add(kernel.read(PAGE, 1));
                }
            }
            assertThat(fixture.ring.stats().pages().pages().leased()).isEqualTo(64 + DEPTH);
            assertThat(fixture.ring.stats().fallbacks().leased()).isPositive();
            assertThat(fixture.ring.throttle().isThrottling()).isTrue();
            held.forEach(ByteBuf::release);
            assertThat(fixture.ring.throttle().isThrottling()).isFalse();
        }
    }

    /// The gate counts the pages that readers keep, not the armed pages.
    @Test
    void gateCountsWhatReadersKeepAndNotWhatIsArmed() {
        try (Fixture fixture = new Fixture(OPTIONS.toBuilder().pages(64, 8, 40).build());
                KernelRing kernel = new KernelRing(fixture.ring, 32, false)) {
            Deque<ByteBuf> held = new ArrayDeque<>();
            while (!fixture.ring.throttle().isThrottling()) {
                held.add(kernel.read(PAGE, 1));
            }
            assertThat(held).hasSizeBetween(40 - 32, 40 + 32); // half magazines move, and count as in use
            while (held.size() > 9) {
                held.remove().release();
                assertThat(fixture.ring.throttle().isThrottling()).isTrue();
            }
            held.remove().release();
            assertThat(fixture.ring.throttle().isThrottling()).isFalse();
            held.forEach(ByteBuf::release);
        }
    }

    @Test
    void fallsBackWhenTheArenaHasNoPage() {
        try (Fixture fixture = new Fixture(OPTIONS)) {
            List<ByteBuf> all = exhaust(fixture.allocator);
            try (KernelRing kernel = new KernelRing(fixture.ring, DEPTH, false)) {
                ByteBuf read = kernel.read(1000, 1);
                assertThat(KernelRing.isRead(read, 1000, 1)).isTrue();
                read.release();
                assertThat(fixture.ring.stats().fallbacks().unpooled()).isPositive();
            }
            all.forEach(ByteBuf::release);
        }
    }

    @Test
    void allocateDoesNotThrowWhenAllIsClosed() {
        LeasedByteBufAllocator allocator = TestAllocators.small("ring");
        LeasedBufferRing ring = LeasedBufferRing.open(allocator, OPTIONS);
        ring.close();
        ByteBuf leased = ring.allocate();
        assertThat(leased.getClass().getSimpleName()).isEqualTo("LeasedByteBuf");
        leased.release();
        allocator.close();
        ring.allocate().release();
        assertThat(ring.stats().fallbacks()).isEqualTo(new LeasedBufferRingStats.Fallbacks(1, 1));
    }

    @Test
    void pageIsFreeAfterTheLeakDetectorFailedForItsRead() {
        Level before = ResourceLeakDetector.getLevel();
        try (Fixture fixture = new Fixture(OPTIONS)) {
            ByteBuf page = fixture.ring.allocate();
            ResourceLeakDetector.setLevel(Level.PARANOID);
            RecordingLeakDetector.setFailing(true);
            assertThatThrownBy(() -> page.retainedSlice(0, PAGE)).isInstanceOf(OutOfMemoryError.class);
            page.release();
            assertThat(fixture.out()).isZero();
        } finally {
            RecordingLeakDetector.setFailing(false);
            ResourceLeakDetector.setLevel(before);
        }
    }

    @Test
    void readPagesCountUnderTheTagOfTheRing() {
        LeasedBufferRingOptions options =
                OPTIONS.toBuilder().name("tagged uring").tag("reads").build();
        try (Fixture fixture = new Fixture(options)) {
            ByteBuf read;
            try (KernelRing kernel = new KernelRing(fixture.ring, DEPTH, false)) {
                read = kernel.read(1000, 3);
            }
            assertThat(Holders.exact()).contains(new Holding("page-pool", "tagged uring", "reads", PAGE, 1));
            read.release();
        }
    }

    @Test
    void depthFollowsTheBufferSize() {
        assertThat(List.of(BufferSize.values()))
                .extracting(pages -> LeasedBufferRingOptions.builder()
                        .bufferSize(pages)
                        .build()
                        .ringDepth())
                .containsExactly(128, 32, 32, 8);
    }

    @Test
    void optionsOutOfBoundsAreRefused() {
        assertThatThrownBy(() -> OPTIONS.toBuilder().depth(3).build())
                .hasMessageContaining("depth")
                .hasMessageContaining("3");
        assertThatThrownBy(() -> OPTIONS.toBuilder().pages(10, 0, 11).build())
                .hasMessage("highPages is out of bounds: highPages=11, min=1, max=10");
        assertThatThrownBy(() -> OPTIONS.toBuilder().pages(10, 5, 5).build())
                .hasMessage("lowPages is out of bounds: lowPages=5, min=0, max=4");
        assertThatThrownBy(() -> OPTIONS.toBuilder().copyByteSize(PAGE + 1).build())
                .hasMessage("copyByteSize is out of bounds: copyByteSize=4097, min=0, max=4096");
        assertThatThrownBy(() -> OPTIONS.toBuilder().slabByteSize(1 << 10).build())
                .hasMessage("slabByteSize is out of bounds: slabByteSize=1024, min=262144, max=2097152");
        assertThatThrownBy(() -> OPTIONS.toBuilder().name("").build()).hasMessage("name is blank: name=\"\"");
        assertThatThrownBy(() -> OPTIONS.toBuilder().tag(" ").build()).hasMessage("tag is blank: tag=\" \"");
    }

    @Test
    @SuppressWarnings("NullAway") // that is what is tested
    void missingBufferSizeIsRefused() {
        assertThatThrownBy(() -> OPTIONS.toBuilder().bufferSize(null).build()).hasMessage("bufferSize is null");
    }

    @Test
    void sliceThatIsNotWithinThePageIsRefused() {
        try (Fixture fixture = new Fixture(OPTIONS)) {
            ByteBuf page = fixture.ring.allocate();
            for (int[] part : new int[][] {{0, PAGE + 1}, {-1, 2}, {PAGE, 1}, {0, 1 << 30}}) {
                assertThatThrownBy(() -> page.retainedSlice(part[0], part[1]))
                        .isInstanceOf(IndexOutOfBoundsException.class);
            }
            page.release();
        }
    }

    /// A caller that sets one watermark does not have to know the default of the other one.
    @Test
    void defaultOfTheLowWatermarkIsBelowTheHighOne() {
        assertThat(OPTIONS.toBuilder().pages(64, 0, 0).build().lowWatermark()).isEqualTo(32);
        assertThat(OPTIONS.toBuilder().pages(64, 0, 33).build().lowWatermark()).isEqualTo(32);
        LeasedBufferRingOptions low = OPTIONS.toBuilder().pages(64, 0, 1).build();
        assertThat(low.lowWatermark()).isZero();
        assertThat(low.highWatermark()).isEqualTo(1);
        try (Fixture fixture = new Fixture(low)) {
            fixture.ring.allocate().release();
        }
    }

    private static List<ByteBuf> exhaust(LeasedByteBufAllocator allocator) {
        List<ByteBuf> all = new ArrayList<>();
        for (int size = 1 << 20; size >= 1; size /= 4) {
            try {
                while (true) {
                    all.add(allocator.directBuffer(size));
                }
            } catch (OutOfMemoryError e) {
                // smaller buffers may still fit
            }
        }
        return all;
    }

    @Test
    void defaultPressureBeginsBeforeTheMemoryOfASmallAllocatorEnds() {
        try (LeasedByteBufAllocator small =
                        TestAllocators.builder("small", 16 << 20).build();
                LeasedBufferRing ring = LeasedBufferRing.open(small)) {
            List<ByteBuf> held = new ArrayList<>();
            while (!ring.throttle().isThrottling()) {
                ByteBuf page = ring.tryAllocateBuffer();
                assertThat(page).as("page %d", held.size()).isNotNull();
                held.add(page);
            }
            held.forEach(ByteBuf::release);
            assertThat(ring.throttle().isThrottling()).isFalse();
        }
    }

    @Test
    void watermarkThatTheAllocatorCannotReachIsRejected() {
        LeasedBufferRingOptions options =
                LeasedBufferRingOptions.builder().pages(0, 0, 3_000).build();
        try (LeasedByteBufAllocator small =
                TestAllocators.builder("small", 16 << 20).build()) {
            assertThatThrownBy(() -> LeasedBufferRing.open(small, options))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll("highPages=3000", "max=512");
        }
    }
}
