package io.leasehold.bench.scenario.server;

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
import java.util.Locale;
import java.util.Optional;

/// The I/O transport: the JDK's channels, or Netty's native library.
public enum Transport {
    /// Available everywhere.
    NIO,
    /// Available on Linux if the native library loads.
    EPOLL;

    /// {@return the transport with a name}
    ///
    /// @throws IllegalArgumentException if the name is unknown
    public static Transport of(String name) {
        for (Transport transport : values()) {
            if (transport.text().equals(name)) {
                return transport;
            }
        }
        throw new IllegalArgumentException("unknown transport: name=" + name + "; use nio or epoll");
    }

    /// {@return the name in lower case}
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// {@return the reason why it cannot be used here; empty if it can}
    public Optional<String> missing() {
        if (this == NIO || Epoll.isAvailable()) {
            return Optional.empty();
        }
        Throwable cause = Epoll.unavailabilityCause();
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return Optional.of(cause.toString());
    }

    EventLoopGroup group(String name, int threads) {
        IoHandlerFactory factory = this == NIO ? NioIoHandler.newFactory() : EpollIoHandler.newFactory();
        return new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name, true), factory);
    }

    Class<? extends ServerChannel> serverChannel() {
        return this == NIO ? NioServerSocketChannel.class : EpollServerSocketChannel.class;
    }
}
