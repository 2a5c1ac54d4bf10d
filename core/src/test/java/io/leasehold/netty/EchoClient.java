package io.leasehold.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslContext;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// The client's end of one connection. It sends requests without waiting for each answer, and compares every byte of
/// the answers.
///
/// ```text
///   pattern   |----------[.. content of one request ..]-------------|
///                        ^ random offset, random length
/// ```
///
/// **Threads.** Confined to its event loop, except `done`.
final class EchoClient extends SimpleChannelInboundHandler<HttpObject> {

    /// Longest content, in bytes.
    static final int MAX_CONTENT_BYTES = 1 << 20;

    private static final byte[] PATTERN = new byte[MAX_CONTENT_BYTES + (64 << 10)];

    /// Maximum number of requests without an answer, and the number at which more are sent.
    private static final int MAX_IN_FLIGHT = 16;

    private static final int FEW_IN_FLIGHT = 4;
    private static final int MAX_BYTES_IN_FLIGHT = 1 << 20;

    private final CompletableFuture<Long> done = new CompletableFuture<>(); // (A)
    private final Deque<Content> inFlight = new ArrayDeque<>();
    private final SplittableRandom random;
    private final int requests;
    private byte[] received = new byte[8 << 10];
    private int sent;
    private int position; // in the answer that comes in
    private long bytesInFlight;
    private long bytes;

    static {
        new SplittableRandom(20261123).nextBytes(PATTERN);
    }

    /// The content that was sent.
    private record Content(int offset, int length) {}

    EchoClient(int requests, long seed) {
        this.requests = requests;
        this.random = new SplittableRandom(seed);
    }

    /// Connects to a port of 127.0.0.1.
    void connect(
            Transport transport,
            EventLoopGroup group,
            ByteBufAllocator allocator,
            @Nullable SslContext context,
            int port)
            throws InterruptedException {
        InetAddress host = InetAddress.getLoopbackAddress();
        new Bootstrap()
                .group(group)
                .channel(transport.channel())
                .option(ChannelOption.ALLOCATOR, allocator)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (context != null) {
                            channel.pipeline()
                                    .addLast(context.newHandler(channel.alloc(), host.getHostAddress(), port));
                        }
                        channel.pipeline().addLast(new HttpClientCodec(), EchoClient.this);
                    }
                })
                .connect(host, port)
                .sync();
    }

    /// {@return the number of bytes of content that came back, once all did}
    CompletableFuture<Long> done() {
        return done;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        sendMore(context);
    }

    private void sendMore(ChannelHandlerContext context) {
        while (sent < requests && inFlight.size() < MAX_IN_FLIGHT && bytesInFlight < MAX_BYTES_IN_FLIGHT) {
            int length = length();
            Content content = new Content(random.nextInt(PATTERN.length - length + 1), length);
            inFlight.add(content);
            bytesInFlight += length;
            ByteBuf buf = buffer(context.alloc(), content);
            DefaultFullHttpRequest request =
                    new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/" + sent, buf);
            request.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, length);
            context.write(request).addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
            sent++;
        }
        context.flush();
    }

    /// Mostly short, sometimes long, and one in ten without content.
    private int length() {
        int dice = random.nextInt(1_000);
        int bound = dice < 700 ? 256 : dice < 970 ? 4 << 10 : dice < 999 ? 64 << 10 : MAX_CONTENT_BYTES;
        return dice % 10 == 0 ? 0 : random.nextInt(bound + 1);
    }

    /// {@return the content, in each kind of buffer by turns; a buffer that begins empty moves as it is written}
    private ByteBuf buffer(ByteBufAllocator allocator, Content content) {
        int length = content.length;
        int half = length / 2;
        return switch (sent % 4) {
            case 0 -> allocator.directBuffer(length).writeBytes(PATTERN, content.offset, length);
            case 1 -> allocator.heapBuffer(length).writeBytes(PATTERN, content.offset, length);
            case 2 ->
                allocator
                        .buffer(0)
                        .writeBytes(PATTERN, content.offset, half)
                        .writeBytes(PATTERN, content.offset + half, length - half);
            default ->
                allocator
                        .compositeBuffer()
                        .addComponents(
                                true,
                                allocator.directBuffer(half).writeBytes(PATTERN, content.offset, half),
                                allocator
                                        .heapBuffer(length - half)
                                        .writeBytes(PATTERN, content.offset + half, length - half));
        };
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
        Content expected = inFlight.element();
        if (part.decoderResult().isFailure()) {
            throw new AssertionError("not HTTP: " + part, part.decoderResult().cause());
        }
        if (part instanceof HttpResponse response) {
            checkHead(response, expected);
        }
        if (part instanceof HttpContent content) {
            checkContent(content.content(), expected);
            if (part instanceof LastHttpContent) {
                end(context, expected);
            }
        }
    }

    private void checkHead(HttpResponse response, Content expected) {
        if (!response.status().equals(HttpResponseStatus.OK)
                || HttpUtil.getContentLength(response) != expected.length) {
            throw new AssertionError("wrong answer to " + expected + ": " + response);
        }
        position = 0;
    }

    private void checkContent(ByteBuf content, Content expected) {
        int length = content.readableBytes();
        if (length > received.length) {
            received = new byte[Math.max(length, 2 * received.length)];
        }
        content.readBytes(received, 0, length); // at once: each call costs a stack trace under PARANOID
        int from = expected.offset + position;
        position += length;
        int wrong = position > expected.length
                ? expected.length
                : Arrays.mismatch(received, 0, length, PATTERN, from, from + length);
        if (wrong >= 0) {
            throw new AssertionError(
                    "wrong byte " + wrong + " of the part that ends at " + position + " of " + expected);
        }
    }

    private void end(ChannelHandlerContext context, Content expected) {
        if (position != expected.length) {
            throw new AssertionError("answer is too short: " + position + " of " + expected);
        }
        inFlight.remove();
        bytesInFlight -= expected.length;
        bytes += expected.length;
        if (sent == requests && inFlight.isEmpty()) {
            done.complete(bytes);
            context.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        } else if (inFlight.size() <= FEW_IN_FLIGHT) {
            sendMore(context);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        done.completeExceptionally(new AssertionError("closed early, without an answer: " + inFlight));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        done.completeExceptionally(cause);
        context.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
    }
}
