package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.BudgetOptions;
import io.leasehold.budget.MemoryBudget;
import io.leasehold.page.Eventually;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A server that keeps all it reads stops reading at its share, and loses no byte when it goes on. Real sockets on
/// 127.0.0.1.
@Timeout(120)
class ThrottledTrafficTest {

    private static final int BYTES = 24 << 20; // more than the socket buffers of both ends and the share
    private static final int CHUNK = 64 << 10;
    private static final int SOFT = 4 << 20;

    /// Keeps what it reads, and checks the bytes when it lets them go.
    private static final class Hoarder extends ChannelInboundHandlerAdapter {

        private final Deque<ByteBuf> kept = new ArrayDeque<>(); // confined to the event loop
        private final Queue<Throwable> failures;
        private final AtomicLong received = new AtomicLong();
        private final AtomicLong verified = new AtomicLong();

        Hoarder(Queue<Throwable> failures) {
            this.failures = failures;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf buf = (ByteBuf) message;
            received.addAndGet(buf.readableBytes());
            kept.add(buf);
        }

        /// Checks and releases everything.
        void letGo() {
            for (ByteBuf buf = kept.poll(); buf != null; buf = kept.poll()) {
                long position = verified.get();
                while (buf.isReadable()) {
                    byte expected = pattern(position++);
                    byte found = buf.readByte();
                    if (found != expected) {
                        failures.add(new AssertionError("at " + position + ": " + found + " instead of " + expected));
                    }
                }
                verified.set(position);
                buf.release();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failures.add(cause);
        }
    }

    private static byte pattern(long position) {
        return (byte) (position * 31 + (position >>> 11));
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void serverStopsAtItsShareAndLosesNothing(Transport transport) throws Exception {
        transport.assumeAvailable();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        Hoarder hoarder = new Hoarder(failures);
        MemoryBudget network =
                MemoryBudget.of(BudgetOptions.of("network", 64 << 20).withSoftByteLimit(SOFT));
        EventLoopGroup group = transport.group("throttled", 2);
        try (LeasedByteBufAllocator allocator =
                LeasedByteBufAllocator.builder().name("web").budget(network).build()) {
            BudgetThrottle throttle = BudgetThrottle.of(network, allocator, CHUNK);
            Queue<Channel> accepted = new ConcurrentLinkedQueue<>();
            Channel listener = new ServerBootstrap()
                    .group(group)
                    .channel(transport.serverChannel())
                    .childOption(ChannelOption.ALLOCATOR, allocator)
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(throttle.handler(), hoarder);
                            accepted.add(channel);
                        }
                    })
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .sync()
                    .channel();
            try {
                Channel client = new Bootstrap()
                        .group(group)
                        .channel(transport.channel())
                        .handler(new Sender())
                        .connect(listener.localAddress())
                        .sync()
                        .channel();
                Eventually.holds("the server stopped", () -> throttle.stops() == 1);
                Channel server = accepted.remove();
                checkNothingIsRead(server, hoarder);
                assertThat(hoarder.received.get()).isGreaterThan(SOFT / 2).isLessThan(BYTES / 2);
                while (hoarder.verified.get() < BYTES && failures.isEmpty()) {
                    server.eventLoop().submit(hoarder::letGo).sync();
                }
                assertThat(failures).isEmpty();
                assertThat(hoarder.verified.get()).isEqualTo(BYTES);
                assertThat(hoarder.received.get()).isEqualTo(BYTES);
                assertThat(throttle.heldBytes()).isZero();
                client.close().sync();
                server.closeFuture().sync();
            } finally {
                listener.close().sync();
                group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
            }
        }
        assertThat(network.usedBytes()).isZero();
    }

    /// Bytes wait in the socket, and none is read in many rounds of the event loop. The read that was under way when
    /// the channel stopped may still deliver.
    private static void checkNothingIsRead(Channel server, Hoarder hoarder) throws Exception {
        rounds(server, 20);
        assertThat(server.config().isAutoRead()).isFalse();
        long before = hoarder.received.get();
        rounds(server, 200);
        server.read(); // the application asks, but the channel is over its share
        rounds(server, 200);
        assertThat(hoarder.received.get()).isEqualTo(before);
    }

    private static void rounds(Channel channel, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            channel.eventLoop().submit(() -> {}).sync();
        }
    }

    /// Sends the pattern as fast as the socket takes it.
    private static final class Sender extends ChannelInboundHandlerAdapter {

        private long sent;

        @Override
        public void channelActive(ChannelHandlerContext context) {
            send(context);
        }

        private void send(ChannelHandlerContext context) {
            if (sent == BYTES) {
                return;
            }
            ByteBuf chunk = context.alloc().buffer(CHUNK);
            for (int i = 0; i < CHUNK; i++) {
                chunk.writeByte(pattern(sent++));
            }
            context.writeAndFlush(chunk).addListener((ChannelFutureListener) done -> {
                if (done.isSuccess()) {
                    send(context);
                }
            });
        }
    }
}
