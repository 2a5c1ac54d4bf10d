package io.leasehold.netty.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.TestAllocators;
import io.leasehold.page.Eventually;
import io.leasehold.page.Watchdog;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// Channels without io_uring use pages for long reads, and ordinary buffers for short ones.
class PagedRecvByteBufAllocatorTest {

    private static final int BYTES = 8 << 20;

    private final LeasedByteBufAllocator allocator =
            TestAllocators.builder("paged", 32 << 20).build();
    private final LeasedBufferRing ring = LeasedBufferRing.open(
            allocator,
            LeasedBufferRingOptions.builder().bufferSize(BufferSize.KIB_16).build());

    @Test
    void nioReadsIntoPagesAndEveryPageIsFreed() throws Exception {
        PatternSink sink = new PatternSink();
        AtomicLong inPages = new AtomicLong();
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        Channel listener = listen(group, new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                ByteBuf read = (ByteBuf) message;
                inPages.addAndGet(ring.stats().pages().pages().leased());
                sink.check(read);
                read.release();
            }
        });
        int port = ((InetSocketAddress) listener.localAddress()).getPort();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            byte[] chunk = new byte[PatternSink.period()];
            for (int sent = 0; sent < BYTES; ) {
                int length = Math.min(chunk.length, BYTES - sent);
                PatternSink.fill(chunk, length, sent);
                socket.getOutputStream().write(chunk, 0, length);
                sent += length;
            }
            Eventually.holds("all bytes read", () -> ring.stats().reads().bytes() == BYTES);
        } finally {
            group.shutdownGracefully(0, Watchdog.LIMIT_SECONDS, TimeUnit.SECONDS)
                    .sync();
        }
        assertThat(sink.position()).isEqualTo(BYTES);
        assertThat(inPages.get()).isPositive();
        ring.close();
        allocator.close();
    }

    /// An event loop that got an exception here would retry without end.
    @Test
    void closedRingAllocatesNothingAndThrowsNothing() {
        ring.close();
        assertThat(ring.tryAllocateBuffer()).isNull();
        allocator.close();
        assertThat(ring.tryAllocateBuffer()).isNull();
    }

    @Test
    void pageWhoseBufferCannotBeMadeStaysInTheRing() {
        allocator.close();
        assertThat(ring.tryAllocateBuffer()).isNull();
        ring.close();
    }

    private Channel listen(EventLoopGroup group, ChannelInboundHandlerAdapter handler) throws InterruptedException {
        return new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, ring.recvByteBufAllocator())
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(ring.throttle(), handler);
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }
}
