package io.leasehold.bench.scenario.traffic;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicLong;

/// Sends noise over several connections. For a sink it sends as fast as the receiver reads. For an echo it keeps a
/// fixed number of messages in flight: it sends that many, and then one for each message that came back.
///
/// **Threads.** As in [Sending].
final class StreamSender implements Sending {

    private static final int WRITE_BYTES = 256 << 10;
    private static final int WAIT_MILLIS = 50;

    private final Traffic traffic; // (C)
    private final Selector selector; // (C)
    private final ByteBuffer noise = Noise.stretch(WRITE_BYTES); // (O) the thread in run
    private final ByteBuffer into = ByteBuffer.allocateDirect(Noise.PERIOD); // (O) the thread in run
    private final byte[] received = new byte[Noise.PERIOD]; // (O) the thread in run
    private final AtomicLong sentBytes = new AtomicLong(); // (A) opaque
    private final AtomicLong wrong = new AtomicLong(); // (A) opaque
    private volatile boolean stopped; // (A)

    /// The state of one connection.
    private static final class Progress {

        private long sent;
        private long received;
        private long limit;

        private Progress(long limit) {
            this.limit = limit;
        }
    }

    /// Opens a connection.
    interface Connecting {
        SocketChannel connect() throws IOException;
    }

    StreamSender(Traffic traffic, int port) throws IOException {
        this(traffic, () -> SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
    }

    StreamSender(Traffic traffic, Connecting connecting) throws IOException {
        this.traffic = traffic;
        selector = Selector.open();
        boolean isConnected = false;
        try {
            for (int i = 0; i < traffic.connections(); i++) {
                add(connecting.connect());
            }
            isConnected = true;
        } finally {
            if (!isConnected) {
                close();
            }
        }
    }

    private void add(SocketChannel channel) throws IOException {
        boolean isAdded = false;
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            boolean isEcho = traffic == Traffic.ECHO;
            int asked = isEcho ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_WRITE;
            long limit = isEcho ? (long) Traffic.DEPTH * traffic.messageByteSize() : Long.MAX_VALUE;
            channel.register(selector, asked, new Progress(limit));
            isAdded = true;
        } finally {
            if (!isAdded) {
                channel.close();
            }
        }
    }

    @Override
    public void run() {
        try {
            while (!stopped) {
                selector.select(this::turn, WAIT_MILLIS);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void turn(SelectionKey key) {
        SocketChannel channel = (SocketChannel) key.channel();
        Progress progress = (Progress) key.attachment();
        try {
            if (key.isReadable()) {
                read(channel, progress);
            }
            boolean isFull = write(channel, progress);
            if (traffic == Traffic.ECHO) {
                key.interestOps(isFull ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Reads and checks the available bytes. Then as many whole messages may be sent as came back.
    private void read(SocketChannel channel, Progress progress) throws IOException {
        int length = channel.read(into.clear());
        if (length < 0) {
            throw new IOException("the receiver closed a connection");
        }
        into.flip().get(received, 0, length);
        if (!Noise.matches(received, length, progress.received)) {
            wrong.incrementAndGet();
        }
        progress.received += length;
        long whole = progress.received / traffic.messageByteSize() * traffic.messageByteSize();
        progress.limit = whole + (long) Traffic.DEPTH * traffic.messageByteSize();
    }

    /// {@return true if the socket is full and there is more to send}
    private boolean write(SocketChannel channel, Progress progress) throws IOException {
        int length = (int) Math.min(WRITE_BYTES, progress.limit - progress.sent);
        if (length == 0) {
            return false;
        }
        int from = (int) (progress.sent % Noise.PERIOD);
        int written = channel.write(noise.limit(from + length).position(from));
        progress.sent += written;
        sentBytes.setOpaque(sentBytes.getPlain() + written);
        return written < length;
    }

    @Override
    public void stop() {
        stopped = true;
    }

    @Override
    public long sent() {
        return sentBytes.getOpaque() / traffic.messageByteSize();
    }

    @Override
    public long wrong() {
        return wrong.get();
    }

    @Override
    public void close() {
        try {
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
