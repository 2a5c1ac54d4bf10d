package io.leasehold.bench.scenario.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/// A socket that sends requests byte by byte as written, and reads the answers.
final class RawHttp implements AutoCloseable {

    private static final int READ_LIMIT_MILLIS = 20_000;

    private final Socket socket;
    private final InputStream in;

    /// @param status from the status line
    /// @param headers lines of the head, with names in lower case
    /// @param body with the length that the head declares
    @SuppressWarnings("ArrayRecordComponent") // of one test, which does not change it
    record Answer(int status, List<String> headers, byte[] body) {

        /// {@return the value of a header; empty if there is none}
        String header(String name) {
            return headers.stream()
                    .filter(line -> line.startsWith(name + ":"))
                    .map(line -> line.substring(name.length() + 1).strip())
                    .findFirst()
                    .orElse("");
        }

        String text() {
            return new String(body, ISO_8859_1);
        }
    }

    private RawHttp(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(READ_LIMIT_MILLIS);
        in = new BufferedInputStream(socket.getInputStream());
    }

    static RawHttp connect(HttpServer server, boolean encrypts) throws IOException, GeneralSecurityException {
        Socket plain = new Socket(InetAddress.getLoopbackAddress(), server.port());
        if (!encrypts) {
            return new RawHttp(plain);
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustAll()}, null);
        return new RawHttp(context.getSocketFactory().createSocket(plain, "127.0.0.1", server.port(), true));
    }

    /// Trusts the key that the test created.
    private static final class TrustAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    RawHttp send(String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(ISO_8859_1));
        return this;
    }

    RawHttp endOutput() throws IOException {
        socket.shutdownOutput();
        return this;
    }

    /// Reads one answer.
    ///
    /// @param method of its request, because an answer to HEAD has no body
    Answer read(String method) throws IOException {
        String first = line();
        List<String> headers = new ArrayList<>();
        long byteSize = 0;
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.add(line.substring(0, colon).toLowerCase(Locale.ROOT) + line.substring(colon));
            if (headers.getLast().startsWith("content-length:")) {
                byteSize = Long.parseLong(line.substring(colon + 1).strip());
            }
        }
        int status = Integer.parseInt(first.split(" ", -1)[1]);
        boolean hasBody = !method.equals("HEAD") && status >= 200 && status != 204 && status != 304;
        byte[] body = in.readNBytes(hasBody ? (int) byteSize : 0);
        if (hasBody && body.length < byteSize) {
            throw new EOFException("body has ended early: expected=" + byteSize + ", read=" + body.length);
        }
        return new Answer(status, headers, body);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("connection has ended within a head: read=" + line);
            }
            line.append((char) c);
        }
        return line.toString().stripTrailing();
    }

    /// {@return true if the server has closed the connection and everything was read}
    boolean isEnded() throws IOException {
        return in.read() < 0;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
