package interop;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.ClientFactoryBuilder;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import io.netty.channel.ChannelOption;
import java.net.InetSocketAddress;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;

/// Armeria: HTTP/1.1 and HTTP/2.
final class Armeria {

    private static final Duration LIMIT = Duration.ofSeconds(120);

    private Armeria() {}

    public static void main(String[] args) {
        Interop.run(Armeria::run);
    }

    private static void run(Trial trial) throws Exception {
        System.setProperty("com.linecorp.armeria.tlsEngineType", Tls.isBoring() ? "openssl" : "jdk");
        ServerBuilder builder = Server.builder().requestTimeout(LIMIT);
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", 0);
        ClientFactoryBuilder clients =
                ClientFactory.builder().connectTimeout(LIMIT).idleTimeout(LIMIT);
        if (trial.isByOption()) {
            builder.childChannelOption(ChannelOption.ALLOCATOR, trial.allocator());
            clients.channelOption(ChannelOption.ALLOCATOR, trial.allocator());
        }
        if (Tls.isOn()) {
            KeyStore store = Tls.keyStore();
            builder.https(address).tls((PrivateKey) store.getKey("key", Tls.PASSWORD.toCharArray()), (X509Certificate)
                    store.getCertificate("key"));
            clients.tlsCustomizer(tls -> tls.trustManager((X509Certificate) certificate(store)));
        } else {
            builder.http(address);
        }
        Server server = builder.service(
                        "/{i}",
                        (context, request) -> HttpResponse.of(request.aggregate(context.eventLoop())
                                .thenApply(whole -> HttpResponse.of(
                                        HttpStatus.OK,
                                        MediaType.OCTET_STREAM,
                                        HttpData.wrap(trial.served(
                                                Integer.parseInt(context.pathParam("i")),
                                                whole.content().array()))))))
                .build();
        server.start().join();
        int half = trial.requests() / 2;
        try (ClientFactory factory = clients.build()) {
            load(
                    trial,
                    factory,
                    Tls.isOn() ? SessionProtocol.H1 : SessionProtocol.H1C,
                    server.activeLocalPort(),
                    0,
                    half);
            load(
                    trial,
                    factory,
                    Tls.isOn() ? SessionProtocol.H2 : SessionProtocol.H2C,
                    server.activeLocalPort(),
                    half,
                    half);
        }
        server.stop().join();
    }

    private static java.security.cert.Certificate certificate(KeyStore store) {
        try {
            return store.getCertificate("key");
        } catch (java.security.KeyStoreException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void load(
            Trial trial, ClientFactory factory, SessionProtocol protocol, int port, int first, int count)
            throws InterruptedException {
        WebClient client = WebClient.builder(protocol.uriText() + "://127.0.0.1:" + port)
                .factory(factory)
                .responseTimeout(LIMIT)
                .build();
        trial.load(
                first,
                count,
                8,
                i -> client.execute(HttpRequest.of(
                                HttpMethod.POST, "/" + i, MediaType.OCTET_STREAM, HttpData.wrap(trial.request(i))))
                        .aggregate()
                        .thenApply(reply -> reply.content().array()));
    }
}
