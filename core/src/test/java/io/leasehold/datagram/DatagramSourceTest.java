package io.leasehold.datagram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.jumbo.JumboView;
import io.leasehold.memory.Seeds;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.DatagramForms;
import io.leasehold.os.Datagrams;
import io.leasehold.os.Datagrams.Capability;
import io.leasehold.page.Watchdog;
import java.lang.management.ManagementFactory;
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

    private static final int MOST_ROUNDS = 400;

    @ParameterizedTest
    @EnumSource
    void batchOfFortyArrivesByteForByteWithItsSegmentSize(DatagramForms form) {
        Datagrams datagrams = form.require();
        try (DatagramBed bed = new DatagramBed(datagrams, BufferSize.KIB_64, 8)) {
            byte[] sent = bed.send(TRAIN, SEGMENT, 1);
            List<Integer> segmentCounts = new ArrayList<>();
            List<byte[]> segments = new ArrayList<>();
            while (segments.size() < 40) {
                bed.receiveSome(datagram -> {
                    segmentCounts.add(datagram.segmentCount());
                    assertThat(datagram.segmentSize()).isEqualTo(SEGMENT);
                    assertThat(datagram.lostBytes()).isZero();
                    assertThat(datagram.sender()).isEqualTo(bed.out.local());
                    assertThat(datagram.senderPort()).isEqualTo(bed.out.local().getPort());
                    assertThat(datagram.senderHigh()).isZero();
                    assertThat(datagram.senderLow()).isEqualTo(0xffff_7f00_0001L);
                    assertThat(datagram.object().address).isEqualTo(datagram.address());
                    DatagramBed.addSegments(datagram, new SegmentCursor(), segments);
                });
            }
            assertThat(segments).hasSize(40).allMatch(segment -> segment.length == SEGMENT);
            assertThat(DatagramBed.join(segments)).isEqualTo(sent);
            boolean whole = datagrams.can(Capability.GRO) && datagrams.can(Capability.GSO);
            if (whole) {
                assertThat(segmentCounts).containsExactly(40);
            } else if (!datagrams.can(Capability.GSO)) {
                assertThat(segmentCounts).hasSize(40).containsOnly(1);
            }
            assertThat(bed.source.hasGro()).isEqualTo(datagrams.can(Capability.GRO));
        }
    }

    @ParameterizedTest
    @EnumSource
    void datagramsOfAllSizesArriveInOrder(DatagramForms form) {
        SplittableRandom random = Seeds.random("datagramsOfAllSizesArriveInOrder");
        try (DatagramBed bed = new DatagramBed(form.require(), BufferSize.KIB_64, 8)) {
            for (int round = 0; round < 30; round++) {
                int segmentSize = 1 + random.nextInt(random.nextBoolean() ? 100 : 9_000);
                int count = random.nextInt(Datagrams.MAX_SEGMENTS);
                int byteSize = Math.min(Datagrams.MAX_PAYLOAD_BYTES, count * segmentSize + random.nextInt(segmentSize));
                byte[] sent = bed.send(byteSize, segmentSize, round);
                List<byte[]> segments = bed.receiveSegments(Math.max(1, Math.ceilDiv(byteSize, segmentSize)));
                for (byte[] segment : segments.subList(0, segments.size() - 1)) {
                    assertThat(segment).hasSize(segmentSize);
                }
                assertThat(DatagramBed.join(segments)).isEqualTo(sent);
            }
            assertThat(bed.source.truncatedCount()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatThereIsNoPageForWaitsInTheSocket(DatagramForms form) {
        try (DatagramBed bed = new DatagramBed(form.require(), BufferSize.KIB_64, 2)) {
            List<byte[]> sent = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                sent.add(bed.send(100 + i, SEGMENT, i));
            }
            List<Long> handles = new ArrayList<>();
            List<byte[]> arrived = new ArrayList<>();
            Consumer<JumboDatagram<JumboView>> take = datagram -> {
                arrived.add(DatagramBed.bytes(datagram.address(), datagram.byteSize()));
                handles.add(datagram.take());
            };
            while (handles.size() < 2) {
                bed.receiveSome(take);
            }
            assertThat(bed.source.receive(take, DatagramBed.BATCH)).isEqualTo(DatagramSource.NO_PAGE);
            assertThat(bed.source.receive(take, 1)).isEqualTo(DatagramSource.NO_PAGE);
            assertThat(bed.source.noPageCount()).isEqualTo(2);
            assertThat(bed.source.awaitReadable(Duration.ZERO)).isTrue();
            for (int i = 0; i < 3; i++) {
                bed.pool().free(handles.removeFirst());
                assertThat(bed.receiveSome(take)).isEqualTo(1);
            }
            assertThat(arrived).containsExactlyElementsOf(sent);
            assertThat(bed.pagesOut()).isEqualTo(2);
            bed.pages.release(handles);
            assertThat(bed.source.receive(take, 1)).isZero();
        }
    }

    @Test
    void lastPagesAreUsedInAnyPlace() {
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_64, 3)) {
            List<Long> handles = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                byte[] sent = bed.send(100 + i, SEGMENT, i);
                // Each batch takes the page of the first place, and the pool has no other page for it.
                assertThat(bed.receiveSome(datagram -> {
                            assertThat(DatagramBed.bytes(datagram.address(), datagram.byteSize()))
                                    .isEqualTo(sent);
                            handles.add(datagram.take());
                        }))
                        .isEqualTo(1);
            }
            assertThat(handles).doesNotHaveDuplicates();
            assertThat(bed.source.receive(_ -> {}, DatagramBed.BATCH)).isEqualTo(DatagramSource.NO_PAGE);
            bed.pages.release(handles);
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
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_64, 5)) {
            Watchdog watchdog = new Watchdog();
            for (int t = 0; t < 3; t++) {
                watchdog.start("consumer " + t, () -> {
                    for (Parcel parcel = parcels.take(); parcel.handle >= 0; parcel = parcels.take()) {
                        assertThat(DatagramBed.bytes(parcel.address, parcel.byteSize))
                                .isEqualTo(DatagramBed.content(1 + parcel.number, parcel.number));
                        bed.pool().free(parcel.handle);
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
                    bed.send(1 + sent, SEGMENT, sent);
                }
                if (bed.source.receive(hand, DatagramBed.BATCH) == DatagramSource.NO_PAGE) {
                    Thread.yield();
                }
                watchdog.check();
            }
            watchdog.await("all batches", () -> done.get() == batches);
            for (int t = 0; t < 3; t++) {
                parcels.add(end);
            }
            watchdog.join();
            bed.source.disarm();
            assertThat(bed.pagesOut()).isZero();
        }
    }

    @Test
    void pageThatIsNotTakenIsFilledAgain() {
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_64, 8)) {
            List<Long> addresses = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                bed.send(10, 10, i);
                bed.receiveSome(datagram -> addresses.add(datagram.address()));
            }
            assertThat(addresses).containsOnly(addresses.getFirst());
            assertThat(bed.pool().stats().pages().armed()).isEqualTo(DatagramBed.BATCH);
            assertThat(bed.source.disarm()).isEqualTo(DatagramBed.BATCH);
            assertThat(bed.pagesOut()).isZero();
            assertThat(bed.source.disarm()).isZero();
        }
    }

    @Test
    void batchesBehindAHandlerThatThrowsArePassedNext() {
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_64, 8)) {
            List<byte[]> sent = List.of(bed.send(1, 9, 1), bed.send(2, 9, 2), bed.send(3, 9, 3), bed.send(4, 9, 4));
            List<byte[]> seen = new ArrayList<>();
            List<Long> taken = new ArrayList<>();
            while (seen.size() < 4) {
                assertThatThrownBy(() -> bed.receiveSome(datagram -> {
                            seen.add(DatagramBed.bytes(datagram.address(), datagram.byteSize()));
                            if (seen.size() == 2) {
                                taken.add(datagram.take());
                            }
                            throw new UnsupportedOperationException("handler " + seen.size());
                        }))
                        .isInstanceOf(UnsupportedOperationException.class);
                bed.source.checkInvariants();
                // A batch that was not passed keeps its page, and is not in the socket any more.
                bed.source.disarm();
                if (seen.size() < 4) {
                    bed.send(5, 9, 5);
                }
            }
            assertThat(seen).containsExactlyElementsOf(sent);
            bed.pages.release(taken);
        }
    }

    @Test
    void receivedBatchesArePassedBeforeTheSocketIsReadAndCountAgainstTheLimit() {
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_64, 8)) {
            for (int i = 1; i <= 5; i++) {
                bed.send(i, 9, i);
            }
            List<Integer> sizes = new ArrayList<>();
            assertThatThrownBy(() -> bed.source.receive(
                            _ -> {
                                throw new UnsupportedOperationException("first");
                            },
                            3))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThat(bed.source.receive(datagram -> sizes.add(datagram.byteSize()), 1))
                    .isEqualTo(1);
            assertThat(bed.source.receive(datagram -> sizes.add(datagram.byteSize()), 4))
                    .isEqualTo(1);
            assertThat(bed.source.receive(datagram -> sizes.add(datagram.byteSize()), 4))
                    .isEqualTo(2);
            assertThat(sizes).containsExactly(2, 3, 4, 5);
        }
    }

    @Test
    void datagramIsValidOnlyInItsHandler() {
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_64, 8)) {
            bed.send(10, 10, 1);
            List<JumboDatagram<JumboView>> kept = new ArrayList<>();
            List<Long> handles = new ArrayList<>();
            bed.receiveSome(datagram -> {
                kept.add(datagram);
                handles.add(datagram.take());
                assertThatThrownBy(datagram::take)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("taken before");
                assertThatThrownBy(() -> bed.source.receive(_ -> {}, 1))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("while a datagram is handled");
                assertThatThrownBy(bed.source::disarm).isInstanceOf(IllegalStateException.class);
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
            bed.pages.release(handles);
        }
    }

    @Test
    void smallPagesGetSingleDatagramsAndTruncationIsCounted() {
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_4, 8)) {
            assertThat(bed.source.hasGro()).as("would truncate batches").isFalse();
            byte[] batch = bed.send(10 * SEGMENT, SEGMENT, 1);
            assertThat(DatagramBed.join(bed.receiveSegments(10))).isEqualTo(batch);
            assertThat(bed.source.truncatedCount()).isZero();
            bed.send(9_000, 9_000, 2);
            bed.receiveSome(datagram -> {
                assertThat(datagram.byteSize()).isEqualTo(4_096);
                assertThat(datagram.lostBytes()).isEqualTo(9_000 - 4_096);
            });
            assertThat(bed.source.truncatedCount()).isEqualTo(1);
        }
    }

    @Test
    void rejectsLimitsAndBatchesOutOfRange() {
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_64, 8)) {
            for (int limit : new int[] {0, DatagramBed.BATCH + 1}) {
                assertThatThrownBy(() -> bed.source.receive(_ -> {}, limit))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContainingAll("limit=" + limit, "max=4");
            }
            for (int batch : new int[] {0, 1_025}) {
                assertThatThrownBy(() -> new DatagramPort(bed.in).newSource(bed.pool(), batch))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("=" + batch);
            }
            assertThat(bed.pagesOut()).isZero();
        }
    }

    @Test
    void receivingAndSendingMakesNoGarbage() {
        TestMemory.require(Datagrams.system().can(Capability.BATCH), "the portable form makes objects");
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_64, 16)) {
            Exchange exchange = new Exchange(bed);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long least = Long.MAX_VALUE;
            // A call creates garbage until it is compiled, which takes a while on a busy machine: the minimum counts.
            for (int round = 0; round < MOST_ROUNDS && least >= FEW_BYTES; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 500; i++) {
                    exchange.run();
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(least).as("bytes of 500 exchanges").isLessThan(FEW_BYTES);
        }
    }

    /// Sends a batch, reads it with a cursor, and sends every other page back to its sender.
    private static final class Exchange implements Consumer<JumboDatagram<JumboView>> {

        private final DatagramBed bed;
        private final DatagramSender answer;
        private final SegmentCursor cursor = new SegmentCursor();
        private long seen;
        private int left;

        Exchange(DatagramBed bed) {
            this.bed = bed;
            this.answer = bed.source.newSender();
        }

        void run() {
            bed.sender.load(bed.scratch.address(), 300, 100);
            left = 300;
            while (!bed.sender.send()) {
                bed.sender.awaitWritable(DatagramBed.SOON);
            }
            while (left > 0 && bed.source.awaitReadable(DatagramBed.SOON)) {
                bed.source.receive(this, DatagramBed.BATCH);
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
                answer.toSenderOf(datagram).handOver(bed.pool(), datagram.take(), 100, 50);
                if (!answer.send()) {
                    answer.abandon();
                }
            }
        }
    }

    @Test
    void waitingSourceIsNotifiedWithoutWatermarks() throws InterruptedException {
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_64, DatagramBed.BATCH)) {
            List<Long> kept = new ArrayList<>();
            while (kept.size() < DatagramBed.BATCH) {
                bed.send(10, 10, kept.size());
                bed.receiveSome(datagram -> kept.add(datagram.take()));
            }
            byte[] sent = bed.send(100, 100, 9);
            assertThat(bed.source.receive(_ -> {}, 1)).isEqualTo(DatagramSource.NO_PAGE);
            assertThat(bed.source.awaitPage(Duration.ofNanos(1))).isFalse();
            Watchdog watchdog = new Watchdog();
            watchdog.startVirtual("consumer", () -> {
                watchdog.await("waiting", () -> bed.pages.isPressed());
                bed.pool().free(kept.removeLast());
            });
            assertThat(bed.source.awaitPage(Duration.ofSeconds(60))).isTrue();
            watchdog.join();
            assertThat(bed.receiveSegments(1).getFirst()).isEqualTo(sent);
            bed.pages.release(kept);
        }
    }
}
