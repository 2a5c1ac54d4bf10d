package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.jumbo.JumboStateException.Kind;
import io.leasehold.lease.Releaser;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.page.Watchdog;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What jumbo(9) promises, function by function.
class JumboContractTest {

    @Test
    void jumboVmInitCostsNothingBeforeAndHasNoEffectAfterwards() {
        try (JumboBed bed = new JumboBed(JumboBed.options(BufferSize.KIB_4).withPages(100, 200), 4)) {
            long before = bed.budget().usedBytes();
            assertThat(bed.takenBytes()).isZero();
            assertThat(bed.ring().stats().pages().inRing()).isZero();
            assertThat(bed.ring().initialise()).isTrue();
            assertThat(bed.ring().stats().pages().inRing()).isEqualTo(128);
            assertThat(bed.takenBytes()).isEqualTo(512 << 10);
            assertThat(bed.budget().usedBytes()).isGreaterThan(before);
            assertThat(bed.ring().initialise()).isTrue();
            assertThat(bed.takenBytes()).isEqualTo(512 << 10);
            bed.check();
        }
    }

    @Test
    void jumboVmInitThatFailedLeavesNothingAndCanBeRepeated() {
        try (JumboBed bed = new JumboBed(JumboBed.options(BufferSize.KIB_4).withPages(300, 0), 2)) {
            long others = bed.arena().allocateRun(256);
            assertThat(bed.ring().initialise()).isFalse();
            assertThat(bed.arena().stats().livePages()).isEqualTo(256);
            assertThat(bed.ring().allocate()).isEqualTo(JumboPool.NONE);
            assertThat(bed.ring().stats().traffic().fallbacks()).isOne();
            assertThat(bed.arena().stats().livePages()).isEqualTo(256);
            assertThat(bed.ring().stats().pages().inRing()).isZero();
            bed.arena().free(others);
            assertThat(bed.ring().initialise()).isTrue();
            assertThat(bed.ring().stats().pages().inRing()).isEqualTo(320);
            bed.check();
        }
    }

    @ParameterizedTest
    @EnumSource
    void jumboPgAllocLendsPagesThatAreWholeAndApart(BufferSize bufferSize) {
        try (JumboBed bed = new JumboBed(bufferSize, 0, 2)) {
            List<Long> handles = bed.exhaust();
            int perSlab = (256 << 10) / bufferSize.byteSize();
            assertThat(handles).hasSize(8 * perSlab);
            Set<Long> addresses = new HashSet<>();
            for (long handle : handles) {
                JumboView view = bed.ring().object(handle);
                assertThat(view.address)
                        .isEqualTo(bed.ring().address(handle))
                        .satisfies(a -> assertThat(a % 512).isZero());
                assertThat(view.byteSize).isEqualTo(bufferSize.byteSize());
                assertThat(addresses.add(view.address)).isTrue();
                view.write(handle);
            }
            for (long handle : handles) {
                bed.ring().object(handle).check(handle);
            }
            bed.check();
            bed.release(handles);
            bed.check();
        }
    }

    @Test
    void jumboPgAllocReusesWhatWasFreedLast() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_16, 0, 2)) {
            long handle = bed.ring().allocate();
            long address = bed.ring().address(handle);
            JumboView view = bed.ring().object(handle);
            bed.ring().release(handle);
            long again = bed.ring().allocate();
            assertThat(again).isNotEqualTo(handle);
            assertThat(bed.ring().address(again)).isEqualTo(address);
            assertThat(bed.ring().object(again)).isSameAs(view);
            bed.ring().release(again);
        }
    }

    @Test
    void jumboPgAllocIsNullAndCountedWhenThereIsNoPage() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_64, 6, 2)) {
            List<Long> handles = bed.exhaust();
            assertThat(handles).hasSize(6);
            assertThat(bed.ring().allocate()).isEqualTo(JumboPool.NONE);
            assertThat(bed.ring().stats().traffic().fallbacks()).isEqualTo(2);
            bed.ring().release(handles.removeLast());
            handles.add(bed.allocate(1).getFirst());
            bed.release(handles);
        }
    }

    @Test
    void jumboPgFreeTakesThePageBack() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            List<Long> handles = bed.allocate(100);
            assertThat(bed.ring().stats().pages().leased()).isEqualTo(100);
            bed.release(handles);
            JumboStats stats = bed.ring().stats();
            assertThat(stats.pages().leased()).isZero();
            assertThat(stats.traffic().freedReturned()).isEqualTo(100);
            assertThat(stats.traffic().freedFlipped()).isZero();
            bed.check();
        }
    }

    @Test
    void jumboFreemServesAnyThread() throws InterruptedException {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            Releaser freem = bed.ring();
            List<Long> handles = bed.allocate(120);
            Watchdog watchdog = new Watchdog();
            watchdog.start("platform", () -> handles.subList(0, 40).forEach(freem::release));
            watchdog.startVirtual("virtual", () -> handles.subList(40, 80).forEach(freem::release));
            handles.subList(80, 120).forEach(freem::release);
            watchdog.join();
            bed.check();
            assertThat(bed.ring().stats().pages().out()).isZero();
            assertThat(bed.ring().stats().traffic().freedReturned()).isEqualTo(120);
            List<Long> again = bed.allocate(120); // what others freed came home
            assertThat(bed.ring().stats().slabs().grows()).isEqualTo(2);
            bed.release(again);
        }
    }

    @Test
    void jumboPgStealDetachesThePageWithItsContentAndTheRingTakesAnother() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_64, 4, 2)) {
            List<Long> handles = bed.exhaust();
            assertThat(handles).hasSize(4);
            long victim = handles.removeFirst();
            bed.ring().object(victim).write(7);
            long stolen = bed.ring().exchange().steal(victim);
            bed.check();
            assertThat(bed.ring().stats().pages().stolen()).isOne();
            handles.addAll(bed.allocate(1)); // in its place
            assertThat(bed.ring().allocate()).isEqualTo(JumboPool.NONE);
            bed.ring().object(stolen).check(7);
            JumboBed.refused(Kind.STOLEN, () -> bed.ring().release(victim));
            JumboBed.refused(Kind.STOLEN, () -> bed.ring().release(stolen));
            bed.release(handles);
            bed.check();
            bed.ring().exchange().adopt(stolen);
            bed.check();
            JumboStats stats = bed.ring().stats();
            assertThat(stats.pages().inRing()).isEqualTo(4);
            assertThat(stats.pages().inactive()).isEqualTo(4);
            assertThat(stats.traffic().steals()).isOne();
            assertThat(stats.traffic().adoptions()).isOne();
            assertThat(stats.traffic().freedReturned()).isEqualTo(4);
            handles.addAll(bed.exhaust());
            assertThat(handles).hasSize(4);
            bed.release(handles);
        }
    }

    @ParameterizedTest
    @EnumSource
    void jumboPhysToKvaGoesBothWaysWithoutEffect(BufferSize bufferSize) {
        try (JumboBed bed = new JumboBed(bufferSize, 0, 2);
                ScratchMemory foreign = ScratchMemory.of(4096)) {
            JumboPool<JumboView> ring = bed.ring();
            assertThat(ring.pageOf(bed.arena().baseAddress())).isEqualTo(JumboPool.FOREIGN);
            assertThat(ring.addressOf(0)).isEqualTo(JumboPool.FOREIGN);
            List<Long> handles = bed.exhaust();
            int perSlab = (256 << 10) / bufferSize.byteSize();
            for (long handle : handles) {
                long address = ring.address(handle);
                int page = ring.object(handle).page;
                assertThat(ring.addressOf(page)).isEqualTo(address);
                for (long at : new long[] {address, address + 1, address + bufferSize.byteSize() - 1}) {
                    assertThat(ring.pageOf(at)).isEqualTo(page);
                }
                assertThat(ring.handleOf(page)).isEqualTo(handle);
            }
            long padding = bed.arena().baseAddress() + (long) perSlab * bufferSize.byteSize();
            if (bufferSize == BufferSize.KIB_9) {
                assertThat(ring.pageOf(padding)).isEqualTo(JumboPool.PADDING);
            }
            for (long address : new long[] {
                0,
                -1,
                1,
                Long.MAX_VALUE,
                Long.MIN_VALUE,
                foreign.address(),
                bed.arena().baseAddress() - 1,
                bed.arena().baseAddress() + 2 * JumboBed.MIB
            }) {
                assertThat(ring.pageOf(address)).as("0x%x", address).isEqualTo(JumboPool.FOREIGN);
            }
            for (int page : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
                assertThat(ring.addressOf(page)).isEqualTo(JumboPool.FOREIGN);
                assertThat(ring.handleOf(page)).isEqualTo(JumboPool.NONE);
            }
            long address = ring.address(handles.getFirst());
            int page = ring.pageOf(address);
            ring.arm(handles.getFirst());
            assertThat(ring.pageOf(address)).isEqualTo(page);
            assertThat(ring.stats().pages().armed()).isOne();
            ring.receive(handles.getFirst());
            bed.release(handles);
            assertThat(ring.handleOf(page)).isEqualTo(JumboPool.NONE);
            assertThat(ring.trim()).isEqualTo(2 * JumboBed.MIB);
            assertThat(ring.pageOf(address)).isEqualTo(JumboPool.NOT_IN_SERVICE);
            assertThat(ring.addressOf(page)).isEqualTo(JumboPool.NOT_IN_SERVICE);
            bed.check();
        }
    }

    @Test
    void pageFlipAndCopyDeliverTheSameBytes() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2);
                ScratchMemory target = ScratchMemory.of(4096)) {
            for (int byteSize : new int[] {4096, 4095, 2048, 2047, 1, 0}) {
                for (int byteOffset : new int[] {0, 1}) {
                    if (byteOffset + byteSize <= 4096) {
                        deliver(bed, byteOffset, byteSize, target.address());
                    }
                }
            }
            JumboStats stats = bed.ring().stats();
            assertThat(stats.traffic().flips()).isEqualTo(3);
            assertThat(stats.traffic().copies()).isEqualTo(8);
            assertThat(stats.traffic().freedFlipped()).isEqualTo(3);
            assertThat(stats.traffic().freedReturned()).isEqualTo(8);
        }
    }

    private static void deliver(JumboBed bed, int byteOffset, int byteSize, long target) {
        PageExchange exchange = bed.ring().exchange();
        long handle = bed.ring().allocate();
        bed.ring().object(handle).write(byteSize);
        byte[] sent = new byte[byteSize];
        OffHeap.copyToArray(bed.ring().address(handle) + byteOffset, sent, 0, byteSize);
        boolean flips = exchange.isFlippable(handle, byteOffset, byteSize);
        assertThat(flips).isEqualTo(byteOffset == 0 && byteSize >= 2048);
        long consumers = exchange.flip(handle, byteOffset, byteSize, target);
        assertThat(consumers != PageExchange.COPIED).isEqualTo(flips);
        byte[] received = new byte[byteSize];
        OffHeap.copyToArray(flips ? bed.ring().address(consumers) : target, received, 0, byteSize);
        assertThat(received).isEqualTo(sent);
        bed.ring().release(handle); // the same, whatever became of the page
        bed.check();
        if (flips) {
            bed.ring().exchange().adopt(consumers);
        }
        bed.check();
    }

    @Test
    void pageThatOthersHoldOrThatWasFlippedBeforeIsCopied() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2);
                ScratchMemory target = ScratchMemory.of(4096)) {
            PageExchange exchange = bed.ring().exchange();
            long handle = bed.ring().allocate();
            bed.ring().hold(handle);
            assertThat(exchange.isFlippable(handle, 0, 4096)).isFalse();
            assertThat(exchange.flip(handle, 0, 4096, target.address())).isEqualTo(PageExchange.COPIED);
            bed.ring().unhold(handle);
            long first = exchange.flip(handle, 0, 4096, target.address());
            assertThat(first).isNotNegative();
            exchange.adopt(first); // before the message is freed
            bed.check();
            assertThat(exchange.isFlippable(handle, 0, 4096)).isFalse();
            assertThat(exchange.flip(handle, 0, 4096, target.address())).isEqualTo(PageExchange.COPIED);
            JumboBed.refused(Kind.FREED, () -> exchange.adopt(first));
            bed.ring().release(handle);
            bed.check();
            JumboBed.refused(Kind.FREED, () -> bed.ring().release(handle));
            long next = bed.ring().allocate();
            assertThat(next).isNotEqualTo(first); // though it is the page's next life
            JumboBed.refused(Kind.STALE, () -> exchange.adopt(first));
            bed.ring().release(next);
            bed.check();
        }
    }

    @Test
    void bulkCallsDoWhatSingleOnesDo() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 100, 2)) {
            long[] handles = new long[200];
            assertThat(bed.ring().allocate(handles, 10, 60)).isEqualTo(60);
            assertThat(bed.ring().allocate(handles, 70, 130)).isEqualTo(40);
            Set<Long> seen = new HashSet<>();
            long last = -1;
            for (int i = 10; i < 110; i++) {
                assertThat(seen.add(bed.ring().address(handles[i]))).isTrue();
                long address = bed.ring().address(handles[i]);
                assertThat(address).as("neighbours in order").isGreaterThan(last);
                last = address;
            }
            bed.ring().release(handles, 10, 100);
            assertThat(bed.ring().stats().pages().out()).isZero();
            bed.check();
        }
    }

    @Test
    void bulkReleaseStopsAtWhatIsRefusedAndTakesTheOthersInAnyState() throws InterruptedException {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            JumboPool<JumboView> ring = bed.ring();
            long[] handles = new long[150];
            Watchdog watchdog = new Watchdog();
            watchdog.start(
                    "lender", () -> assertThat(ring.allocate(handles, 0, 100)).isEqualTo(100));
            watchdog.join();
            assertThat(ring.allocate(handles, 100, 50)).isEqualTo(50); // of another shard
            ring.hold(handles[1]);
            long consumers = ring.exchange().flip(handles[2], 0, ring.pageByteSize(), 0);
            ring.release(handles[40]);
            JumboBed.refused(Kind.FREED, () -> ring.release(handles, 0, 150));
            assertThat(ring.stats().pages().leased())
                    .as("behind the one that was refused")
                    .isEqualTo(109);
            assertThat(ring.stats().pages().deferredFree()).isOne();
            ring.release(handles, 41, 109);
            ring.unhold(handles[1]);
            ring.exchange().adopt(consumers);
            assertThat(ring.stats().pages().out()).isZero();
            bed.check();
        }
    }

    @Test
    void translationStaysTrueWhenAPageIsFlippedOrStolen() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_16, 0, 2)) {
            JumboPool<JumboView> ring = bed.ring();
            List<Long> handles = bed.allocate(2);
            long flipped = ring.address(handles.getFirst());
            long taken = ring.address(handles.getLast());
            int[] pages = {ring.pageOf(flipped), ring.pageOf(taken)};
            long consumers = ring.exchange().flip(handles.getFirst(), 0, ring.pageByteSize(), 0);
            ring.release(handles.getFirst());
            long stolen = ring.exchange().steal(handles.getLast());
            assertThat(ring.addressOf(pages[0])).isEqualTo(flipped).isEqualTo(ring.address(consumers));
            assertThat(ring.addressOf(pages[1])).isEqualTo(taken).isEqualTo(ring.address(stolen));
            assertThat(new int[] {ring.pageOf(flipped), ring.pageOf(taken)}).isEqualTo(pages);
            ring.exchange().adopt(consumers);
            ring.exchange().adopt(stolen);
            bed.check();
        }
    }

    @Test
    void anUnboundPageGetsANewObject() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            long handle = bed.ring().allocate();
            JumboView first = bed.ring().object(handle);
            assertThat(bed.ring().object(handle)).isSameAs(first);
            bed.ring().unbind(handle);
            assertThat(bed.ring().object(handle)).isNotSameAs(first);
            bed.ring().release(handle);
        }
    }

    /// What is neither in a thread's stock any more nor at home yet is not out.
    @Test
    void pagesAreNotCountedAsOutstandingDuringADrain() throws InterruptedException {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            for (int round = 0; round < 300; round++) {
                bed.release(bed.allocate(48));
                Thread trimmer = Thread.ofPlatform().start(bed.ring()::trim);
                do {
                    assertThat(bed.ring().stats().pages().out()).isZero();
                } while (trimmer.isAlive());
                trimmer.join();
            }
        }
    }
}
