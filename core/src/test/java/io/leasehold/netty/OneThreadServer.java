package io.leasehold.netty;

import io.leasehold.page.Watchdog;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A server whose connections share one event loop and send back the bytes that they read. Their handlers record
/// errors, and leave the channel to Netty.
///
/// **Threads.** Used by one thread, which connects.
final class OneThreadServer implements AutoCloseable {

    private static final int MAX_ERRORS = 100;
    private static final int ROUNDS = 100;

    private final BlockingQueue<Throwable> errors = new LinkedBlockingQueue<>(MAX_ERRORS); // (A) the first of them
    private final Queue<RecvByteBufAllocator> reads = new ConcurrentLinkedQueue<>(); // (A) of the next connections
    private final EventLoopGroup group; // (C)
    private final Channel listener; // (C)

    OneThreadServer(Transport transport, ByteBufAllocator allocator) throws InterruptedException {
        group = transport.group("one-thread-server", 1);
        listener = new ServerBootstrap()
                .group(group)
                .channel(transport.serverChannel())
                .option(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.config().setRecvByteBufAllocator(reads.remove());
                        channel.pipeline().addLast(new Echo());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    /// Connects a client. The server's end uses the allocator `how` for its reads.
    Socket connect(RecvByteBufAllocator how) throws IOException {
        reads.add(how);
        int port = ((InetSocketAddress) listener.localAddress()).getPort();
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Watchdog.LIMIT_SECONDS));
        return socket;
    }

    /// {@return the errors that the handlers of all connections caught}
    BlockingQueue<Throwable> errors() {
        return errors;
    }

    /// Waits for some rounds of the event loop, and fails if it is stuck.
    void runRounds() throws Exception {
        for (int i = 0; i < ROUNDS; i++) {
            group.submit(() -> {}).get(Watchdog.LIMIT_SECONDS, TimeUnit.SECONDS);
        }
    }

    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private final class Echo extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message).addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            errors.offer(cause);
        }
    }
}
