package io.leasehold.netty.file;

import static io.leasehold.netty.file.FileFixture.CONTENT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.FaultyFiles;
import io.leasehold.window.FaultyCaches;
import io.leasehold.window.FileTrust;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelProgressiveFuture;
import io.netty.channel.ChannelProgressiveFutureListener;
import io.netty.channel.ChannelProgressivePromise;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpChunkedInput;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpContentCompressor;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.stream.ChunkedInput;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The kind of content that is chosen for each pipeline, and the pieces that it delivers.
class FileContentTest {

    private static final int LONG = 200_000;

    @TempDir
    Path folder;

    private final FileFixture fixture = new FileFixture(true);

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    @Test
    void smallContentIsOneCopyWhateverTheTrust() throws Exception {
        for (FileTrust trust : FileTrust.values()) {
            try (FileSource source = fixture.open(FileFixture.content(folder), trust)) {
                ByteBuf small = (ByteBuf) source.content(socket(), 7, FileSource.SMALL_BYTES);
                assertThat(ByteBufUtil.getBytes(small)).isEqualTo(part(7, FileSource.SMALL_BYTES));
                assertThat(small.isReadOnly()).isFalse();
                small.release();
                assertThat(((ByteBuf) source.content(socket(), 7, 0)).isReadable())
                        .isFalse();
                FileFixture.awaitIdle(source);
            }
        }
    }

    @Test
    void bareSocketAndHttpAreForSendfile() throws Exception {
        for (FileTrust trust : FileTrust.values()) {
            try (FileSource source = fixture.open(FileFixture.content(folder), trust)) {
                for (ChannelHandler[] handlers : new ChannelHandler[][] {
                    {}, {new HttpServerCodec(), new ChunkedWriteHandler(), new ChannelInboundHandlerAdapter()}
                }) {
                    Object content = source.content(socket(handlers), 7, LONG);
                    assertThat(content).isInstanceOf(SourceRegion.class);
                    ReferenceCountUtil.release(content);
                }
                FileFixture.awaitIdle(source);
            }
        }
    }

    @Test
    void tlsOfTheJdkReadsWindowsAndUnknownHandlersReadCopies() throws Exception {
        TestMemory.require(FileFixture.canMap(), "windows need mappings");
        SslContext tls =
                SslContextBuilder.forClient().sslProvider(SslProvider.JDK).build();
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE);
                FileSource foreign = fixture.open(FileFixture.content(folder), FileTrust.FOREIGN)) {
            ChannelHandler known = tls.newHandler(fixture.allocator);
            assertThat(isLent(source.content(socket(known), 7, LONG))).isTrue();
            assertThat(isLent(foreign.content(socket(tls.newHandler(fixture.allocator)), 7, LONG)))
                    .isFalse();
            assertThat(isLent(source.content(socket(new HttpServerCodec(), new HttpContentCompressor()), 7, LONG)))
                    .isFalse();
            assertThat(isLent(source.content(
                            new EmbeddedChannel(new Last()).pipeline().lastContext(), 7, LONG)))
                    .isTrue();
            assertThat(isLent(source.chunks(socket(), 7, LONG))).isTrue();
            assertThat(isLent(source.chunks(socket(new HttpContentCompressor()), 7, LONG)))
                    .isFalse();
            assertThat(isLent(foreign.chunks(socket(), 7, LONG))).isFalse();
        }
    }

    /// The handlers behind the writing one do not see the content.
    @Test
    void onlyWhatStandsBeforeTheWriterCounts() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            NioSocketChannel channel = new NioSocketChannel();
            Last writer = new Last();
            channel.pipeline().addLast(writer, new HttpContentCompressor());
            Object content = source.content(channel.pipeline().context(writer), 7, LONG);
            assertThat(content).isInstanceOf(SourceRegion.class);
            ReferenceCountUtil.release(content);
        }
    }

    @Test
    void replacedFileIsNotSentInPlaceOfTheOneThatWasOpened() throws Exception {
        Path path = FileFixture.content(folder);
        try (FileSource source = fixture.open(path, FileTrust.IMMUTABLE)) {
            Files.move(FileFixture.zeroes(folder, LONG), path, StandardCopyOption.REPLACE_EXISTING);
            assertThat(sent(source.content(socket(), 7, LONG))).isEqualTo(part(7, LONG));
            Files.delete(path);
            assertThat(sent(source.content(socket(), 7, LONG))).isEqualTo(part(7, LONG));
        }
    }

    /// A window shows zeroes where its file was truncated within a page. The write must not succeed with them.
    @Test
    void contentOfAFileThatWasTruncatedWithinAPageFails() throws Exception {
        for (FileTrust trust : FileTrust.values()) {
            for (int length : new int[] {7 + LONG - 1, 7 + LONG - 10_000, 100}) {
                Path path = FileFixture.content(folder);
                try (FileSource source = fixture.open(path, trust)) {
                    ChunkedInput<ByteBuf> content = source.chunks(socket(new ChannelInboundHandlerAdapter()), 7, LONG);
                    ByteBuf first = content.readChunk(ByteBufAllocator.DEFAULT);
                    assertThat(first.readableBytes()).isLessThan(LONG);
                    FileFixture.resize(path, length);
                    assertThatThrownBy(() -> {
                                while (!content.isEndOfInput()) {
                                    content.readChunk(ByteBufAllocator.DEFAULT).release();
                                }
                            })
                            .isInstanceOf(IOException.class);
                    first.release();
                    content.close();
                }
            }
        }
    }

    /// {@return the bytes that a region or chunks send}
    private static byte[] sent(Object content) throws Exception {
        if (content instanceof SourceChunks chunks) {
            return readAll(chunks);
        }
        SourceRegion region = (SourceRegion) content;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        WritableByteChannel target = Channels.newChannel(bytes);
        while (region.transferred() < region.count()) {
            region.transferTo(target, region.transferred());
        }
        region.release();
        return bytes.toByteArray();
    }

    @Test
    void chunksAreTakenAsTheChannelHasRoomAndEndInOrder() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            EmbeddedChannel channel = new EmbeddedChannel(new ChunkedWriteHandler(), new Last());
            ChannelFuture written = channel.writeAndFlush(new HttpChunkedInput(source.chunks(socket(), 7, LONG)));
            List<Byte> all = new ArrayList<>();
            for (Object next = channel.readOutbound(); !(next instanceof LastHttpContent); ) {
                ByteBuf part = ((HttpContent) next).content();
                for (byte one : ByteBufUtil.getBytes(part)) {
                    all.add(one);
                }
                part.release();
                channel.flush();
                next = channel.readOutbound();
            }
            assertThat(written.isSuccess()).isTrue();
            assertThat(all).hasSize(LONG);
            assertThat(all.getFirst()).isEqualTo(CONTENT[7]);
            assertThat(all.getLast()).isEqualTo(CONTENT[7 + LONG - 1]);
            FileFixture.awaitIdle(source);
            channel.finishAndReleaseAll();
        }
    }

    @Test
    void progressIsReported() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.FOREIGN)) {
            EmbeddedChannel channel = new EmbeddedChannel(new ChunkedWriteHandler(), new Last());
            ChannelHandlerContext context = channel.pipeline().lastContext();
            List<Long> reported = new ArrayList<>();
            ChannelProgressivePromise promise = context.newProgressivePromise();
            promise.addListener(new ChannelProgressiveFutureListener() {
                @Override
                public void operationProgressed(ChannelProgressiveFuture future, long progress, long total) {
                    assertThat(total).isEqualTo(LONG);
                    reported.add(progress);
                }

                @Override
                public void operationComplete(ChannelProgressiveFuture future) {
                    reported.add(-1L);
                }
            });
            assertThat(source.write(context, 7, LONG, promise)).isSameAs(promise);
            channel.flush();
            while (!promise.isDone()) {
                ReferenceCountUtil.release(channel.readOutbound());
                channel.flush();
            }
            long copy = FileSource.COPY_BYTES;
            assertThat(reported)
                    .startsWith(copy, 2 * copy, 3 * copy, (long) LONG)
                    .endsWith(-1L);
            channel.finishAndReleaseAll();
        }
    }

    @Test
    void contentThatIsNotWrittenIsClosedOrReleased() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            ChunkedInput<ByteBuf> chunks = source.chunks(socket(), 7, CONTENT.length - 7);
            ByteBuf first = chunks.readChunk(ByteBufAllocator.DEFAULT);
            close(chunks);
            close(chunks);
            assertThatThrownBy(() -> chunks.readChunk(ByteBufAllocator.DEFAULT))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            assertThat(ByteBufUtil.getBytes(first)).isEqualTo(part(7, first.readableBytes()));
            first.release();
            FileFixture.awaitIdle(source);
        }
    }

    @Test
    void truncatedFileIsAnErrorThatNamesIt() throws Exception {
        Path path = FileFixture.content(folder);
        try (FileSource source = fixture.open(path, FileTrust.FOREIGN)) {
            ChunkedInput<ByteBuf> chunks = source.chunks(socket(), 7, LONG);
            FileFixture.resize(path, 100);
            assertThatThrownBy(() -> chunks.readChunk(ByteBufAllocator.DEFAULT))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(path.toString())
                    .hasMessageContaining("fileByteSize=100");
            close(chunks);
            assertThatThrownBy(() -> source.content(socket(), 7, 94))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("max=100");
            ByteBuf rest = (ByteBuf) source.content(socket(), 7, 93);
            assertThat(ByteBufUtil.getBytes(rest)).isEqualTo(part(7, 93));
            rest.release();
            FileFixture.awaitIdle(source);
        }
    }

    @Test
    void rangesOutsideAndMissingHandlersAreRefused() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.FOREIGN)) {
            for (long[] range : new long[][] {{-1, 5}, {0, -1}, {CONTENT.length, 1}, {5, Long.MAX_VALUE}}) {
                assertThatThrownBy(() -> source.chunks(socket(), range[0], range[1]))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("byteOffset=" + range[0]);
            }
            assertThatThrownBy(() -> source.write(
                            new EmbeddedChannel(new Last()).pipeline().lastContext(), 0, LONG))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("ChunkedWriteHandler");
            FileFixture.awaitIdle(source);
        }
    }

    /// A handler behind the writer does not see the chunks, and TLS does not take them.
    @Test
    void chunksNeedTheirHandlerOnTheWay() throws Exception {
        SslContext tls =
                SslContextBuilder.forClient().sslProvider(SslProvider.JDK).build();
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.FOREIGN)) {
            isUnchunked(source, new ChannelOutboundHandlerAdapter(), new Last(), new ChunkedWriteHandler());
            isUnchunked(source, new ChunkedWriteHandler(), tls.newHandler(fixture.allocator), new Last());
            EmbeddedChannel channel =
                    new EmbeddedChannel(new ChunkedWriteHandler(), new ChannelOutboundHandlerAdapter(), new Last());
            ChannelFuture written = source.writeAndFlush(channel.pipeline().context(Last.class), 7, LONG);
            while (!written.isDone()) {
                ReferenceCountUtil.release(channel.readOutbound());
                channel.flush();
            }
            assertThat(written.isSuccess()).isTrue();
            channel.finishAndReleaseAll();
            FileFixture.awaitIdle(source);
        }
    }

    private static void isUnchunked(FileSource source, ChannelHandler... handlers) {
        NioSocketChannel channel = new NioSocketChannel();
        channel.pipeline().addLast(handlers);
        ChannelHandlerContext context = channel.pipeline().context(Last.class);
        ChannelPromise promise = new DefaultChannelPromise(channel, ImmediateEventExecutor.INSTANCE);
        assertThatThrownBy(() -> source.write(context, 7, LONG, promise))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("passes no ChunkedWriteHandler", "writer=" + context.name());
        FileFixture.awaitIdle(source);
    }

    /// Chunks replace the region. Without a handler for chunks, the reason why there is no region is the failure.
    @Test
    void writeFailsWithTheReasonWhyTheFileIsNotOpenedAgain() throws Exception {
        FaultyFiles files = new FaultyFiles(io.leasehold.os.Files.system());
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try (WindowCache cache = FaultyCaches.open(
                        fixture.allocator.arena(),
                        WindowCacheOptions.builder()
                                .windows(0, 64 << 10)
                                .extents(0, 64 << 10)
                                .build(),
                        files);
                FileSource source =
                        FileSource.open(cache, fixture.allocator, FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            files.failFrom(FaultyFiles.Call.OPEN, 1, Errno.EMFILE);
            ChannelHandlerContext bare = registered(group);
            ChannelFuture written = source.write(bare, 7, LONG).await();
            assertThat(written.cause()).isInstanceOf(IOException.class).hasMessageContaining("EMFILE");
            bare.channel().closeFuture().sync();
            ChannelHandlerContext again = registered(group);
            ChannelPromise done = again.newPromise().setSuccess();
            assertThatThrownBy(() -> source.write(again, 7, LONG, done)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> source.write(again, 7, LONG, bare.newPromise()))
                    .isInstanceOf(IllegalArgumentException.class);
            ChannelPromise cancelled = again.newPromise();
            cancelled.cancel(false);
            assertThat(source.write(again, 7, LONG, cancelled).isCancelled()).isTrue();
            again.channel().closeFuture().sync();
            assertThat(source.content(socket(new ChunkedWriteHandler()), 7, LONG))
                    .isInstanceOfSatisfying(SourceChunks.class, FileContentTest::close);
            FileFixture.awaitIdle(source);
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    /// {@return the last handler of a channel that has an event loop and is not connected}
    private static ChannelHandlerContext registered(EventLoopGroup group) throws InterruptedException {
        ChannelHandlerContext last = socket();
        group.register(last.channel()).sync();
        return last;
    }

    private static boolean isLent(Object content) throws Exception {
        ChunkedInput<ByteBuf> chunks = chunks(content);
        ByteBuf first = chunks.readChunk(ByteBufAllocator.DEFAULT);
        boolean isLent = first.isReadOnly();
        assertThat(ByteBufUtil.getBytes(first)).isEqualTo(part(7, first.readableBytes()));
        first.release();
        close(chunks);
        return isLent;
    }

    private static byte[] readAll(ChunkedInput<ByteBuf> chunks) throws Exception {
        byte[] all = new byte[(int) chunks.length()];
        while (!chunks.isEndOfInput()) {
            int at = (int) chunks.progress();
            ByteBuf next = chunks.readChunk(ByteBufAllocator.DEFAULT);
            next.readBytes(all, at, next.readableBytes());
            next.release();
        }
        assertThat(chunks.readChunk(ByteBufAllocator.DEFAULT)).isNull();
        close(chunks);
        return all;
    }

    private static SourceChunks chunks(Object content) {
        return (SourceChunks) content;
    }

    private static void close(ChunkedInput<ByteBuf> chunks) {
        ((SourceChunks) chunks).close();
    }

    private static byte[] part(int from, int byteSize) {
        return Arrays.copyOfRange(CONTENT, from, from + byteSize);
    }

    /// {@return the last handler of a channel that is not connected}
    private static ChannelHandlerContext socket(ChannelHandler... handlers) {
        NioSocketChannel channel = new NioSocketChannel();
        channel.pipeline().addLast(handlers).addLast(new Last());
        return channel.pipeline().lastContext();
    }

    private static final class Last extends ChannelInboundHandlerAdapter {}
}
