package io.leasehold.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;

/// Loads an HTTPS server whose `/echo` returns the body of a request and whose other paths are files, and compares
/// every byte. The client is the JDK's.
public final class PoolLoad {

    private static final int ROUNDS = Boolean.getBoolean("leasehold.soak") ? 200 : 6;
    private static final int IN_FLIGHT = 8;
    private static final int[] LENGTHS = {1, 900, 16 << 10, 70_000, 300_000};
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private PoolLoad() {}

    /// Writes files that [#run] asks for.
    public static void writeFiles(Path folder) throws Exception {
        for (int length : LENGTHS) {
            Files.write(folder.resolve("file" + length), bytes(length, length));
        }
    }

    /// Asks for files and echoes, eight at a time.
    public static void run(int port, SSLContext tls) throws Exception {
        try (HttpClient client = HttpClient.newBuilder()
                .sslContext(tls)
                .version(HttpClient.Version.HTTP_1_1)
                .build()) {
            for (int round = 0; round < ROUNDS; round++) {
                List<CompletableFuture<HttpResponse<byte[]>>> replies = new ArrayList<>();
                List<byte[]> expected = new ArrayList<>();
                for (int i = 0; i < IN_FLIGHT; i++) {
                    int length = LENGTHS[(round + i) % LENGTHS.length];
                    byte[] body = i % 2 == 0 ? bytes(length, length) : bytes(round * IN_FLIGHT + i, length);
                    String path = i % 2 == 0 ? "file" + length : "echo";
                    HttpRequest.Builder request = HttpRequest.newBuilder(
                                    URI.create("https://127.0.0.1:" + port + "/" + path))
                            .timeout(LIMIT);
                    replies.add(client.sendAsync(
                            i % 2 == 0
                                    ? request.build()
                                    : request.POST(BodyPublishers.ofByteArray(body))
                                            .build(),
                            BodyHandlers.ofByteArray()));
                    expected.add(body);
                }
                for (int i = 0; i < IN_FLIGHT; i++) {
                    HttpResponse<byte[]> reply = replies.get(i).get(LIMIT.toSeconds(), TimeUnit.SECONDS);
                    assertThat(reply.statusCode()).isEqualTo(200);
                    assertThat(reply.body()).isEqualTo(expected.get(i));
                }
            }
        }
    }

    private static byte[] bytes(int seed, int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }
}
