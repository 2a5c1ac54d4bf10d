package io.leasehold.undertow;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.interop.PoolLoad;
import io.leasehold.interop.TestKey;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.snippets.UndertowPoolExample;
import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.io.Receiver;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.resource.PathResourceManager;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Undertow serves files and echoes over TLS from the pool, and gives every buffer back.
class UndertowServerTest {

    private static final int BUFFER_BYTES = 16 << 10;

    @Test
    void filesAndEchoesAreServed(@TempDir Path folder) throws Exception {
        PoolLoad.writeFiles(folder);
        SSLContext tls = TestKey.make(folder).context();
        AtomicLong mostInUse = new AtomicLong();
        try (PageArena arena = PageArena.open(
                        PageArenaOptions.builder().byteSize(64L << 20).build());
                LeasedBufferPool pool = LeasedBufferPool.open(arena, BUFFER_BYTES)) {
            HttpHandler files = Handlers.resource(new PathResourceManager(folder));
            Undertow server = UndertowPoolExample.server(pool)
                    .addHttpsListener(0, "127.0.0.1", tls)
                    .setIoThreads(2)
                    .setWorkerThreads(4)
                    .setHandler(Handlers.path(files).addExactPath("/echo", exchange -> {
                        mostInUse.accumulateAndGet(pool.stats().liveBlocks(), Math::max);
                        echo(exchange);
                    }))
                    .build();
            server.start();
            try {
                InetSocketAddress address =
                        (InetSocketAddress) server.getListenerInfo().getFirst().getAddress();
                PoolLoad.run(address.getPort(), tls);
            } finally {
                server.stop();
            }
            assertThat(mostInUse.get()).isPositive();
            assertThat(pool.stats().liveBlocks()).isZero();
        }
    }

    private static void echo(HttpServerExchange exchange) {
        Receiver receiver = exchange.getRequestReceiver();
        receiver.receiveFullBytes((same, body) -> same.getResponseSender().send(ByteBuffer.wrap(body)));
    }
}
