package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.Watchdog;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.util.ResourceLeakDetector.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Servers and clients that use only this allocator. Every byte comes back, every buffer is released, and the leak
/// detector, which watches every buffer, reports nothing.
///
/// The detector records each access for a tenth of the requests only, because that costs several times as much. With
/// `-Dleasehold.soak=true` it records all requests, of which there are many more, with new seeds.
class LeasedServerTest {

    private static final boolean SOAK = Boolean.getBoolean("leasehold.soak");
    private static final int SERVERS = 8;
    private static final int CONNECTIONS = 4;
    private static final int REQUESTS_PER_CONNECTION = (SOAK ? 1_000_000 : 32_000) / SERVERS / CONNECTIONS;
    private static final int NOTED_PER_CONNECTION = SOAK ? REQUESTS_PER_CONNECTION : REQUESTS_PER_CONNECTION / 10;
    private static final long ALLOCATOR_BYTES = 128L << 20;

    private static EchoTls tls;

    @BeforeAll
    static void makeCertificate(@TempDir Path folder) throws Exception {
        tls = EchoTls.make(folder);
    }

    @ParameterizedTest
    @CsvSource({
        "NIO, AGGREGATED, false",
        "NIO, STREAMED, false",
        "NIO, AGGREGATED, true",
        "NIO, STREAMED, true",
        "EPOLL, AGGREGATED, false",
        "EPOLL, STREAMED, false",
        "EPOLL, AGGREGATED, true",
        "EPOLL, STREAMED, true",
    })
    void everyByteComesBackAndNothingIsLost(Transport transport, EchoServer.Form form, boolean encrypted)
            throws Exception {
        transport.assumeAvailable();
        // no memory is given back meanwhile, so that the test sees that memory was used
        LeasedByteBufAllocator allocator = TestAllocators.builder("server", ALLOCATOR_BYTES)
                .decay(PageArenaOptions.NO_DECAY)
                .build();
        String name = transport + " " + form + (encrypted ? " TLS" : "");
        try (EchoServer server = new EchoServer(transport, form, allocator, encrypted ? tls.server() : null)) {
            SslContext context = encrypted ? tls.client() : null;
            exchange(name, Level.PARANOID, transport, allocator, context, server, NOTED_PER_CONNECTION);
            if (NOTED_PER_CONNECTION < REQUESTS_PER_CONNECTION) {
                int rest = REQUESTS_PER_CONNECTION - NOTED_PER_CONNECTION;
                exchange(name, Level.SIMPLE, transport, allocator, context, server, rest);
            }
        }
        assertThat(allocator.metric().usedDirectMemory()).isPositive();
        assertThat(allocator.metric().pinnedBytes()).as(allocator.dumpStats()).isZero();
        allocator.close();
    }

    private static void exchange(
            String name,
            Level level,
            Transport transport,
            LeasedByteBufAllocator allocator,
            @Nullable SslContext context,
            EchoServer server,
            int requests)
            throws Exception {
        long start = System.nanoTime();
        try (LeakWatch watch = new LeakWatch(level)) {
            long bytes = request(transport, allocator, context, server.port(), requests);
            long nanos = System.nanoTime() - start;
            assertThat(server.failures()).isEmpty();
            watch.assertNothingLost(allocator);
            System.out.printf(
                    Locale.ROOT,
                    "%s %s: %,d requests on %d connections, %,d bytes of content there and back, %,d ms%n",
                    name,
                    level,
                    requests * CONNECTIONS,
                    CONNECTIONS,
                    bytes,
                    TimeUnit.NANOSECONDS.toMillis(nanos));
        }
    }

    /// {@return the number of bytes of content that came back}
    private static long request(
            Transport transport, LeasedByteBufAllocator allocator, @Nullable SslContext context, int port, int requests)
            throws Exception {
        EventLoopGroup group = transport.group("echo-client", 1);
        try {
            List<EchoClient> clients = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                EchoClient client = new EchoClient(requests, SOAK ? System.nanoTime() : 20261123 + i);
                client.connect(transport, group, allocator, context, port);
                clients.add(client);
            }
            CompletableFuture.allOf(clients.stream().map(EchoClient::done).toArray(CompletableFuture<?>[]::new))
                    .get(Watchdog.LIMIT_SECONDS, TimeUnit.SECONDS);
            return clients.stream()
                    .mapToLong(client -> client.done().resultNow())
                    .sum();
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }
}
