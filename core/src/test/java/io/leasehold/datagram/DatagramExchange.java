package io.leasehold.datagram;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboView;
import io.leasehold.os.Datagrams;
import java.util.function.Consumer;

/// Sends a batch, reads it with a cursor, and sends every other page back to its sender.
///
/// **Ownership.** Its sockets and memory stay open until the end of the process.
final class DatagramExchange implements Runnable, Consumer<JumboDatagram<JumboView>> {

    private final DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 16);
    private final DatagramSender answer = fixture.source.newSender();
    private final SegmentCursor cursor = new SegmentCursor();
    private long seen;
    private int left;

    @Override
    public void run() {
        fixture.sender.load(fixture.scratch.address(), 300, 100);
        left = 300;
        while (!fixture.sender.send()) {
            fixture.sender.awaitWritable(DatagramFixture.SOON);
        }
        while (left > 0 && fixture.source.awaitReadable(DatagramFixture.SOON)) {
            fixture.source.receive(this, DatagramFixture.BATCH);
        }
        if (left != 0) {
            throw new AssertionError("left=" + left);
        }
    }

    @Override
    public void accept(JumboDatagram<JumboView> datagram) {
        datagram.segments(cursor);
        while (cursor.next()) {
            left -= cursor.byteSize();
        }
        if (seen++ % 2 == 0) {
            answer.toSenderOf(datagram).handOver(fixture.pool(), datagram.take(), 100, 50);
            if (!answer.send()) {
                answer.abandon();
            }
        }
    }
}
