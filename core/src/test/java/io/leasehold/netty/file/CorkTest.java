package io.leasehold.netty.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.netty.Transport;
import io.leasehold.window.FileTrust;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FileRegion;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
            Object content = content(source, 7, LONG);
            assertThat(content).isInstanceOf(FileRegion.class);
            assertThat(isCorked()).isTrue();
            ChannelFuture head = channel.write(context.alloc().buffer().writeInt(1));
            channel.writeAndFlush(content).sync();
            assertThat(head.isSuccess()).isTrue();
            byte[] received = client.getInputStream().readNBytes(Integer.BYTES + LONG);
            assertThat(Arrays.copyOfRange(received, Integer.BYTES, received.length))
                    .isEqualTo(Arrays.copyOfRange(FileFixture.CONTENT, 7, 7 + LONG));
            assertThat(isCorked()).isFalse();
        }
    }

    @Test
    void regionThatIsNotSentIsUncorkedByItsRelease() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            Object content = content(source, 0, LONG);
            assertThat(isCorked()).isTrue();
            ReferenceCountUtil.release(content);
            assertThat(isCorked()).isFalse();
        }
    }

    @Test
    void releaseOnAFullStackIsMadeByTheNextUseOfASource() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            FileRegion region = (FileRegion) content(source, 0, LONG);
            releaseWhereTheStackEnds(region);
            assertThat(region.refCnt()).isEqualTo(1);
            ReferenceCountUtil.release(content(source, 0, 100));
            assertThat(region.refCnt()).isZero();
            assertThat(isCorked()).isFalse();
        }
    }

    /// Releases a region in the deepest frame in which the call of the release fits.
    ///
    /// @return true if the region was released
    @SuppressWarnings("InfiniteRecursion") // until the stack overflows
    private static boolean releaseWhereTheStackEnds(FileRegion region) {
        boolean isReleased;
        try {
            isReleased = releaseWhereTheStackEnds(region);
        } catch (StackOverflowError e) {
            boolean _ = region.release();
            isReleased = true;
        }
        return isReleased;
    }

    /// The event loop may close the channel meanwhile, and the kernel may give its descriptor to another connection.
    @Test
    void regionOfAnotherThreadIsNotCorked() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            Object content = source.content(context, 0, LONG);
            assertThat(isCorked()).isFalse();
            ReferenceCountUtil.release(content);
        }
    }

    @Test
    void channelWithoutAnEventLoopIsLeftAlone() throws Exception {
        NioSocketChannel unregistered = new NioSocketChannel(
                SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), listener.getLocalPort())));
        assertThat(unregistered.isActive()).isTrue();
        assertThat(Cork.put(unregistered)).isNull();
        unregistered.unsafe().closeForcibly();
    }

    @Test
    void corkOfTheUserStays() throws Exception {
        channel.config().setTcpCork(true);
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            ReferenceCountUtil.release(content(source, 0, LONG));
            assertThat(isCorked()).isTrue();
        }
    }

    /// A channel whose kernel refuses the option, at once or when the cork is removed.
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void refusedOptionIsIgnored(int allowed) {
        EmbeddedChannel refusing = new EmbeddedChannel();
        RefusingConfig config = new RefusingConfig(refusing, allowed);
        EmbeddedChannel other = new EmbeddedChannel() {
            @Override
            public ChannelConfig config() {
                return config;
            }
        };
        Channel corked = Cork.put(other);
        assertThat(corked).isSameAs(allowed == 2 ? other : null);
        Cork.remove(other);
        assertThat(config.calls).isGreaterThan(allowed);
        assertThat(refusing.finish()).isFalse();
        assertThat(other.finish()).isFalse();
    }

    /// Allows a number of calls on options, and refuses the others.
    private static final class RefusingConfig extends DefaultChannelConfig {

        private final int allowed;
        private int calls;

        RefusingConfig(Channel channel, int allowed) {
            super(channel);
            this.allowed = allowed;
        }

        @Override
        @SuppressWarnings("unchecked") // the only option that is asked for is a Boolean
        public <T> T getOption(ChannelOption<T> option) {
            check();
            return (T) Boolean.FALSE;
        }

        @Override
        public <T> boolean setOption(ChannelOption<T> option, T value) {
            check();
            return true;
        }

        private void check() {
            if (calls++ >= allowed) {
                throw new ChannelException("planned");
            }
        }
    }

    @Test
    void smallContentAndChunksAreNotCorked() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            Object small = content(source, 0, 100);
            source.chunks(context, 0, LONG).close();
            assertThat(isCorked()).isFalse();
            ReferenceCountUtil.release(small);
        }
    }

    @Test
    void closedChannelIsLeftAlone() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            Object corked = content(source, 0, LONG);
            channel.close().sync();
            Object late = content(source, 0, LONG);
            assertThat(ReferenceCountUtil.release(corked)).isTrue();
            assertThat(ReferenceCountUtil.release(late)).isTrue();
        }
    }

    /// {@return content that the event loop of the channel creates}
    private Object content(FileSource source, long byteOffset, long byteSize) throws Exception {
        return channel.eventLoop()
                .submit(() -> source.content(context, byteOffset, byteSize))
                .get();
    }

    /// {@return true if the channel is corked after the tasks that its event loop has}
    private boolean isCorked() throws Exception {
        return channel.eventLoop().submit(() -> channel.config().isTcpCork()).get();
    }
}
