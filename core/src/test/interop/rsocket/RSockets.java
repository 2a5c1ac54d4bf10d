package interop;

import io.netty.channel.ChannelOption;
import io.netty.handler.ssl.SslContext;
import io.rsocket.Payload;
import io.rsocket.RSocket;
import io.rsocket.SocketAcceptor;
import io.rsocket.core.RSocketConnector;
import io.rsocket.core.RSocketServer;
import io.rsocket.frame.decoder.PayloadDecoder;
import io.rsocket.transport.netty.client.TcpClientTransport;
import io.rsocket.transport.netty.server.CloseableChannel;
import io.rsocket.transport.netty.server.TcpServerTransport;
import io.rsocket.util.DefaultPayload;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;
import reactor.netty.tcp.TcpClient;
import reactor.netty.tcp.TcpServer;

/// RSocket over TCP: requests with one reply, and requests with a stream of replies. Payloads are not copied.
final class RSockets {

    private static final Duration LIMIT = Duration.ofSeconds(120);

    private RSockets() {}

    public static void main(String[] args) {
        Interop.run(RSockets::run);
    }

    private static void run(Trial trial) throws Exception {
        LoopResources loops = LoopResources.create("interop", 2, true);
        TcpServer tcpServer = TcpServer.create().host("127.0.0.1").port(0).runOn(loops);
        TcpClient tcpClient = TcpClient.create().host("127.0.0.1").runOn(loops);
        if (trial.isByOption()) {
            tcpServer = tcpServer
                    .option(ChannelOption.ALLOCATOR, trial.allocator())
                    .childOption(ChannelOption.ALLOCATOR, trial.allocator());
            tcpClient = tcpClient.option(ChannelOption.ALLOCATOR, trial.allocator());
        }
        if (Tls.isOn()) {
            SslContext server = Tls.server();
            SslContext client = Tls.client();
            tcpServer = tcpServer.secure(spec -> spec.sslContext(server).handshakeTimeout(LIMIT));
            tcpClient = tcpClient.secure(spec -> spec.sslContext(client).handshakeTimeout(LIMIT));
        }
        CloseableChannel server = RSocketServer.create(SocketAcceptor.with(new Echo(trial)))
                .payloadDecoder(PayloadDecoder.ZERO_COPY)
                .bind(TcpServerTransport.create(tcpServer))
                .block(LIMIT);
        RSocket client = RSocketConnector.create()
                .payloadDecoder(PayloadDecoder.ZERO_COPY)
                .connect(TcpClientTransport.create(
                        tcpClient.port(server.address().getPort())))
                .block(LIMIT);
        int half = trial.requests() / 2;
        trial.load(0, half, 8, i -> reply(client.requestResponse(message(i, trial.request(i)))));
        trial.load(
                half,
                half,
                8,
                i -> reply(client.requestStream(message(i, trial.request(i)))
                        .take(2)
                        .reduce((first, second) -> {
                            first.release();
                            return second;
                        })));
        client.dispose();
        client.onClose().onErrorComplete().block(LIMIT);
        server.dispose();
        server.onClose().block(LIMIT);
        loops.disposeLater(Duration.ofMillis(10), LIMIT).block(LIMIT);
    }

    private static CompletionStage<byte[]> reply(Mono<Payload> payload) {
        return payload.map(RSockets::content).toFuture();
    }

    private static Payload message(int number, byte[] content) {
        return DefaultPayload.create(
                content, ByteBuffer.allocate(4).putInt(number).array());
    }

    /// {@return a copy of the data of a payload, which is released}
    private static byte[] content(Payload payload) {
        byte[] content = new byte[payload.data().readableBytes()];
        payload.data().readBytes(content);
        payload.release();
        return content;
    }

    private record Echo(Trial trial) implements RSocket {

        @Override
        public Mono<Payload> requestResponse(Payload payload) {
            int number = payload.metadata().getInt(0);
            return Mono.just(DefaultPayload.create(trial.served(number, content(payload))));
        }

        @Override
        public Flux<Payload> requestStream(Payload payload) {
            int number = payload.metadata().getInt(0);
            byte[] reply = trial.served(number, content(payload));
            return Flux.range(0, 2).map(i -> DefaultPayload.create(reply));
        }
    }
}
