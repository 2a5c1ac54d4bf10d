package io.leasehold.bench.scenario.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.bench.scenario.load.Keys;
import io.leasehold.window.FileTrust;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Clients that send requests and read no answers. Closing the server proves that every window and buffer was released.
class FloodTest {

    private static final int REQUESTS = 100_000;
    private static final int FILE_BYTES = 10_000;

    /// Ten megabytes: more than the sockets of a connection buffer here, and a hundredth of what is requested.
    private static final int MAX_ANSWERS = 1_000;

    private static final long MAX_GROWTH_BYTES = 64L << 20;
    private static final int OTHER_REQUESTS = 300;
    private static final int SLOW_CLIENTS = 64;

    @TempDir
    Path root;

    @BeforeEach
    void fill() throws IOException {
        Files.write(root.resolve("small.bin"), new byte[FILE_BYTES]);
        Files.write(root.resolve("large.bin"), new byte[300_000]);
        Files.writeString(root.resolve("one.txt"), "one");
        Files.writeString(root.resolve("two.txt"), "two");
    }

    private HttpServer files(FileWay way, Optional<Path> keys) throws Exception {
        FileOptions files = new FileOptions(root, way, FileTrust.FOREIGN);
        return HttpServer.open(new ServerOptions(0, Transport.NIO, keys, way.allocator(), 1, Optional.of(files), 0));
    }

    @Test
    void requestsOfAClientThatReadsNothingStayInTheSockets() throws Exception {
        for (FileWay way : new FileWay[] {FileWay.LEASEHOLD, FileWay.CHUNKED}) {
            try (HttpServer server = files(way, Optional.empty())) {
                flood(server, "/small.bin", "/one.txt");
            }
        }
    }

    @Test
    void noBodiesAreCreatedForAClientThatReadsNothing() throws Exception {
        ServerOptions bodies = new ServerOptions(0, Transport.NIO, Optional.empty(), "leased", 1, Optional.empty(), 0);
        try (HttpServer server = HttpServer.open(bodies)) {
            flood(server, "/7/" + FILE_BYTES, "/7/3");
        }
    }

    /// In each round the event loop also serves the other client, while the flood continues.
    private static void flood(HttpServer server, String path, String other) throws Exception {
        byte[] requests = ("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
                .repeat(REQUESTS)
                .getBytes(US_ASCII);
        ByteBuffer rest = ByteBuffer.wrap(requests);
        long before = server.heldBytes();
        try (SocketChannel flooding = SocketChannel.open();
                RawHttp client = RawHttp.connect(server, false)) {
            flooding.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
            flooding.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
            flooding.configureBlocking(false);
            for (int round = 0; round < OTHER_REQUESTS; round++) {
                flooding.write(rest);
                client.send("GET " + other + " HTTP/1.1\r\nHost: x\r\n\r\n");
                assertThat(client.read("GET").status()).isEqualTo(200);
            }
            assertThat(server.counts().answers().sum() - OTHER_REQUESTS).isBetween(1L, (long) MAX_ANSWERS);
            assertThat(server.heldBytes() - before).isLessThan(MAX_GROWTH_BYTES);
        }
    }

    /// Small answers wait behind a large one, and are copies while they wait.
    @Test
    void clientsThatReadNothingHoldLessThanAMebibyteEach() throws Exception {
        byte[] requests = ("GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n"
                        + "GET /small.bin HTTP/1.1\r\nHost: x\r\n\r\n".repeat(10))
                .repeat(200)
                .getBytes(US_ASCII);
        try (HttpServer server = files(FileWay.LEASEHOLD, Optional.empty());
                RawHttp other = RawHttp.connect(server, false)) {
            long before = server.heldBytes();
            List<SocketChannel> slow = new ArrayList<>();
            try {
                for (int i = 0; i < SLOW_CLIENTS; i++) {
                    SocketChannel client = SocketChannel.open();
                    slow.add(client);
                    client.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
                    client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
                    client.configureBlocking(false);
                    client.write(ByteBuffer.wrap(requests));
                    other.send("GET /one.txt HTTP/1.1\r\nHost: x\r\n\r\n");
                    assertThat(other.read("GET").status()).isEqualTo(200);
                }
                assertThat(server.heldBytes() - before).isLessThan((long) SLOW_CLIENTS << 20);
            } finally {
                for (SocketChannel client : slow) {
                    client.close();
                }
            }
        }
    }

    @Test
    void allAnswersComeInOrderOnceTheClientReads() throws Exception {
        Path keys = Keys.make(root);
        for (boolean encrypts : new boolean[] {false, true}) {
            try (HttpServer server = files(FileWay.LEASEHOLD, encrypts ? Optional.of(keys) : Optional.empty());
                    RawHttp client = RawHttp.connect(server, encrypts)) {
                String[] names = {"one.txt", "large.bin", "two.txt", "small.bin"};
                StringBuilder requests = new StringBuilder();
                for (int i = 0; i < 50; i++) {
                    for (String name : names) {
                        requests.append("GET /" + name + " HTTP/1.1\r\nHost: x\r\n\r\n");
                    }
                }
                client.send(requests.toString());
                for (int i = 0; i < 50; i++) {
                    for (String name : names) {
                        assertThat(client.read("GET").body()).isEqualTo(Files.readAllBytes(root.resolve(name)));
                    }
                }
            }
        }
    }
}
