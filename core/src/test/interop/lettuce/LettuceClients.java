package interop;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.NettyCustomizer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelOption;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;

/// Lettuce, against a stub that speaks enough of the Redis protocol.
final class LettuceClients {

    private static final Duration LIMIT = Duration.ofSeconds(120);

    private LettuceClients() {}

    public static void main(String[] args) {
        Interop.run(LettuceClients::run);
    }

    private static void run(Trial trial) throws Exception {
        try (ServerSocket listener = listener()) {
            Thread.ofVirtual().start(() -> accept(trial, listener));
            ClientResources.Builder resources =
                    ClientResources.builder().ioThreadPoolSize(2).computationThreadPoolSize(2);
            if (trial.isByOption()) {
                resources.nettyCustomizer(new NettyCustomizer() {
                    @Override
                    public void afterBootstrapInitialized(Bootstrap bootstrap) {
                        bootstrap.option(ChannelOption.ALLOCATOR, trial.allocator());
                    }
                });
            }
            ClientResources built = resources.build();
            RedisURI uri = RedisURI.builder()
                    .withHost("127.0.0.1")
                    .withPort(listener.getLocalPort())
                    .withSsl(Tls.isOn())
                    .withVerifyPeer(false)
                    .withTimeout(LIMIT)
                    .build();
            RedisClient client = RedisClient.create(built, uri);
            SslOptions.Builder tls = SslOptions.builder();
            client.setOptions(ClientOptions.builder()
                    .socketOptions(SocketOptions.builder().connectTimeout(LIMIT).build())
                    .protocolVersion(ProtocolVersion.RESP2)
                    .sslOptions((Tls.isBoring() ? tls.openSslProvider() : tls.jdkSslProvider())
                            .handshakeTimeout(LIMIT)
                            .build())
                    .build());
            StatefulRedisConnection<byte[], byte[]> connection = client.connect(ByteArrayCodec.INSTANCE);
            trial.load(0, trial.requests(), 8, i -> call(trial, connection, i));
            connection.close();
            client.shutdown(0, 10, TimeUnit.SECONDS);
            built.shutdown(0, 10, TimeUnit.SECONDS).get();
        }
    }

    private static CompletionStage<byte[]> call(
            Trial trial, StatefulRedisConnection<byte[], byte[]> connection, int i) {
        byte[] key = Integer.toString(i).getBytes(StandardCharsets.US_ASCII);
        connection.async().set(key, trial.request(i));
        return connection.async().get(key);
    }

    private static ServerSocket listener() throws Exception {
        if (!Tls.isOn()) {
            return new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(Tls.keys().getKeyManagers(), null, null);
        return context.getServerSocketFactory().createServerSocket(0, 10, InetAddress.getLoopbackAddress());
    }

    private static void accept(Trial trial, ServerSocket listener) {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                Thread.ofVirtual().start(() -> serve(trial, socket));
            } catch (IOException e) {
                // the program closed the listener
            }
        }
    }

    /// Answers a SET after checking its value, a GET with the reply of its key, and a PING. Everything else is an
    /// error, which Lettuce accepts from an old server.
    private static void serve(Trial trial, Socket socket) {
        try (socket) {
            DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            OutputStream out = new BufferedOutputStream(socket.getOutputStream());
            for (String head = in.readLine(); head != null; head = in.readLine()) {
                byte[][] words = new byte[Integer.parseInt(head.substring(1))][];
                for (int i = 0; i < words.length; i++) {
                    words[i] = in.readNBytes(Integer.parseInt(in.readLine().substring(1)));
                    in.skipNBytes(2);
                }
                String command = new String(words[0], StandardCharsets.US_ASCII);
                if (command.equals("SET")) {
                    trial.served(number(words[1]), words[2]);
                    out.write(ascii("+OK\r\n"));
                } else if (command.equals("GET")) {
                    byte[] reply = trial.reply(number(words[1]));
                    out.write(ascii("$" + reply.length + "\r\n"));
                    out.write(reply);
                    out.write(ascii("\r\n"));
                } else if (command.equals("PING")) {
                    out.write(ascii("+PONG\r\n"));
                } else {
                    out.write(ascii("-ERR unknown command\r\n"));
                }
                if (in.available() == 0) {
                    out.flush();
                }
            }
        } catch (IOException e) {
            // the client closed the connection
        }
    }

    private static int number(byte[] key) {
        return Integer.parseInt(new String(key, StandardCharsets.US_ASCII));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
