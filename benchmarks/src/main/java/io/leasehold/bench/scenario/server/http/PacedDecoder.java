package io.leasehold.bench.scenario.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Decodes requests no faster than their answers are sent.
///
/// ```text
///   socket ---> bytes of one read ---> decode ---> request ---> answer ---> outbound buffer ---> socket
///                                        ^                                        |
///                                        +--- stops while answers wait -----------+
/// ```
///
/// While the maximum number of answers wait ([#PacedDecoder]), or the channel is not writable, nothing is decoded and
/// the channel is not read. So a client that sends requests and reads no answers uses a bounded amount of memory: the
/// bytes of one read, the answers up to the limit, and the outbound buffer up to its high watermark. Everything else
/// stays in the sockets.
///
/// **Threads.** Confined to the connection's event loop.
public final class PacedDecoder extends HttpRequestDecoder {

    /// Maximum length of a request line. RFC 9112, 3 recommends at least 8,000 bytes.
    private static final int MAX_LINE_BYTES = 8 << 10;

    private static final Pattern VERSION = Pattern.compile("[A-Z]+/[0-9]\\.[0-9]");

    private final int maxWaiting; // (C)
    private long decoded; // (O) number of requests so far
    private int waiting; // (O) requests that were decoded and are not answered
    private boolean paused; // (O)
    private boolean resumes; // (O) a task that resumes is scheduled
    private boolean discards; // (O)
    private @Nullable ChannelHandlerContext context; // (O)
    private @Nullable Object deferredEnd; // (O) the end of the input, behind requests that are not decoded yet

    /// Creates a decoder for one channel.
    ///
    /// @param maxWaiting maximum number of requests that wait for [#answered]; `Integer.MAX_VALUE` if only the
    ///     channel's writability counts, and [#answered] is not called
    public PacedDecoder(int maxWaiting) {
        super(new HttpDecoderConfig().setMaxInitialLineLength(MAX_LINE_BYTES));
        this.maxWaiting = maxWaiting;
    }

    /// Notes that the answer to a request was sent, or will never be sent.
    public void answered() {
        waiting--;
        resumeLater();
    }

    /// {@return the number of requests that were decoded so far}
    public long decodedCount() {
        return decoded;
    }

    /// {@return true if decoded requests wait for their answers}
    public boolean isAnyWaiting() {
        return waiting > 0;
    }

    /// Reads and drops all further bytes of a connection that ends.
    public void discardRest() {
        discards = true;
        resumeLater();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws Exception {
        context = added;
        super.handlerAdded(added);
    }

    @Override
    protected void decode(ChannelHandlerContext decoding, ByteBuf in, List<Object> out) throws Exception {
        if (discards) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (isFull(decoding)) {
            paused = true;
            decoding.channel().config().setAutoRead(false);
            return;
        }
        int before = out.size();
        super.decode(decoding, in, out);
        for (Object message : out.subList(before, out.size())) {
            if (message instanceof HttpRequest) {
                waiting++;
                decoded++;
            }
        }
    }

    /// Rejects a version that is not written as RFC 9112, 2.3 writes it. The inherited method would accept lower case.
    @Override
    protected HttpMessage createMessage(String[] initialLine) throws Exception {
        if (!VERSION.matcher(initialLine[2]).matches()) {
            throw new IllegalArgumentException("version is malformed: version=" + initialLine[2]);
        }
        return super.createMessage(initialLine);
    }

    /// Rejects a message with both lengths, because two servers that choose different ones see different requests.
    @Override
    protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
        throw new IllegalArgumentException("request has Content-Length and Transfer-Encoding");
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext completed) throws Exception {
        if (paused) {
            completed.fireChannelReadComplete(); // the inherited method would read more, as nothing was decoded
        } else {
            super.channelReadComplete(completed);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext changed) throws Exception {
        resumeLater();
        super.channelWritabilityChanged(changed);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext triggered, Object event) throws Exception {
        if (paused && event instanceof ChannelInputShutdownEvent) {
            deferredEnd = event; // the inherited method would drop the requests that are not decoded yet
        } else {
            super.userEventTriggered(triggered, event);
        }
    }

    private boolean isFull(ChannelHandlerContext decoding) {
        return waiting >= maxWaiting || !decoding.channel().isWritable();
    }

    /// Resumes in a separate task, because this may run within [#decode], and other channels of the event loop need a
    /// turn.
    private void resumeLater() {
        if (paused && !resumes) {
            resumes = true;
            Objects.requireNonNull(context).executor().execute(this::resume);
        }
    }

    private void resume() {
        resumes = false;
        ChannelHandlerContext own = Objects.requireNonNull(context);
        if (own.isRemoved() || !own.channel().isActive() || (!discards && isFull(own))) {
            return;
        }
        paused = false;
        try {
            channelRead(own, Unpooled.EMPTY_BUFFER); // decodes what is held
            if (!paused) {
                endOrRead(own);
            }
            channelReadComplete(own);
        } catch (Exception e) {
            own.fireExceptionCaught(e);
        }
    }

    private void endOrRead(ChannelHandlerContext own) throws Exception {
        Object end = deferredEnd;
        deferredEnd = null;
        if (end != null) {
            userEventTriggered(own, end);
        }
        own.channel().config().setAutoRead(true);
    }
}
