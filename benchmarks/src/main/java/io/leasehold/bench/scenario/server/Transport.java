package io.leasehold.bench.scenario.server;

import io.leasehold.bench.subject.Named;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Optional;

/// The I/O transport: the JDK's channels, or Netty's native library.
public enum Transport implements Named {
    /// Available everywhere.
    NIO,
    /// Available on Linux if the native library loads.
    EPOLL;

    /// {@return the reason why it cannot be used here; empty if it can}
    public Optional<String> missing() {
        return this == NIO || Epoll.isAvailable() ? Optional.empty() : Optional.of(reason(Epoll.unavailabilityCause()));
    }

    /// {@return the reason why a native library is missing: the text of the first cause}
    public static String reason(Throwable unavailability) {
        Throwable cause = unavailability;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.toString();
    }

    EventLoopGroup group(String name, int threads) {
        IoHandlerFactory factory = this == NIO ? NioIoHandler.newFactory() : EpollIoHandler.newFactory();
        return new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name, true), factory);
    }

    Class<? extends ServerChannel> serverChannel() {
        return this == NIO ? NioServerSocketChannel.class : EpollServerSocketChannel.class;
    }
}
