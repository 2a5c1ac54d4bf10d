package io.leasehold.bench.scenario.server.http;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.util.concurrent.TimeUnit;

/// Tracks whether a connection continues after an answer, and closes it.
///
/// **Ends in two steps.** A socket that is closed while bytes of its client are unread resets the connection, and the
/// client may lose the answer before it reads it. So the output is ended first, what still arrives is dropped, and the
/// channel is closed when the client ends its side, or after [#LINGER_MILLIS].
///
/// **Threads.** Confined to the connection's event loop.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9112#name-tear-down">RFC 9112, 9.6</a>
public final class Connection {

    private static final int LINGER_MILLIS = 2_000;

    private final PacedDecoder decoder; // (C)
    private boolean isLast; // (O) no further request is answered
    private boolean isOutputEnded; // (O)
    private boolean isInputEnded; // (O)

    /// Creates the tracker of one connection.
    ///
    /// @param decoder decoder of the connection's requests
    public Connection(PacedDecoder decoder) {
        this.decoder = decoder;
    }

    /// {@return true if no more requests are answered}
    public boolean isLast() {
        return isLast;
    }

    /// Marks the present request as the last one that is answered.
    public void decideLast() {
        isLast = true;
    }

    /// Notes that an answer was sent.
    ///
    /// @param context context of the handler that answers
    /// @param ends true if the connection ends with this answer
    public void answered(ChannelHandlerContext context, boolean ends) {
        decoder.answered();
        if (ends) {
            endOutput(context);
        } else {
            closeIfDone(context);
        }
    }

    /// Notes that the client sends nothing more.
    ///
    /// @param context context of the handler that answers
    public void inputEnded(ChannelHandlerContext context) {
        isInputEnded = true;
        closeIfDone(context);
    }

    private void closeIfDone(ChannelHandlerContext context) {
        if (isInputEnded && (isOutputEnded || !decoder.isAnyWaiting())) {
            close(context);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the channel is closed in any case
    private void endOutput(ChannelHandlerContext context) {
        Channel channel = context.channel();
        if (isInputEnded || !(channel instanceof DuplexChannel duplex)) {
            close(context);
            return;
        }
        isOutputEnded = true;
        decoder.discardRest();
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls != null) {
            tls.closeOutbound();
        } else {
            duplex.shutdownOutput();
        }
        context.executor().schedule(() -> close(context), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static void close(ChannelHandlerContext context) {
        context.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
    }
}
