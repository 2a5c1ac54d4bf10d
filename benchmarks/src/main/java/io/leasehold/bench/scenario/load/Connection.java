package io.leasehold.bench.scenario.load;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/// One connection of a load.
///
/// **Threads.** Confined to the event loop.
final class Connection extends ChannelInboundHandlerAdapter {

    private static final int SCRATCH_BYTES = 64 << 10;

    private final Load load; // (C)
    private final Deck deck; // (C)
    private final int depth; // (C)
    private final AnswerReader answers; // (C)
    private final byte[] scratch = new byte[SCRATCH_BYTES]; // (O)

    private @Nullable ChannelHandlerContext context; // (O)
    private @Nullable ByteBuf unsent; // (O)
    private boolean isLost; // (O)

    Connection(Load load, Deck deck, int depth) {
        this.load = load;
        this.deck = deck;
        this.depth = depth;
        answers = new AnswerReader(deck, depth, (intended, isRight) -> load.answered(this, intended, isRight));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    /// {@return true if one more request may be sent}
    boolean isFree() {
        return !isLost && answers.underWay() < depth;
    }

    /// Sends a request with the next [#flush].
    ///
    /// @param intendedNanos when the request should have been sent
    void send(int id, long intendedNanos) {
        if (unsent == null) {
            unsent = context().alloc().directBuffer(SCRATCH_BYTES);
        }
        unsent.writeBytes(deck.request(id));
        answers.expect(id, intendedNanos);
    }

    void flush() {
        if (unsent != null) {
            ByteBuf requests = unsent;
            unsent = null;
            context().writeAndFlush(requests).addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext from, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            load.tick();
            load.received(bytes.readableBytes());
            while (bytes.isReadable() && !isLost) {
                int count = Math.min(bytes.readableBytes(), SCRATCH_BYTES);
                bytes.readBytes(scratch, 0, count);
                answers.read(scratch, 0, count);
            }
        } finally {
            bytes.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext from) {
        flush();
    }

    @Override
    public void channelInactive(ChannelHandlerContext from) {
        lose("the server closed a connection");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext from, Throwable cause) {
        lose(cause.toString());
        from.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
    }

    private void lose(String why) {
        if (!isLost) {
            isLost = true;
            if (unsent != null) {
                unsent.release();
                unsent = null;
            }
            load.lost(answers.underWay(), why);
        }
    }

    private ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("connection is not in a pipeline");
        }
        return context;
    }
}
