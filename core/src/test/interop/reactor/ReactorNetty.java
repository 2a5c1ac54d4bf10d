package interop;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOption;
import io.netty.handler.ssl.SslContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.LoopResources;

/// Reactor Netty: HTTP/1.1 and HTTP/2 with bodies, a file, and websockets.
final class ReactorNetty {

    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final Duration CLOSE = Duration.ofSeconds(60);

    private final Trial trial;
    private final LoopResources loops = LoopResources.create("interop", 2, true);
    private final Path file;

    private ReactorNetty(Trial trial, Path file) {
        this.trial = trial;
        this.file = file;
    }

    public static void main(String[] args) {
        Interop.run(trial -> {
            Path file = Files.write(Files.createTempFile("interop", ".bin"), trial.reply(5));
            try {
                ReactorNetty program = new ReactorNetty(trial, file);
                program.run(HttpProtocol.HTTP11, 0);
                program.run(Tls.isOn() ? HttpProtocol.H2 : HttpProtocol.H2C, trial.requests() / 2);
                program.loops.disposeLater(Duration.ofMillis(10), CLOSE).block(CLOSE);
            } finally {
                Files.delete(file);
            }
        });
    }

    private void run(HttpProtocol protocol, int first) throws Exception {
        HttpServer server =
                HttpServer.create().host("127.0.0.1").port(0).runOn(loops).protocol(protocol);
        ConnectionProvider pool = ConnectionProvider.create("interop", 8);
        HttpClient client = HttpClient.create(pool).runOn(loops).protocol(protocol);
        if (trial.isByOption()) {
            server = server.option(ChannelOption.ALLOCATOR, trial.allocator())
                    .childOption(ChannelOption.ALLOCATOR, trial.allocator());
            client = client.option(ChannelOption.ALLOCATOR, trial.allocator());
        }
        if (Tls.isOn()) {
            String name = protocol == HttpProtocol.H2 ? "h2" : "http/1.1";
            SslContext serverTls = Tls.server(name);
            SslContext clientTls = Tls.client(name);
            server = server.secure(spec -> spec.sslContext(serverTls).handshakeTimeout(LIMIT));
            client = client.secure(spec -> spec.sslContext(clientTls).handshakeTimeout(LIMIT));
        }
        DisposableServer bound = server.route(routes -> routes.post("/{i}", this::post)
                        .get("/file", (request, response) -> response.sendFile(file))
                        .ws("/echo", (in, out) -> out.send(in.receive().retain())))
                .bindNow();
        client = client.baseUrl((Tls.isOn() ? "https" : "http") + "://127.0.0.1:" + bound.port());
        int count = trial.requests() / 2;
        HttpClient ready = client;
        trial.load(first, count, 8, i -> call(ready, i));
        if (protocol == HttpProtocol.HTTP11) {
            fetchFile(client);
            echo(client, count / 4);
        }
        pool.disposeLater().block(CLOSE);
        bound.disposeNow(CLOSE);
    }

    private Mono<Void> post(HttpServerRequest request, HttpServerResponse response) {
        int i = Integer.parseInt(request.param("i"));
        return request.receive()
                .aggregate()
                .asByteArray()
                .defaultIfEmpty(new byte[0])
                .flatMap(body -> response.send(
                                Mono.fromSupplier(() -> filled(response.alloc().buffer(), trial.served(i, body))))
                        .then());
    }

    private CompletionStage<byte[]> call(HttpClient client, int i) {
        return client.post()
                .uri("/" + i)
                .send((request, out) -> out.sendByteArray(Mono.just(trial.request(i))))
                .responseSingle((response, body) -> body.asByteArray())
                .toFuture();
    }

    private void fetchFile(HttpClient client) throws Exception {
        trial.load(
                5,
                1,
                1,
                i -> client.get()
                        .uri("/file")
                        .responseSingle((response, body) -> body.asByteArray())
                        .toFuture());
    }

    private void echo(HttpClient client, int frames) {
        Long wrong = client.websocket()
                .uri("/echo")
                .handle((in, out) -> {
                    Mono<Void> sending = out.sendByteArray(Flux.range(0, frames).map(ReactorNetty::text))
                            .then();
                    return in.aggregateFrames()
                            .receive()
                            .asByteArray()
                            .take(frames)
                            .index((index, got) -> new String(got, StandardCharsets.UTF_8)
                                    .equals(new String(text(index.intValue()), StandardCharsets.UTF_8)))
                            .filter(isRight -> !isRight)
                            .count()
                            .mergeWith(sending.cast(Long.class));
                })
                .blockLast(LIMIT);
        if (wrong == null || wrong != 0) {
            trial.wrong("websocket frames with other bytes: count=" + wrong);
        }
    }

    private static byte[] text(int i) {
        return ("frame " + i + " ").repeat(1 + i % 50).getBytes(StandardCharsets.UTF_8);
    }

    private static ByteBuf filled(ByteBuf buffer, byte[] bytes) {
        return buffer.writeBytes(bytes);
    }
}
