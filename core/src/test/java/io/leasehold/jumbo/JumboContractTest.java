package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.leasehold.error.StateKind;
import io.leasehold.lease.MemoryOwner;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.page.PageExhaustedException;
import io.leasehold.page.Watchdog;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The contract of jumbo(9), function by function.
class JumboContractTest {

    @Test
    void jumboVmInitCostsNothingBeforeAndHasNoEffectAfterwards() {
        try (JumboBed bed = new JumboBed(
                JumboBed.options(BufferSize.KIB_4).toBuilder().pages(100, 200).build(), 4)) {
            long before = bed.budget().usedBytes();
            assertThat(bed.takenBytes()).isZero();
            assertThat(bed.pool().stats().pages().inPool()).isZero();
            assertThat(bed.pool().initialise()).isTrue();
            assertThat(bed.pool().stats().pages().inPool()).isEqualTo(128);
            assertThat(bed.takenBytes()).isEqualTo(512 << 10);
            assertThat(bed.budget().usedBytes()).isGreaterThan(before);
            assertThat(bed.pool().initialise()).isTrue();
            assertThat(bed.takenBytes()).isEqualTo(512 << 10);
            bed.check();
        }
    }

    @Test
    void jumboVmInitThatFailedLeavesNothingAndCanBeRepeated() {
        try (JumboBed bed = new JumboBed(
                JumboBed.options(BufferSize.KIB_4).toBuilder().pages(300, 0).build(), 2)) {
            long others = bed.arena().allocateRun(256);
            assertThat(bed.pool().initialise()).isFalse();
            assertThat(bed.arena().stats().livePages()).isEqualTo(256);
            assertThat(bed.pool().tryAllocate()).isEqualTo(JumboPool.NONE);
            assertThat(bed.pool().stats().traffic().fallbacks()).isOne();
            assertThatExceptionOfType(PageExhaustedException.class)
                    .isThrownBy(() -> bed.pool().allocate())
                    .withMessageContaining("no page is available");
            assertThat(bed.arena().stats().livePages()).isEqualTo(256);
            assertThat(bed.pool().stats().pages().inPool()).isZero();
            bed.arena().free(others);
            assertThat(bed.pool().initialise()).isTrue();
            assertThat(bed.pool().stats().pages().inPool()).isEqualTo(320);
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
                JumboView view = bed.pool().object(handle);
                assertThat(view.address)
                        .isEqualTo(bed.pool().address(handle))
                        .satisfies(a -> assertThat(a % 512).isZero());
                assertThat(view.byteSize).isEqualTo(bufferSize.byteSize());
                assertThat(addresses.add(view.address)).isTrue();
                view.write(handle);
            }
            for (long handle : handles) {
                bed.pool().object(handle).check(handle);
            }
            bed.check();
            bed.release(handles);
            bed.check();
        }
    }

    @Test
    void jumboPgAllocReusesThePageThatWasFreedLast() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_16, 0, 2)) {
            long handle = bed.pool().tryAllocate();
            long address = bed.pool().address(handle);
            JumboView view = bed.pool().object(handle);
            bed.pool().free(handle);
            long again = bed.pool().tryAllocate();
            assertThat(again).isNotEqualTo(handle);
            assertThat(bed.pool().address(again)).isEqualTo(address);
            assertThat(bed.pool().object(again)).isSameAs(view);
            bed.pool().free(again);
        }
    }

    @Test
    void jumboPgAllocIsNullAndCountedWhenThereIsNoPage() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_64, 6, 2)) {
            List<Long> handles = bed.exhaust();
            assertThat(handles).hasSize(6);
            assertThat(bed.pool().tryAllocate()).isEqualTo(JumboPool.NONE);
            assertThat(bed.pool().stats().traffic().fallbacks()).isEqualTo(2);
            bed.pool().free(handles.removeLast());
            handles.add(bed.allocate(1).getFirst());
            bed.release(handles);
        }
    }

    @Test
    void jumboPgFreeTakesThePageBack() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            List<Long> handles = bed.allocate(100);
            assertThat(bed.pool().stats().pages().leased()).isEqualTo(100);
            bed.release(handles);
            JumboStats stats = bed.pool().stats();
            assertThat(stats.pages().leased()).isZero();
            assertThat(stats.traffic().freedReturned()).isEqualTo(100);
            assertThat(stats.traffic().freedFlipped()).isZero();
            bed.check();
        }
    }

    @Test
    void jumboFreemServesAnyThread() throws InterruptedException {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            MemoryOwner freem = bed.pool();
            List<Long> handles = bed.allocate(120);
            Watchdog watchdog = new Watchdog();
            watchdog.start("platform", () -> handles.subList(0, 40).forEach(freem::free));
            watchdog.startVirtual("virtual", () -> handles.subList(40, 80).forEach(freem::free));
            handles.subList(80, 120).forEach(freem::free);
            watchdog.join();
            bed.check();
            assertThat(bed.pool().stats().pages().outstanding()).isZero();
            assertThat(bed.pool().stats().traffic().freedReturned()).isEqualTo(120);
            List<Long> again = bed.allocate(120); // the pages that other threads freed are free
            assertThat(bed.pool().stats().slabs().grows()).isEqualTo(2);
            bed.release(again);
        }
    }

    @Test
    void jumboPgStealDetachesThePageWithItsContentAndThePoolUsesAnother() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_64, 4, 2)) {
            List<Long> handles = bed.exhaust();
            assertThat(handles).hasSize(4);
            long victim = handles.removeFirst();
            bed.pool().object(victim).write(7);
            long stolen = bed.pool().exchange().steal(victim);
            bed.check();
            assertThat(bed.pool().stats().pages().stolen()).isOne();
            handles.addAll(bed.allocate(1)); // in its place
            assertThat(bed.pool().tryAllocate()).isEqualTo(JumboPool.NONE);
            bed.pool().object(stolen).check(7);
            JumboBed.refused(StateKind.STOLEN, () -> bed.pool().free(victim));
            JumboBed.refused(StateKind.STOLEN, () -> bed.pool().free(stolen));
            bed.release(handles);
            bed.check();
            bed.pool().exchange().adopt(stolen);
            bed.check();
            JumboStats stats = bed.pool().stats();
            assertThat(stats.pages().inPool()).isEqualTo(4);
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
            JumboPool<JumboView> pool = bed.pool();
            assertThat(pool.pageOf(bed.arena().baseAddress())).isEqualTo(JumboPool.FOREIGN);
            assertThat(pool.addressOf(0)).isEqualTo(JumboPool.FOREIGN);
            List<Long> handles = bed.exhaust();
            int perSlab = (256 << 10) / bufferSize.byteSize();
            for (long handle : handles) {
                long address = pool.address(handle);
                int page = pool.object(handle).page;
                assertThat(pool.addressOf(page)).isEqualTo(address);
                for (long at : new long[] {address, address + 1, address + bufferSize.byteSize() - 1}) {
                    assertThat(pool.pageOf(at)).isEqualTo(page);
                }
                assertThat(pool.handleOf(page)).isEqualTo(handle);
            }
            long padding = bed.arena().baseAddress() + (long) perSlab * bufferSize.byteSize();
            if (bufferSize == BufferSize.KIB_9) {
                assertThat(pool.pageOf(padding)).isEqualTo(JumboPool.PADDING);
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
                assertThat(pool.pageOf(address)).as("0x%x", address).isEqualTo(JumboPool.FOREIGN);
            }
            for (int page : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
                assertThat(pool.addressOf(page)).isEqualTo(JumboPool.FOREIGN);
                assertThat(pool.handleOf(page)).isEqualTo(JumboPool.NONE);
            }
            long address = pool.address(handles.getFirst());
            int page = pool.pageOf(address);
            pool.arm(handles.getFirst());
            assertThat(pool.pageOf(address)).isEqualTo(page);
            assertThat(pool.stats().pages().armed()).isOne();
            pool.receive(handles.getFirst());
            bed.release(handles);
            assertThat(pool.handleOf(page)).isEqualTo(JumboPool.NONE);
            assertThat(pool.trim()).isEqualTo(2 * JumboBed.MIB);
            assertThat(pool.pageOf(address)).isEqualTo(JumboPool.NOT_IN_SERVICE);
            assertThat(pool.addressOf(page)).isEqualTo(JumboPool.NOT_IN_SERVICE);
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
            JumboStats stats = bed.pool().stats();
            assertThat(stats.traffic().flips()).isEqualTo(3);
            assertThat(stats.traffic().copies()).isEqualTo(8);
            assertThat(stats.traffic().freedFlipped()).isEqualTo(3);
            assertThat(stats.traffic().freedReturned()).isEqualTo(8);
        }
    }

    private static void deliver(JumboBed bed, int byteOffset, int byteSize, long target) {
        PageExchange exchange = bed.pool().exchange();
        long handle = bed.pool().tryAllocate();
        bed.pool().object(handle).write(byteSize);
        byte[] sent = new byte[byteSize];
        OffHeap.copyToArray(bed.pool().address(handle) + byteOffset, sent, 0, byteSize);
        boolean flips = exchange.isFlippable(handle, byteOffset, byteSize);
        assertThat(flips).isEqualTo(byteOffset == 0 && byteSize >= 2048);
        long consumers = exchange.flip(handle, byteOffset, byteSize, target);
        assertThat(consumers != PageExchange.COPIED).isEqualTo(flips);
        byte[] received = new byte[byteSize];
        OffHeap.copyToArray(flips ? bed.pool().address(consumers) : target, received, 0, byteSize);
        assertThat(received).isEqualTo(sent);
        bed.pool().free(handle); // the same for a flipped page and for a copy
        bed.check();
        if (flips) {
            bed.pool().exchange().adopt(consumers);
        }
        bed.check();
    }

    @Test
    void heldPageAndPageThatWasFlippedBeforeAreCopied() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2);
                ScratchMemory target = ScratchMemory.of(4096)) {
            PageExchange exchange = bed.pool().exchange();
            long handle = bed.pool().tryAllocate();
            bed.pool().hold(handle);
            assertThat(exchange.isFlippable(handle, 0, 4096)).isFalse();
            assertThat(exchange.flip(handle, 0, 4096, target.address())).isEqualTo(PageExchange.COPIED);
            bed.pool().unhold(handle);
            long first = exchange.flip(handle, 0, 4096, target.address());
            assertThat(first).isNotNegative();
            exchange.adopt(first); // before the message is freed
            bed.check();
            assertThat(exchange.isFlippable(handle, 0, 4096)).isFalse();
            assertThat(exchange.flip(handle, 0, 4096, target.address())).isEqualTo(PageExchange.COPIED);
            JumboBed.refused(StateKind.FREED, () -> exchange.adopt(first));
            bed.pool().free(handle);
            bed.check();
            JumboBed.refused(StateKind.FREED, () -> bed.pool().free(handle));
            long next = bed.pool().tryAllocate();
            assertThat(next).isNotEqualTo(first); // the page has its next generation
            JumboBed.refused(StateKind.STALE, () -> exchange.adopt(first));
            bed.pool().free(next);
            bed.check();
        }
    }

    @Test
    void bulkCallsDoTheSameAsSingleCalls() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 100, 2)) {
            long[] handles = new long[200];
            assertThat(bed.pool().tryAllocate(handles, 10, 60)).isEqualTo(60);
            assertThat(bed.pool().tryAllocate(handles, 70, 130)).isEqualTo(40);
            Set<Long> seen = new HashSet<>();
            long last = -1;
            for (int i = 10; i < 110; i++) {
                assertThat(seen.add(bed.pool().address(handles[i]))).isTrue();
                long address = bed.pool().address(handles[i]);
                assertThat(address).as("neighbours in order").isGreaterThan(last);
                last = address;
            }
            bed.pool().free(handles, 10, 100);
            assertThat(bed.pool().stats().pages().outstanding()).isZero();
            bed.check();
        }
    }

    @Test
    void bulkReleaseStopsAtARejectedHandleAndAcceptsPagesInAnyState() throws InterruptedException {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            JumboPool<JumboView> pool = bed.pool();
            long[] handles = new long[150];
            Watchdog watchdog = new Watchdog();
            watchdog.start(
                    "allocator",
                    () -> assertThat(pool.tryAllocate(handles, 0, 100)).isEqualTo(100));
            watchdog.join();
            assertThat(pool.tryAllocate(handles, 100, 50)).isEqualTo(50); // of another shard
            pool.hold(handles[1]);
            long consumers = pool.exchange().flip(handles[2], 0, pool.pageByteSize(), 0);
            pool.free(handles[40]);
            JumboBed.refused(StateKind.FREED, () -> pool.free(handles, 0, 150));
            assertThat(pool.stats().pages().leased())
                    .as("behind the handle that was rejected")
                    .isEqualTo(109);
            assertThat(pool.stats().pages().deferredFree()).isOne();
            pool.free(handles, 41, 109);
            pool.unhold(handles[1]);
            pool.exchange().adopt(consumers);
            assertThat(pool.stats().pages().outstanding()).isZero();
            bed.check();
        }
    }

    @Test
    void translationStaysCorrectWhenAPageIsFlippedOrStolen() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_16, 0, 2)) {
            JumboPool<JumboView> pool = bed.pool();
            List<Long> handles = bed.allocate(2);
            long flipped = pool.address(handles.getFirst());
            long taken = pool.address(handles.getLast());
            int[] pages = {pool.pageOf(flipped), pool.pageOf(taken)};
            long consumers = pool.exchange().flip(handles.getFirst(), 0, pool.pageByteSize(), 0);
            pool.free(handles.getFirst());
            long stolen = pool.exchange().steal(handles.getLast());
            assertThat(pool.addressOf(pages[0])).isEqualTo(flipped).isEqualTo(pool.address(consumers));
            assertThat(pool.addressOf(pages[1])).isEqualTo(taken).isEqualTo(pool.address(stolen));
            assertThat(new int[] {pool.pageOf(flipped), pool.pageOf(taken)}).isEqualTo(pages);
            pool.exchange().adopt(consumers);
            pool.exchange().adopt(stolen);
            bed.check();
        }
    }

    @Test
    void anUnboundPageGetsANewObject() {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            long handle = bed.pool().tryAllocate();
            JumboView first = bed.pool().object(handle);
            assertThat(bed.pool().object(handle)).isSameAs(first);
            bed.pool().unbind(handle);
            assertThat(bed.pool().object(handle)).isNotSameAs(first);
            bed.pool().free(handle);
        }
    }

    /// A page between a magazine and the slab pool is not outstanding.
    @Test
    void pagesAreNotCountedAsOutstandingDuringADrain() throws InterruptedException {
        try (JumboBed bed = new JumboBed(BufferSize.KIB_4, 0, 2)) {
            for (int round = 0; round < 300; round++) {
                bed.release(bed.allocate(48));
                Thread trimmer = Thread.ofPlatform().start(bed.pool()::trim);
                do {
                    assertThat(bed.pool().stats().pages().outstanding()).isZero();
                } while (trimmer.isAlive());
                trimmer.join();
            }
        }
    }
}
