package io.leasehold.datagram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboFixture;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.jumbo.JumboView;
import io.leasehold.memory.Seeds;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.DatagramForms;
import io.leasehold.os.Datagrams;
import io.leasehold.os.Datagrams.Capability;
import io.leasehold.page.GarbageProgram;
import io.leasehold.page.Watchdog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Datagrams over loopback into the pages of a pool, and the states of the pages afterwards.
class DatagramSourceTest {

    private static final int SEGMENT = 1_400;
    private static final int TRAIN = 40 * SEGMENT;

    /// Less than one object for each of 500 exchanges, including the objects of the bean.
    private static final long FEW_BYTES = 1_000;

    @ParameterizedTest
    @EnumSource
    void batchOfFortyArrivesByteForByteWithItsSegmentSize(DatagramForms form) {
        Datagrams datagrams = form.require();
        try (DatagramFixture fixture = new DatagramFixture(datagrams, BufferSize.KIB_64, 8)) {
            byte[] sent = fixture.send(TRAIN, SEGMENT, 1);
            List<Integer> segmentCounts = new ArrayList<>();
            List<byte[]> segments = new ArrayList<>();
            while (segments.size() < 40) {
                fixture.receiveSome(datagram -> {
                    segmentCounts.add(datagram.segmentCount());
                    assertThat(datagram.segmentSize()).isEqualTo(SEGMENT);
                    assertThat(datagram.lostBytes()).isZero();
                    assertThat(datagram.sender()).isEqualTo(fixture.out.local());
                    assertThat(datagram.senderPort())
                            .isEqualTo(fixture.out.local().getPort());
                    assertThat(datagram.senderHigh()).isZero();
                    assertThat(datagram.senderLow()).isEqualTo(0xffff_7f00_0001L);
                    assertThat(datagram.object().address).isEqualTo(datagram.address());
                    DatagramFixture.addSegments(datagram, new SegmentCursor(), segments);
                });
            }
            assertThat(segments).hasSize(40).allMatch(segment -> segment.length == SEGMENT);
            assertThat(DatagramFixture.join(segments)).isEqualTo(sent);
            boolean whole = datagrams.can(Capability.GRO) && datagrams.can(Capability.GSO);
            if (whole) {
                assertThat(segmentCounts).containsExactly(40);
            } else if (!datagrams.can(Capability.GSO)) {
                assertThat(segmentCounts).hasSize(40).containsOnly(1);
            }
            assertThat(fixture.source.hasGro()).isEqualTo(datagrams.can(Capability.GRO));
        }
    }

    @ParameterizedTest
    @EnumSource
    void datagramsOfAllSizesArriveInOrder(DatagramForms form) {
        SplittableRandom random = Seeds.random("datagramsOfAllSizesArriveInOrder");
        try (DatagramFixture fixture = new DatagramFixture(form.require(), BufferSize.KIB_64, 8)) {
            for (int round = 0; round < 30; round++) {
                int segmentSize = 1 + random.nextInt(random.nextBoolean() ? 100 : 9_000);
                int count = random.nextInt(Datagrams.MAX_SEGMENTS);
                int byteSize = Math.min(Datagrams.MAX_PAYLOAD_BYTES, count * segmentSize + random.nextInt(segmentSize));
                byte[] sent = fixture.send(byteSize, segmentSize, round);
                List<byte[]> segments = fixture.receiveSegments(Math.max(1, Math.ceilDiv(byteSize, segmentSize)));
                for (byte[] segment : segments.subList(0, segments.size() - 1)) {
                    assertThat(segment).hasSize(segmentSize);
                }
                assertThat(DatagramFixture.join(segments)).isEqualTo(sent);
            }
            assertThat(fixture.source.truncatedCount()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatThereIsNoPageForWaitsInTheSocket(DatagramForms form) {
        try (DatagramFixture fixture = new DatagramFixture(form.require(), BufferSize.KIB_64, 2)) {
            List<byte[]> sent = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                sent.add(fixture.send(100 + i, SEGMENT, i));
            }
            List<Long> handles = new ArrayList<>();
            List<byte[]> arrived = new ArrayList<>();
            Consumer<JumboDatagram<JumboView>> take = datagram -> {
                arrived.add(DatagramFixture.bytes(datagram.address(), datagram.byteSize()));
                handles.add(datagram.take());
            };
            while (handles.size() < 2) {
                fixture.receiveSome(take);
            }
            assertThat(fixture.source.receive(take, DatagramFixture.BATCH)).isEqualTo(DatagramSource.NO_PAGE);
            assertThat(fixture.source.receive(take, 1)).isEqualTo(DatagramSource.NO_PAGE);
            assertThat(fixture.source.noPageCount()).isEqualTo(2);
            assertThat(fixture.source.awaitReadable(Duration.ZERO)).isTrue();
            for (int i = 0; i < 3; i++) {
                fixture.pool().free(handles.removeFirst());
                assertThat(fixture.receiveSome(take)).isEqualTo(1);
            }
            assertThat(arrived).containsExactlyElementsOf(sent);
            assertThat(fixture.pagesOut()).isEqualTo(2);
            fixture.pages.release(handles);
            assertThat(fixture.source.receive(take, 1)).isZero();
        }
    }

    @Test
    void lastPagesAreUsedInAnyPlace() {
        try (DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 3)) {
            List<Long> handles = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                byte[] sent = fixture.send(100 + i, SEGMENT, i);
                // Each batch takes the page of the first place, and the pool has no other page for it.
                assertThat(fixture.receiveSome(datagram -> {
                            assertThat(DatagramFixture.bytes(datagram.address(), datagram.byteSize()))
                                    .isEqualTo(sent);
                            handles.add(datagram.take());
                        }))
                        .isEqualTo(1);
            }
            assertThat(handles).doesNotHaveDuplicates();
            assertThat(fixture.source.receive(_ -> {}, DatagramFixture.BATCH)).isEqualTo(DatagramSource.NO_PAGE);
            fixture.pages.release(handles);
        }
    }

    @Test
    void pagesAreReleasedByOtherThreads() throws InterruptedException {
        int batches = 400;
        int inFlight = 8;
        record Parcel(long handle, long address, int byteSize, int number) {}
        Parcel end = new Parcel(JumboPool.NONE, 0, 0, 0);
        LinkedBlockingQueue<Parcel> parcels = new LinkedBlockingQueue<>();
        AtomicInteger done = new AtomicInteger();
        try (DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 5)) {
            Watchdog watchdog = new Watchdog();
            for (int t = 0; t < 3; t++) {
                watchdog.start("consumer " + t, () -> {
                    for (Parcel parcel = parcels.take(); parcel.handle >= 0; parcel = parcels.take()) {
                        assertThat(DatagramFixture.bytes(parcel.address, parcel.byteSize))
                                .isEqualTo(DatagramFixture.content(1 + parcel.number, parcel.number));
                        fixture.pool().free(parcel.handle);
                        done.incrementAndGet();
                    }
                });
            }
            int sent = 0;
            int[] shown = {0};
            Consumer<JumboDatagram<JumboView>> hand = datagram ->
                    parcels.add(new Parcel(datagram.take(), datagram.address(), datagram.byteSize(), shown[0]++));
            while (shown[0] < batches) {
                for (; sent < batches && sent - shown[0] < inFlight; sent++) {
                    fixture.send(1 + sent, SEGMENT, sent);
                }
                if (fixture.source.receive(hand, DatagramFixture.BATCH) == DatagramSource.NO_PAGE) {
                    Thread.yield();
                }
                watchdog.check();
            }
            watchdog.await("all batches", () -> done.get() == batches);
            for (int t = 0; t < 3; t++) {
                parcels.add(end);
            }
            watchdog.join();
            fixture.source.disarm();
            assertThat(fixture.pagesOut()).isZero();
        }
    }

    @Test
    void pageThatIsNotTakenIsFilledAgain() {
        try (DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 8)) {
            List<Long> addresses = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                fixture.send(10, 10, i);
                fixture.receiveSome(datagram -> addresses.add(datagram.address()));
            }
            assertThat(addresses).containsOnly(addresses.getFirst());
            assertThat(fixture.pool().stats().pages().armed()).isEqualTo(DatagramFixture.BATCH);
            assertThat(fixture.source.disarm()).isEqualTo(DatagramFixture.BATCH);
            assertThat(fixture.pagesOut()).isZero();
            assertThat(fixture.source.disarm()).isZero();
        }
    }

    @Test
    void batchesBehindAHandlerThatThrowsArePassedNext() {
        try (DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 8)) {
            List<byte[]> sent =
                    List.of(fixture.send(1, 9, 1), fixture.send(2, 9, 2), fixture.send(3, 9, 3), fixture.send(4, 9, 4));
            List<byte[]> seen = new ArrayList<>();
            List<Long> taken = new ArrayList<>();
            while (seen.size() < 4) {
                assertThatThrownBy(() -> fixture.receiveSome(datagram -> {
                            seen.add(DatagramFixture.bytes(datagram.address(), datagram.byteSize()));
                            if (seen.size() == 2) {
                                taken.add(datagram.take());
                            }
                            throw new UnsupportedOperationException("handler " + seen.size());
                        }))
                        .isInstanceOf(UnsupportedOperationException.class);
                fixture.source.checkInvariants();
                // A batch that was not passed keeps its page, and is not in the socket any more.
                fixture.source.disarm();
                if (seen.size() < 4) {
                    fixture.send(5, 9, 5);
                }
            }
            assertThat(seen).containsExactlyElementsOf(sent);
            fixture.pages.release(taken);
        }
    }

    @Test
    void receivedBatchesArePassedBeforeTheSocketIsReadAndCountAgainstTheLimit() {
        try (DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 8)) {
            for (int i = 1; i <= 5; i++) {
                fixture.send(i, 9, i);
            }
            List<Integer> sizes = new ArrayList<>();
            assertThatThrownBy(() -> fixture.source.receive(
                            _ -> {
                                throw new UnsupportedOperationException("first");
                            },
                            3))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThat(fixture.source.receive(datagram -> sizes.add(datagram.byteSize()), 1))
                    .isEqualTo(1);
            assertThat(fixture.source.receive(datagram -> sizes.add(datagram.byteSize()), 4))
                    .isEqualTo(1);
            assertThat(fixture.source.receive(datagram -> sizes.add(datagram.byteSize()), 4))
                    .isEqualTo(2);
            assertThat(sizes).containsExactly(2, 3, 4, 5);
        }
    }

    @Test
    void datagramIsValidOnlyInItsHandler() {
        try (DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 8)) {
            fixture.send(10, 10, 1);
            List<JumboDatagram<JumboView>> kept = new ArrayList<>();
            List<Long> handles = new ArrayList<>();
            fixture.receiveSome(datagram -> {
                kept.add(datagram);
                handles.add(datagram.take());
                assertThatThrownBy(datagram::take)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("taken before");
                assertThatThrownBy(() -> fixture.source.receive(_ -> {}, 1))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("while a datagram is handled");
                assertThatThrownBy(fixture.source::disarm).isInstanceOf(IllegalStateException.class);
                assertThat(datagram.byteSize()).as("still there").isEqualTo(10);
            });
            JumboDatagram<JumboView> over = kept.getFirst();
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    over::take, over::address, over::byteSize, over::object, over::sender, over::senderPort)) {
                assertThatThrownBy(call)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("its handler has returned");
            }
            assertThat(over).hasToString("JumboDatagram(invalid)");
            fixture.pages.release(handles);
        }
    }

    /// Sources of one port share its socket, so GRO batches would also come to small pages.
    @Test
    void smallPagesAndGroBatchesExcludeEachOtherOnOnePort() {
        try (DatagramFixture large = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 8);
                JumboFixture small = new JumboFixture(BufferSize.KIB_4, 8, 4)) {
            DatagramPort port = large.source.port();
            large.source.close();
            if (large.source.hasGro()) {
                assertThatThrownBy(() -> port.newSource(small.pool(), 1))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("pageByteSize=4096, min=65536");
            }
        }
        try (DatagramFixture small = new DatagramFixture(Datagrams.system(), BufferSize.KIB_4, 8);
                JumboFixture large = new JumboFixture(BufferSize.KIB_64, 8, 4)) {
            DatagramPort port = small.source.port();
            try (DatagramSource<?> source = port.newSource(large.pool(), 1)) {
                assertThat(source.hasGro()).isFalse();
            }
            small.source.close();
            try (DatagramSource<?> source = port.newSource(large.pool(), 1)) {
                assertThat(source.hasGro()).isEqualTo(Datagrams.system().can(Capability.GRO));
            }
        }
    }

    @Test
    void smallPagesGetSingleDatagramsAndTruncationIsCounted() {
        try (DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_4, 8)) {
            assertThat(fixture.source.hasGro()).as("would truncate batches").isFalse();
            byte[] batch = fixture.send(10 * SEGMENT, SEGMENT, 1);
            assertThat(DatagramFixture.join(fixture.receiveSegments(10))).isEqualTo(batch);
            assertThat(fixture.source.truncatedCount()).isZero();
            fixture.send(9_000, 9_000, 2);
            fixture.receiveSome(datagram -> {
                assertThat(datagram.byteSize()).isEqualTo(4_096);
                assertThat(datagram.lostBytes()).isEqualTo(9_000 - 4_096);
            });
            assertThat(fixture.source.truncatedCount()).isEqualTo(1);
        }
    }

    @Test
    void rejectsLimitsAndBatchesOutOfRange() {
        try (DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 8)) {
            for (int limit : new int[] {0, DatagramFixture.BATCH + 1}) {
                assertThatThrownBy(() -> fixture.source.receive(_ -> {}, limit))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContainingAll("limit=" + limit, "max=4");
            }
            for (int batch : new int[] {0, 1_025}) {
                assertThatThrownBy(() -> new DatagramPort(fixture.in).newSource(fixture.pool(), batch))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("=" + batch);
            }
            assertThat(fixture.pagesOut()).isZero();
        }
    }

    @Test
    void receivingAndSendingMakesNoGarbage() throws Exception {
        TestMemory.require(Datagrams.system().can(Capability.BATCH), "the portable form makes objects");
        assertThat(GarbageProgram.bytesOf500(DatagramExchange.class))
                .as("bytes of 500 exchanges")
                .isLessThan(FEW_BYTES);
    }

    @Test
    void waitingSourceIsNotifiedWithoutWatermarks() throws InterruptedException {
        try (DatagramFixture fixture =
                new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, DatagramFixture.BATCH)) {
            List<Long> kept = new ArrayList<>();
            while (kept.size() < DatagramFixture.BATCH) {
                fixture.send(10, 10, kept.size());
                fixture.receiveSome(datagram -> kept.add(datagram.take()));
            }
            byte[] sent = fixture.send(100, 100, 9);
            assertThat(fixture.source.receive(_ -> {}, 1)).isEqualTo(DatagramSource.NO_PAGE);
            assertThat(fixture.source.awaitPage(Duration.ofNanos(1))).isFalse();
            Watchdog watchdog = new Watchdog();
            watchdog.startVirtual("consumer", () -> {
                watchdog.await("waiting", () -> fixture.pages.isPressed());
                fixture.pool().free(kept.removeLast());
            });
            assertThat(fixture.source.awaitPage(Duration.ofSeconds(60))).isTrue();
            watchdog.join();
            assertThat(fixture.receiveSegments(1).getFirst()).isEqualTo(sent);
            fixture.pages.release(kept);
        }
    }
}
