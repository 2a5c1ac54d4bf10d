package io.leasehold.netty.file;

import io.leasehold.netty.Transport;
import io.leasehold.page.Eventually;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpChunkedInput;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.stream.ChunkedWriteHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// An HTTP/1.1 server on a port of 127.0.0.1. It answers `/from/size` with that range of its source, as content that
/// the source chooses, and `/from/size/chunks` with chunks.
///
/// **Threads.** Thread-safe.
final class RangeServer implements AutoCloseable {

    private final Queue<ChannelFuture> writes = new ConcurrentLinkedQueue<>(); // (A)
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>(); // (A)
    private final EventLoopGroup group; // (C)
    private final Channel listener; // (C)
    private volatile FileSource source; // (A)

    /// @param handlers handlers between TLS, if used, and HTTP
    RangeServer(
            Transport transport, FileSource source, @Nullable SslContext tls, Supplier<List<ChannelHandler>> handlers)
            throws InterruptedException {
        this.source = source;
        group = transport.group("range-server", 1);
        listener = new ServerBootstrap()
                .group(group)
                .channel(transport.serverChannel())
                .childOption(ChannelOption.SO_SNDBUF, 64 << 10)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (tls != null) {
                            channel.pipeline().addLast(tls.newHandler(channel.alloc()));
                        }
                        handlers.get().forEach(channel.pipeline()::addLast);
                        channel.pipeline().addLast(new HttpServerCodec(), new ChunkedWriteHandler(), new Ranges());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /// Replaces the file of the server.
    void serve(FileSource other) {
        source = other;
    }

    /// {@return the futures of all writes of ranges, in their order}
    Queue<ChannelFuture> writes() {
        return writes;
    }

    /// {@return the future of the first write that was not returned yet, once it is done}
    ChannelFuture awaitWrite() {
        Eventually.holds("a write ended", () -> {
            ChannelFuture first = writes.peek();
            return first != null && first.isDone();
        });
        return writes.remove();
    }

    /// {@return the exceptions that the handlers caught}
    Queue<Throwable> failures() {
        return failures;
    }

    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private final class Ranges extends SimpleChannelInboundHandler<HttpRequest> {

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpRequest request) throws IOException {
            String[] parts = request.uri().split("/", -1);
            long from = Long.parseLong(parts[1]);
            long byteSize = Long.parseLong(parts[2]);
            DefaultHttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
            head.headers().set(HttpHeaderNames.CONTENT_LENGTH, byteSize);
            context.write(head).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
            if (parts.length > 3) {
                writes.add(context.writeAndFlush(new HttpChunkedInput(source.chunks(context, from, byteSize)))
                        .addListener(ChannelFutureListener.CLOSE_ON_FAILURE));
            } else {
                writes.add(source.write(context, from, byteSize));
                context.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT)
                        .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failures.add(cause);
            context.close().addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        }
    }
}
