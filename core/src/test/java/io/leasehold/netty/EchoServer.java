package io.leasehold.netty;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// An HTTP/1.1 server on a port of 127.0.0.1 that answers each request with its own content.
///
/// **Threads.** Thread-safe.
final class EchoServer implements AutoCloseable {

    private static final int MAX_CONTENT_BYTES = 2 << 20;
    private static final int THREADS = 2;

    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>(); // (A)
    private final EventLoopGroup group; // (C)
    private final Channel listener; // (C)

    /// The way of echoing.
    enum Form {
        /// Content is collected in one composite buffer, and sent when it is complete.
        AGGREGATED,
        /// Content goes back part by part, as it came.
        STREAMED
    }

    EchoServer(Transport transport, Form form, ByteBufAllocator allocator, @Nullable SslContext tls)
            throws InterruptedException {
        group = transport.group("echo-server", THREADS);
        listener = new ServerBootstrap()
                .group(group)
                .channel(transport.serverChannel())
                .option(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        build(channel, form, tls);
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    private void build(Channel channel, Form form, @Nullable SslContext tls) {
        ChannelPipeline pipeline = channel.pipeline();
        if (tls != null) {
            pipeline.addLast(tls.newHandler(channel.alloc()));
        }
        pipeline.addLast(new HttpServerCodec());
        if (form == Form.AGGREGATED) {
            pipeline.addLast(new HttpObjectAggregator(MAX_CONTENT_BYTES), new Whole(failures));
        } else {
            pipeline.addLast(new Parts(failures));
        }
    }

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /// {@return the exceptions that the handlers of all connections caught}
    Queue<Throwable> failures() {
        return failures;
    }

    /// Ends all connections and threads.
    @Override
    public void close() {
        listener.close().syncUninterruptibly();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /// Answers when a request is complete.
    private static final class Whole extends EchoHandler<FullHttpRequest> {

        Whole(Queue<Throwable> failures) {
            super(failures);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            checkAllocator(context, request);
            HttpResponse response = new DefaultFullHttpResponse(
                    HttpVersion.HTTP_1_1,
                    HttpResponseStatus.OK,
                    request.content().retain());
            send(context, answer(request, response));
        }
    }

    /// Answers while a request still comes in.
    private static final class Parts extends EchoHandler<HttpObject> {

        Parts(Queue<Throwable> failures) {
            super(failures);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
            if (part instanceof HttpRequest request) {
                send(context, answer(request, new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK)));
            }
            if (part instanceof HttpContent content) {
                checkAllocator(context, content);
                send(context, content.retain());
            }
        }
    }

    /// The common part of both forms.
    private abstract static class EchoHandler<T> extends SimpleChannelInboundHandler<T> {

        private final Queue<Throwable> failures;

        EchoHandler(Queue<Throwable> failures) {
            this.failures = failures;
        }

        static HttpResponse answer(HttpRequest request, HttpResponse response) {
            response.headers()
                    .set(HttpHeaderNames.CONTENT_LENGTH, request.headers().get(HttpHeaderNames.CONTENT_LENGTH));
            return response;
        }

        /// Content must be in a buffer of the channel's allocator, or this server would test another allocator.
        static void checkAllocator(ChannelHandlerContext context, HttpContent content) {
            ByteBuf buf = content.content();
            if (buf.isReadable() && !buf.alloc().equals(context.alloc())) {
                throw new AssertionError("content is of another allocator: " + buf.alloc());
            }
        }

        static void send(ChannelHandlerContext context, Object message) {
            context.write(message).addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failures.add(cause);
            context.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }
    }
}
