package io.leasehold.bench.scenario.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.leasehold.bench.scenario.load.Content;
import io.leasehold.bench.scenario.load.Deck;
import io.leasehold.bench.scenario.load.Keys;
import io.leasehold.bench.scenario.load.LoadGenerator;
import io.leasehold.bench.scenario.load.LoadPhase;
import io.leasehold.bench.scenario.load.LoadResult;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Server and load generator in one process. Closing the server proves that every buffer was released.
@Timeout(600)
class HttpServerTest {

    private static final LoadPhase FLAT_OUT = new LoadPhase(8, 16, 0, 50, 200);

    @Test
    void answersCorrectly() throws Exception {
        try (HttpServer server = HttpServer.open(options(Optional.empty(), 0))) {
            List<String> said = new ArrayList<>();
            LoadResult result = loadUntilAnswered(server, null, said);
            assertThat(result.problem()).isEmpty();
            assertThat(result.wrong()).isZero();
            assertThat(result.requests()).isPositive();
            assertThat(result.latency()).isEmpty();
            assertThat(said).containsExactly("measuring", "measured");
            assertThat(server.counts().answers().sum()).isGreaterThanOrEqualTo(result.requests());
            assertThat(server.counts().refused().sum()).isZero();
        }
    }

    @Test
    void answersCorrectlyOverTls(@TempDir Path folder) throws Exception {
        Path file = Keys.make(folder);
        try (HttpServer server = HttpServer.open(options(Optional.of(file), 0))) {
            LoadResult result = loadUntilAnswered(server, Keys.load(file).client(), new ArrayList<>());
            assertThat(result.problem()).isEmpty();
            assertThat(result.wrong()).isZero();
            assertThat(result.requests()).isPositive();
        }
    }

    @Test
    void keepsTheRateAndMeasuresLatencyFromIt() throws Exception {
        try (HttpServer server = HttpServer.open(options(Optional.empty(), 0))) {
            LoadResult result = load(server, null, new LoadPhase(8, 1, 400, 100, 500), new ArrayList<>());
            assertThat(result.wrong()).isZero();
            assertThat((double) result.requests()).isEqualTo(200, within(1.0));
            assertThat(result.seconds()).isGreaterThanOrEqualTo(0.5);
            assertThat(result.latency().getLast().percent()).isEqualTo(100);
            assertThat(result.latency().getLast().micros())
                    .isGreaterThanOrEqualTo(result.latency().getFirst().micros())
                    .isPositive();
        }
    }

    /// A rate above the server's capacity: the latency of a request includes the time that it waited to be sent.
    @Test
    void latencyIncludesTheWaitBeforeSending() throws Exception {
        try (HttpServer server = HttpServer.open(options(Optional.empty(), 0))) {
            LoadResult result = load(server, null, new LoadPhase(1, 1, 20_000, 0, 50), new ArrayList<>());
            assertThat(result.wrong()).isZero();
            assertThat(result.requests()).isEqualTo(1_000);
            assertThat(result.latency().getLast().micros()).isGreaterThan(0.9e6 * (result.seconds() - 0.05));
        }
    }

    @Test
    void corruptedAnswersAreAllDetected() throws Exception {
        try (HttpServer server = HttpServer.open(options(Optional.empty(), 10))) {
            long wrong = 0;
            while (wrong == 0) { // on a busy machine, a short load may end before its tenth answer
                wrong = load(server, null, FLAT_OUT, new ArrayList<>()).wrong();
            }
            assertThat(wrong).isEqualTo(server.counts().spoiled().sum());
        }
    }

    /// At any time each connection has the maximum number of requests in flight.
    @Test
    @Timeout(600)
    void missingAnswersAreCounted() throws Exception {
        HttpServer server = HttpServer.open(options(Optional.empty(), 0));
        try (LoadGenerator generator = new LoadGenerator(server.port(), null, new Deck(1))) {
            // a server that closes while it accepts a connection does not close it, so all are served first
            Runnable close = () -> {
                while (server.counts().answers().sum() < 4 * 2) {
                    Thread.yield();
                }
                server.close();
            };
            LoadResult result = generator.run(new LoadPhase(4, 2, 0, 50, 60_000), close, () -> {});
            assertThat(result.wrong()).isEqualTo(4 * 2);
            assertThat(result.problem()).isNotEmpty();
        }
    }

    @Test
    void rejectsABodyWithAWrongChecksum() throws Exception {
        try (HttpServer server = HttpServer.open(options(Optional.empty(), 0))) {
            assertThat(post(server, "/7/10", "0").getResponseCode()).isEqualTo(400);
            assertThat(server.counts().refused().sum()).isEqualTo(1);
        }
    }

    @Test
    void answersRequestsWithoutChecksum() throws Exception {
        try (HttpServer server = HttpServer.open(options(Optional.empty(), 0))) {
            try (InputStream body = post(server, "/7/10", null).getInputStream()) {
                assertThat(body.readAllBytes()).isEqualTo(Content.bytes(7, 10));
            }
            assertThat(post(server, "/7/x", null).getResponseCode()).isEqualTo(404);
            assertThat(post(server, "/7/" + (Content.MAX_BYTES + 1), null).getResponseCode())
                    .isEqualTo(400);
            assertThat(post(server, "/", null).getResponseCode()).isEqualTo(200);
        }
    }

    @Test
    void rejectsMalformedRequestsAndCloses() throws Exception {
        try (HttpServer server = HttpServer.open(options(Optional.empty(), 0))) {
            for (String request : new String[] {
                "BLAH\r\n\r\n", "GET /7/10 HTTP/1.1\r\n\r\n", "GET /7/10 HTTP/1.1\r\nHost: x\r\nX : 1\r\n\r\n"
            }) {
                try (RawHttp client = RawHttp.connect(server, false)) {
                    assertThat(client.send(request).read("GET").status())
                            .as(request)
                            .isEqualTo(400);
                    assertThat(client.isEnded()).isTrue();
                }
            }
        }
    }

    @Test
    void reportsThePortInUse() throws Exception {
        try (HttpServer server = HttpServer.open(options(Optional.empty(), 0))) {
            ServerOptions same = ServerOptions.parse("--port=" + server.port());
            assertThatThrownBy(() -> HttpServer.open(same))
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            "port is in use: address=127.0.0.1:" + server.port() + "; use another port, or 0 for any");
        }
    }

    @Test
    void rejectsUnknownOptions() {
        assertThatThrownBy(() -> ServerOptions.parse("--prot=1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("unknown option: --prot=1");
        assertThatThrownBy(() -> ServerOptions.parse("--port=70000"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("70000");
    }

    /// Loads a server until an answer falls into the measured time, which may be none on a busy machine.
    private static LoadResult loadUntilAnswered(HttpServer server, @Nullable SslContext tls, List<String> said)
            throws Exception {
        LoadResult result;
        do {
            said.clear();
            result = load(server, tls, FLAT_OUT, said);
        } while (result.requests() == 0 && result.problem().isEmpty());
        return result;
    }

    private static LoadResult load(HttpServer server, @Nullable SslContext tls, LoadPhase phase, List<String> said)
            throws Exception {
        try (LoadGenerator generator = new LoadGenerator(server.port(), tls, new Deck(1))) {
            return generator.run(phase, () -> said.add("measuring"), () -> said.add("measured"));
        }
    }

    private static HttpURLConnection post(HttpServer server, String path, @Nullable String sum) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://127.0.0.1:" + server.port() + path).toURL().openConnection();
        connection.setRequestMethod("POST");
        connection.setDoOutput(true);
        if (sum != null) {
            connection.setRequestProperty(Content.SUM_HEADER, sum);
        }
        try (OutputStream body = connection.getOutputStream()) {
            body.write(1);
        }
        return connection;
    }

    private static ServerOptions options(Optional<Path> keys, int faultEvery) {
        return new ServerOptions(0, Transport.NIO, keys, "leased", 1, Optional.empty(), faultEvery);
    }
}
