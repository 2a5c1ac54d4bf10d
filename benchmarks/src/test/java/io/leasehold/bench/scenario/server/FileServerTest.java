package io.leasehold.bench.scenario.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.bench.scenario.load.FileTree;
import io.leasehold.bench.scenario.load.Keys;
import io.leasehold.bench.scenario.load.LoadGenerator;
import io.leasehold.bench.scenario.load.LoadPhase;
import io.leasehold.bench.scenario.load.LoadResult;
import io.leasehold.window.FileTrust;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A folder over HTTP, requested as by a browser. Closing the server proves that every window and buffer was released.
class FileServerTest {

    private static final byte[] CONTENT = new byte[300_000];

    static {
        new SplittableRandom(7).nextBytes(CONTENT);
    }

    @TempDir
    Path folder;

    private Path root;

    @BeforeEach
    void fill() throws IOException {
        root = Files.createDirectory(folder.resolve("root"));
        Files.write(root.resolve("a picture.png"), CONTENT);
        Files.write(root.resolve("empty.txt"), new byte[0]);
        Files.createDirectory(root.resolve("sub"));
        Files.writeString(root.resolve("sub/index.html"), "index");
        Files.writeString(folder.resolve("secret"), "secret");
    }

    private HttpServer server(FileWay way, FileTrust trust) throws Exception {
        return HttpServer.open(options(root, way, trust, Optional.empty()));
    }

    private static ServerOptions options(Path root, FileWay way, FileTrust trust, Optional<Path> keys) {
        return new ServerOptions(
                0, Transport.NIO, keys, way.allocator(), 1, Optional.of(new FileOptions(root, way, trust)), 0);
    }

    private static final class Answer {

        private final HttpURLConnection connection;
        private final int status;
        private final byte[] body;

        Answer(HttpURLConnection connection) throws IOException {
            this.connection = connection;
            status = connection.getResponseCode();
            try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                body = in == null ? new byte[0] : in.readAllBytes();
            }
        }

        int status() {
            return status;
        }

        byte[] body() {
            return body;
        }

        String header(String name) {
            return String.valueOf(connection.getHeaderField(name));
        }
    }

    private static Answer ask(HttpServer server, String method, String path, Map<String, String> headers)
            throws IOException {
        URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
        HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
        connection.setRequestMethod(method);
        headers.forEach(connection::setRequestProperty);
        return new Answer(connection);
    }

    private static Answer get(HttpServer server, String path) throws IOException {
        return ask(server, "GET", path, Map.of());
    }

    @Test
    void filesArriveInEveryWayWithTheirTypeAndLength() throws Exception {
        for (FileWay way : FileWay.values()) {
            try (HttpServer server = server(way, FileTrust.FOREIGN)) {
                Answer whole = get(server, "/a%20picture.png");
                assertThat(whole.status()).isEqualTo(200);
                assertThat(whole.body()).isEqualTo(CONTENT);
                assertThat(whole.header("content-type")).isEqualTo("image/png");
                assertThat(get(server, "/empty.txt").body()).isEmpty();
                assertThat(get(server, "/sub/").body()).isEqualTo("index".getBytes(US_ASCII));
                Answer head = ask(server, "HEAD", "/a%20picture.png", Map.of());
                assertThat(head.header("content-length")).isEqualTo("300000");
                assertThat(head.body()).isEmpty();
                Answer part = ask(server, "GET", "/a%20picture.png", Map.of("range", "bytes=5-200000"));
                assertThat(part.status()).isEqualTo(206);
                assertThat(part.header("content-range")).isEqualTo("bytes 5-200000/300000");
                assertThat(part.body()).isEqualTo(Arrays.copyOfRange(CONTENT, 5, 200_001));
                assertThat(server.counts().failures().sum()).isZero();
            }
        }
    }

    @Test
    void rangesOutsideAreRejectedAndSeveralAreIgnored() throws Exception {
        try (HttpServer server = server(FileWay.LEASEHOLD, FileTrust.IMMUTABLE)) {
            Answer none = ask(server, "GET", "/a%20picture.png", Map.of("range", "bytes=300000-"));
            assertThat(none.status()).isEqualTo(416);
            assertThat(none.header("content-range")).isEqualTo("bytes */300000");
            Answer several = ask(server, "GET", "/a%20picture.png", Map.of("range", "bytes=0-1,3-4"));
            assertThat(several.status()).isEqualTo(200);
            Answer other =
                    ask(server, "GET", "/a%20picture.png", Map.of("range", "bytes=0-1", "if-range", "\"other\""));
            assertThat(other.status()).isEqualTo(200);
            assertThat(other.body()).hasSize(CONTENT.length);
        }
    }

    @Test
    void notModifiedIsAnsweredUntilTheFileChanges() throws Exception {
        try (HttpServer server = server(FileWay.LEASEHOLD, FileTrust.FOREIGN)) {
            Answer first = get(server, "/a%20picture.png");
            String tag = first.header("etag");
            String modified = first.header("last-modified");
            for (String tags : new String[] {tag, "W/" + tag, "\"x\", " + tag, "*"}) {
                Answer known = ask(server, "GET", "/a%20picture.png", Map.of("if-none-match", tags));
                assertThat(known.status()).as(tags).isEqualTo(304);
                assertThat(known.body()).isEmpty();
            }
            assertThat(ask(server, "GET", "/a%20picture.png", Map.of("if-modified-since", modified))
                            .status())
                    .isEqualTo(304);
            assertThat(ask(server, "GET", "/a%20picture.png", Map.of("if-modified-since", "yesterday"))
                            .status())
                    .isEqualTo(200);
            Files.write(root.resolve("a picture.png"), new byte[50_000]);
            Answer changed = ask(server, "GET", "/a%20picture.png", Map.of("if-none-match", tag));
            assertThat(changed.status()).isEqualTo(200);
            assertThat(changed.body()).isEqualTo(new byte[50_000]);
            assertThat(changed.header("etag")).isNotEqualTo(tag);
        }
    }

    @Test
    void filesOutsideOfTheFolderAreNotSent() throws Exception {
        Files.createSymbolicLink(root.resolve("out"), folder.resolve("secret"));
        Files.createSymbolicLink(root.resolve("up"), folder);
        Files.createSymbolicLink(root.resolve("in"), root.resolve("sub"));
        try (HttpServer server = server(FileWay.LEASEHOLD, FileTrust.FOREIGN)) {
            for (String path : new String[] {
                "/..%2fsecret",
                "/%2e%2e%2fsecret",
                "/out",
                "/up/secret",
                "/..%5csecret",
                "/%2F" + folder.resolve("secret"),
                "//" + folder.resolve("secret"),
                "/sub",
                "/missing"
            }) {
                assertThat(status(server, "GET " + path)).as(path).isEqualTo("404");
            }
            for (String path : new String[] {"/../secret", "/sub/../../secret", "/%2e%2e/secret", "/a%00b", "/%zz"}) {
                assertThat(status(server, "GET " + path)).as(path).isEqualTo("400");
            }
            assertThat(status(server, "GET /in/index.html")).isEqualTo("200");
            assertThat(status(server, "GET /sub/../empty.txt")).isEqualTo("200");
            assertThat(status(server, "DELETE /empty.txt")).isEqualTo("405");
        }
    }

    /// Sends a request line unchanged. The clients of the JDK normalize paths.
    private static String status(HttpServer server, String line) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write((line + " HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").getBytes(US_ASCII));
            byte[] answer = socket.getInputStream().readAllBytes();
            return new String(answer, US_ASCII).split(" ", -1)[1];
        }
    }

    @Test
    void everyByteIsCorrectUnderLoad() throws Exception {
        FileTree tree = FileTree.standard();
        tree.write(root);
        Path keys = Keys.make();
        try {
            for (FileWay way : FileWay.values()) {
                boolean encrypts = way != FileWay.SENDFILE;
                Optional<Path> key = encrypts ? Optional.of(keys) : Optional.empty();
                SslContext client = encrypts ? Keys.load(keys).client() : null;
                try (HttpServer server = HttpServer.open(options(root, way, FileTrust.IMMUTABLE, key));
                        LoadGenerator generator = LoadGenerator.ofFiles(server.port(), client, tree, 1)) {
                    LoadResult result = generator.run(new LoadPhase(4, 1, 0, 50, 300), () -> {}, () -> {});
                    assertThat(result.problem()).isEmpty();
                    assertThat(result.wrong()).isZero();
                    assertThat(result.bytes()).isPositive();
                }
            }
        } finally {
            Keys.delete(keys);
        }
    }

    @Test
    void impossibleWaysAreRejected() {
        assertThatThrownBy(() -> options(root, FileWay.SENDFILE, FileTrust.FOREIGN, Optional.of(root)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sendfile");
        ServerOptions adaptive = ServerOptions.parse(new String[] {"--root=" + root, "--allocator=adaptive"});
        assertThatThrownBy(() -> HttpServer.open(adaptive))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("leased");
        assertThatThrownBy(() -> ServerOptions.parse(new String[] {"--root=x", "--trust=owned"}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("owned");
    }
}
