package io.leasehold.bench.scenario.traffic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.unix.Errors;
import java.nio.channels.ClosedChannelException;

/// Sends the bytes of one connection back to it.
///
/// **Threads.** Confined to the connection's event loop.
final class Echo extends ChannelInboundHandlerAdapter {

    private final Tally tally; // (C) written by this handler

    Echo(Tally tally) {
        this.tally = tally;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // a failed write is reported to exceptionCaught
    public void channelRead(ChannelHandlerContext context, Object message) {
        tally.addRead(((ByteBuf) message).readableBytes());
        context.write(message, context.voidPromise());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        fail(context, cause, tally);
    }

    /// Closes a connection after a failure, which is counted unless the sender has closed the connection, as it does at
    /// the end of its term.
    static void fail(ChannelHandlerContext context, Throwable cause, Tally tally) {
        if (!isClosedBySender(cause)) {
            System.out.println("a connection failed: " + cause);
            tally.addWrong();
        }
        context.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
    }

    /// {@return true if the other side closed the connection, before or during the call}
    private static boolean isClosedBySender(Throwable cause) {
        return cause instanceof ClosedChannelException
                || (cause instanceof Errors.NativeIoException failure
                        && (failure.expectedErr() == Errors.ERRNO_ECONNRESET_NEGATIVE
                                || failure.expectedErr() == Errors.ERRNO_EPIPE_NEGATIVE));
    }
}
