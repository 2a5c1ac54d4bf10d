package io.leasehold.bench.scenario.server;

import io.leasehold.bench.scenario.load.Content;
import io.leasehold.bench.scenario.load.Keys;
import io.leasehold.bench.scenario.server.http.PacedDecoder;
import io.leasehold.bench.scenario.server.http.StallLimit;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.Observing;
import io.leasehold.netty.TagHandler;
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

/// An HTTP/1.1 server on a port of 127.0.0.1, written as a user of Netty would write it. [Answering] handles requests
/// for bodies, [FileAnswering] requests for files.
///
/// **Ownership.** The opener closes it, which also closes its allocator.
///
/// **Threads.** Thread-safe.
final class HttpServer implements AutoCloseable {

    /// Netty's default leak detection, which servers use.
    private static final String LEAK_LEVEL = "simple";

    private static final int BACKLOG = 1024;
    private static final int STOP_SECONDS = 5;

    /// Maximum number of answers of a connection that wait for its client. A client that reads nothing uses less than 1
    /// MiB. That is 16 copies of 16 KiB, one window of 256 KiB, an outbound buffer up to its high watermark of 64 KiB,
    /// and the requests of one read of at most 64 KiB.
    private static final int MAX_WAITING = 16;

    private final Answering.Counts counts = new Answering.Counts(); // (A)
    private final ByteBufAllocator allocator; // (C)
    private final @Nullable Files files; // (C)
    private final EventLoopGroup group; // (C)

    /// All connections. A closed group closes each connection that joins it. A connection that an event loop accepts
    /// while the loop ends is not closed.
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true); // (A)

    private final Channel listener; // (C)

    /// The files of a server that has files.
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

    /// Opens a server. It listens when this returns.
    ///
    /// @throws IOException if the port is in use, with the port, or if the key file cannot be read
    /// @throws GeneralSecurityException if the file contains no key
    static HttpServer open(ServerOptions options) throws IOException, GeneralSecurityException {
        SslContext tls =
                options.keys().isPresent() ? Keys.load(options.keys().get()).server() : null;
        return new HttpServer(options, tls);
    }

    private void build(Channel channel, ServerOptions options, @Nullable SslContext tls) {
        connections.add(channel);
        ChannelPipeline pipeline = channel.pipeline();
        if (options.allocator().equals(Observing.OBSERVED)) {
            pipeline.addLast(new TagHandler(Observing.TAG));
        }
        if (tls != null) {
            pipeline.addLast(tls.newHandler(channel.alloc()));
        }
        if (files != null) {
            PacedDecoder decoder = new PacedDecoder(MAX_WAITING);
            pipeline.addLast(
                    decoder,
                    new HttpResponseEncoder(),
                    new ChunkedWriteHandler(),
                    new StallLimit(decoder),
                    new FileAnswering(counts, files.folder, files.sender, decoder));
            return;
        }
        // answers are written at once, so the channel limits them
        PacedDecoder decoder = new PacedDecoder(Integer.MAX_VALUE);
        pipeline.addLast(
                decoder,
                new HttpResponseEncoder(),
                new HttpObjectAggregator(Content.MAX_BYTES),
                new StallLimit(decoder),
                new Answering(counts, options.faultEvery()));
    }

    /// {@return the port that it listens on}
    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /// {@return the counts of all connections}
    Answering.Counts counts() {
        return counts;
    }

    /// {@return the bytes that the allocator took from the system, by its own count}
    long heldBytes() {
        return Allocators.heldBytes(allocator);
    }

    /// Closes all connections, the threads, the files and the allocator.
    ///
    /// @throws IllegalStateException if a window or a buffer of Leasehold was not released
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
            return new IOException(
                    "port is in use: address=127.0.0.1:" + port + "; use another port, or 0 for any", cause);
        }
        return new IOException("cannot listen: address=127.0.0.1:" + port + ": " + reason, cause);
    }
}
