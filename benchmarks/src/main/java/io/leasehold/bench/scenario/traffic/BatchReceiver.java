package io.leasehold.bench.scenario.traffic;

import io.leasehold.bench.subject.PagePool;
import io.leasehold.datagram.DatagramSource;
import io.leasehold.datagram.JumboDatagram;
import io.leasehold.datagram.SegmentCursor;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.memory.OffHeap;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.function.Consumer;

/// Receives datagrams into pages of a pool of Leasehold, one GRO batch in each page where the kernel delivers batches.
///
/// **Ownership.** The opener closes it, which also closes the pool and the arena.
///
/// **Threads.** Confined to one thread; [#thread] receives.
final class BatchReceiver extends Reception {

    /// Size of the socket's buffers in bytes, which kernels grant without privileges.
    static final int SOCKET_BYTES = 4 << 20;

    private static final long ARENA_BYTES = 64 << 20;
    private static final int BATCH = 8;
    private static final Duration WAIT = Duration.ofMillis(50);

    private final PagePool pages = PagePool.open("datagrams", ARENA_BYTES, BufferSize.KIB_64); // (C)
    private final DatagramSource<Object> source; // (C)
    private final SegmentCursor cursor = new SegmentCursor(); // (O) the thread
    private final Thread thread; // (C)
    private volatile boolean stopped; // (A)

    BatchReceiver() {
        source = DatagramSource.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), pages.pool(), BATCH);
        source.port().resize(StandardSocketOptions.SO_RCVBUF, SOCKET_BYTES);
        thread = Thread.ofPlatform().daemon().name("receiver").start(this::receive);
    }

    private void receive() {
        Consumer<JumboDatagram<Object>> handler = this::handle; // created once, so that calls create no garbage
        while (!stopped) {
            if (source.receive(handler, BATCH) <= 0) {
                source.awaitReadable(WAIT);
            }
        }
    }

    private void handle(JumboDatagram<Object> batch) {
        tally.addRead(batch.byteSize());
        tally.addMessages(batch.segmentCount());
        for (batch.segments(cursor); cursor.next(); ) {
            long last = cursor.address() + cursor.byteSize() - Long.BYTES;
            if (cursor.byteSize() != Traffic.DATAGRAMS.messageByteSize()
                    || little(OffHeap.getLong(last)) != Noise.end(little(OffHeap.getLong(cursor.address())))) {
                tally.addWrong();
            }
        }
    }

    /// {@return a word in little-endian order} Off-heap words have the byte order of the machine.
    static long little(long word) {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? word : Long.reverseBytes(word);
    }

    @Override
    int port() {
        return source.local().getPort();
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        source.close();
        pages.close();
    }
}
