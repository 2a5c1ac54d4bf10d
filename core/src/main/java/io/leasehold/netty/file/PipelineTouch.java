package io.leasehold.netty.file;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandler;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ServerChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.stream.ChunkedWriteHandler;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The effects of a pipeline on the bytes that are written to it, from least to most. Handler classes decide.
///
/// **Threads.** Stateless, except for a cache. Any thread may ask.
enum PipelineTouch {
    /// The bytes go to a socket unchanged, so they need not enter the process: a region passes.
    NONE,
    /// Code of the JVM reads the bytes.
    BY_JVM,
    /// Native code may read the bytes; the class of the handler does not tell.
    UNKNOWN;

    /// Outbound handlers that pass a region on and read no byte.
    private static final Set<String> PASSING = Set.of(
            "io.netty.handler.codec.http.HttpResponseEncoder",
            "io.netty.handler.codec.http.HttpServerCodec",
            "io.netty.handler.codec.http.HttpServerKeepAliveHandler",
            "io.netty.handler.flush.FlushConsolidationHandler",
            "io.netty.handler.logging.LoggingHandler",
            "io.netty.handler.stream.ChunkedWriteHandler",
            "io.netty.handler.timeout.IdleStateHandler",
            "io.netty.handler.timeout.WriteTimeoutHandler",
            "io.netty.handler.traffic.ChannelTrafficShapingHandler");

    /// Packages of handlers that frame bytes.
    private static final Set<String> FRAMING =
            Set.of("io.netty.handler.codec.http2", "io.netty.handler.codec.http.websocketx");

    /// Packages of channels that take a `DefaultFileRegion`.
    private static final Set<String> SOCKETS =
            Set.of("io.netty.channel.socket.nio", "io.netty.channel.epoll", "io.netty.channel.kqueue");

    private static final ClassValue<PipelineTouch> OF_HANDLER = new ClassValue<>() {
        @Override
        protected PipelineTouch computeValue(Class<?> type) {
            if (!ChannelOutboundHandler.class.isAssignableFrom(type) || PASSING.contains(type.getName())) {
                return NONE;
            }
            return FRAMING.contains(type.getPackageName()) ? BY_JVM : UNKNOWN;
        }
    };

    private static final ClassValue<PipelineTouch> OF_CHANNEL = new ClassValue<>() {
        @Override
        protected PipelineTouch computeValue(Class<?> type) {
            return SOCKETS.contains(type.getPackageName()) ? NONE : BY_JVM;
        }
    };

    private static final ClassValue<PipelineTouch> OF_ENGINE = new ClassValue<>() {
        @Override
        protected PipelineTouch computeValue(Class<?> type) {
            boolean ofJdk = type.getClassLoader() == null || type.getName().startsWith("io.netty.handler.ssl.Jdk");
            return ofJdk ? BY_JVM : UNKNOWN;
        }
    };

    /// {@return the most that the handlers between `context` and the wire do to the bytes that `context` writes}
    static PipelineTouch of(ChannelHandlerContext context) {
        Channel channel = context.channel();
        PipelineTouch most = most(OF_CHANNEL.get(channel.getClass()), channel.pipeline(), context.name());
        Channel parent = channel.parent();
        // a stream within a connection: its bytes pass the handlers of the connection too
        return parent == null || parent instanceof ServerChannel ? most : most(most, parent.pipeline(), null);
    }

    private static PipelineTouch most(PipelineTouch before, ChannelPipeline pipeline, @Nullable String last) {
        PipelineTouch most = before;
        for (Map.Entry<String, ChannelHandler> entry : pipeline) {
            if (entry.getKey().equals(last)) {
                break;
            }
            PipelineTouch touch = of(entry.getValue());
            most = touch.compareTo(most) > 0 ? touch : most;
        }
        return most;
    }

    /// {@return true if content that `context` writes passes a [ChunkedWriteHandler] before it reaches a handler that
    /// rejects chunks}
    ///
    /// Handlers pass on objects that they do not know. [SslHandler] does not: it rejects everything but buffers.
    static boolean passesChunks(ChannelHandlerContext context) {
        boolean isChunked = false;
        for (Map.Entry<String, ChannelHandler> entry : context.pipeline()) { // from the wire to the context
            if (entry.getKey().equals(context.name())) {
                break;
            }
            ChannelHandler handler = entry.getValue();
            isChunked = handler instanceof ChunkedWriteHandler || (isChunked && !(handler instanceof SslHandler));
        }
        return isChunked;
    }

    private static PipelineTouch of(ChannelHandler handler) {
        return handler instanceof SslHandler tls
                ? OF_ENGINE.get(tls.engine().getClass())
                : OF_HANDLER.get(handler.getClass());
    }
}
