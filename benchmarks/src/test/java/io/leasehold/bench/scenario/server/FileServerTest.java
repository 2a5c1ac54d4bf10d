package io.leasehold.bench.scenario.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.bench.scenario.load.Deck;
import io.leasehold.bench.scenario.load.FileTree;
import io.leasehold.bench.scenario.load.Keys;
import io.leasehold.bench.scenario.load.LoadGenerator;
import io.leasehold.bench.scenario.load.LoadPhase;
import io.leasehold.bench.scenario.load.LoadResult;
import io.leasehold.window.FileTrust;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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

    private static RawHttp.Answer ask(HttpServer server, String method, String path, String... headers)
            throws Exception {
        try (RawHttp client = RawHttp.connect(server, false)) {
            client.send(method + " " + path + " HTTP/1.1\r\nhost: here\r\n"
                    + Stream.of(headers).map(header -> header + "\r\n").collect(Collectors.joining()) + "\r\n");
            return client.read(method);
        }
    }

    private static RawHttp.Answer get(HttpServer server, String path) throws Exception {
        return ask(server, "GET", path);
    }

    @Test
    void filesArriveInEveryWayWithTheirTypeAndLength() throws Exception {
        for (FileWay way : FileWay.values()) {
            try (HttpServer server = server(way, FileTrust.FOREIGN)) {
                RawHttp.Answer whole = get(server, "/a%20picture.png");
                assertThat(whole.status()).isEqualTo(200);
                assertThat(whole.body()).isEqualTo(CONTENT);
                assertThat(whole.header("content-type")).isEqualTo("image/png");
                assertThat(get(server, "/empty.txt").body()).isEmpty();
                assertThat(get(server, "/sub/").body()).isEqualTo("index".getBytes(US_ASCII));
                RawHttp.Answer head = ask(server, "HEAD", "/a%20picture.png");
                assertThat(head.header("content-length")).isEqualTo("300000");
                assertThat(head.body()).isEmpty();
                RawHttp.Answer part = ask(server, "GET", "/a%20picture.png", "range: bytes=5-200000");
                assertThat(part.status()).isEqualTo(206);
                assertThat(part.header("content-range")).isEqualTo("bytes 5-200000/300000");
                assertThat(part.body()).isEqualTo(Arrays.copyOfRange(CONTENT, 5, 200_001));
                assertThat(server.counts().failures().sum()).isZero();
            }
        }
    }

    @Test
    void notModifiedIsAnsweredUntilTheFileChanges() throws Exception {
        try (HttpServer server = server(FileWay.LEASEHOLD, FileTrust.FOREIGN)) {
            RawHttp.Answer first = get(server, "/a%20picture.png");
            String tag = first.header("etag");
            String modified = first.header("last-modified");
            for (String tags : new String[] {tag, "W/" + tag, "\"x\", " + tag, "*"}) {
                RawHttp.Answer known = ask(server, "GET", "/a%20picture.png", "if-none-match: " + tags);
                assertThat(known.status()).as(tags).isEqualTo(304);
                assertThat(known.body()).isEmpty();
            }
            assertThat(ask(server, "GET", "/a%20picture.png", "if-modified-since: " + modified)
                            .status())
                    .isEqualTo(304);
            assertThat(ask(server, "GET", "/a%20picture.png", "if-modified-since: yesterday")
                            .status())
                    .isEqualTo(200);
            Files.write(root.resolve("a picture.png"), new byte[50_000]);
            RawHttp.Answer changed = ask(server, "GET", "/a%20picture.png", "if-none-match: " + tag);
            assertThat(changed.status()).isEqualTo(200);
            assertThat(changed.body()).isEqualTo(new byte[50_000]);
            assertThat(changed.header("etag")).isNotEqualTo(tag);
        }
    }

    /// Files of proc have content, and a reported length of 0. An answer without content would be wrong.
    @Test
    void fileWithoutReportedLengthIsAnError() throws Exception {
        Path proc = Path.of("/proc/self");
        assumeTrue(Files.isReadable(proc.resolve("status")), "there is no proc here");
        for (FileWay way : FileWay.values()) {
            try (HttpServer server = HttpServer.open(options(proc, way, FileTrust.FOREIGN, Optional.empty()))) {
                for (String method : new String[] {"GET", "HEAD"}) {
                    assertThat(ask(server, method, "/status").status())
                            .as("%s %s", way, method)
                            .isEqualTo(500);
                }
                assertThat(server.counts().failures().sum()).isEqualTo(2);
            }
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
                assertThat(ask(server, "GET", path).status()).as(path).isEqualTo(404);
            }
            for (String path : new String[] {"/../secret", "/sub/../../secret", "/%2e%2e/secret", "/a%00b", "/%zz"}) {
                assertThat(ask(server, "GET", path).status()).as(path).isEqualTo(400);
            }
            assertThat(ask(server, "GET", "/in/index.html").status()).isEqualTo(200);
            assertThat(ask(server, "GET", "/sub/../empty.txt").status()).isEqualTo(200);
            assertThat(ask(server, "DELETE", "/empty.txt").status()).isEqualTo(405);
        }
    }

    @Test
    @Timeout(600)
    void everyByteIsCorrectUnderLoad() throws Exception {
        FileTree tree = FileTree.standard();
        tree.write(root);
        Path keys = Keys.make(folder);
        for (FileWay way : FileWay.values()) {
            boolean encrypts = way != FileWay.SENDFILE;
            Optional<Path> key = encrypts ? Optional.of(keys) : Optional.empty();
            SslContext client = encrypts ? Keys.load(keys).client() : null;
            try (HttpServer server = HttpServer.open(options(root, way, FileTrust.IMMUTABLE, key));
                    LoadGenerator generator = new LoadGenerator(server.port(), client, new Deck(tree, 1))) {
                LoadResult result;
                do { // on a busy machine, no answer may fall into the measured time
                    result = generator.run(new LoadPhase(4, 1, 0, 50, 300), () -> {}, () -> {});
                    assertThat(result.problem()).isEmpty();
                    assertThat(result.wrong()).isZero();
                } while (result.bytes() == 0);
            }
        }
    }

    @Test
    void impossibleWaysAreRejected() {
        assertThatThrownBy(() -> options(root, FileWay.SENDFILE, FileTrust.FOREIGN, Optional.of(root)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sendfile");
        ServerOptions adaptive = ServerOptions.parse("--root=" + root, "--allocator=adaptive");
        assertThatThrownBy(() -> HttpServer.open(adaptive))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("leased");
        assertThatThrownBy(() -> ServerOptions.parse("--root=x", "--trust=owned"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("owned");
    }
}
