package io.leasehold.bench.scenario.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.leasehold.bench.scenario.load.Content;
import io.leasehold.bench.scenario.server.http.RequestRules;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.CRC32C;

/// Answers `/id/bytes` with a body of `bytes` bytes ([Content]), after checking the body of the request.
///
/// **Threads.** Confined to the connection's event loop. All connections share the counts.
final class Answering extends SimpleChannelInboundHandler<FullHttpRequest> {

    private static final String HELP = "/7/1000 returns 1000 bytes of body 7; max=" + Content.MAX_BYTES + "\n";
    private static final int SCRATCH_BYTES = 16 << 10;
    private static final int HEXADECIMAL = 16;

    private final Counts counts; // (C)
    private final int faultEvery; // (C)
    private final byte[] scratch = new byte[SCRATCH_BYTES]; // (O)
    private final CRC32C sum = new CRC32C(); // (O)

    /// The counts of all connections of a server.
    ///
    /// @param answers that were sent, right or wrong
    /// @param refused requests that were rejected because their body did not match its checksum
    /// @param spoiled answers that were deliberately corrupted
    /// @param failures of connections
    record Counts(LongAdder answers, LongAdder refused, LongAdder spoiled, LongAdder failures) {

        Counts() {
            this(new LongAdder(), new LongAdder(), new LongAdder(), new LongAdder());
        }
    }

    Answering(Counts counts, int faultEvery) {
        this.counts = counts;
        this.faultEvery = faultEvery;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        counts.answers.increment();
        Optional<HttpResponseStatus> refusal = RequestRules.refusal(request);
        FullHttpResponse response =
                refusal.isPresent() ? text(context, refusal.get(), "request is malformed\n") : answer(context, request);
        boolean stays = refusal.isEmpty() && HttpUtil.isKeepAlive(request);
        HttpUtil.setKeepAlive(response, stays);
        context.write(response)
                .addListener(stays ? ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE : ChannelFutureListener.CLOSE);
    }

    private FullHttpResponse answer(ChannelHandlerContext context, FullHttpRequest request) {
        if (!isBodyAsSaid(request)) {
            counts.refused.increment();
            return text(context, HttpResponseStatus.BAD_REQUEST, "body does not match its checksum\n");
        }
        String path = request.uri();
        int slash = path.indexOf('/', 1);
        if (slash < 0) {
            boolean asksForHelp = path.length() == 1;
            return text(context, asksForHelp ? HttpResponseStatus.OK : HttpResponseStatus.NOT_FOUND, HELP);
        }
        int id;
        int byteSize;
        try {
            id = Integer.parseInt(path, 1, slash, 10);
            byteSize = Integer.parseInt(path, slash + 1, path.length(), 10);
        } catch (NumberFormatException e) {
            return text(context, HttpResponseStatus.NOT_FOUND, HELP);
        }
        if (byteSize < 0 || byteSize > Content.MAX_BYTES) {
            counts.refused.increment();
            return text(context, HttpResponseStatus.BAD_REQUEST, HELP);
        }
        ByteBuf body = context.alloc().buffer(byteSize);
        Content.write(body, id, byteSize);
        spoil(body);
        return whole(HttpResponseStatus.OK, body, HttpHeaderValues.APPLICATION_OCTET_STREAM);
    }

    private boolean isBodyAsSaid(FullHttpRequest request) {
        String said = request.headers().get(Content.SUM_HEADER);
        if (said == null) {
            return true;
        }
        ByteBuf body = request.content();
        sum.reset();
        while (body.isReadable()) {
            int count = Math.min(body.readableBytes(), SCRATCH_BYTES);
            body.readBytes(scratch, 0, count);
            sum.update(scratch, 0, count);
        }
        try {
            return Long.parseLong(said, HEXADECIMAL) == sum.getValue();
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private void spoil(ByteBuf body) {
        if (faultEvery > 0 && body.isReadable() && counts.answers.sum() % faultEvery == 0) {
            int last = body.writerIndex() - 1;
            body.setByte(last, ~body.getByte(last));
            counts.spoiled.increment();
        }
    }

    private static FullHttpResponse text(ChannelHandlerContext context, HttpResponseStatus status, String text) {
        ByteBuf body = context.alloc().buffer(text.length());
        body.writeCharSequence(text, UTF_8);
        return whole(status, body, HttpHeaderValues.TEXT_PLAIN);
    }

    private static FullHttpResponse whole(HttpResponseStatus status, ByteBuf body, CharSequence type) {
        FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, body);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, type)
                .setInt(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        return response;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        counts.failures.increment();
        context.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
    }
}
