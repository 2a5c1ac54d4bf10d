package io.leasehold.bench.server;

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

/// How bytes come from the kernel: through the JDK's channels, or through Netty's own library.
public enum Transport {
    /// Everywhere.
    NIO,
    /// On Linux, where the library loads.
    EPOLL;

    /// {@return the transport of that name}
    ///
    /// @throws IllegalArgumentException if there is none
    public static Transport of(String name) {
        for (Transport transport : values()) {
            if (transport.text().equals(name)) {
                return transport;
            }
        }
        throw new IllegalArgumentException("transport is none of nio, epoll: " + name);
    }

    /// {@return its name in small letters}
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// {@return why it cannot be used here, or nothing if it can}
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
