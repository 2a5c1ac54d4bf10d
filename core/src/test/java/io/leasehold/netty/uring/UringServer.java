package io.leasehold.netty.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.page.Watchdog;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringBufferRingConfig;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoHandlerConfig;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/// A server on io_uring whose connections read into a [LeasedBufferRing].
///
/// **Threads.** Used by the test's thread.
final class UringServer implements AutoCloseable {

    static final short GROUP = 3;
    static final int LOOPS = 2;

    private final EventLoopGroup group; // (C)
    private final Channel listener; // (C)

    /// @param handlers creates the handlers of each connection's pipeline, before the gate
    UringServer(
            LeasedBufferRing ring,
            IoUringBufferRingConfig config,
            ByteBufAllocator allocator,
            Supplier<ChannelHandler> handlers)
            throws InterruptedException {
        IoUringIoHandlerConfig handlerConfig = new IoUringIoHandlerConfig().setBufferRingConfig(config);
        group = new MultiThreadIoEventLoopGroup(
                LOOPS, new DefaultThreadFactory("uring-server", true), IoUringIoHandler.newFactory(handlerConfig));
        listener = new ServerBootstrap()
                .group(group)
                .channel(IoUringServerSocketChannel.class)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(IoUringChannelOption.IO_URING_BUFFER_GROUP_ID, GROUP)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(ring.throttle(), handlers.get());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    /// Skips a test where there is no io_uring with rings of buffers, and says why.
    static void assumeAvailable() {
        String reason = null;
        if (!IoUring.isAvailable()) {
            Throwable cause = IoUring.unavailabilityCause();
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            reason = "io_uring is skipped: " + cause;
        } else if (!IoUring.isRegisterBufferRingSupported()) {
            reason = "io_uring is skipped: the kernel has no rings of buffers";
        }
        if (reason != null) {
            System.out.println(reason);
        }
        assumeTrue(reason == null, reason);
    }

    Socket connect() throws IOException {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), ((InetSocketAddress) listener.localAddress()).getPort());
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Watchdog.LIMIT_SECONDS));
        return socket;
    }

    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        assertThat(group.shutdownGracefully(0, Watchdog.LIMIT_SECONDS, TimeUnit.SECONDS)
                        .awaitUninterruptibly(Watchdog.LIMIT_SECONDS, TimeUnit.SECONDS))
                .as("event loops ended")
                .isTrue();
    }
}
