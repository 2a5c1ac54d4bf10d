package io.leasehold.bench.scenario.server;

import io.leasehold.bench.scenario.server.http.Connection;
import io.leasehold.bench.scenario.server.http.HttpDates;
import io.leasehold.bench.scenario.server.http.PacedDecoder;
import io.leasehold.bench.scenario.server.http.RequestRules;
import io.leasehold.bench.scenario.server.http.RequestTarget;
import io.leasehold.bench.scenario.server.http.Validators;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Answers GET and HEAD with files: a whole file, one range of it, or no content if the client already has it.
///
/// **Bodies of requests** are read and dropped, up to [#MAX_BODY_BYTES]. A malformed or untrusted request is rejected
/// and the connection ends, because the start of the next request is unknown.
///
/// **Threads.** Confined to the connection's event loop; the counts, the folder and the sender are shared.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9110">RFC 9110</a>
final class FileAnswering extends SimpleChannelInboundHandler<HttpObject> {

    private static final long MAX_BODY_BYTES = 64 << 10;
    private static final String METHODS = "GET, HEAD, OPTIONS";

    /// Maximum number of attempts to open a file that other event loops close in the meantime.
    private static final int MAX_ATTEMPTS = 100;

    private final Answering.Counts counts; // (C)
    private final FileFolder folder; // (C)
    private final FileSender sender; // (C)
    private final Connection connection; // (C)
    private @Nullable HttpRequest current; // (O) the body is incomplete
    private long bodyBytes; // (O) received bytes of the current request

    FileAnswering(Answering.Counts counts, FileFolder folder, FileSender sender, PacedDecoder decoder) {
        this.counts = counts;
        this.folder = folder;
        this.sender = sender;
        this.connection = new Connection(decoder);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject message) {
        if (connection.isLast()) {
            return;
        }
        if (message instanceof HttpRequest request) {
            begin(context, request);
        }
        HttpRequest request = current;
        if (request != null && message instanceof HttpContent content) {
            read(context, request, content);
        }
    }

    private void begin(ChannelHandlerContext context, HttpRequest request) {
        counts.answers().increment();
        Optional<HttpResponseStatus> refusal =
                RequestRules.refusal(request).or(() -> RequestRules.ofExpectation(request));
        if (refusal.isPresent()) {
            refuseAndEnd(context, request, refusal.get());
        } else if (HttpUtil.getContentLength(request, 0L) > MAX_BODY_BYTES) {
            refuseAndEnd(context, request, HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE);
        } else {
            current = request;
            bodyBytes = 0;
            if (HttpUtil.is100ContinueExpected(request)) {
                context.writeAndFlush(new DefaultFullHttpResponse(
                                HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER))
                        .addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
            }
        }
    }

    /// Drops a part of the current request's body. Answers the request after the last part.
    private void read(ChannelHandlerContext context, HttpRequest request, HttpContent content) {
        bodyBytes += content.content().readableBytes();
        if (content.decoderResult().isFailure()) {
            refuseAndEnd(context, request, HttpResponseStatus.BAD_REQUEST);
        } else if (bodyBytes > MAX_BODY_BYTES) {
            refuseAndEnd(context, request, HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE);
        } else if (content instanceof LastHttpContent) {
            current = null;
            answer(context, request);
        }
    }

    private void answer(ChannelHandlerContext context, HttpRequest request) {
        Optional<HttpResponseStatus> refusal = RequestRules.refusal(request.method());
        if (refusal.isPresent()) {
            refuse(context, request, refusal.get());
            return;
        }
        if (request.method().equals(HttpMethod.OPTIONS) && request.uri().equals("*")) {
            end(context, request, allowing(empty(HttpResponseStatus.OK)));
            return;
        }
        Optional<RequestTarget> target = RequestTarget.parse(request.uri());
        if (target.isEmpty()) {
            refuse(context, request, HttpResponseStatus.BAD_REQUEST);
            return;
        }
        try {
            FileEntry entry = folder.find(target.get());
            if (request.method().equals(HttpMethod.OPTIONS)) {
                end(context, request, allowing(empty(HttpResponseStatus.OK)));
            } else {
                answer(context, request, entry);
            }
        } catch (NoSuchFileException e) {
            refuse(context, request, HttpResponseStatus.NOT_FOUND);
        } catch (AccessDeniedException e) {
            refuse(context, request, HttpResponseStatus.FORBIDDEN);
        } catch (IOException e) {
            counts.failures().increment();
            refuse(context, request, HttpResponseStatus.INTERNAL_SERVER_ERROR);
        }
    }

    /// Answers with the version of the open file, so that headers and content are of the same version.
    private void answer(ChannelHandlerContext context, HttpRequest request, FileEntry seen) throws IOException {
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            try (FileSender.OpenFile file = sender.open(seen)) {
                answer(context, request, file);
                return;
            } catch (FileSender.ClosedMeanwhileException e) {
                seen = FileEntry.of(seen.path());
            }
        }
        throw new IOException("file is closed faster than it is read: " + seen + ", attempts=" + MAX_ATTEMPTS);
    }

    private void answer(ChannelHandlerContext context, HttpRequest request, FileSender.OpenFile file)
            throws IOException {
        FileEntry entry = file.entry();
        Validators validators = file.validators();
        switch (validators.evaluate(request.headers())) {
            case NOT_MODIFIED ->
                end(context, request, describe(response(HttpResponseStatus.NOT_MODIFIED), entry, validators));
            case FAILED -> refuse(context, request, HttpResponseStatus.PRECONDITION_FAILED);
            case PERFORM -> perform(context, request, file, validators);
        }
    }

    private void perform(
            ChannelHandlerContext context, HttpRequest request, FileSender.OpenFile file, Validators validators)
            throws IOException {
        FileEntry entry = file.entry();
        Optional<ByteRange> range = range(request, entry, validators);
        if (range.isPresent() && range.get().byteSize() == 0) {
            HttpResponse none = empty(HttpResponseStatus.REQUESTED_RANGE_NOT_SATISFIABLE);
            none.headers().set(HttpHeaderNames.CONTENT_RANGE, "bytes */" + entry.byteSize());
            end(context, request, describe(none, entry, validators));
            return;
        }
        ByteRange part = range.orElse(new ByteRange(0, entry.byteSize()));
        HttpResponse head = response(range.isPresent() ? HttpResponseStatus.PARTIAL_CONTENT : HttpResponseStatus.OK);
        head.headers()
                .set(HttpHeaderNames.CONTENT_LENGTH, part.byteSize())
                .set(HttpHeaderNames.CONTENT_TYPE, entry.type());
        range.ifPresent(each -> head.headers().set(HttpHeaderNames.CONTENT_RANGE, each.header(entry.byteSize())));
        describe(head, entry, validators);
        if (request.method().equals(HttpMethod.HEAD)) {
            end(context, request, head);
        } else {
            // before the head is sent, because no other answer is possible after it
            Object content = file.content(context, part);
            write(context, request, head, content);
        }
    }

    private static Optional<ByteRange> range(HttpRequest request, FileEntry entry, Validators validators) {
        String range = request.headers().get(HttpHeaderNames.RANGE);
        boolean isAsked = range != null
                && request.method().equals(HttpMethod.GET)
                && request.headers().getAll(HttpHeaderNames.RANGE).size() == 1
                && validators.allowsRange(
                        request.headers(), Clock.systemUTC().instant().getEpochSecond());
        return isAsked ? ByteRange.parse(range, entry.byteSize()) : Optional.empty();
    }

    /// Sets the headers of every answer with a file.
    private static HttpResponse describe(HttpResponse response, FileEntry entry, Validators validators) {
        response.headers()
                .set(HttpHeaderNames.ETAG, validators.tag())
                .set(HttpHeaderNames.LAST_MODIFIED, entry.modified())
                .set(HttpHeaderNames.ACCEPT_RANGES, HttpHeaderValues.BYTES);
        return response;
    }

    private static HttpResponse response(HttpResponseStatus status) {
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, status);
        response.headers().set(HttpHeaderNames.DATE, HttpDates.now());
        return response;
    }

    private static HttpResponse empty(HttpResponseStatus status) {
        HttpResponse response = response(status);
        response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, 0);
        return response;
    }

    private static HttpResponse allowing(HttpResponse response) {
        response.headers().set(HttpHeaderNames.ALLOW, METHODS);
        return response;
    }

    private void refuse(ChannelHandlerContext context, HttpRequest request, HttpResponseStatus status) {
        counts.refused().increment();
        HttpResponse response = empty(status);
        boolean isOfMethod = status.equals(HttpResponseStatus.METHOD_NOT_ALLOWED)
                || status.equals(HttpResponseStatus.NOT_IMPLEMENTED);
        end(context, request, isOfMethod ? allowing(response) : response);
    }

    private void refuseAndEnd(ChannelHandlerContext context, HttpRequest request, HttpResponseStatus status) {
        current = null;
        connection.decideLast();
        refuse(context, request, status);
    }

    private void end(ChannelHandlerContext context, HttpRequest request, HttpResponse response) {
        write(context, request, response, null);
    }

    /// Writes an answer. A failure closes the channel, because the client would take all bytes that follow for the rest
    /// of the answer.
    private void write(
            ChannelHandlerContext context, HttpRequest request, HttpResponse head, @Nullable Object content) {
        if (connection.isLast() || !HttpUtil.isKeepAlive(request)) {
            connection.decideLast();
            head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (RequestRules.isOld(request)) {
            head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        boolean ends = connection.isLast();
        context.write(head).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        if (content != null) {
            context.write(content).addListener(this::countFailure).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        }
        context.write(LastHttpContent.EMPTY_LAST_CONTENT).addListener(written -> connection.answered(context, ends));
    }

    private void countFailure(Future<? super Void> written) {
        if (!written.isSuccess()) {
            counts.failures().increment();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.flush();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            HttpRequest unfinished = current;
            if (unfinished != null) {
                refuseAndEnd(context, unfinished, HttpResponseStatus.BAD_REQUEST);
            }
            context.flush();
            connection.inputEnded(context);
        }
        ReferenceCountUtil.release(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!(cause instanceof ClosedChannelException)) {
            counts.failures().increment();
        }
        context.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
    }
}
