package interop;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.datagram.DatagramSocket;
import io.vertx.core.dns.DnsClient;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.net.OpenSSLEngineOptions;
import io.vertx.core.net.PfxOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/// Vert.x: HTTP/1.1, HTTP/2, a file, websockets, UDP, and DNS against a stub.
///
/// The same source serves Vert.x 5 and 4.
final class VertxServers {

    private static final String HOST = "127.0.0.1";
    private static final int IN_FLIGHT = 8;
    private static final long LIMIT_SECONDS = 120;

    private final Trial trial;
    private final Vertx vertx;
    private final Path file;

    private VertxServers(Trial trial, Vertx vertx, Path file) {
        this.trial = trial;
        this.vertx = vertx;
        this.file = file;
    }

    public static void main(String[] args) {
        Interop.run(trial -> {
            Path file = Files.write(Files.createTempFile("interop", ".bin"), trial.reply(5));
            Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
            try {
                new VertxServers(trial, vertx, file).run();
            } finally {
                await(vertx.close());
                Files.delete(file);
            }
        });
    }

    private void run() throws Exception {
        int half = trial.requests() / 2;
        http(HttpVersion.HTTP_1_1, 0, half);
        http(HttpVersion.HTTP_2, half, half);
        webSocket(2 * half, trial.requests() / 10);
        udp(3 * half, Math.min(half, 500));
        dns();
    }

    private void http(HttpVersion version, int first, int count) throws Exception {
        HttpServerOptions options = new HttpServerOptions();
        HttpClientOptions clientOptions = new HttpClientOptions().setProtocolVersion(version);
        if (Tls.isOn()) {
            encrypt(options);
            clientOptions
                    .setSsl(true)
                    .setUseAlpn(true)
                    .setTrustAll(true)
                    .setVerifyHost(false)
                    .setSslHandshakeTimeout(LIMIT_SECONDS);
            if (Tls.isBoring()) {
                clientOptions.setSslEngineOptions(new OpenSSLEngineOptions());
            }
        }
        HttpServer server = await(
                vertx.createHttpServer(options).requestHandler(this::serve).listen(0, HOST));
        HttpClient client = vertx.createHttpClient(clientOptions);
        trial.load(
                first,
                count,
                IN_FLIGHT,
                i -> call(client, HttpMethod.POST, server.actualPort(), "/" + i, trial.request(i)));
        trial.load(5, 1, 1, i -> call(client, HttpMethod.GET, server.actualPort(), "/file", new byte[0]));
        await(client.close());
        await(server.close());
    }

    private static void encrypt(HttpServerOptions options) {
        options.setSsl(true)
                .setSslHandshakeTimeout(LIMIT_SECONDS)
                .setUseAlpn(true)
                .setKeyCertOptions(
                        new PfxOptions().setPath(Tls.file().toString()).setPassword(Tls.PASSWORD));
        if (Tls.isBoring()) {
            options.setSslEngineOptions(new OpenSSLEngineOptions());
        }
    }

    private void serve(HttpServerRequest request) {
        if (request.path().equals("/file")) {
            request.response().sendFile(file.toString());
            return;
        }
        int i = Integer.parseInt(request.path().substring(1));
        request.body().onComplete(body -> {
            if (body.succeeded()) {
                request.response()
                        .end(Buffer.buffer(trial.served(i, body.result().getBytes())));
            } else {
                trial.wrong("body of request " + i + " failed: " + body.cause());
            }
        });
    }

    /// Makes a request on an event loop. On another thread the body could arrive before this code asks for it, and
    /// would be dropped.
    private CompletionStage<byte[]> call(HttpClient client, HttpMethod method, int port, String uri, byte[] body) {
        CompletableFuture<byte[]> got = new CompletableFuture<>();
        vertx.runOnContext(start -> client.request(method, port, HOST, uri)
                .compose(request -> request.send(Buffer.buffer(body)))
                .compose(HttpClientResponse::body)
                .onComplete(reply -> {
                    if (reply.succeeded()) {
                        got.complete(reply.result().getBytes());
                    } else {
                        got.completeExceptionally(reply.cause());
                    }
                }));
        return got;
    }

    /// Sends one frame for each request. The replies come in the order of the requests.
    private void webSocket(int first, int count) throws Exception {
        HttpServerOptions options =
                new HttpServerOptions().setMaxWebSocketFrameSize(1 << 20).setMaxWebSocketMessageSize(1 << 20);
        WebSocketClientOptions clientOptions =
                new WebSocketClientOptions().setMaxFrameSize(1 << 20).setMaxMessageSize(1 << 20);
        if (Tls.isOn()) {
            encrypt(options);
            clientOptions.setSsl(true).setTrustAll(true).setVerifyHost(false).setSslHandshakeTimeout(LIMIT_SECONDS);
        }
        HttpServer server = await(vertx.createHttpServer(options)
                .webSocketHandler(socket -> socket.binaryMessageHandler(message -> socket.writeBinaryMessage(
                        Buffer.buffer(trial.servedFrame(message.getInt(0), message.getBytes(4, message.length()))))))
                .listen(0, HOST));
        WebSocketClient client = vertx.createWebSocketClient(clientOptions);
        WebSocket socket = await(client.connect(server.actualPort(), HOST, "/"));
        Queue<CompletableFuture<byte[]>> waiting = new ConcurrentLinkedQueue<>();
        socket.binaryMessageHandler(reply -> waiting.remove().complete(reply.getBytes()));
        trial.load(first, count, IN_FLIGHT, i -> {
            CompletableFuture<byte[]> got = new CompletableFuture<>();
            waiting.add(got);
            socket.writeBinaryMessage(Buffer.buffer().appendInt(i).appendBytes(trial.request(i)));
            return got;
        });
        await(socket.close());
        await(client.close());
        await(server.close());
    }

    /// Sends short datagrams one after the other, so that none is lost.
    private void udp(int first, int count) throws Exception {
        DatagramSocket server = await(vertx.createDatagramSocket().listen(0, HOST));
        server.handler(packet -> {
            int i = packet.data().getInt(0);
            byte[] text = packet.data().getBytes(4, packet.data().length());
            if (!new String(text).equals(text(i))) {
                trial.wrong("datagram " + i + " has other bytes: length=" + text.length);
            }
            server.send(packet.data(), packet.sender().port(), HOST);
        });
        DatagramSocket client = await(vertx.createDatagramSocket().listen(0, HOST));
        Queue<CompletableFuture<Buffer>> waiting = new ConcurrentLinkedQueue<>();
        client.handler(packet -> waiting.remove().complete(packet.data()));
        for (int i = first; i < first + count; i++) {
            CompletableFuture<Buffer> got = new CompletableFuture<>();
            waiting.add(got);
            Buffer sent = Buffer.buffer().appendInt(i).appendString(text(i));
            client.send(sent, server.localAddress().port(), HOST);
            if (!got.get(LIMIT_SECONDS, TimeUnit.SECONDS).equals(sent)) {
                trial.wrong("datagram " + i + " came back with other bytes");
            }
        }
        await(client.close());
        await(server.close());
    }

    private static String text(int i) {
        return ("datagram " + i + " ").repeat(1 + i % 40);
    }

    /// Asks a stub for an address. It repeats the question and adds one answer.
    private void dns() throws Exception {
        DatagramSocket stub = await(vertx.createDatagramSocket().listen(0, HOST));
        stub.handler(packet -> {
            Buffer query = packet.data();
            int questionEnd = 12;
            while (query.getByte(questionEnd) != 0) {
                questionEnd += query.getByte(questionEnd) + 1;
            }
            questionEnd += 5;
            Buffer reply = query.getBuffer(0, questionEnd).copy();
            reply.setShort(2, (short) 0x8180).setShort(6, (short) 1).setShort(10, (short) 0);
            reply.appendShort((short) 0xC00C).appendShort((short) 1).appendShort((short) 1);
            reply.appendInt(60).appendShort((short) 4).appendBytes(new byte[] {127, 0, 0, 9});
            stub.send(reply, packet.sender().port(), HOST);
        });
        DnsClient client = vertx.createDnsClient(stub.localAddress().port(), HOST);
        for (int i = 0; i < 10; i++) {
            var addresses = await(client.resolveA("name" + i + ".test"));
            if (!addresses.equals(java.util.List.of("127.0.0.9"))) {
                trial.wrong("name " + i + " has other addresses: " + addresses);
            }
        }
        await(client.close());
        await(stub.close());
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }
}
