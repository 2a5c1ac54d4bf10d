package io.leasehold.bench.traffic;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.DatagramSource;
import io.leasehold.jumbo.JumboDatagram;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.jumbo.SegmentCursor;
import io.leasehold.memory.OffHeap;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Datagrams in pages of our ring, a train in each where the kernel delivers trains.
///
/// **Ownership.** Who opens it closes it, and with it ring and arena.
///
/// **Threads.** One thread uses it; a thread of its own receives.
final class TrainReceiver implements Reception {

    /// What kernels grant without privileges being asked for.
    static final int SOCKET_BYTES = 4 << 20;

    private static final long ARENA_BYTES = 64 << 20;
    private static final int BATCH = 8;
    private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Tally tally = new Tally(); // (C) its content: the thread writes
    private final PageArena arena; // (C)
    private final JumboPool<Object> ring; // (C)
    private final DatagramSource<Object> source; // (C)
    private final SegmentCursor cursor = new SegmentCursor(); // (O) the thread
    private final Thread thread; // (C)
    private volatile boolean stopped; // (A)

    private TrainReceiver() {
        arena = PageArena.open(PageArenaOptions.defaults().withName("trains").withByteSize(ARENA_BYTES));
        ring = JumboPool.open(
                arena,
                JumboOptions.defaults().withBufferSize(BufferSize.KIB_64),
                (of, page, address, byteSize) -> address);
        source = DatagramSource.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), ring, BATCH);
        source.port().resize(StandardSocketOptions.SO_RCVBUF, SOCKET_BYTES);
        thread = Thread.ofPlatform().daemon().name("receiver").start(this::receive);
    }

    static TrainReceiver open() {
        return new TrainReceiver();
    }

    private void receive() {
        Consumer<JumboDatagram<Object>> handler = this::handle; // made once: in the call it would be garbage
        while (!stopped) {
            if (source.receive(handler, BATCH) <= 0) {
                source.awaitReadable(WAIT_NANOS);
            }
        }
    }

    private void handle(JumboDatagram<Object> train) {
        tally.addRead(train.byteSize());
        tally.addMessages(train.segmentCount());
        for (train.segments(cursor); cursor.next(); ) {
            long last = cursor.address() + cursor.byteSize() - Long.BYTES;
            if (cursor.byteSize() != Traffic.TRAINS.messageByteSize()
                    || little(OffHeap.getLong(last)) != Noise.end(little(OffHeap.getLong(cursor.address())))) {
                tally.addWrong();
            }
        }
    }

    /// Off-heap words have the machine's order.
    static long little(long word) {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? word : Long.reverseBytes(word);
    }

    @Override
    public int port() {
        return source.local().getPort();
    }

    @Override
    public Tally tally() {
        return tally;
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
        ring.close();
        arena.close();
    }
}
