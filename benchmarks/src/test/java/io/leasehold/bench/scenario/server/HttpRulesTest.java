package io.leasehold.bench.scenario.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.bench.scenario.load.Keys;
import io.leasehold.window.FileTrust;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/// Valid and invalid requests by RFC 9110 and RFC 9112, byte by byte, plain and over TLS. Closing the server proves
/// that every window and buffer was released.
@ParameterizedClass
@ValueSource(booleans = {false, true})
class HttpRulesTest {

    private static final String MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";
    private static final String GET = "GET /a.txt HTTP/1.1\r\nHost: x\r\n";
    private static final String AGAIN = "GET /b.txt HTTP/1.1\r\nHost: x\r\n\r\n";

    @TempDir
    Path root;

    @TempDir
    private static Path keyFolder;

    private static Path keys;

    private final boolean encrypts;
    private HttpServer server;

    HttpRulesTest(boolean encrypts) {
        this.encrypts = encrypts;
    }

    @BeforeAll
    static void makeKeys() throws Exception {
        keys = Keys.make(keyFolder);
    }

    @BeforeEach
    void open() throws Exception {
        Files.writeString(root.resolve("a.txt"), "0123456789");
        Files.writeString(root.resolve("b.txt"), "b");
        Files.write(root.resolve("empty"), new byte[0]);
        Files.createDirectory(root.resolve("folder"));
        Files.write(root.resolve("large.bin"), new byte[3_000_000]);
        Files.createSymbolicLink(root.resolve("loop"), root.resolve("loop"));
        Files.setLastModifiedTime(root.resolve("a.txt"), FileTime.from(Instant.ofEpochSecond(784_111_777)));
        FileOptions files = new FileOptions(root, FileWay.LEASEHOLD, FileTrust.FOREIGN);
        server = HttpServer.open(new ServerOptions(
                0, Transport.NIO, encrypts ? Optional.of(keys) : Optional.empty(), "leased", 1, Optional.of(files), 0));
    }

    @AfterEach
    void close() {
        server.close();
    }

    /// Sends two requests. The second one is answered if the connection continues after the first.
    private RawHttp.Answer first(String request, boolean goesOn) throws Exception {
        try (RawHttp client = RawHttp.connect(server, encrypts)) {
            client.send(request + AGAIN);
            RawHttp.Answer answer = client.read(request.substring(0, Math.max(0, request.indexOf(' '))));
            assertThat(answer.header("date")).as(request).endsWith(" GMT");
            if (goesOn) {
                assertThat(answer.header("connection")).as(request).isNotEqualTo("close");
                assertThat(client.read("GET").text()).as(request).isEqualTo("b");
            } else {
                assertThat(answer.header("connection")).as(request).isEqualTo("close");
                assertThat(client.isEnded()).as(request).isTrue();
            }
            return answer;
        }
    }

    private void refused(int status, String request) throws Exception {
        assertThat(first(request, false).status()).as(request).isEqualTo(status);
    }

    private RawHttp.Answer answered(int status, String request) throws Exception {
        RawHttp.Answer answer = first(request, true);
        assertThat(answer.status()).as(request).isEqualTo(status);
        return answer;
    }

    @Test
    void malformedRequestsEndTheConnection() throws Exception {
        refused(400, "BLAH\r\n\r\n");
        refused(400, "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n");
        refused(400, "GET  HTTP/1.1\r\nHost: x\r\n\r\n");
        refused(400, "GET /a.txt http/1.1\r\nHost: x\r\n\r\n");
        refused(400, "GET /a.txt HTTP/1.10\r\nHost: x\r\n\r\n");
        refused(505, "GET /a.txt HTTP/3.0\r\nHost: x\r\n\r\n");
        refused(414, "GET /" + "b".repeat(9_000) + " HTTP/1.1\r\nHost: x\r\n\r\n");
        refused(431, GET + "X: " + "b".repeat(9_000) + "\r\n\r\n");
        refused(431, GET + "X: 1\r\n".repeat(10_000) + "\r\n");
        refused(400, GET + "X : 1\r\n\r\n");
        refused(400, GET + "X: a\0b\r\n\r\n");
        refused(400, GET + "Content-Length: -1\r\n\r\n");
        refused(400, GET + "Content-Length: +1\r\n\r\n");
        refused(400, GET + "Content-Length: x\r\n\r\n");
        refused(400, GET + "Content-Length: 1, 2\r\n\r\n");
        refused(400, GET + "Content-Length: 0\r\nContent-Length: 5\r\n\r\n");
        refused(400, GET + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        refused(400, GET + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n");
        refused(400, GET + "Transfer-Encoding: xchunked\r\n\r\n");
        refused(400, GET + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n");
        refused(501, GET + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
        refused(400, "GET /a.txt HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        refused(400, GET + "Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n");
        refused(417, GET + "Expect: a-pony\r\n\r\n");
    }

    @Test
    void exactlyOneHostIsRequired() throws Exception {
        refused(400, "GET /a.txt HTTP/1.1\r\n\r\n");
        refused(400, "GET /a.txt HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n");
        refused(400, "GET /a.txt HTTP/1.1\r\nHost:\r\n\r\n");
        refused(400, "GET /a.txt HTTP/1.1\r\nHost: a b\r\n\r\n");
        refused(400, "GET /a.txt HTTP/1.1\r\nHost: a/b\r\n\r\n");
        refused(400, "GET /a.txt HTTP/1.1\r\nHost: a:b\r\n\r\n");
        refused(400, "GET http://a@b/a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        refused(400, "GET http:///a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
        answered(200, "GET http://other/a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
        answered(200, "GET /a.txt HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
        answered(200, "GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    }

    @Test
    void unsupportedMethodsAreRejected() throws Exception {
        for (String method : new String[] {"POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
            RawHttp.Answer answer = answered(405, method + " /a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(answer.header("allow")).isEqualTo("GET, HEAD, OPTIONS");
        }
        answered(405, "POST /a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
        answered(501, "get /a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
        answered(501, "BREW /a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(answered(200, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").header("allow"))
                .isEqualTo("GET, HEAD, OPTIONS");
        answered(200, "OPTIONS /a.txt HTTP/1.1\r\nHost: x\r\n\r\n");
        answered(404, "OPTIONS /none HTTP/1.1\r\nHost: x\r\n\r\n");
        answered(400, "GET * HTTP/1.1\r\nHost: x\r\n\r\n");
    }

    @Test
    void unknownPathsAreClientErrors() throws Exception {
        for (String path : new String[] {
            "/none",
            "/folder",
            "/folder/",
            "/",
            "/a.txt/",
            "/a.txt/b",
            "/loop",
            "/loop/b",
            "/" + "n".repeat(300),
            "/d".repeat(1_500),
            "/" + "n".repeat(7_980), // RFC 9112, 3: at least 8,000 bytes in a request line
            "/folder%2f..%2fa.txt",
            "/%2e%2e%2fa.txt"
        }) {
            answered(404, "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        for (String path : new String[] {"/a%00", "/%", "/%4", "/%zz", "/%ff", "/..", "/folder/../../a.txt", "a.txt"}) {
            answered(400, "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
        }
    }

    @Test
    void bodiesOfRequestsAreDropped() throws Exception {
        answered(200, GET + "Content-Length: 5\r\n\r\nhello");
        answered(200, GET + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: x\r\n\r\n");
        answered(200, GET + "Content-Length: 60000\r\n\r\n" + "z".repeat(60_000));
        refused(413, GET + "Content-Length: 100000\r\n\r\n" + "z".repeat(100_000));
        refused(413, GET + "Transfer-Encoding: chunked\r\n\r\n186a0\r\n" + "z".repeat(100_000) + "\r\n0\r\n\r\n");
        refused(413, GET + "Expect: 100-continue\r\nContent-Length: 100000\r\n\r\n");
        try (RawHttp client = RawHttp.connect(server, encrypts)) {
            client.send(GET + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
            assertThat(client.read("GET").status()).isEqualTo(100);
            assertThat(client.send("hello").read("GET").status()).isEqualTo(200);
        }
    }

    @Test
    void connectionHeaderIsHonored() throws Exception {
        refused(200, "GET /a.txt HTTP/1.0\r\n\r\n");
        assertThat(answered(200, "GET /a.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
                        .header("connection"))
                .isEqualTo("keep-alive");
        assertThat(answered(200, GET + "\r\n").header("connection")).isEmpty();
        refused(200, GET + "Connection: x, Close\r\n\r\n");
        refused(404, "HEAD /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }

    @Test
    void headAnswersHaveTheHeadersOfGet() throws Exception {
        String head = "HEAD /a.txt HTTP/1.1\r\nHost: x\r\n";
        RawHttp.Answer whole = answered(200, head + "\r\n");
        assertThat(whole.header("content-length")).isEqualTo("10");
        RawHttp.Answer ranged = answered(200, head + "Range: bytes=0-2\r\n\r\n");
        assertThat(ranged.header("content-length")).isEqualTo("10");
        assertThat(ranged.header("content-range")).isEmpty();
        answered(200, head + "Range: bytes=10-\r\n\r\n");
        assertThat(answered(304, head + "If-None-Match: " + whole.header("etag") + "\r\n\r\n")
                        .header("etag"))
                .isEqualTo(whole.header("etag"));
    }

    @Test
    void conditionsAreEvaluatedBeforeRanges() throws Exception {
        String tag = answered(200, GET + "\r\n").header("etag");
        assertThat(tag).startsWith("\"").endsWith("\"");
        RawHttp.Answer part = answered(206, GET + "Range: bytes=2-4\r\n\r\n");
        assertThat(part.text()).isEqualTo("234");
        assertThat(part.header("content-range")).isEqualTo("bytes 2-4/10");
        assertThat(answered(206, GET + "Range: bytes=2-99999999999999999999\r\n\r\n")
                        .text())
                .isEqualTo("23456789");
        assertThat(answered(206, GET + "Range: bytes=2-4,3-5\r\n\r\n").text()).isEqualTo("2345");
        assertThat(answered(200, GET + "Range: bytes=0-1,5-6\r\n\r\n").text()).isEqualTo("0123456789");
        assertThat(answered(200, GET + "Range: bytes=0-1\r\nRange: bytes=5-6\r\n\r\n")
                        .text())
                .hasSize(10);
        for (String range : new String[] {"10-", "-0", "99999999999999999999-", "10-,20-30"}) {
            assertThat(answered(416, GET + "Range: bytes=" + range + "\r\n\r\n").header("content-range"))
                    .isEqualTo("bytes */10");
        }
        assertThat(answered(200, "GET /empty HTTP/1.1\r\nHost: x\r\nRange: bytes=-5\r\n\r\n")
                        .text())
                .isEmpty();
        answered(416, "GET /empty HTTP/1.1\r\nHost: x\r\nRange: bytes=0-\r\n\r\n");
        for (String same : new String[] {tag, MODIFIED}) {
            answered(206, GET + "Range: bytes=0-1\r\nIf-Range: " + same + "\r\n\r\n");
        }
        for (String other : new String[] {"W/" + tag, "\"x\"", "Sun, 06 Nov 1994 08:49:38 GMT", "x"}) {
            answered(200, GET + "Range: bytes=0-1\r\nIf-Range: " + other + "\r\n\r\n");
        }
        answered(304, GET + "If-None-Match: W/" + tag + "\r\nRange: bytes=90-\r\n\r\n");
        answered(304, GET + "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n\r\n");
        answered(412, GET + "If-Match: W/" + tag + "\r\nIf-None-Match: " + tag + "\r\n\r\n");
        answered(412, GET + "If-Unmodified-Since: Sun Nov  6 08:49:36 1994\r\nRange: bytes=90-\r\n\r\n");
        answered(200, GET + "If-Match: \"x\", " + tag + "\r\n\r\n");
    }

    /// The time of a file may be in the future, at the end of what nanoseconds can count, or beyond it.
    @Test
    void fileFromTheFutureIsAnsweredWithThePresent() throws Exception {
        for (long second : new long[] {4_102_444_800L, 9_223_372_036L, 10_413_792_000L}) {
            Files.setLastModifiedTime(root.resolve("b.txt"), FileTime.from(Instant.ofEpochSecond(second)));
            RawHttp.Answer answer = answered(200, "GET /b.txt HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(answer.header("last-modified"))))
                    .isBeforeOrEqualTo(Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(answer.header("date"))));
        }
    }

    /// A client that closes its output after the request still receives all answers.
    @Test
    void answersOutliveTheEndOfTheRequests() throws Exception {
        if (encrypts) {
            return; // the JDK's TLS sockets close both directions
        }
        try (RawHttp client = RawHttp.connect(server, false)) {
            client.send(("GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n" + AGAIN).repeat(20))
                    .endOutput();
            for (int i = 0; i < 20; i++) {
                assertThat(client.read("GET").body()).hasSize(3_000_000);
                assertThat(client.read("GET").text()).isEqualTo("b");
            }
            assertThat(client.isEnded()).isTrue();
        }
        for (String part : new String[] {GET, GET + "Content-Length: 5\r\n\r\nhe"}) {
            try (RawHttp client = RawHttp.connect(server, false)) {
                client.send(AGAIN + part).endOutput();
                assertThat(client.read("GET").status()).isEqualTo(200);
                assertThat(client.read("GET").status()).as(part).isEqualTo(400);
                assertThat(client.isEnded()).isTrue();
            }
        }
        for (String none : new String[] {"", "GET /a.txt HT"}) {
            try (RawHttp client = RawHttp.connect(server, false)) {
                assertThat(client.send(none).endOutput().isEnded()).as(none).isTrue();
            }
        }
    }

    @Test
    void curlAgrees() throws Exception {
        assumeTrue(hasCurl(), "there is no curl here, so it is not asked");
        String scheme = encrypts ? "https" : "http";
        String url = scheme + "://127.0.0.1:" + server.port() + "/";
        assertThat(curl(url + "a.txt")).isEqualTo("0123456789");
        assertThat(curl("-r", "3-5", url + "a.txt")).isEqualTo("345");
        assertThat(curl("-z", MODIFIED, "-w", "%{http_code}", url + "a.txt")).isEqualTo("304");
        assertThat(curl("-I", "-w", "%{http_code}", "-o", "/dev/null", url + "none"))
                .isEqualTo("404");
        assertThat(curl("-0", url + "a.txt", url + "b.txt")).isEqualTo("0123456789b");
        assertThat(curl("-d", "x".repeat(3_000), "-w", "%{http_code}", url + "a.txt"))
                .isEqualTo("405");
        assertThat(curl("-d", "x", "-H", "Transfer-Encoding: chunked", "-X", "GET", url + "a.txt"))
                .isEqualTo("0123456789");
        assertThat(curl("--path-as-is", "-w", "%{http_code}", url + "../a.txt")).isEqualTo("400");
    }

    private static boolean hasCurl() throws InterruptedException {
        try {
            return new ProcessBuilder("curl", "--version")
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static String curl(String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("curl", "-sk", "--noproxy", "*", "--max-time", "20"));
        command.addAll(List.of(args));
        Process process = new ProcessBuilder(command).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
        return said;
    }
}
