package io.leasehold.bench.scenario.traffic;

import io.leasehold.bench.subject.Allocators;
import io.leasehold.jumbo.BufferSize;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A sink or an echo on one event loop of Netty.
///
/// **Ownership.** The opener closes it, which also closes the ring and the allocator.
///
/// **Threads.** Confined to one thread; an event loop receives.
final class StreamReceiver extends Reception {

    private static final int STOP_SECONDS = 5;

    private final Traffic traffic; // (C)
    private final ByteBufAllocator allocator; // (C)
    private final @Nullable UringBuffers uring; // (C) null for epoll
    private final EventLoopGroup group; // (C)
    private final Channel listener; // (C)

    StreamReceiver(Traffic traffic, Receiver receiver) {
        this.traffic = traffic;
        boolean isLarge = traffic == Traffic.SINK || receiver == Receiver.LEASED64;
        BufferSize bufferSize = isLarge ? BufferSize.KIB_64 : BufferSize.KIB_4;
        allocator = Allocators.open(receiver.isOurs() ? "leased" : "adaptive", "disabled");
        uring = receiver.isUring(traffic) ? new UringBuffers(receiver, bufferSize, allocator) : null;
        group = new MultiThreadIoEventLoopGroup(
                1,
                new DefaultThreadFactory("receiver", true),
                uring == null ? EpollIoHandler.newFactory() : uring.handlers());
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(group)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        build(channel.pipeline());
                    }
                });
        if (receiver == Receiver.EPOLL4) {
            bootstrap.childOption(
                    ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(bufferSize.byteSize()));
        }
        if (uring == null) {
            bootstrap.channel(EpollServerSocketChannel.class);
        } else {
            uring.use(bootstrap);
        }
        listener = bootstrap
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .syncUninterruptibly()
                .channel();
    }

    private void build(ChannelPipeline pipeline) {
        if (uring != null) {
            uring.build(pipeline);
        }
        pipeline.addLast(traffic == Traffic.SINK ? new Sink(tally) : new Echo(tally));
    }

    @Override
    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS).syncUninterruptibly();
        if (uring != null) {
            uring.close();
        }
        Allocators.close(allocator);
    }
}
