package io.leasehold.datagram;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboFixture;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.jumbo.JumboView;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.os.Datagrams;
import io.leasehold.os.UdpSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/// A pool, a source on it, and a sender that reaches the source over loopback.
///
/// **Ownership.** Closing the fixture closes all of them. A test that leaves a page in use fails.
///
/// **Threads.** Confined to the test thread, except the pool and the sockets.
final class DatagramFixture implements AutoCloseable {

    /// Longer than any datagram takes over loopback on a busy machine.
    static final Duration SOON = Duration.ofSeconds(20);

    static final int BATCH = 4;

    private static final int BUFFER_BYTES = 1 << 20;
    private static final int SCRATCH_BYTES = 1 << 18;

    final JumboFixture pages;
    final ScratchMemory scratch = ScratchMemory.of(SCRATCH_BYTES);
    final UdpSocket in;
    final UdpSocket out;
    final DatagramSource<JumboView> source;
    final DatagramSender sender;

    DatagramFixture(Datagrams datagrams, BufferSize bufferSize, int maxPages) {
        this.pages = new JumboFixture(bufferSize, maxPages, 4);
        this.in = open(datagrams);
        this.out = open(datagrams);
        this.source = new DatagramPort(in).newSource(pages.pool(), BATCH);
        this.sender = new DatagramSender(out).to(in.local());
    }

    static InetSocketAddress loopback() {
        return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
    }

    private static UdpSocket open(Datagrams datagrams) {
        UdpSocket socket = datagrams.open(loopback());
        assertThat(socket.resizeReceiveBuffer(BUFFER_BYTES)).isPositive();
        assertThat(socket.resizeSendBuffer(BUFFER_BYTES)).isPositive();
        return socket;
    }

    JumboPool<JumboView> pool() {
        return pages.pool();
    }

    /// {@return bytes that differ for each seed, and are in the scratch memory too}
    byte[] fillScratch(int byteSize, long seed) {
        byte[] bytes = content(byteSize, seed);
        OffHeap.copyFromArray(bytes, 0, scratch.address(), byteSize);
        return bytes;
    }

    static byte[] content(int byteSize, long seed) {
        byte[] bytes = new byte[byteSize];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    /// {@return the bytes that were sent}
    byte[] send(int byteSize, int segmentSize, long seed) {
        byte[] bytes = fillScratch(byteSize, seed);
        sender.load(scratch.address(), byteSize, segmentSize);
        sendRest(sender);
        return bytes;
    }

    static void sendRest(DatagramSender sender) {
        while (!sender.send()) {
            assertThat(sender.awaitWritable(SOON)).isTrue();
        }
    }

    /// Receives at least one datagram batch, and waits for it.
    int receiveSome(Consumer<JumboDatagram<JumboView>> handler) {
        assertThat(source.awaitReadable(SOON)).isTrue();
        int shown = source.receive(handler, BATCH);
        source.checkInvariants();
        assertThat(shown).isPositive();
        return shown;
    }

    /// {@return the content of the datagrams that arrive, one by one, up to the number that is awaited}
    List<byte[]> receiveSegments(int count) {
        List<byte[]> segments = new ArrayList<>();
        SegmentCursor cursor = new SegmentCursor();
        while (segments.size() < count) {
            receiveSome(datagram -> addSegments(datagram, cursor, segments));
        }
        assertThat(segments).hasSize(count);
        return segments;
    }

    static void addSegments(JumboDatagram<?> datagram, SegmentCursor cursor, List<byte[]> segments) {
        int first = segments.size();
        datagram.segments(cursor);
        assertThat(cursor.remaining()).isEqualTo(datagram.segmentCount());
        while (cursor.next()) {
            segments.add(bytes(cursor.address(), cursor.byteSize()));
        }
        assertThat(segments.size() - first).isEqualTo(datagram.segmentCount());
    }

    static byte[] bytes(long address, int byteSize) {
        byte[] bytes = new byte[byteSize];
        OffHeap.copyToArray(address, bytes, 0, byteSize);
        return bytes;
    }

    static byte[] join(List<byte[]> segments) {
        byte[] all =
                new byte[segments.stream().mapToInt(segment -> segment.length).sum()];
        int at = 0;
        for (byte[] segment : segments) {
            System.arraycopy(segment, 0, all, at, segment.length);
            at += segment.length;
        }
        return all;
    }

    int pagesOut() {
        return pool().stats().pages().outstanding();
    }

    @Override
    public void close() {
        source.close();
        sender.abandon();
        in.close();
        out.close();
        scratch.close();
        pages.close();
    }
}
