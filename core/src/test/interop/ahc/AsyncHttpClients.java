package interop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import org.asynchttpclient.AsyncHttpClient;
import org.asynchttpclient.DefaultAsyncHttpClient;
import org.asynchttpclient.DefaultAsyncHttpClientConfig;
import org.asynchttpclient.Response;

/// AsyncHttpClient, against the JDK's own server.
final class AsyncHttpClients {

    private static final Duration LIMIT = Duration.ofSeconds(120);

    private AsyncHttpClients() {}

    public static void main(String[] args) {
        Interop.run(AsyncHttpClients::run);
    }

    private static void run(Trial trial) throws Exception {
        InetSocketAddress address = new InetSocketAddress("127.0.0.1", 0);
        HttpServer server;
        if (Tls.isOn()) {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(Tls.keys().getKeyManagers(), null, null);
            HttpsServer https = HttpsServer.create(address, 50);
            https.setHttpsConfigurator(new HttpsConfigurator(context));
            server = https;
        } else {
            server = HttpServer.create(address, 50);
        }
        server.createContext("/", exchange -> serve(trial, exchange));
        DefaultAsyncHttpClientConfig.Builder config = new DefaultAsyncHttpClientConfig.Builder()
                .setIoThreadsCount(2)
                .setConnectTimeout(LIMIT)
                .setRequestTimeout(LIMIT)
                .setReadTimeout(LIMIT)
                .setHandshakeTimeout((int) LIMIT.toMillis())
                .setUseInsecureTrustManager(true)
                .setUseOpenSsl(Tls.isOn() && Tls.isBoring());
        if (trial.isByOption()) {
            config.setAllocator(trial.allocator());
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            server.setExecutor(threads);
            server.start();
            String uri = (Tls.isOn() ? "https" : "http") + "://127.0.0.1:"
                    + server.getAddress().getPort() + "/";
            try (AsyncHttpClient client = new DefaultAsyncHttpClient(config.build())) {
                trial.load(0, trial.requests(), 8, i -> call(trial, client, uri, i));
            }
            server.stop(0);
        }
    }

    private static CompletionStage<byte[]> call(Trial trial, AsyncHttpClient client, String uri, int i) {
        return client.preparePost(uri + i)
                .setBody(trial.request(i))
                .execute()
                .toCompletableFuture()
                .thenApply(Response::getResponseBodyAsBytes);
    }

    private static void serve(Trial trial, HttpExchange exchange) throws IOException {
        int i = Integer.parseInt(exchange.getRequestURI().getPath().substring(1));
        byte[] reply = trial.served(i, exchange.getRequestBody().readAllBytes());
        exchange.sendResponseHeaders(200, reply.length);
        try (var out = exchange.getResponseBody()) {
            out.write(reply);
        }
    }
}
