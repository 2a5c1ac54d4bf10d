package io.leasehold.datagram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboFixture;
import io.leasehold.jumbo.JumboView;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Seeds;
import io.leasehold.os.DatagramForms;
import io.leasehold.os.Datagrams;
import io.leasehold.os.UdpSocket;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Datagrams arrive once and in order, even if the socket is full at times, and each page is released.
class DatagramSenderTest {

    private final DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 8);

    @AfterEach
    void closeFixture() {
        fixture.close();
    }

    @ParameterizedTest
    @EnumSource
    void wholePageIsSentInSeveralBatches(DatagramForms form) {
        try (DatagramFixture own = new DatagramFixture(form.require(), BufferSize.KIB_64, 8)) {
            long handle = own.pool().tryAllocate();
            own.pool().object(handle).write(3);
            byte[] content = DatagramFixture.bytes(own.pool().address(handle), 65_536);
            // More segments than one call may send, then more bytes.
            for (int segmentSize : new int[] {1_000, 1_400, 60_000, Datagrams.MAX_PAYLOAD_BYTES}) {
                own.sender.load(own.pool().address(handle), 65_536, segmentSize);
                DatagramFixture.sendRest(own.sender);
                assertThat(own.sender.sentBytes()).isEqualTo(65_536);
                List<byte[]> segments = own.receiveSegments(Math.ceilDiv(65_536, segmentSize));
                assertThat(DatagramFixture.join(segments)).isEqualTo(content);
                assertThat(segments.getFirst()).hasSize(segmentSize);
            }
            own.pool().free(handle);
        }
    }

    @Test
    void receivedPageIsSentBackAndThenReleased() {
        byte[] sent = fixture.send(5_000, 1_400, 1);
        DatagramSender answer = fixture.source.newSender();
        int[] arrived = {0};
        while (arrived[0] < 5_000) {
            fixture.receiveSome(datagram -> {
                int byteSize = datagram.byteSize();
                answer.toSenderOf(datagram).handOver(fixture.pool(), datagram.take(), byteSize, datagram.segmentSize());
                DatagramFixture.sendRest(answer);
                arrived[0] += byteSize;
            });
        }
        fixture.source.disarm();
        assertThat(fixture.pagesOut()).isZero();
        byte[] back = new byte[5_000];
        try (DatagramSource<JumboView> end = new DatagramPort(fixture.out).newSource(fixture.pool(), 4)) {
            for (int[] at = {0}; at[0] < 5_000; ) {
                assertThat(end.awaitReadable(DatagramFixture.SOON)).isTrue();
                end.receive(
                        datagram -> {
                            byte[] bytes = datagram.segment().toArray(ValueLayout.JAVA_BYTE);
                            System.arraycopy(bytes, 0, back, at[0], bytes.length);
                            at[0] += bytes.length;
                        },
                        4);
            }
        }
        assertThat(back).isEqualTo(sent);
    }

    @Test
    void continuesAtTheDatagramWhereTheSocketWasFull() {
        SplittableRandom random = Seeds.random("continuesAtTheDatagramWhereTheSocketWasFull");
        DatagramSender sender = new DatagramSender(stingy(fixture.out, random)).to(fixture.in.local());
        for (int round = 0; round < 20; round++) {
            int segmentSize = 1 + random.nextInt(3_000);
            int byteSize = random.nextInt(Math.min(100_000, 90 * segmentSize));
            byte[] content = fixture.fillScratch(byteSize, round);
            long fullBefore = sender.fullCount();
            sender.load(OffHeap.segment(fixture.scratch.address(), byteSize), segmentSize);
            int calls = 1;
            int received = 0;
            byte[] arrived = new byte[byteSize];
            for (; !sender.send(); calls++) {
                assertThat(sender.isPending()).isTrue();
                assertThat(sender.sentBytes() % segmentSize).isZero();
                assertThat(sender.remainingBytes()).isEqualTo(byteSize - sender.sentBytes());
                received += receive(arrived, received, sender.sentBytes() - received);
            }
            assertThat(sender.isPending()).isFalse();
            receive(arrived, received, byteSize - received);
            assertThat(arrived).isEqualTo(content);
            assertThat(sender.fullCount() - fullBefore).isEqualTo(calls - 1);
            if (byteSize == 0) {
                fixture.receiveSome(datagram -> assertThat(datagram.byteSize()).isZero());
            }
        }
        assertThat(sender.fullCount()).isPositive();
        assertThat(fixture.source.receive(_ -> {}, 1))
                .as("nothing was sent twice")
                .isZero();
    }

    /// A batch that the kernel does not segment may fail in its middle, by the answer to its first datagram.
    @ParameterizedTest
    @EnumSource(names = {"UNCUT", "PORTABLE"})
    void errorInTheMiddleOfABatchReportsTheSentBytesAndNothingIsSentTwice(DatagramForms form) {
        Datagrams datagrams = form.require();
        try (DatagramFixture own = new DatagramFixture(datagrams, BufferSize.KIB_64, 8)) {
            InetSocketAddress peer;
            try (UdpSocket unused = datagrams.open(DatagramFixture.loopback())) {
                peer = unused.local();
            }
            own.out.connect(peer);
            own.sender.toPeer();
            byte[] content = own.fillScratch(1_000, 7);
            own.sender.load(own.scratch.address(), 1_000, 100);
            assertThatThrownBy(() -> DatagramFixture.sendRest(own.sender)).hasMessageContaining("sentBytes=100");
            assertThat(own.sender.sentBytes())
                    .as("one was sent, and no socket was there")
                    .isEqualTo(100);
            assertThat(own.sender.remainingBytes()).isEqualTo(900);
            try (UdpSocket there = datagrams.open(peer);
                    DatagramSource<JumboView> end = new DatagramPort(there).newSource(own.pool(), 4)) {
                DatagramFixture.sendRest(own.sender);
                byte[] arrived = new byte[900];
                for (int[] at = {0}; at[0] < 900; ) {
                    assertThat(end.awaitReadable(DatagramFixture.SOON)).isTrue();
                    end.receive(
                            datagram -> {
                                byte[] bytes = DatagramFixture.bytes(datagram.address(), datagram.byteSize());
                                System.arraycopy(bytes, 0, arrived, at[0], bytes.length);
                                at[0] += bytes.length;
                            },
                            4);
                }
                assertThat(arrived).isEqualTo(Arrays.copyOfRange(content, 100, 1_000));
                assertThat(end.awaitReadable(Duration.ZERO))
                        .as("nothing was sent twice")
                        .isFalse();
            }
        }
    }

    @Test
    void emptyDatagramIsSentOnce() {
        fixture.sender.load(fixture.scratch.address(), 0, 1);
        assertThat(fixture.sender.isPending()).isTrue();
        assertThat(fixture.sender.remainingBytes()).isZero();
        assertThat(fixture.sender.send()).isTrue();
        assertThat(fixture.sender.send()).isTrue();
        assertThat(fixture.receiveSegments(1).getFirst()).isEmpty();
        assertThat(fixture.source.receive(_ -> {}, 1)).isZero();
    }

    @Test
    void abandonedPageIsReleased() {
        long handle = fixture.pool().tryAllocate();
        fixture.sender.handOver(fixture.pool(), handle, 3_000, 1_000);
        assertThat(fixture.sender.abandon()).isEqualTo(3_000);
        assertThat(fixture.pagesOut()).isZero();
        assertThat(fixture.sender.abandon()).isZero();
        assertThat(fixture.sender.send()).isTrue();
        assertThat(fixture.in.awaitReadable(0)).isFalse();
    }

    @Test
    void connectedSocketNeedsNoDestination() {
        fixture.out.connect(fixture.in.local());
        assertThatThrownBy(() ->
                        fixture.sender.load(fixture.scratch.address(), 10, 10).send())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("connected");
        assertThat(fixture.sender.abandon()).isEqualTo(10);
        fixture.sender.toPeer();
        byte[] sent = fixture.send(10, 10, 1);
        assertThat(fixture.receiveSegments(1).getFirst()).isEqualTo(sent);
    }

    @Test
    void restIsNotOverwritten() {
        long handle = fixture.pool().tryAllocate();
        fixture.sender.handOver(fixture.pool(), handle, 10, 10);
        for (Runnable call : List.<Runnable>of(
                () -> fixture.sender.load(fixture.scratch.address(), 1, 1),
                () -> fixture.sender.handOver(fixture.pool(), handle, 1, 1),
                () -> fixture.sender.to(fixture.in.local()),
                fixture.sender::toPeer)) {
            assertThatThrownBy(call::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContainingAll("something is left to send", "byteSize=10");
        }
        assertThat(fixture.sender.send()).isTrue();
        assertThat(fixture.pagesOut()).isZero();
    }

    @Test
    void rejectsArgumentsOutOfRange() {
        long address = fixture.scratch.address();
        long handle = fixture.pool().tryAllocate();
        rejects(() -> fixture.sender.load(MemorySegment.ofArray(new byte[1]), 1), "memory is not native");
        rejects(() -> fixture.sender.load(0, 1, 1), "address=0x0");
        rejects(() -> fixture.sender.load(address, -1, 1), "byteSize=-1, min=0");
        rejects(() -> fixture.sender.load(address, 1, 0), "segmentSize=0, min=1, max=65507");
        rejects(() -> fixture.sender.load(address, 1, 65_508), "segmentSize=65508, min=1, max=65507");
        rejects(() -> fixture.sender.handOver(fixture.pool(), handle, 65_537, 1), "byteSize=65537, min=0, max=65536");
        rejects(() -> fixture.sender.handOver(fixture.pool(), handle, 1, 0), "segmentSize=0");
        assertThat(fixture.sender.isPending()).isFalse();
        fixture.pool().free(handle);
        JumboFixture.refused(StateKind.FREED, () -> fixture.sender.handOver(fixture.pool(), handle, 1, 1));
        assertThat(fixture.sender.isPending()).isFalse();
    }

    private static void rejects(Runnable call, String message) {
        assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    /// Receives a number of bytes into an array.
    private int receive(byte[] into, int from, int byteSize) {
        int[] at = {from};
        while (at[0] < from + byteSize) {
            fixture.receiveSome(datagram -> {
                byte[] bytes = DatagramFixture.bytes(datagram.address(), datagram.byteSize());
                System.arraycopy(bytes, 0, into, at[0], bytes.length);
                at[0] += bytes.length;
            });
        }
        return byteSize;
    }

    /// {@return a socket that is full at times, often after some of the datagrams of a batch, as a socket without
    /// segmentation is}
    private static UdpSocket stingy(UdpSocket socket, SplittableRandom random) {
        return (UdpSocket) Proxy.newProxyInstance(
                UdpSocket.class.getClassLoader(), new Class<?>[] {UdpSocket.class}, (_, method, arguments) -> {
                    Object[] given = arguments;
                    if (method.getName().equals("send")) {
                        if (random.nextInt(3) == 0) {
                            return UdpSocket.WOULD_BLOCK;
                        }
                        int segmentSize = (int) arguments[3];
                        given = Arrays.copyOf(arguments, 4);
                        given[2] = Math.min((int) arguments[2], segmentSize * (1 + random.nextInt(10)));
                    }
                    try {
                        return method.invoke(socket, given);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
