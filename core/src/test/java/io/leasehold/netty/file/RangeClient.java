package io.leasehold.netty.file;

import io.leasehold.page.Watchdog;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A connection to a [RangeServer] that reads only on request.
///
/// **Threads.** Confined to one thread.
final class RangeClient implements AutoCloseable {

    private final int bufferBytes;
    private final Socket socket;
    private final InputStream in;

    /// @param bufferBytes size of the kernel's receive buffer in bytes
    RangeClient(int port, @Nullable SslContext tls, int bufferBytes) throws IOException {
        this.bufferBytes = bufferBytes;
        InetAddress host = InetAddress.getLoopbackAddress();
        socket = tls == null
                ? new Socket()
                : ((JdkSslContext) tls).context().getSocketFactory().createSocket();
        socket.setReceiveBufferSize(bufferBytes);
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(Watchdog.LIMIT_SECONDS));
        socket.connect(new InetSocketAddress(host, port));
        in = new BufferedInputStream(socket.getInputStream(), bufferBytes);
    }

    /// Requests `/from/size` or `/from/size/chunks`, and reads the head of the answer.
    ///
    /// @return number of content bytes that follow
    long ask(String path) throws IOException {
        send(path);
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("no answer but: " + head);
            }
            head.append((char) next);
        }
        String text = head.toString().toLowerCase(Locale.ROOT);
        int at = text.indexOf("content-length:") + "content-length:".length();
        return Long.parseLong(text.substring(at, text.indexOf('\r', at)).strip());
    }

    void send(String path) throws IOException {
        socket.getOutputStream()
                .write(("GET " + path + " HTTP/1.1\r\nhost: here\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    }

    /// {@return the next bytes, fewer than asked for if the connection ends}
    byte[] read(int count) throws IOException {
        return in.readNBytes(count);
    }

    /// Fills an array with the next bytes.
    void read(byte[] to) throws IOException {
        if (in.readNBytes(to, 0, to.length) < to.length) {
            throw new EOFException("the connection has ended");
        }
    }

    /// Reads up to the end of the connection.
    ///
    /// @return number of bytes read
    long drain() {
        long sum = 0;
        byte[] some = new byte[bufferBytes];
        try {
            for (int count = in.read(some); count >= 0; count = in.read(some)) {
                sum += count;
            }
            return sum;
        } catch (IOException e) {
            return sum; // a reset is an end too
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
