package io.leasehold.bench.scenario.traffic;

import io.leasehold.bench.subject.PagePool;
import io.leasehold.datagram.DatagramPort;
import io.leasehold.datagram.DatagramSender;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.memory.OffHeap;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/// Sends GSO batches of datagrams, as fast as the socket accepts them. The kernel drops what the receiver has no memory
/// for.
///
/// **Threads.** As in [Sending].
final class BatchSender implements Sending {

    private static final long ARENA_BYTES = 4 << 20;
    private static final Duration WAIT = Duration.ofMillis(50);

    private final PagePool pages = PagePool.open("sender", ARENA_BYTES, BufferSize.KIB_64); // (C)
    private final JumboPool<Object> ring = pages.pool(); // (C)
    private final DatagramPort from; // (C)
    private final DatagramSender sender; // (O) the thread in run
    private final long page; // (C)
    private final AtomicLong sent = new AtomicLong(); // (A) opaque
    private volatile boolean stopped; // (A)

    BatchSender(int port) {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        from = DatagramPort.open(new InetSocketAddress(loopback, 0));
        sender = from.newSender().to(new InetSocketAddress(loopback, port));
        page = ring.tryAllocate();
        for (int i = 0; i < ring.pageByteSize(); i += Long.BYTES) {
            OffHeap.putLong(ring.address(page) + i, Noise.at(i));
        }
    }

    @Override
    public void run() {
        int byteSize = Traffic.DATAGRAMS.messageByteSize();
        long address = ring.address(page);
        for (long number = 0; !stopped; number += Traffic.BATCH) {
            for (int i = 0; i < Traffic.BATCH; i++) {
                long first = address + (long) i * byteSize;
                OffHeap.putLong(first, BatchReceiver.little(number + i));
                OffHeap.putLong(first + byteSize - Long.BYTES, BatchReceiver.little(Noise.end(number + i)));
            }
            sender.load(address, Traffic.BATCH * byteSize, byteSize);
            while (!sender.send()) {
                sender.awaitWritable(WAIT);
            }
            sent.setOpaque(number + Traffic.BATCH);
        }
    }

    @Override
    public void stop() {
        stopped = true;
    }

    @Override
    public long sent() {
        return sent.getOpaque();
    }

    @Override
    public long wrong() {
        return 0;
    }

    @Override
    public void close() {
        from.close();
        ring.free(page);
        pages.close();
    }
}
