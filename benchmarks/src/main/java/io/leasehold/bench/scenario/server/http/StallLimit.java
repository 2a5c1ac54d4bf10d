package io.leasehold.bench.scenario.server.http;

import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Closes a connection that makes no progress for [#LIMIT_SECONDS]: no request has arrived whole, and no byte of an
/// answer has left.
///
/// ```text
///   silent client               no request                        ---+
///   head sent byte by byte      the request is never whole        ---+---> closed after 60 to 70 seconds
///   client that reads nothing   the outbound buffer stays as it is ---+
/// ```
///
/// The handler looks at the counts every ten seconds, so a request costs nothing. A client that reads slowly is cut off
/// only if the system takes no byte for it in that time. The system takes more only when a good part of its own buffers
/// is empty again. On loopback, these buffers have some MiB. There a client that reads 20 kB a second stays connected,
/// and one that reads 2 kB a second is cut off (2026-11).
///
/// **Threads.** Confined to the connection's event loop.
public final class StallLimit extends ChannelInboundHandlerAdapter {

    /// Maximum time without progress in seconds; up to [#LOOK_SECONDS] more pass before the connection is closed.
    public static final int LIMIT_SECONDS = 60;

    private static final int LOOK_SECONDS = 10;

    private final PacedDecoder decoder; // (C)
    private @Nullable Future<?> looks; // (O)
    private Progress last = new Progress(0, 0, 0); // (O)
    private int stalledSeconds; // (O)

    /// @param requests that were decoded
    /// @param pendingBytes of answers in the outbound buffer
    /// @param sentBytes of the first object there
    private record Progress(long requests, long pendingBytes, long sentBytes) {}

    /// Creates the handler of one connection.
    ///
    /// @param decoder decoder of the connection's requests
    public StallLimit(PacedDecoder decoder) {
        this.decoder = decoder;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        looks = context.executor()
                .scheduleWithFixedDelay(() -> look(context), LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
        context.fireChannelActive();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        Future<?> scheduled = looks;
        if (scheduled != null) {
            scheduled.cancel(false);
        }
        context.fireChannelInactive();
    }

    private void look(ChannelHandlerContext context) {
        ChannelOutboundBuffer buffer = context.channel().unsafe().outboundBuffer();
        if (buffer == null) {
            return; // the channel is closing
        }
        Progress now = new Progress(decoder.decodedCount(), buffer.totalPendingWriteBytes(), buffer.currentProgress());
        stalledSeconds = now.equals(last) ? stalledSeconds + LOOK_SECONDS : 0;
        last = now;
        if (stalledSeconds >= LIMIT_SECONDS) {
            context.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }
    }
}
