package io.leasehold.snippets;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.DatagramPort;
import io.leasehold.jumbo.DatagramSender;
import io.leasehold.jumbo.DatagramSource;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.jumbo.SegmentCursor;
import io.leasehold.memory.OffHeap;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;

/// What the Javadoc of [DatagramPort] shows, with nothing but what the module exports.
public final class TrainsExample {

    private TrainsExample() {}

    /// {@return the sum of what stood at the start of ten datagrams that were sent and received}
    public static Long sendAndReceive() {
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        // @start region="trains"
        JumboOptions options = JumboOptions.defaults().withBufferSize(BufferSize.KIB_64);
        try (PageArena arena = PageArena.open(PageArenaOptions.defaults().withByteSize(64L << 20));
                JumboPool<Long> ring = JumboPool.open(arena, options, (pages, page, address, byteSize) -> address);
                DatagramPort port = DatagramPort.open(loopback);
                DatagramSource<Long> source = port.newSource(ring, 8)) {
            port.resize(StandardSocketOptions.SO_RCVBUF, 1 << 20);
            DatagramSender sender = port.newSender().to(port.local());

            long train = ring.allocate(); // ten datagrams of 1,400 B
            for (int i = 0; i < 10; i++) {
                OffHeap.putLong(ring.address(train) + i * 1_400L, i);
            }
            sender.handOver(ring, train, 14_000, 1_400); // which releases the page
            while (!sender.send()) {
                sender.awaitWritable(1_000_000_000);
            }

            SegmentCursor segments = new SegmentCursor();
            long[] sumAndCount = new long[2];
            while (sumAndCount[1] < 10 && source.awaitReadable(1_000_000_000)) {
                source.receive(
                        datagram -> {
                            datagram.segments(segments);
                            while (segments.next()) {
                                sumAndCount[0] += OffHeap.getLong(segments.address());
                                sumAndCount[1]++;
                            }
                        },
                        8);
            }
            source.disarm();
            return sumAndCount[0];
        }
        // @end
    }
}
