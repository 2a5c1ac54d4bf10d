package io.leasehold.bench.traffic;

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

/// Sends noise over some connections: as fast as it is taken, or as many messages as are to be under way, and then as
/// many as came back.
///
/// **Threads.** As [Sending] has it.
final class StreamSender implements Sending {

    private static final int WRITE_BYTES = 256 << 10;
    private static final int WAIT_MILLIS = 50;

    private final Traffic traffic; // (C)
    private final Selector selector; // (C)
    private final ByteBuffer noise = Noise.stretch(WRITE_BYTES); // (O) of who runs it
    private final ByteBuffer into = ByteBuffer.allocateDirect(Noise.PERIOD); // (O) of who runs it
    private final byte[] received = new byte[Noise.PERIOD]; // (O) of who runs it
    private final AtomicLong sentBytes = new AtomicLong(); // (A) opaque
    private final AtomicLong wrong = new AtomicLong(); // (A) opaque
    private volatile boolean stopped; // (A)

    /// How far a connection is.
    private static final class Progress {

        private long sent;
        private long received;
        private long limit;

        private Progress(long limit) {
            this.limit = limit;
        }
    }

    StreamSender(Traffic traffic, int port) throws IOException {
        this.traffic = traffic;
        selector = Selector.open();
        boolean isEcho = traffic == Traffic.ECHO;
        long limit = isEcho ? (long) Traffic.DEPTH * traffic.messageByteSize() : Long.MAX_VALUE;
        for (int i = 0; i < traffic.connections(); i++) {
            SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            int asked = isEcho ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_WRITE;
            channel.register(selector, asked, new Progress(limit));
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

    /// Reads what there is, checks it, and may then send as many whole messages as came back.
    private void read(SocketChannel channel, Progress progress) throws IOException {
        int length = channel.read(into.clear());
        if (length < 0) {
            throw new IOException("the receiver ended a connection");
        }
        into.flip().get(received, 0, length);
        if (!Noise.matches(received, length, progress.received)) {
            wrong.incrementAndGet();
        }
        progress.received += length;
        long whole = progress.received / traffic.messageByteSize() * traffic.messageByteSize();
        progress.limit = whole + (long) Traffic.DEPTH * traffic.messageByteSize();
    }

    /// {@return whether the socket is full, and more is to be sent}
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
