package io.leasehold.bench.server;

import io.leasehold.bench.Allocators;
import io.leasehold.bench.load.Content;
import io.leasehold.bench.load.Keys;
import io.leasehold.bench.server.http.PacedDecoder;
import io.leasehold.window.FileTrust;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// An HTTP/1.1 server on a port of 127.0.0.1, as a user of Netty would write it; [Answering] is what it does, or
/// [FileAnswering] where it has files.
///
/// **Ownership.** Who opens it closes it, and with it its allocator.
///
/// **Threads.** Thread-safe.
final class HttpServer implements AutoCloseable {

    /// Netty's default leak detection, which is what servers run with.
    private static final String LEAK_LEVEL = "simple";

    private static final int BACKLOG = 1024;
    private static final int STOP_SECONDS = 5;

    /// Answers of a connection that wait for its client. A client that reads nothing holds less than 1 MiB of files: 16
    /// copies of 16 KiB, one window of 256 KiB, what the outbound buffer takes up to its high watermark of 64 KiB, and
    /// requests of one read of at most 64 KiB.
    private static final int MAX_WAITING = 16;

    private final Answering.Counts counts = new Answering.Counts(); // (A)
    private final ByteBufAllocator allocator; // (C)
    private final @Nullable Files files; // (C)
    private final EventLoopGroup group; // (C)

    /// All connections. After the group is closed it closes each connection that joins it. An event loop that ends just
    /// as it accepts a connection would not.
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true); // (A)

    private final Channel listener; // (C)

    /// What a server with files has.
    private record Files(FileFolder folder, FileSender sender) {

        static @Nullable Files open(ServerOptions options, ByteBufAllocator allocator) throws IOException {
            if (options.files().isEmpty()) {
                return null;
            }
            FileOptions ours = options.files().get();
            boolean isOpen = false;
            try {
                FileFolder folder = new FileFolder(ours.root(), ours.trust() == FileTrust.IMMUTABLE);
                Files files = new Files(folder, new FileSender(ours, allocator));
                isOpen = true;
                return files;
            } finally {
                if (!isOpen) {
                    Allocators.close(allocator);
                }
            }
        }
    }

    private HttpServer(ServerOptions options, @Nullable SslContext tls) throws IOException {
        allocator = Allocators.open(options.allocator(), LEAK_LEVEL);
        files = Files.open(options, allocator);
        group = options.transport().group("server", options.threads());
        ChannelFuture bound = new ServerBootstrap()
                .group(group)
                .channel(options.transport().serverChannel())
                .option(ChannelOption.ALLOCATOR, allocator)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, files != null)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        build(channel, options, tls);
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), options.port()))
                .awaitUninterruptibly();
        listener = bound.channel();
        if (!bound.isSuccess()) {
            stop();
            throw cannotListen(options.port(), bound.cause());
        }
    }

    /// Opens a server that listens when this returns.
    ///
    /// @throws IOException if the port is taken, naming it, or the file of the key cannot be read
    /// @throws GeneralSecurityException if it holds no key
    static HttpServer open(ServerOptions options) throws IOException, GeneralSecurityException {
        SslContext tls =
                options.keys().isPresent() ? Keys.load(options.keys().get()).server() : null;
        return new HttpServer(options, tls);
    }

    private void build(Channel channel, ServerOptions options, @Nullable SslContext tls) {
        connections.add(channel);
        ChannelPipeline pipeline = channel.pipeline();
        if (tls != null) {
            pipeline.addLast(tls.newHandler(channel.alloc()));
        }
        if (files != null) {
            PacedDecoder decoder = new PacedDecoder(MAX_WAITING);
            pipeline.addLast(
                    decoder,
                    new HttpResponseEncoder(),
                    new ChunkedWriteHandler(),
                    new FileAnswering(counts, files.folder, files.sender, decoder));
            return;
        }
        pipeline.addLast(
                new PacedDecoder(Integer.MAX_VALUE), // an answer is written at once, and so the channel counts it
                new HttpResponseEncoder(),
                new HttpObjectAggregator(Content.MAX_BYTES),
                new Answering(counts, options.faultEvery()));
    }

    /// {@return the port that it listens on}
    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /// {@return what it has done}
    Answering.Counts counts() {
        return counts;
    }

    /// {@return the bytes that the allocator took from the system, by its own count}
    long heldBytes() {
        return Allocators.heldBytes(allocator);
    }

    /// Ends all connections and threads, and closes the files and the allocator.
    ///
    /// @throws IllegalStateException if they are ours and a window or a buffer did not come back
    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        stop();
    }

    private void stop() {
        connections.close().awaitUninterruptibly();
        group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS).syncUninterruptibly();
        if (files != null) {
            files.sender.close();
        }
        Allocators.close(allocator);
    }

    private static IOException cannotListen(int port, Throwable cause) {
        String reason = String.valueOf(cause.getMessage());
        if (reason.contains("Address already in use")) {
            return new IOException("port " + port + " of 127.0.0.1 is in use: choose another, or 0 for any", cause);
        }
        return new IOException("cannot listen on port " + port + " of 127.0.0.1: " + reason, cause);
    }
}
