package io.leasehold.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Eventually;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SniCompletionEvent;
import io.netty.handler.ssl.SniHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.util.DomainWildcardMappingBuilder;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Servers on 127.0.0.1 whose buffers count under the host name of a TLS handshake, or under the route of a request.
@Timeout(120)
final class TaggedServersTest {

    private static final String NAME = "tagged";
    private static final String ONE = "one.example";
    private static final String TWO = "two.example";
    private static final long KEPT = 8 << 10; // a size class, so that it is also what a tag counts

    private static EchoTls one;
    private static EchoTls two;

    private static LeasedByteBufAllocator allocator;

    @BeforeAll
    static void open(@TempDir Path folder) throws Exception {
        one = EchoTls.make(Files.createDirectory(folder.resolve("one")), ONE);
        two = EchoTls.make(Files.createDirectory(folder.resolve("two")), TWO);
        allocator =
                LeasedByteBufAllocator.builder().name(NAME).byteLimit(32 << 20).build();
    }

    @AfterAll
    static void close() {
        allocator.close();
    }

    /// Keeps a buffer for each message that ends, until its channel is closed.
    private static final class Keeper extends ChannelInboundHandlerAdapter {

        private final List<ByteBuf> kept = new ArrayList<>(); // (O) the event loop

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof HttpRequest) {
                kept.add(context.alloc().directBuffer((int) KEPT));
            } else if (message instanceof LastHttpContent) {
                DefaultFullHttpResponse answer =
                        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, Unpooled.EMPTY_BUFFER);
                answer.headers().set(HttpHeaderNames.CONTENT_LENGTH, 0);
                answer(context, answer);
            } else {
                kept.add(context.alloc().directBuffer((int) KEPT));
                answer(context, context.alloc().directBuffer(1).writeByte('!'));
            }
            ReferenceCountUtil.release(message);
        }

        private static void answer(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message).addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            kept.forEach(ByteBuf::release);
        }
    }

    /// What a test does while the server runs.
    private interface Client {

        void run(InetSocketAddress server) throws IOException;
    }

    private static void serve(Transport transport, Consumer<ChannelPipeline> handlers, Client client) throws Exception {
        EventLoopGroup group = transport.group(NAME, 2);
        try {
            Channel listener = new ServerBootstrap()
                    .group(group)
                    .channel(transport.serverChannel())
                    .childOption(ChannelOption.ALLOCATOR, allocator)
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            handlers.accept(channel.pipeline());
                        }
                    })
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .sync()
                    .channel();
            client.run((InetSocketAddress) listener.localAddress());
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void buffersCountUnderTheHostNameOfTheirClient(Transport transport) throws Exception {
        transport.assumeAvailable();
        serve(
                transport,
                pipeline -> pipeline.addLast(
                        new TagHandler("web"),
                        new SniHandler(new DomainWildcardMappingBuilder<SslContext>(one.server())
                                .add(TWO, two.server())
                                .build()),
                        TagHandler.chooser(
                                event -> event instanceof SniCompletionEvent named ? named.hostname() : null),
                        new Keeper()),
                TaggedServersTest::talkToBothHosts);
    }

    private static void talkToBothHosts(InetSocketAddress server) throws IOException {
        try (Socket first = connect(one, server, ONE)) {
            try (Socket second = connect(two, server, TWO)) {
                ask(first);
                ask(second);
                ask(second);
                ask(first);
                ask(second);
                awaitHolders(Map.of(ONE, 2 * KEPT, TWO, 3 * KEPT));
            }
            awaitHolders(Map.of(ONE, 2 * KEPT));
            ask(first);
            awaitHolders(Map.of(ONE, 3 * KEPT));
        }
        awaitHolders(Map.of());
    }

    /// Connects with a host name. The client trusts the certificate of that host alone.
    private static Socket connect(EchoTls tls, InetSocketAddress server, String host) throws IOException {
        SSLSocketFactory sockets = ((JdkSslContext) tls.client()).context().getSocketFactory();
        Socket socket = new Socket(server.getAddress(), server.getPort());
        SSLSocket secured = (SSLSocket) sockets.createSocket(socket, host, server.getPort(), true);
        secured.startHandshake();
        return secured;
    }

    private static void ask(Socket socket) throws IOException {
        socket.getOutputStream().write('?');
        assertThat(socket.getInputStream().read()).isEqualTo('!');
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void buffersCountUnderTheRouteOfTheirRequest(Transport transport) throws Exception {
        transport.assumeAvailable();
        serve(
                transport,
                pipeline -> pipeline.addLast(
                        new TagHandler("web"),
                        new HttpServerCodec(),
                        TagHandler.chooser(message -> message instanceof HttpRequest request ? request.uri() : null),
                        new Keeper()),
                TaggedServersTest::askForBothRoutes);
    }

    private static void askForBothRoutes(InetSocketAddress server) throws IOException {
        try (Socket socket = new Socket(server.getAddress(), server.getPort())) {
            get(socket, "/a");
            awaitHolders(Map.of("/a", KEPT));
            get(socket, "/b");
            awaitHolders(Map.of("/a", KEPT, "/b", KEPT));
            get(socket, "/a");
            awaitHolders(Map.of("/a", 2 * KEPT, "/b", KEPT));
            get(socket, "/b", "/a", "/b", "/b"); // the server may read them all at once
            awaitHolders(Map.of("/a", 3 * KEPT, "/b", 4 * KEPT));
        }
        awaitHolders(Map.of());
    }

    /// Sends requests on one connection, and then reads their answers.
    private static void get(Socket socket, String... routes) throws IOException {
        StringBuilder requests = new StringBuilder();
        for (String route : routes) {
            requests.append("GET ").append(route).append(" HTTP/1.1\r\nHost: localhost\r\n\r\n");
        }
        socket.getOutputStream().write(requests.toString().getBytes(US_ASCII));
        String answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        for (String _ : routes) {
            assertThat(new String(socket.getInputStream().readNBytes(answer.length()), US_ASCII))
                    .isEqualTo(answer);
        }
    }

    /// The buffers of an event are released when it ends, which may be after its answer has arrived.
    private static void awaitHolders(Map<String, Long> expected) {
        Eventually.holds(
                "the holders are " + expected, () -> allocator.holders().equals(expected));
    }
}
