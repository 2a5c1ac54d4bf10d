package io.leasehold.jetty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.interop.PoolLoad;
import io.leasehold.interop.TestKey;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.snippets.JettyPoolExample;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import org.eclipse.jetty.http.content.CachingHttpContentFactory;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.server.handler.ResourceHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.resource.ResourceFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Jetty serves files and echoes over TLS from the pool, and gives every buffer back.
class JettyServerTest {

    @Test
    void filesAndEchoesAreServed(@TempDir Path folder) throws Exception {
        PoolLoad.writeFiles(folder);
        SSLContext tls = TestKey.make(folder).context();
        AtomicLong mostInUse = new AtomicLong();
        try (PageArena arena = PageArena.open(
                        PageArenaOptions.builder().byteSize(64L << 20).build());
                LeasedBufferPool pool = LeasedBufferPool.open(arena)) {
            Server server = JettyPoolExample.server(pool);
            ResourceHandler files = new ResourceHandler();
            try {
                ServerConnector connector = new ServerConnector(server, tls(tls), new HttpConnectionFactory());
                connector.setHost("127.0.0.1");
                server.addConnector(connector);
                files.setBaseResource(ResourceFactory.of(files).newResource(folder));
                server.setHandler(new Handler.Sequence(new Echo(pool, mostInUse), files));
                server.start();
                PoolLoad.run(connector.getLocalPort(), tls);
            } finally {
                server.stop();
                ((CachingHttpContentFactory) files.getHttpContentFactory()).flushCache();
            }
            assertThat(mostInUse.get()).isPositive();
            assertThat(pool.stats().liveBlocks()).isZero();
        }
    }

    private static SslConnectionFactory tls(SSLContext context) {
        SslContextFactory.Server keys = new SslContextFactory.Server();
        keys.setSslContext(context);
        SslConnectionFactory tls = new SslConnectionFactory(keys, "http/1.1");
        tls.setDirectBuffersForEncryption(true);
        tls.setDirectBuffersForDecryption(true);
        return tls;
    }

    private static final class Echo extends Handler.Abstract {

        private final LeasedBufferPool pool;
        private final AtomicLong mostInUse;

        Echo(LeasedBufferPool pool, AtomicLong mostInUse) {
            this.pool = pool;
            this.mostInUse = mostInUse;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            if (!request.getHttpURI().getPath().equals("/echo")) {
                return false;
            }
            mostInUse.accumulateAndGet(pool.stats().liveBlocks(), Math::max);
            Content.copy(request, response, callback);
            return true;
        }
    }
}
