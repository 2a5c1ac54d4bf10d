package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.util.EventLoopGroups;
import com.linecorp.armeria.server.Server;
import io.leasehold.event.BufferEvents;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.Transport;
import io.leasehold.observe.micrometer.LeaseholdMetrics;
import io.leasehold.observe.otel.LeaseholdInstruments;
import io.leasehold.page.Eventually;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import javax.management.ObjectName;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.LoopResources;

/// Servers on this allocator show their memory in the meters of Micrometer and OpenTelemetry, in JMX, and in a flight
/// recording.
@Timeout(120)
class ObservedServersTest {

    private static final int BODY_BYTES = 40_000;
    private static final String POOL = "{jvm.buffer.pool.name=leasehold-server}";
    private static final List<String> EVENTS = List.of("io.netty.AllocateBuffer", "io.netty.FreeBuffer");

    @TempDir
    Path folder;

    private final LeasedByteBufAllocator allocator =
            LeasedByteBufAllocator.builder().name("server").byteLimit(64L << 20).build();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final LeaseholdMetrics metrics = new LeaseholdMetrics(allocator);
    private final MetricCollector collector = new MetricCollector();
    private final SdkMeterProvider provider =
            SdkMeterProvider.builder().registerMetricReader(collector).build();
    private final LeaseholdInstruments instruments = LeaseholdInstruments.register(allocator, provider.get("test"));
    private final Recording recording = new Recording();
    private volatile @Nullable Thread loop; // (A) that made the body

    /// Starts a recording, and waits until the maintenance thread has found it.
    @BeforeEach
    void open() {
        metrics.bindTo(registry);
        EVENTS.forEach(recording::enable);
        recording.start();
        Eventually.holds("events of buffers are wanted", () -> {
            allocator.directBuffer(100_000).release();
            allocator.trim();
            return BufferEvents.areWanted();
        });
    }

    @AfterEach
    void close() {
        recording.close();
        instruments.close();
        provider.close();
        metrics.close();
        Eventually.holds("all buffers are released", () -> allocator.metric().pinnedBuffers() == 0);
        allocator.close();
    }

    /// Writes a body, and checks that the meters show it. Called by an event loop.
    private ByteBuf body(ByteBufAllocator ofChannel) {
        assertThat(ofChannel).isSameAs(allocator);
        ByteBuf body = ofChannel.directBuffer(BODY_BYTES).writeZero(BODY_BYTES);
        assertThat(registry.get("jvm.buffer.count").gauge().value()).isPositive();
        assertThat(registry.get("jvm.buffer.total.capacity").gauge().value()).isGreaterThanOrEqualTo(BODY_BYTES);
        assertThat(collector.values().get("jvm.buffer.count" + POOL)).isPositive();
        assertThat(collector.values().get("jvm.buffer.memory.used" + POOL)).isGreaterThanOrEqualTo(BODY_BYTES);
        loop = Thread.currentThread();
        return body;
    }

    /// Checks that the event loop allocated and freed the body, by a flight recording that is read back.
    private void assertInRecording() throws IOException {
        Eventually.holds("all buffers are released", () -> allocator.metric().pinnedBuffers() == 0);
        Path file = folder.resolve("recording.jfr");
        recording.dump(file);
        List<RecordedEvent> ofBody = RecordingFile.readAllEvents(file).stream()
                .filter(event -> EVENTS.contains(event.getEventType().getName()))
                .filter(event -> event.getInt("size") == BODY_BYTES)
                .sorted(Comparator.comparing(RecordedEvent::getStartTime))
                .toList();
        assertThat(ofBody).extracting(event -> event.getEventType().getName()).containsExactlyElementsOf(EVENTS);
        Thread maker = Objects.requireNonNull(loop, "no body was made");
        assertThat(maker).isNotSameAs(Thread.currentThread());
        assertThat(ofBody).allSatisfy(event -> {
            assertThat(event.getThread().getJavaThreadId()).isEqualTo(maker.threadId());
            assertThat(event.getClass("allocatorType").getName()).isEqualTo(LeasedByteBufAllocator.class.getName());
            assertThat(event.getBoolean("direct")).isTrue();
            assertThat(event.getLong("address")).isPositive();
        });
    }

    private static void get(int port) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + port + "/");
        try (HttpClient client = HttpClient.newHttpClient()) {
            var response = client.send(
                    HttpRequest.newBuilder(uri)
                            .version(HttpClient.Version.HTTP_1_1)
                            .build(),
                    BodyHandlers.ofByteArray());
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).hasSize(BODY_BYTES).containsOnly(0);
        }
    }

    private static void assertInJmx() throws Exception {
        ManagementFactory.getPlatformMBeanServer();
        ObjectName name = new ObjectName("java.nio:type=BufferPool,name=leasehold-server");
        Eventually.holds(
                "the pool of the server is registered",
                () -> ManagementFactory.getPlatformMBeanServer().isRegistered(name));
        assertThat((Long) ManagementFactory.getPlatformMBeanServer().getAttribute(name, "MemoryUsed"))
                .isPositive();
    }

    @Test
    void plainNetty() throws Exception {
        EventLoopGroup group = Transport.NIO.group("observed", 1);
        Channel server = new ServerBootstrap()
                .group(group)
                .channel(Transport.NIO.serverChannel())
                .option(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new HttpServerCodec(), new HttpObjectAggregator(1 << 16), new Web());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
        try {
            get(((InetSocketAddress) server.localAddress()).getPort());
            assertInJmx();
        } finally {
            server.close().syncUninterruptibly();
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
        assertInRecording();
    }

    /// Answers each request with a body, and closes the connection.
    private final class Web extends SimpleChannelInboundHandler<FullHttpRequest> {

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            FullHttpResponse response =
                    new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, body(context.alloc()));
            response.headers().set(HttpHeaderNames.CONTENT_LENGTH, BODY_BYTES);
            context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
        }
    }

    @Test
    void reactorNetty() throws Exception {
        LoopResources loops = LoopResources.create("observed", 1, true);
        DisposableServer server = HttpServer.create()
                .bindAddress(() -> new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .runOn(loops)
                .option(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .handle((request, response) ->
                        response.send(ByteBufFlux.fromInbound(Mono.fromSupplier(() -> body(response.alloc())))))
                .bindNow();
        try {
            get(server.port());
            assertInJmx();
        } finally {
            server.disposeNow();
            loops.disposeLater().block();
        }
        assertInRecording();
    }

    @Test
    void armeria() throws Exception {
        Server server = Server.builder()
                .http(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .workerGroup(EventLoopGroups.newEventLoopGroup(1), true)
                .channelOption(ChannelOption.ALLOCATOR, allocator)
                .childChannelOption(ChannelOption.ALLOCATOR, allocator)
                .service(
                        "/",
                        (context, request) ->
                                HttpResponse.of(ResponseHeaders.of(200), HttpData.wrap(body(context.alloc()))))
                .build();
        server.start().join();
        try {
            get(server.activeLocalPort());
            assertInJmx();
        } finally {
            server.stop().join();
        }
        assertInRecording();
    }
}
