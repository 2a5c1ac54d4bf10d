package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.netty.uring.ClosingRecvByteBufAllocator;
import io.leasehold.page.Watchdog;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/// A datagram channel without memory drops what it cannot read, and does not try again without end.
class RefusedDatagramTest {

    private static final int DATAGRAMS = 3;
    private static final int ROUNDS = 20;

    @Test
    void datagramThatCannotBeReadIsDropped() throws Exception {
        Assumptions.assumeTrue(Epoll.isAvailable());
        LeasedByteBufAllocator allocator =
                TestAllocators.builder("closed", 1 << 20).build();
        CountedReads reads = new CountedReads(256, false);
        BlockingQueue<Integer> lengths = new LinkedBlockingQueue<>();
        MultiThreadIoEventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        try (DatagramSocket peer = new DatagramSocket()) {
            Channel channel = new Bootstrap()
                    .group(loop)
                    .channel(EpollDatagramChannel.class)
                    .option(ChannelOption.ALLOCATOR, allocator)
                    .option(ChannelOption.RECVBUF_ALLOCATOR, new ClosingRecvByteBufAllocator(reads))
                    .handler(new SimpleChannelInboundHandler<DatagramPacket>() {
                        @Override
                        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
                            lengths.add(packet.content().readableBytes());
                        }
                    })
                    .bind("127.0.0.1", 0)
                    .sync()
                    .channel();
            allocator.close();
            InetSocketAddress to = (InetSocketAddress) channel.localAddress();
            for (int i = 0; i < DATAGRAMS; i++) {
                peer.send(new java.net.DatagramPacket(new byte[100], 100, to));
                assertThat(lengths.poll(Watchdog.LIMIT_SECONDS, TimeUnit.SECONDS))
                        .isZero();
            }
            for (int i = 0; i < ROUNDS; i++) {
                loop.submit(() -> {}).sync();
            }
            assertThat(lengths).isEmpty();
            assertThat(reads.attempts()).isEqualTo(DATAGRAMS);
            assertThat(channel.isActive()).isTrue();
            channel.close().sync();
        } finally {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }
}
