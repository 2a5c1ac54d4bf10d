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
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.jspecify.annotations.Nullable;

/// The way of reading bytes from the kernel: through views of buffers, by their addresses, or by requests in a ring.
///
/// The classes of a transport are named only in its methods, because an older Netty does not have all of them.
public enum Transport {
    NIO {
        @Override
        @Nullable Throwable unavailability() {
            return null;
        }

        @Override
        @SuppressWarnings("deprecation") // the one that every supported Netty has
        public EventLoopGroup group(String name, int threads) {
            return new NioEventLoopGroup(threads, daemons(name));
        }

        @Override
        public Class<? extends ServerChannel> serverChannel() {
            return NioServerSocketChannel.class;
        }

        @Override
        public Class<? extends Channel> channel() {
            return NioSocketChannel.class;
        }
    },
    EPOLL {
        @Override
        @Nullable Throwable unavailability() {
            return Epoll.unavailabilityCause();
        }

        @Override
        public EventLoopGroup group(String name, int threads) {
            return new MultiThreadIoEventLoopGroup(threads, daemons(name), EpollIoHandler.newFactory());
        }

        @Override
        public Class<? extends ServerChannel> serverChannel() {
            return EpollServerSocketChannel.class;
        }

        @Override
        public Class<? extends Channel> channel() {
            return EpollSocketChannel.class;
        }
    },
    IO_URING {
        @Override
        @Nullable Throwable unavailability() {
            return IoUring.unavailabilityCause();
        }

        @Override
        public EventLoopGroup group(String name, int threads) {
            return new MultiThreadIoEventLoopGroup(threads, daemons(name), IoUringIoHandler.newFactory());
        }

        @Override
        public Class<? extends ServerChannel> serverChannel() {
            return IoUringServerSocketChannel.class;
        }

        @Override
        public Class<? extends Channel> channel() {
            return IoUringSocketChannel.class;
        }
    };

    abstract @Nullable Throwable unavailability();

    /// {@return event loops on threads of this name}
    public abstract EventLoopGroup group(String name, int threads);

    /// {@return the class of channels that accept connections}
    public abstract Class<? extends ServerChannel> serverChannel();

    /// {@return the class of connections}
    public abstract Class<? extends Channel> channel();

    /// Skips a test where there is no such transport, and says why.
    public void assumeAvailable() {
        Throwable cause = causeOfUnavailability();
        if (cause != null) {
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            String reason = this + " is skipped: " + cause;
            System.out.println(reason);
            assumeTrue(false, reason);
        }
    }

    private @Nullable Throwable causeOfUnavailability() {
        try {
            return unavailability();
        } catch (NoClassDefFoundError e) {
            return e;
        }
    }

    private static DefaultThreadFactory daemons(String name) {
        return new DefaultThreadFactory(name, true);
    }
}
