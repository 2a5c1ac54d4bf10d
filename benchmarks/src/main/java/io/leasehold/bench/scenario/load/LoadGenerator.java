package io.leasehold.bench.scenario.load;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.IntSupplier;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Sends requests to a server on 127.0.0.1 over many connections, and checks every answer.
///
/// **Pace.** NIO waits in whole milliseconds, which is too coarse for a fixed rate. So at a fixed rate the event loop
/// sends what is due and polls for input without waiting. If there is no input, it sleeps about 60 us. Latencies have
/// this error, which is the same for all servers.
///
/// **Threads.** One thread at a time calls; the event loop does the work.
public final class LoadGenerator implements AutoCloseable {

    private static final int READ_BYTES = 64 << 10;
    private static final int CONNECT_SECONDS = 10;

    /// Time of a sleep. The kernel adds 50 us of slack.
    private static final long NAP_NANOS = 10_000;

    /// Time between two reads of the clock if nothing arrives.
    private static final int LOOK_MILLIS = 10;

    private final Deck deck; // (C)
    private final InetSocketAddress server; // (C)
    private final @Nullable SslContext tls; // (C)
    private final EventLoopGroup group; // (C)
    private final Future<?> clock; // (C) wakes the loop to read the clock
    private volatile @Nullable Load load; // (A) in progress

    /// Creates the event loop.
    ///
    /// @param port of the server
    /// @param tls client context for an encrypted server
    /// @param deck the requests
    public LoadGenerator(int port, @Nullable SslContext tls, Deck deck) {
        this.server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        this.tls = tls;
        this.deck = deck;
        group = new MultiThreadIoEventLoopGroup(
                1,
                new DefaultThreadFactory("load", true),
                NioIoHandler.newFactory(SelectorProvider.provider(), () -> this::select));
        clock = group.scheduleAtFixedRate(() -> {}, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /// Runs a phase: opens its connections, sends, waits for the answers, and closes the connections. If a connection
    /// is refused, it throws a `ConnectException`, which it does not declare.
    ///
    /// @param measuring called when the measured time begins
    /// @param measured called when the measured time ends
    /// @throws ExecutionException if a TLS handshake fails
    /// @throws TimeoutException if a TLS handshake takes longer than 10 s, or the answers do not end in time
    /// @throws InterruptedException if the caller is interrupted
    public LoadResult run(LoadPhase phase, Runnable measuring, Runnable measured)
            throws ExecutionException, InterruptedException, TimeoutException {
        Load now = new Load(phase, measuring, measured);
        List<Channel> channels = new ArrayList<>();
        try {
            for (int i = 0; i < phase.connections(); i++) {
                Connection connection = new Connection(now, deck, phase.depth());
                ChannelFuture connecting = connect(connection);
                channels.add(connecting.channel());
                await(connecting);
                now.add(connection);
            }
            load = now;
            group.submit(now::start).get(CONNECT_SECONDS, TimeUnit.SECONDS);
            long limit = phase.rampMillis() + phase.measuredMillis() + 2 * Load.DRAIN_MILLIS;
            return now.result().get(limit, TimeUnit.MILLISECONDS);
        } finally {
            load = null;
            for (Channel channel : channels) {
                channel.close().syncUninterruptibly();
            }
        }
    }

    private ChannelFuture connect(Connection connection) {
        return new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(READ_BYTES))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel made) {
                        if (tls != null) {
                            made.pipeline()
                                    .addLast(tls.newHandler(made.alloc(), server.getHostString(), server.getPort()));
                        }
                        made.pipeline().addLast(connection);
                    }
                })
                .connect(server);
    }

    private static void await(ChannelFuture connecting)
            throws ExecutionException, InterruptedException, TimeoutException {
        SslHandler handler = connecting.sync().channel().pipeline().get(SslHandler.class);
        if (handler != null) {
            handler.handshakeFuture().get(CONNECT_SECONDS, TimeUnit.SECONDS);
        }
    }

    /// Runs one turn of the event loop. Netty calls it to find out what to wait for.
    private int select(IntSupplier selectNow, boolean hasTasks) throws Exception {
        Load now = load;
        if (now == null) {
            return hasTasks ? selectNow.get() : SelectStrategy.SELECT;
        }
        boolean maySleep = now.turn();
        if (maySleep) {
            return hasTasks ? selectNow.get() : SelectStrategy.SELECT;
        }
        int ready = selectNow.get();
        if (ready == 0 && !hasTasks) {
            LockSupport.parkNanos(NAP_NANOS);
        }
        return ready;
    }

    /// Ends the event loop.
    @Override
    public void close() {
        clock.cancel(false);
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
