package io.leasehold.netty.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.window.FileTrust;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Promises of every kind, for every kind of content. Whether the write succeeds or not, nothing holds the file
/// afterwards.
@SuppressWarnings("FutureReturnValueIgnored") // what becomes of promises is looked at otherwise
class FilePromiseTest {

    @TempDir
    static Path folder;

    private static EventLoopGroup group;

    @BeforeAll
    static void startLoop() {
        group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    }

    @AfterAll
    static void stopLoop() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /// Kinds of content. The length and the pipeline select the kind.
    enum Kind {
        COPY(1_000, false),
        REGION(200_000, false),
        CHUNKS(200_000, true);

        private final int byteSize;
        private final boolean isRead;

        Kind(int byteSize, boolean isRead) {
            this.byteSize = byteSize;
            this.isRead = isRead;
        }
    }

    /// The action of a server with a source on a new connection. The test waits for its result.
    private interface Action {
        Object run(FileSource source, ChannelHandlerContext context) throws Exception;
    }

    /// {@return the number of bytes that a client gets from a server that acts once and then closes the channel}
    private static int bytesOf(Kind kind, boolean throwing, Action action) throws Exception {
        CompletableFuture<Object> result = new CompletableFuture<>();
        try (FileFixture fixture = new FileFixture(false);
                FileSource source = fixture.open(FileFixture.content(folder), FileTrust.FOREIGN)) {
            Channel server = new ServerBootstrap()
                    .group(group)
                    .channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            if (kind.isRead) {
                                channel.pipeline().addLast(new ChannelOutboundHandlerAdapter());
                            }
                            channel.pipeline().addLast(new ChunkedWriteHandler());
                            if (throwing) {
                                channel.pipeline().addLast(new Throwing(kind));
                            }
                            channel.pipeline().addLast(new Acting(source, action, result));
                        }
                    })
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .sync()
                    .channel();
            int port = ((InetSocketAddress) server.localAddress()).getPort();
            int count;
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                count = socket.getInputStream().readAllBytes().length;
            }
            server.close().sync();
            result.get(300, TimeUnit.SECONDS);
            FileFixture.awaitIdle(source);
            return count;
        }
    }

    private static final class Acting extends ChannelInboundHandlerAdapter {

        private final FileSource source;
        private final Action action;
        private final CompletableFuture<Object> result;

        Acting(FileSource source, Action action, CompletableFuture<Object> result) {
            this.source = source;
            this.action = action;
            this.result = result;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            try {
                Object acted = action.run(source, context);
                if (acted instanceof ChannelFuture written) {
                    written.addListener(done -> context.close());
                }
                result.complete("done");
            } catch (Throwable e) { // of assertions too
                result.completeExceptionally(e);
            } finally {
                if (result.isCompletedExceptionally()) {
                    context.close();
                }
            }
        }
    }

    /// Throws for content of any kind. It releases a buffer first, as handlers of Netty must.
    private static final class Throwing extends ChannelOutboundHandlerAdapter {

        private final Kind kind;

        Throwing(Kind kind) {
            this.kind = kind;
        }

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            if (kind == Kind.COPY) {
                ReferenceCountUtil.release(message);
            }
            throw new IllegalStateException("thrown by a test");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aVoidPromiseIsAsGoodAsAnother(Kind kind) throws Exception {
        int count = bytesOf(kind, false, (source, context) -> {
            ChannelFuture written = source.write(context, 0, kind.byteSize, context.voidPromise());
            context.flush();
            return written;
        });
        assertThat(count).isEqualTo(kind.byteSize);
    }

    @ParameterizedTest
    @EnumSource
    void writeAndFlushSends(Kind kind) throws Exception {
        assertThat(bytesOf(kind, false, (source, context) -> source.writeAndFlush(context, 0, kind.byteSize)))
                .isEqualTo(kind.byteSize);
        assertThat(bytesOf(
                        kind,
                        false,
                        (source, context) -> source.writeAndFlush(context, 0, kind.byteSize, context.voidPromise())))
                .isEqualTo(kind.byteSize);
    }

    @ParameterizedTest
    @EnumSource
    void ofACancelledPromiseNothingIsSent(Kind kind) throws Exception {
        int count = bytesOf(kind, false, (source, context) -> {
            ChannelPromise promise = context.newPromise();
            promise.cancel(false);
            return source.writeAndFlush(context, 0, kind.byteSize, promise);
        });
        assertThat(count).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void aPromiseMayBeCancelledBeforeTheFlush(Kind kind) throws Exception {
        int count = bytesOf(kind, false, (source, context) -> {
            ChannelPromise promise = context.newPromise();
            source.write(context, 0, kind.byteSize, promise);
            promise.cancel(false);
            context.flush();
            return promise;
        });
        assertThat(count).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void aPromiseThatIsDoneIsRefused(Kind kind) throws Exception {
        bytesOf(kind, false, (source, context) -> {
            assertThatThrownBy(() -> source.write(
                            context, 0, kind.byteSize, context.newPromise().setSuccess()))
                    .isInstanceOf(IllegalArgumentException.class);
            Channel other = new EmbeddedChannel();
            assertThatThrownBy(() -> source.write(context, 0, kind.byteSize, other.newPromise()))
                    .isInstanceOf(IllegalArgumentException.class);
            return context.close();
        });
    }

    @ParameterizedTest
    @EnumSource
    void aHandlerThatThrowsFailsTheWrite(Kind kind) throws Exception {
        int count = bytesOf(kind, true, (source, context) -> {
            ChannelFuture written = source.writeAndFlush(context, 0, kind.byteSize);
            assertThat(written.cause()).hasMessageContaining("thrown by a test");
            return written;
        });
        assertThat(count).isZero();
    }

    @Test
    void nothingIsSentBeforeTheFlush() throws Exception {
        try (FileFixture fixture = new FileFixture(false);
                FileSource source = fixture.open(FileFixture.content(folder), FileTrust.FOREIGN)) {
            EmbeddedChannel channel =
                    new EmbeddedChannel(new ChunkedWriteHandler(), new ChannelInboundHandlerAdapter());
            ChannelFuture written = source.write(channel.pipeline().lastContext(), 0, 1_000);
            assertThat(written.isDone()).isFalse();
            assertThat(channel.outboundMessages()).isEmpty();
            channel.flush();
            assertThat(written.isSuccess()).isTrue();
            channel.finishAndReleaseAll();
        }
    }
}
