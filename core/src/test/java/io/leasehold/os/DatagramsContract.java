package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.Seeds;
import io.leasehold.os.Datagrams.Capability;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Delivery of every [Datagrams]: content, sizes and addresses.
interface DatagramsContract extends DatagramsFixture {

    @Test
    default void deliversContentAndNamesTheSender() {
        for (String host : hosts()) {
            UdpSocket sender = rig().open(host);
            UdpSocket receiver = rig().open(host);
            Received received = rig().received(1);
            byte[] content = rig().fillSource(1_000, 1);
            Outgoing message = new Outgoing().to(receiver.local());
            assertThat(sender.send(message, rig().source(), 1_000, 1_000)).isEqualTo(1_000);
            assertThat(rig().receiveSome(receiver, received)).isEqualTo(1);
            assertThat(rig().bytes(received, 0)).isEqualTo(content);
            assertThat(received.segmentSize(0)).isEqualTo(1_000);
            assertThat(received.segmentCount(0)).isEqualTo(1);
            assertThat(received.isTruncated(0)).isFalse();
            assertThat(received.sender(0)).isEqualTo(sender.local());
            assertThat(received.senderPort(0)).isEqualTo(sender.local().getPort());
            assertThat(received.senderHigh(0)).isZero();
            assertThat(received.senderLow(0)).isEqualTo(host.equals(IPV4) ? 0xffff_7f00_0001L : 1);
        }
    }

    @Test
    default void answersTheSenderWithoutNamingIt() {
        for (String host : hosts()) {
            UdpSocket client = rig().open(host);
            UdpSocket server = rig().open(host);
            Received received = rig().received(1);
            byte[] content = rig().fillSource(33, 2);
            client.send(new Outgoing().to(server.local()), rig().source(), 33, 33);
            rig().receiveSome(server, received);
            server.send(new Outgoing().toSenderOf(received, 0), received.address(0), 33, 33);
            rig().receiveSome(client, received);
            assertThat(rig().bytes(received, 0)).isEqualTo(content);
            assertThat(received.sender(0)).isEqualTo(server.local());
        }
    }

    @Test
    default void wildcardOfIpv6SpeaksIpv4Too() {
        assumeIpv6();
        UdpSocket client = rig().open(IPV4);
        UdpSocket server = rig().open("::");
        Received received = rig().received(1);
        byte[] content = rig().fillSource(33, 3);
        InetSocketAddress address = DatagramRig.address(IPV4, server.local().getPort());
        client.send(new Outgoing().to(address), rig().source(), 33, 33);
        rig().receiveSome(server, received);
        assertThat(received.sender(0)).isEqualTo(client.local());
        server.send(new Outgoing().toSenderOf(received, 0), received.address(0), 33, 33);
        rig().receiveSome(client, received);
        assertThat(rig().bytes(received, 0)).isEqualTo(content);
        assertThat(received.sender(0)).isEqualTo(address);
    }

    @Test
    default void emptyDatagramIsOne() {
        UdpSocket sender = rig().open(IPV4);
        UdpSocket receiver = rig().open(IPV4);
        Received received = rig().received(2);
        assertThat(sender.send(new Outgoing().to(receiver.local()), rig().source(), 0, 1))
                .isZero();
        assertThat(rig().receiveSome(receiver, received)).isEqualTo(1);
        assertThat(received.byteSize(0)).isZero();
        assertThat(received.segmentSize(0)).isZero();
        assertThat(received.segmentCount(0)).isEqualTo(1);
        assertThat(received.sender(0)).isEqualTo(sender.local());
    }

    @Test
    default void receiveWithoutDatagramReturnsZero() {
        UdpSocket receiver = rig().open(IPV4);
        Received received = rig().received(2);
        assertThat(receiver.receive(received, 1)).isZero();
        assertThat(receiver.receive(received, 2)).isZero();
        assertThat(received.count()).isZero();
        assertThatThrownBy(() -> received.byteSize(0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(receiver.awaitReadable(0)).isFalse();
        long start = System.nanoTime();
        assertThat(receiver.awaitReadable(5_000_000)).isFalse();
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(4_000_000);
        assertThat(receiver.awaitWritable(0)).isTrue();
    }

    @Test
    default void truncatedDatagramIsCountedAndNothingIsWrittenBehindThePage() {
        UdpSocket sender = rig().open(IPV4);
        UdpSocket receiver = rig().open(IPV4);
        byte[] content = rig().fillSource(1_000, 4);
        for (int capacity : new int[] {1, 2}) {
            Received received = rig().received(capacity);
            rig().segment(rig().page(0), DatagramRig.PAGE_SIZE).fill((byte) 7);
            received.place(0, rig().page(0), 100);
            sender.send(new Outgoing().to(receiver.local()), rig().source(), 1_000, 1_000);
            assertThat(rig().receiveSome(receiver, received)).isEqualTo(1);
            assertThat(rig().bytes(received, 0)).isEqualTo(Arrays.copyOf(content, 100));
            assertThat(received.isTruncated(0)).isTrue();
            assertThat(received.lostBytes(0)).isEqualTo(900);
            assertThat(rig().bytes(rig().page(0) + 100, 1_000)).containsOnly(7);
            assertThat(receiver.truncatedCount()).isEqualTo(capacity);
        }
    }

    @Test
    default void batchKeepsOrderSizesAndContent() {
        UdpSocket sender = rig().open(IPV4);
        UdpSocket receiver = rig().open(IPV4);
        Outgoing message = new Outgoing().to(receiver.local());
        int[] sizes = {1, 1_400, 0, 9_000, 17, 1_400, 1_400, 64, 2_000, 5};
        for (int i = 0; i < sizes.length; i++) {
            rig().fillSource(sizes[i], i);
            rig().sendAll(sender, message, sizes[i], Math.max(1, sizes[i]));
        }
        Received received = rig().received(4);
        int next = 0;
        int most = 0;
        while (next < sizes.length) {
            int count = rig().receiveSome(receiver, received);
            for (int i = 0; i < count; i++, next++) {
                assertThat(rig().bytes(received, i)).isEqualTo(rig().fillSource(sizes[next], next));
                assertThat(received.sender(i)).isEqualTo(sender.local());
            }
            most = Math.max(most, count);
        }
        // The datagrams arrived in ten calls before the first receive, which had pages for four.
        assertThat(most).isGreaterThan(1);
        assertThat(receiver.receive(received, 4)).isZero();
    }

    @Test
    default void batchOfFortyArrivesWholeInOrderAndByteForByte() {
        for (String host : hosts()) {
            UdpSocket sender = rig().open(host);
            UdpSocket receiver = rig().open(host);
            int batches = sendAndCheck(sender, receiver, 56_000, 1_400, 5);
            if (rig().datagrams().can(Capability.GRO) && rig().datagrams().can(Capability.GSO)) {
                assertThat(batches).isEqualTo(1);
            }
            boolean isSplitByKernel = rig().datagrams().can(Capability.GSO);
            assertThat(sender.splitCount()).isEqualTo(isSplitByKernel ? 0 : 1);
        }
    }

    @Test
    default void largestBatchesAndDatagramsArrive() {
        UdpSocket sender = rig().open(IPV4);
        UdpSocket receiver = rig().open(IPV4);
        int largest = Datagrams.MAX_PAYLOAD_BYTES;
        sendAndCheck(sender, receiver, largest, largest, 6);
        sendAndCheck(sender, receiver, largest, 1_024, 7);
        sendAndCheck(sender, receiver, Datagrams.MAX_SEGMENTS, 1, 8);
        sendAndCheck(sender, receiver, largest, 65_000, 9);
    }

    @Test
    default void batchesOfAllSizesArrive() {
        SplittableRandom random = Seeds.random("batchesOfAllSizesArrive");
        UdpSocket sender = rig().open(IPV4);
        UdpSocket receiver = rig().open(IPV4);
        for (int round = 0; round < 100; round++) {
            int segmentSize = 1 + random.nextInt(random.nextBoolean() ? 100 : 9_000);
            int most = Math.min(Datagrams.MAX_PAYLOAD_BYTES, segmentSize * Datagrams.MAX_SEGMENTS);
            sendAndCheck(sender, receiver, 1 + random.nextInt(most), segmentSize, random.nextLong());
        }
        assertThat(receiver.truncatedCount()).isZero();
    }

    @Test
    default void connectedSocketReceivesOnlyFromItsPeer() {
        for (String host : hosts()) {
            UdpSocket client = rig().open(host);
            UdpSocket server = rig().open(host);
            UdpSocket stranger = rig().open(host);
            client.connect(server.local());
            Outgoing toClient = new Outgoing().to(client.local());
            stranger.send(toClient, rig().source(), 1, 1);
            byte[] content = rig().fillSource(3_000, 10);
            server.send(toClient, rig().source(), 3_000, 3_000);
            Received received = rig().received(1);
            rig().receiveSome(client, received);
            assertThat(rig().bytes(received, 0)).isEqualTo(content);
            assertThat(received.sender(0)).isEqualTo(server.local());
            assertThat(client.receive(received, 1)).isZero();
            rig().sendAll(client, new Outgoing(), 3_000, 1_000);
            int total = 0;
            while (total < 3_000) {
                rig().receiveSome(server, received);
                total += received.byteSize(0);
                assertThat(received.sender(0)).isEqualTo(client.local());
            }
        }
    }

    @Test
    default void connectingDiscardsWhatStrangersSentBefore() {
        for (String host : hosts()) {
            UdpSocket client = rig().open(host);
            UdpSocket server = rig().open(host);
            UdpSocket stranger = rig().open(host);
            Outgoing toClient = new Outgoing().to(client.local());
            for (int i = 0; i < 3; i++) {
                stranger.send(toClient, rig().source(), i, Math.max(1, i));
            }
            assertThat(client.awaitReadable(DatagramRig.SOON)).isTrue();
            client.connect(server.local());
            byte[] content = rig().fillSource(100, 12);
            server.send(toClient, rig().source(), 100, 100);
            Received received = rig().received(1);
            rig().receiveSome(client, received);
            assertThat(received.sender(0)).isEqualTo(server.local());
            assertThat(rig().bytes(received, 0)).isEqualTo(content);
        }
    }

    /// Any host can send from port 0, and RFC 768 says that it expects no answer.
    @Test
    default void senderWithoutAPortCannotBeAnswered() {
        UdpSocket socket = rig().open(IPV4);
        Received received = rig().received(1);
        received.begin(1);
        received.add(10, new InetSocketAddress(socket.local().getAddress(), 0));
        Outgoing message = new Outgoing().to(socket.local());
        assertThatThrownBy(() -> message.toSenderOf(received, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sender has no port for an answer")
                .hasMessageContaining("min=1, max=65535");
        rig().sendAll(socket, message, 10, 10); // as before
    }

    @Test
    default void placingAPageDiscardsTheResults() {
        UdpSocket sender = rig().open(IPV4);
        Received received = rig().received(1);
        rig().sendAll(sender, new Outgoing().to(sender.local()), 10, 10);
        rig().receiveSome(sender, received);
        received.place(0, rig().page(1), DatagramRig.PAGE_SIZE);
        assertThat(received.count()).isZero();
        byte[] content = rig().fillSource(10, 11);
        rig().sendAll(sender, new Outgoing().to(sender.local()), 10, 10);
        rig().receiveSome(sender, received);
        assertThat(rig().bytes(rig().page(1), 10)).isEqualTo(content);
    }

    /// Sends one GSO batch, receives all of it and compares every byte and size.
    ///
    /// @return the number of batches that were received
    private int sendAndCheck(UdpSocket sender, UdpSocket receiver, int byteSize, int segmentSize, long seed) {
        byte[] content = rig().fillSource(byteSize, seed);
        rig().sendAll(sender, new Outgoing().to(receiver.local()), byteSize, segmentSize);
        Received received = rig().received(4);
        byte[] arrived = new byte[byteSize];
        int total = 0;
        int batches = 0;
        while (total < byteSize) {
            int count = rig().receiveSome(receiver, received);
            for (int i = 0; i < count; i++) {
                byte[] batch = rig().bytes(received, i);
                assertThat(batch.length).isLessThanOrEqualTo(byteSize - total);
                System.arraycopy(batch, 0, arrived, total, batch.length);
                assertThat(received.segmentSize(i)).isEqualTo(Math.min(segmentSize, byteSize - total));
                total += batch.length;
                assertThat(total % segmentSize == 0 || total == byteSize)
                        .as("ends with a datagram")
                        .isTrue();
            }
            batches += count;
        }
        assertThat(arrived).isEqualTo(content);
        return batches;
    }
}
