package io.leasehold.netty;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;

/// How bytes come from the kernel: through views of buffers, or by their addresses.
public enum Transport {
    NIO,
    EPOLL;

    /// Skips a test where there is no such transport, and says why.
    public void assumeAvailable() {
        if (this == EPOLL && !Epoll.isAvailable()) {
            Throwable cause = Epoll.unavailabilityCause();
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            String reason = "epoll is skipped: " + cause;
            System.out.println(reason);
            assumeTrue(false, reason);
        }
    }

    public EventLoopGroup group(String name, int threads) {
        return new MultiThreadIoEventLoopGroup(
                threads,
                new DefaultThreadFactory(name, true),
                this == NIO ? NioIoHandler.newFactory() : EpollIoHandler.newFactory());
    }

    public Class<? extends ServerChannel> serverChannel() {
        return this == NIO ? NioServerSocketChannel.class : EpollServerSocketChannel.class;
    }

    public Class<? extends Channel> channel() {
        return this == NIO ? NioSocketChannel.class : EpollSocketChannel.class;
    }
}
