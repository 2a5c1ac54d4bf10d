package io.leasehold.bench.server;

import io.leasehold.bench.server.http.PacedDecoder;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;

/// Answers GET and HEAD with files: whole, by one range, or not at all if the client has them already.
///
/// **Threads.** Confined to the connection's event loop; the counts, the folder and the sender are everyone's.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests">RFC 9110, 13 and 14</a>
final class FileAnswering extends SimpleChannelInboundHandler<FullHttpRequest> {

    private final Answering.Counts counts; // (C)
    private final FileFolder folder; // (C)
    private final FileSender sender; // (C)
    private final PacedDecoder decoder; // (C)

    FileAnswering(Answering.Counts counts, FileFolder folder, FileSender sender, PacedDecoder decoder) {
        this.counts = counts;
        this.folder = folder;
        this.sender = sender;
        this.decoder = decoder;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        counts.connections().increment();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        counts.connections().decrement();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        counts.answers().increment();
        boolean isGet = request.method().equals(HttpMethod.GET);
        if (!isGet && !request.method().equals(HttpMethod.HEAD)) {
            refuse(context, request, HttpResponseStatus.METHOD_NOT_ALLOWED);
            return;
        }
        try {
            FileEntry entry = folder.find(request.uri());
            if (isKnown(request.headers(), entry)) {
                end(context, request, describe(empty(HttpResponseStatus.NOT_MODIFIED), entry));
                return;
            }
            Optional<ByteRange> range = range(request.headers(), entry);
            if (range.isPresent() && range.get().byteSize() == 0) {
                HttpResponse none = empty(HttpResponseStatus.REQUESTED_RANGE_NOT_SATISFIABLE);
                none.headers()
                        .set(HttpHeaderNames.CONTENT_RANGE, "bytes */" + entry.byteSize())
                        .setInt(HttpHeaderNames.CONTENT_LENGTH, 0);
                end(context, request, describe(none, entry));
                return;
            }
            ByteRange part = range.orElse(new ByteRange(0, entry.byteSize()));
            HttpResponse head = head(request, entry, part, range.isPresent());
            if (isGet) {
                send(context, request, head, entry, part);
            } else {
                end(context, request, head);
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

    /// Writes head and content. Once the head is written there is no other answer, so a failure closes the channel.
    private void send(
            ChannelHandlerContext context,
            FullHttpRequest request,
            HttpResponse head,
            FileEntry entry,
            ByteRange part) {
        context.write(head).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        try {
            sender.write(context, entry, part).addListener(written -> {
                if (!written.isSuccess()) {
                    counts.failures().increment();
                }
            });
            writeLast(context, request);
        } catch (IOException | IllegalArgumentException e) { // it is gone, or shorter, since it was looked at
            counts.failures().increment();
            context.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }
    }

    private static boolean isKnown(HttpHeaders headers, FileEntry entry) {
        String tags = headers.get(HttpHeaderNames.IF_NONE_MATCH);
        if (tags != null) {
            return entry.isTagged(tags);
        }
        String since = headers.get(HttpHeaderNames.IF_MODIFIED_SINCE);
        return since != null && !entry.isChangedSince(since);
    }

    private static Optional<ByteRange> range(HttpHeaders headers, FileEntry entry) {
        String range = headers.get(HttpHeaderNames.RANGE);
        String only = headers.get(HttpHeaderNames.IF_RANGE);
        boolean isOfAnother = only != null && !only.equals(entry.tag()) && !only.equals(entry.modified());
        return range == null || isOfAnother ? Optional.empty() : ByteRange.parse(range, entry.byteSize());
    }

    private static HttpResponse head(FullHttpRequest request, FileEntry entry, ByteRange part, boolean isPart) {
        HttpResponseStatus status = isPart ? HttpResponseStatus.PARTIAL_CONTENT : HttpResponseStatus.OK;
        HttpResponse head = describe(new DefaultHttpResponse(HttpVersion.HTTP_1_1, status), entry);
        head.headers()
                .set(HttpHeaderNames.CONTENT_LENGTH, part.byteSize())
                .set(HttpHeaderNames.CONTENT_TYPE, entry.type());
        if (isPart) {
            head.headers().set(HttpHeaderNames.CONTENT_RANGE, part.header(entry.byteSize()));
        }
        HttpUtil.setKeepAlive(head, HttpUtil.isKeepAlive(request));
        return head;
    }

    private static HttpResponse describe(HttpResponse response, FileEntry entry) {
        response.headers()
                .set(HttpHeaderNames.ETAG, entry.tag())
                .set(HttpHeaderNames.LAST_MODIFIED, entry.modified())
                .set(HttpHeaderNames.ACCEPT_RANGES, HttpHeaderValues.BYTES);
        return response;
    }

    private void refuse(ChannelHandlerContext context, FullHttpRequest request, HttpResponseStatus status) {
        counts.refused().increment();
        HttpResponse response = empty(status);
        response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, 0);
        if (status.equals(HttpResponseStatus.METHOD_NOT_ALLOWED)) {
            response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
        }
        end(context, request, response);
    }

    private static HttpResponse empty(HttpResponseStatus status) {
        return new DefaultHttpResponse(HttpVersion.HTTP_1_1, status);
    }

    private void end(ChannelHandlerContext context, FullHttpRequest request, HttpResponse response) {
        HttpUtil.setKeepAlive(response, HttpUtil.isKeepAlive(request));
        context.write(response).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        writeLast(context, request);
    }

    private void writeLast(ChannelHandlerContext context, FullHttpRequest request) {
        context.write(LastHttpContent.EMPTY_LAST_CONTENT)
                .addListener(afterwards(request))
                .addListener(written -> decoder.answered());
    }

    private static ChannelFutureListener afterwards(FullHttpRequest request) {
        return HttpUtil.isKeepAlive(request)
                ? ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE
                : ChannelFutureListener.CLOSE;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        counts.failures().increment();
        context.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
    }
}
