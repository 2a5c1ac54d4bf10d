package io.leasehold.bench.scenario.traffic;

import io.leasehold.bench.subject.Allocators;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/// Receives datagrams through Netty's epoll. With GRO, Netty splits the batches into datagrams. Without GRO, the kernel
/// delivers single datagrams.
///
/// **Ownership.** The opener closes it.
///
/// **Threads.** Confined to one thread; an event loop receives.
final class PacketReceiver extends Reception {

    private static final int TRAIN_BYTES = 64 << 10;
    private static final int PACKET_BYTES = 2 << 10;
    private static final int STOP_SECONDS = 5;

    private final ByteBufAllocator allocator = Allocators.open("adaptive", "disabled"); // (C)
    private final EventLoopGroup group; // (C)
    private final Channel channel; // (C)

    PacketReceiver(boolean offload) {
        group = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("receiver", true), EpollIoHandler.newFactory());
        channel = new Bootstrap()
                .group(group)
                .channel(EpollDatagramChannel.class)
                .option(ChannelOption.ALLOCATOR, allocator)
                .option(ChannelOption.SO_RCVBUF, BatchReceiver.SOCKET_BYTES)
                .option(EpollChannelOption.UDP_GRO, offload)
                .option(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        new FixedRecvByteBufAllocator(offload ? TRAIN_BYTES : PACKET_BYTES))
                .handler(new Packets())
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .syncUninterruptibly()
                .channel();
    }

    @Override
    int port() {
        return ((InetSocketAddress) channel.localAddress()).getPort();
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private final class Packets extends SimpleChannelInboundHandler<DatagramPacket> {

        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
            ByteBuf content = packet.content();
            int length = content.readableBytes();
            tally.addRead(length);
            tally.addMessages(1);
            int from = content.readerIndex();
            if (length != Traffic.DATAGRAMS.messageByteSize()
                    || content.getLongLE(from + length - Long.BYTES) != Noise.end(content.getLongLE(from))) {
                tally.addWrong();
            }
        }
    }
}
