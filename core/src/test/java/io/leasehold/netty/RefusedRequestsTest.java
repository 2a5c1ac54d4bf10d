package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Watchdog;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoopGroup;
import io.netty.util.ResourceLeakDetector.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A server that has too little memory for its requests. Some of them fail, at any place of its pipeline. Nothing is
/// lost, and with memory the server works again.
class RefusedRequestsTest {

    private static final long ALLOCATOR_BYTES = 16 << 20;
    private static final int PIECE_BYTES = 64 << 10;

    /// The memory that is left, in bytes: enough to begin a request.
    private static final int LEFT_PIECES = 4;

    private static final int CLIENTS = 24;
    private static final int REQUESTS = 200;

    private static EchoTls tls;

    @BeforeAll
    static void makeCertificate(@TempDir Path folder) throws Exception {
        tls = EchoTls.make(folder);
    }

    @ParameterizedTest
    @CsvSource({
        "NIO, AGGREGATED, false",
        "NIO, STREAMED, true",
        "EPOLL, AGGREGATED, false",
        "EPOLL, STREAMED, true",
    })
    void nothingIsLostAndServiceGoesOn(Transport transport, EchoServer.Form form, boolean encrypted) throws Exception {
        transport.assumeAvailable();
        LeasedByteBufAllocator allocator =
                TestAllocators.builder("scarce", ALLOCATOR_BYTES).build();
        EventLoopGroup group = transport.group("echo-client", 1);
        try (LeakWatch watch = new LeakWatch(Level.SIMPLE);
                EchoServer server = new EchoServer(transport, form, allocator, encrypted ? tls.server() : null)) {
            List<ByteBuf> hostages = useUp(allocator);
            List<EchoClient> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(connect(transport, group, encrypted, server, 100 + i));
            }
            CompletableFuture.allOf(clients.stream()
                            .map(client -> client.done().handle((bytes, failure) -> bytes))
                            .toArray(CompletableFuture<?>[]::new))
                    .get(Watchdog.LIMIT_SECONDS, TimeUnit.SECONDS);
            long served = clients.stream()
                    .filter(client -> !client.done().isCompletedExceptionally())
                    .count();
            System.out.printf(
                    "%s %s%s: %d of %d connections served%n",
                    transport, form, encrypted ? " TLS" : "", served, CLIENTS);
            assertThat(server.failures()).anySatisfy(RefusedRequestsTest::checkRefused);
            hostages.forEach(ByteBuf::release);
            server.failures().clear();
            assertThat(connect(transport, group, encrypted, server, 1)
                            .done()
                            .get(Watchdog.LIMIT_SECONDS, TimeUnit.SECONDS))
                    .isPositive();
            watch.assertNothingLost(allocator);
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
        assertThat(allocator.metric().pinnedBytes()).as(allocator.dumpStats()).isZero();
        allocator.close();
    }

    private static EchoClient connect(
            Transport transport, EventLoopGroup group, boolean encrypted, EchoServer server, long seed)
            throws InterruptedException {
        EchoClient client = new EchoClient(REQUESTS, seed);
        client.connect(
                transport, group, UnpooledByteBufAllocator.DEFAULT, encrypted ? tls.client() : null, server.port());
        return client;
    }

    /// {@return almost all free memory}
    private static List<ByteBuf> useUp(LeasedByteBufAllocator allocator) {
        List<ByteBuf> hostages = new ArrayList<>();
        for (int i = 0; i < ALLOCATOR_BYTES / PIECE_BYTES - LEFT_PIECES; i++) {
            hostages.add(allocator.directBuffer(PIECE_BYTES));
        }
        return hostages;
    }

    private static void checkRefused(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        assertThat(cause).isInstanceOf(BufferMemoryError.class);
    }
}
