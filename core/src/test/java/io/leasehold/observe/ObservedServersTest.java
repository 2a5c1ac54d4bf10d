package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.util.EventLoopGroups;
import com.linecorp.armeria.server.Server;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.observe.micrometer.LeaseholdMetrics;
import io.leasehold.page.Eventually;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.netty.ByteBufFlux;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.resources.LoopResources;

/// Servers on this allocator show their memory in meters and in JMX.
@Timeout(120)
class ObservedServersTest {

    private static final int BODY_BYTES = 40_000;

    private final LeasedByteBufAllocator allocator =
            LeasedByteBufAllocator.builder().name("server").byteLimit(64L << 20).build();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final LeaseholdMetrics metrics = new LeaseholdMetrics(allocator);

    @AfterEach
    void close() {
        metrics.close();
        Eventually.holds("all buffers are released", () -> allocator.metric().pinnedBuffers() == 0);
        allocator.close();
    }

    /// Writes a body, and checks that the meters show it.
    private ByteBuf body(ByteBufAllocator ofChannel) {
        assertThat(ofChannel).isSameAs(allocator);
        ByteBuf body = ofChannel.directBuffer(BODY_BYTES).writeZero(BODY_BYTES);
        assertThat(registry.get("jvm.buffer.count").gauge().value()).isPositive();
        assertThat(registry.get("jvm.buffer.total.capacity").gauge().value()).isGreaterThanOrEqualTo(BODY_BYTES);
        return body;
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
    void reactorNetty() throws Exception {
        metrics.bindTo(registry);
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
    }

    @Test
    void armeria() throws Exception {
        metrics.bindTo(registry);
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
    }
}
