package io.leasehold.snippets;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.leasehold.datagram.DatagramPort;
import io.leasehold.datagram.DatagramSender;
import io.leasehold.datagram.DatagramSource;
import io.leasehold.datagram.SegmentCursor;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.time.Duration;

/// The example in the Javadoc of [DatagramPort]. It uses only exported packages.
public final class DatagramsExample {

    private DatagramsExample() {}

    /// {@return the sum of the first words of ten datagrams that were sent and received}
    public static Long sendAndReceive() {
        InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        // @start region="datagrams"
        JumboOptions options =
                JumboOptions.builder().bufferSize(BufferSize.KIB_64).build();
        try (PageArena arena = PageArena.open(
                        PageArenaOptions.builder().byteSize(64L << 20).build());
                JumboPool<Long> pool = JumboPool.open(arena, options, (from, page, address, byteSize) -> address);
                DatagramPort port = DatagramPort.open(loopback);
                DatagramSource<Long> source = port.newSource(pool, 8)) {
            port.resize(StandardSocketOptions.SO_RCVBUF, 1 << 20);
            DatagramSender sender = port.newSender().to(port.local());

            long batch = pool.allocate(); // ten datagrams of 1,400 B
            for (int i = 0; i < 10; i++) {
                pool.segment(batch).set(JAVA_LONG_UNALIGNED, i * 1_400L, i);
            }
            sender.handOver(pool, batch, 14_000, 1_400); // this releases the page once it is sent
            while (!sender.send()) {
                sender.awaitWritable(Duration.ofSeconds(1));
            }

            SegmentCursor segments = new SegmentCursor();
            long[] sumAndCount = new long[2];
            while (sumAndCount[1] < 10 && source.awaitReadable(Duration.ofSeconds(1))) {
                source.receive(
                        datagram -> {
                            datagram.segments(segments);
                            while (segments.next()) {
                                sumAndCount[0] += segments.segment().get(JAVA_LONG_UNALIGNED, 0);
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
