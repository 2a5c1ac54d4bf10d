package io.leasehold.netty.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.memory.TestMemory;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.TestAllocators;
import io.leasehold.page.Eventually;
import io.leasehold.page.Watchdog;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringBufferRingConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Real connections over loopback. Every byte arrives unchanged, and every page is freed.
///
/// `-Dleasehold.soak=true` sends 2.5 GiB in each of seven cases, and prints the results.
class UringTrafficTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final boolean MULTISHOT =
            Boolean.parseBoolean(System.getProperty("io.netty.iouring.recvMultiShotEnabled", "true"));
    private static final int MIB = 1 << 20;
    private static final long BYTES = SOAK ? 2560L * MIB : 24L * MIB;
    private static final int MAX_PAGES = 256;
    private static final int MOST_HELD = 1_024;

    private final LeasedByteBufAllocator allocator =
            TestAllocators.builder("uring", 64L * MIB).build();
    private final Watchdog watchdog = new Watchdog();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void assumeAvailable() {
        UringServer.assumeAvailable();
    }

    @AfterEach
    void everyBufferIsFree() {
        assertThat(failures).isEmpty();
        Eventually.holds("all buffers are released", () -> allocator.metric().pinnedBuffers() == 0);
        allocator.close();
    }

    @ParameterizedTest
    @CsvSource({"KIB_64, false", "KIB_16, false", "KIB_4, true"})
    void echoSendsBackWhatItRead(BufferSize pages, boolean incremental) throws Exception {
        LeasedBufferRing ring = open(pages, MAX_PAGES);
        try (UringServer server = serve(ring, incremental, Echo::new);
                Socket socket = server.connect()) {
            watchdog.start("sender", () -> send(socket, BYTES));
            receive(socket, BYTES);
            watchdog.join();
        }
        assertThat(ring.stats().reads().bytes()).isEqualTo(BYTES);
        assertAllFree(ring);
    }

    @Test
    void smallMessagesAreCopied() throws Exception {
        LeasedBufferRing ring = open(BufferSize.KIB_64, MAX_PAGES);
        byte[] message = new byte[100];
        int rounds = SOAK ? 1_000_000 : 2_000;
        try (UringServer server = serve(ring, false, Echo::new);
                Socket socket = server.connect()) {
            socket.setTcpNoDelay(true);
            PatternSink sink = new PatternSink();
            for (int i = 0; i < rounds; i++) {
                PatternSink.fill(message, message.length, sink.position());
                socket.getOutputStream().write(message);
                sink.check(socket.getInputStream().readNBytes(message.length), message.length);
            }
        }
        assertThat(ring.stats().reads().copied()).isGreaterThanOrEqualTo(rounds);
        assertAllFree(ring);
    }

    /// A consumer on another thread keeps up to 64 pages, and releases all of them at once so that the ring shrinks.
    @Test
    void consumerOnAnotherThreadHoldsPagesWhileTheRingGrowsAndShrinks() throws Exception {
        LeasedBufferRing ring = open(BufferSize.KIB_16, MAX_PAGES);
        Handover handover = new Handover();
        try (UringServer server = serve(ring, false, () -> handover);
                Socket socket = server.connect()) {
            watchdog.start("sender", () -> send(socket, BYTES));
            watchdog.start("consumer", () -> {
                PatternSink sink = new PatternSink();
                List<ByteBuf> held = new ArrayList<>();
                while (sink.position() < BYTES) {
                    ByteBuf read = handover.take();
                    sink.check(read);
                    held.add(read);
                    if (held.size() == 64) {
                        held.forEach(ByteBuf::release);
                        held.clear();
                        ring.trim();
                    }
                }
                held.forEach(ByteBuf::release);
            });
            watchdog.join();
        }
        assertThat(ring.stats().pages().slabs().grows()).isGreaterThan(1);
        assertThat(ring.stats().pages().slabs().shrinks()).isPositive();
        assertAllFree(ring);
    }

    /// No page is released before the sender is stuck: the gate is shut, and the rest is in the kernel. Then everything
    /// arrives.
    ///
    /// If reads are multishot and the ring is not deep, the sender may never be stuck. Then there are fallbacks, within
    /// the limit of the allocator.
    @ParameterizedTest
    @CsvSource({"KIB_4, 128", "KIB_16, 128", "KIB_16, 8"})
    void nothingIsLostWhenAllPagesAreHeld(BufferSize pages, int depth) throws Exception {
        LeasedBufferRing ring = LeasedBufferRing.open(
                allocator,
                options(pages).toBuilder()
                        .pages(MAX_PAGES, 64, 128)
                        .depth(depth)
                        .build());
        Handover handover = new Handover();
        AtomicLong bytes = new AtomicLong();
        try (UringServer server = serve(ring, false, () -> handover);
                Socket socket = server.connect()) {
            watchdog.start("sender", () -> send(socket, BYTES));
            Eventually.holds(
                    "the gate shut",
                    () -> ring.throttle().isThrottling() && ring.throttle().throttlings() > 0);
            watchdog.start("consumer", () -> {
                PatternSink sink = new PatternSink();
                List<ByteBuf> held = new ArrayList<>();
                while (sink.position() < BYTES) {
                    ByteBuf read = handover.poll();
                    if (read != null) {
                        sink.check(read);
                        held.add(read);
                    }
                    if (read == null || held.size() > MOST_HELD) { // all there is to read is held, or it never ends
                        held.forEach(ByteBuf::release);
                        held.clear();
                    }
                }
                held.forEach(ByteBuf::release);
                bytes.set(sink.position());
            });
            watchdog.join();
        }
        assertThat(bytes.get()).isEqualTo(BYTES);
        assertThat(ring.throttle().isThrottling()).isFalse();
        if (!MULTISHOT || depth >= 128) {
            assertThat(ring.throttle().throttlings()).isGreaterThan(BYTES / pages.byteSize() / (MAX_PAGES + depth) / 4);
            assertThat(ring.stats().fallbacks().leased()).isZero();
        }
        assertAllFree(ring);
    }

    /// Without a gate the pool runs out of pages, and further bytes arrive in other buffers.
    @Test
    void nothingIsLostWithoutAGate() throws Exception {
        LeasedBufferRing ring = open(BufferSize.KIB_4, 32);
        Handover handover = new Handover();
        long sent = 4L * MIB;
        try (UringServer server = serve(ring, false, () -> handover);
                Socket socket = server.connect()) {
            handover.removeGate = true;
            watchdog.start("sender", () -> send(socket, sent));
            Eventually.holds("all bytes read", () -> ring.stats().reads().bytes() == sent);
            watchdog.join();
            assertThat(ring.stats().fallbacks().leased()).isGreaterThan(100);
            PatternSink sink = new PatternSink();
            while (sink.position() < sent) {
                ByteBuf read = handover.take();
                sink.check(read);
                read.release();
            }
        }
        assertAllFree(ring);
    }

    @Test
    void buffersOutliveTheEventLoops() throws Exception {
        LeasedBufferRing ring = open(BufferSize.KIB_16, MAX_PAGES);
        Handover handover = new Handover();
        List<ByteBuf> held = new ArrayList<>();
        PatternSink sink = new PatternSink();
        try (UringServer server = serve(ring, false, () -> handover);
                Socket socket = server.connect()) {
            send(socket, 100_000);
            while (sink.position() < 100_000) {
                ByteBuf read = handover.take();
                sink.check(read);
                held.add(read);
            }
        }
        assertThat(ring.stats().pages().pages().armed()).isZero();
        assertThatThrownBy(ring::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("pool has pages in use")
                .hasMessageContaining("uring test");
        Thread.ofVirtual().start(() -> held.forEach(ByteBuf::release)).join();
        assertAllFree(ring);
    }

    private LeasedBufferRing open(BufferSize pages, int maxPages) {
        return LeasedBufferRing.open(
                allocator, options(pages).toBuilder().pages(maxPages, 0, 0).build());
    }

    private static LeasedBufferRingOptions options(BufferSize pages) {
        return LeasedBufferRingOptions.builder()
                .name("uring test")
                .bufferSize(pages)
                .slabByteSize(256 << 10)
                .eventLoops(UringServer.LOOPS)
                .build();
    }

    private UringServer serve(LeasedBufferRing ring, boolean incremental, Supplier<ChannelHandler> handlers)
            throws InterruptedException {
        IoUringBufferRingConfig config = ring.config(UringServer.GROUP);
        if (incremental) {
            TestMemory.require(
                    IoUring.isRegisterBufferRingIncSupported(), "the kernel does not fill buffers incrementally");
            config = IoUringBufferRingConfig.builder()
                    .bufferGroupId(UringServer.GROUP)
                    .bufferRingSize(config.bufferRingSize())
                    .batchSize(config.batchSize())
                    .incremental(true)
                    .allocator(ring)
                    .build();
        }
        return new UringServer(ring, config, allocator, handlers);
    }

    private static void send(Socket socket, long bytes) throws IOException {
        OutputStream out = socket.getOutputStream();
        byte[] chunk = new byte[PatternSink.period()];
        for (long sent = 0; sent < bytes; ) {
            int length = (int) Math.min(chunk.length, bytes - sent);
            PatternSink.fill(chunk, length, sent);
            out.write(chunk, 0, length);
            sent += length;
        }
    }

    private static void receive(Socket socket, long bytes) throws IOException {
        InputStream in = socket.getInputStream();
        PatternSink sink = new PatternSink();
        byte[] chunk = new byte[PatternSink.period()];
        while (sink.position() < bytes) {
            int length = in.read(chunk);
            assertThat(length).as("bytes after %d", sink.position()).isPositive();
            sink.check(chunk, length);
        }
    }

    private static void assertAllFree(LeasedBufferRing ring) {
        Eventually.holds(
                "all pages are free", () -> ring.stats().pages().pages().outstanding() == 0);
        assertThat(ring.stats().fallbacks().unpooled()).isZero();
        if (SOAK) {
            System.out.printf("uring traffic: multishot=%b, %s%n", MULTISHOT, ring.stats());
        }
        ring.close();
    }

    /// Sends back the bytes that it reads, and stops reading while the peer does not read either.
    private final class Echo extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message).addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failures.add(cause);
        }
    }

    /// Hands the buffers that it reads to another thread.
    @ChannelHandler.Sharable
    private final class Handover extends ChannelInboundHandlerAdapter {

        private final BlockingQueue<ByteBuf> reads = new LinkedBlockingQueue<>();
        private volatile boolean removeGate;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (removeGate && context.pipeline().get(AutoReadThrottle.class) != null) {
                context.pipeline().remove(AutoReadThrottle.class);
            }
            reads.add((ByteBuf) message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failures.add(cause);
        }

        ByteBuf take() throws InterruptedException {
            ByteBuf read = reads.poll(Watchdog.LIMIT_SECONDS, TimeUnit.SECONDS);
            if (read == null) {
                throw new AssertionError("no more bytes came");
            }
            return read;
        }

        /// {@return the next read, or null if none came for a while}
        ByteBuf poll() throws InterruptedException {
            return reads.poll(1, TimeUnit.MILLISECONDS);
        }
    }
}
