package interop;

import io.micronaut.context.ApplicationContext;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.server.types.files.SystemFile;
import io.micronaut.runtime.server.EmbeddedServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.SSLContext;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Micronaut: HTTP/1.1, HTTP/2 with TLS, bodies in one piece and in parts, and a file. The client is the JDK's.
final class MicronautServers {

    private static final Duration LIMIT = Duration.ofSeconds(120);
    private static final int FILE = 5;

    /// The controller makes its replies with it. The framework makes the controller.
    private static Trial trial;

    private static Path file;

    private MicronautServers() {}

    public static void main(String[] args) {
        Interop.run(MicronautServers::run);
    }

    private static void run(Trial given) throws Exception {
        trial = given;
        file = Files.write(Files.createTempFile("interop", ".bin"), trial.reply(FILE));
        try (ApplicationContext context = ApplicationContext.run(configuration())) {
            EmbeddedServer server = context.getBean(EmbeddedServer.class).start();
            int half = trial.requests() / 2;
            load(server.getURI(), Version.HTTP_1_1, 0, half);
            load(server.getURI(), Tls.isOn() ? Version.HTTP_2 : Version.HTTP_1_1, half, half);
        } finally {
            Files.delete(file);
        }
    }

    private static Map<String, Object> configuration() {
        Map<String, Object> values = new HashMap<>();
        values.put("micronaut.server.host", "127.0.0.1");
        values.put("micronaut.server.port", -1);
        values.put("micronaut.server.http-version", Tls.isOn() ? "2.0" : "1.1");
        if (Tls.isOn()) {
            values.put("micronaut.server.ssl.enabled", true);
            values.put("micronaut.server.ssl.port", -1);
            values.put("micronaut.server.ssl.key-store.path", Tls.file().toUri().toString());
            values.put("micronaut.server.ssl.key-store.type", "PKCS12");
            values.put("micronaut.server.ssl.key-store.password", Tls.PASSWORD);
        }
        return values;
    }

    private static void load(URI server, Version version, int first, int count) throws Exception {
        HttpClient.Builder builder = HttpClient.newBuilder().version(version).connectTimeout(LIMIT);
        if (Tls.isOn()) {
            builder.sslContext(trust());
        }
        try (HttpClient client = builder.build()) {
            trial.load(
                    first, count, 8, i -> call(client, post(server.resolve((i % 2 == 0 ? "/" : "/stream/") + i), i)));
            HttpRequest get = request(server.resolve("/file")).GET().build();
            trial.load(FILE, 1, 1, i -> call(client, get));
        }
    }

    private static SSLContext trust() throws GeneralSecurityException, IOException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, Tls.trust().getTrustManagers(), null);
        return context;
    }

    private static HttpRequest post(URI uri, int i) {
        return request(uri)
                .header("Content-Type", MediaType.APPLICATION_OCTET_STREAM)
                .POST(BodyPublishers.ofByteArray(trial.request(i)))
                .build();
    }

    private static HttpRequest.Builder request(URI uri) {
        return HttpRequest.newBuilder(uri).timeout(LIMIT);
    }

    private static CompletionStage<byte[]> call(HttpClient client, HttpRequest request) {
        return client.sendAsync(request, BodyHandlers.ofByteArray()).thenApply(HttpResponse::body);
    }

    /// Serves the requests. It is public, since generated code of the framework uses it.
    @Controller
    public static class Replies {

        /// Replies to a body in one piece.
        @Post(
                uri = "/{i}",
                consumes = MediaType.APPLICATION_OCTET_STREAM,
                produces = MediaType.APPLICATION_OCTET_STREAM)
        public byte[] post(int i, @Body byte[] body) {
            return trial.served(i, body);
        }

        /// Replies to the parts of a body, in one piece. For a reply in parts, Micronaut keeps four separators for JSON
        /// in static buffers. The suite would report those buffers as not released.
        @Post(
                uri = "/stream/{i}",
                consumes = MediaType.APPLICATION_OCTET_STREAM,
                produces = MediaType.APPLICATION_OCTET_STREAM)
        public Mono<byte[]> stream(int i, @Body Publisher<byte[]> parts) {
            return Flux.from(parts).collectList().map(list -> trial.served(i, joined(list)));
        }

        /// Sends a file.
        @Get("/file")
        public SystemFile file() {
            return new SystemFile(file.toFile(), MediaType.APPLICATION_OCTET_STREAM_TYPE);
        }

        private static byte[] joined(List<byte[]> parts) {
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            parts.forEach(whole::writeBytes);
            return whole.toByteArray();
        }
    }
}
