package io.leasehold.bench.scenario.traffic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/// Checks and drops the bytes of one connection: all of the first 64 MiB, then only the first and last eight bytes of
/// each read.
///
/// **Threads.** Confined to the connection's event loop.
final class Sink extends ChannelInboundHandlerAdapter {

    private static final long ALL_BYTES = 64 << 20;

    private final Tally tally; // (C) written by this handler
    private final byte[] received = new byte[Noise.PERIOD]; // (O)
    private long position; // (O)

    Sink(Tally tally) {
        this.tally = tally;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf read = (ByteBuf) message;
        int length = read.readableBytes();
        tally.addRead(length);
        boolean isAll = position < ALL_BYTES || length < Long.BYTES;
        if (!(isAll ? isAllRight(read) : areEndsRight(read, length))) {
            tally.addWrong();
        }
        position += length;
        read.release();
    }

    private boolean isAllRight(ByteBuf read) {
        long at = position;
        while (read.isReadable()) {
            int length = Math.min(read.readableBytes(), received.length);
            read.readBytes(received, 0, length);
            if (!Noise.matches(received, length, at)) {
                return false;
            }
            at += length;
        }
        return true;
    }

    private boolean areEndsRight(ByteBuf read, int length) {
        int last = length - Long.BYTES;
        return read.getLongLE(read.readerIndex()) == Noise.at(position)
                && read.getLongLE(read.readerIndex() + last) == Noise.at(position + last);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        Echo.fail(context, cause, tally);
    }
}
