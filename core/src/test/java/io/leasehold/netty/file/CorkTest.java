package io.leasehold.netty.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.netty.Transport;
import io.leasehold.window.FileTrust;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FileRegion;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The cork of a channel of the epoll transport: in place from the creation of a region until the region was sent or
/// released.
class CorkTest {

    private static final int LONG = 200_000;

    @TempDir
    Path folder;

    private final EventLoopGroup group;
    private final ServerSocket listener;
    private final EpollSocketChannel channel;
    private final ChannelHandlerContext context;
    private final Socket client;
    private final FileFixture fixture;

    CorkTest() throws Exception {
        Transport.EPOLL.assumeAvailable();
        group = Transport.EPOLL.group("cork", 1);
        listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        channel = (EpollSocketChannel) new Bootstrap()
                .group(group)
                .channel(Transport.EPOLL.channel())
                .handler(new ChannelInboundHandlerAdapter())
                .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort()))
                .sync()
                .channel();
        context = Objects.requireNonNull(channel.pipeline().firstContext());
        client = listener.accept();
        fixture = new FileFixture(true);
    }

    @AfterEach
    void close() throws Exception {
        client.close();
        channel.close().sync();
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        listener.close();
        fixture.close();
    }

    @Test
    void regionIsCorkedUntilItWasSent() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            Object content = source.content(context, 7, LONG);
            assertThat(content).isInstanceOf(FileRegion.class);
            assertThat(channel.config().isTcpCork()).isTrue();
            ChannelFuture head = channel.write(context.alloc().buffer().writeInt(1));
            channel.writeAndFlush(content).sync();
            assertThat(head.isSuccess()).isTrue();
            byte[] received = client.getInputStream().readNBytes(Integer.BYTES + LONG);
            assertThat(Arrays.copyOfRange(received, Integer.BYTES, received.length))
                    .isEqualTo(Arrays.copyOfRange(FileFixture.CONTENT, 7, 7 + LONG));
            assertThat(channel.config().isTcpCork()).isFalse();
        }
    }

    @Test
    void regionThatIsNotSentIsUncorkedByItsRelease() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            Object content = source.content(context, 0, LONG);
            assertThat(channel.config().isTcpCork()).isTrue();
            ReferenceCountUtil.release(content);
            assertThat(channel.config().isTcpCork()).isFalse();
        }
    }

    @Test
    void smallContentAndChunksAreNotCorked() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            Object small = source.content(context, 0, 100);
            source.chunks(context, 0, LONG).close();
            assertThat(channel.config().isTcpCork()).isFalse();
            ReferenceCountUtil.release(small);
        }
    }

    @Test
    void closedChannelIsLeftAlone() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            Object corked = source.content(context, 0, LONG);
            channel.close().sync();
            Object late = source.content(context, 0, LONG);
            assertThat(ReferenceCountUtil.release(corked)).isTrue();
            assertThat(ReferenceCountUtil.release(late)).isTrue();
        }
    }
}
