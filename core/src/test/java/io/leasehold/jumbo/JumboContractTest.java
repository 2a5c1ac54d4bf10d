package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.StateKind;
import io.leasehold.lease.MemoryOwner;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageExhaustedException;
import io.leasehold.page.Watchdog;
import java.util.ArrayList;
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
        try (JumboFixture fixture = new JumboFixture(
                JumboFixture.options(BufferSize.KIB_4).toBuilder()
                        .pages(100, 200)
                        .build(),
                4)) {
            long before = fixture.budget().usedBytes();
            assertThat(fixture.takenBytes()).isZero();
            assertThat(fixture.pool().stats().pages().inPool()).isZero();
            assertThat(fixture.pool().initialise()).isTrue();
            assertThat(fixture.pool().stats().pages().inPool()).isEqualTo(128);
            assertThat(fixture.takenBytes()).isEqualTo(512 << 10);
            assertThat(fixture.budget().usedBytes()).isGreaterThan(before);
            assertThat(fixture.pool().initialise()).isTrue();
            assertThat(fixture.takenBytes()).isEqualTo(512 << 10);
            fixture.check();
        }
    }

    @Test
    void anArenaThatIsTooSmallForThePoolIsRefused() {
        JumboOptions options = JumboFixture.options(BufferSize.KIB_4);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new JumboFixture(
                                options.toBuilder().slabByteSize(2 << 20).build(), 1)
                        .close())
                .withMessage("a slab is longer than the arena: pool=pool, slabByteSize=2097152, arena=arena,"
                        + " max=1048576");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> new JumboFixture(options.toBuilder().pages(257, 0).build(), 1).close())
                .withMessage("initial pages do not fit the arena: pool=pool, initialPages=257, arena=arena, max=256");
        try (JumboFixture fixture =
                new JumboFixture(options.toBuilder().pages(256, 0).build(), 1)) {
            assertThat(fixture.pool().initialise()).isTrue();
        }
    }

    @Test
    void refusalNamesTheLimitThatRefusedFirst() {
        MemoryBudget parent = MemoryBudget.of("parent", 1 << 20);
        PageArenaOptions ofArena = PageArenaOptions.builder()
                .byteSize(8 << 20)
                .budget(parent.child("child", 16 << 20))
                .build();
        JumboOptions options = JumboOptions.builder().pages(0, 4).build();
        try (PageArena arena = PageArena.open(ofArena);
                JumboPool<Object> pool =
                        JumboPool.open(arena, options, (of, page, address, byteSize) -> new Object())) {
            assertThatExceptionOfType(PageExhaustedException.class)
                    .isThrownBy(pool::allocate)
                    .withMessageStartingWith("no page is available: pool=jumbo, budget=parent, max=1048576 B, ");
        }
        try (PageArena arena = PageArena.open(PageArenaOptions.builder()
                        .byteSize(8 << 20)
                        .budget(MemoryBudget.of("large", 16 << 20))
                        .build());
                JumboPool<Object> pool =
                        JumboPool.open(arena, options, (of, page, address, byteSize) -> new Object())) {
            List<Long> pages = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                pages.add(pool.allocate());
            }
            assertThatExceptionOfType(PageExhaustedException.class)
                    .isThrownBy(pool::allocate)
                    .withMessageStartingWith("no page is available: pool=jumbo, max=4, ");
            pages.forEach(pool::free);
        }
    }

    @Test
    void jumboVmInitThatFailedLeavesNothingAndCanBeRepeated() {
        try (JumboFixture fixture = new JumboFixture(
                JumboFixture.options(BufferSize.KIB_4).toBuilder().pages(300, 0).build(), 2)) {
            long others = fixture.arena().allocateRun(256);
            assertThat(fixture.pool().initialise()).isFalse();
            assertThat(fixture.arena().stats().livePages()).isEqualTo(256);
            assertThat(fixture.pool().tryAllocate()).isEqualTo(JumboPool.NONE);
            assertThat(fixture.pool().stats().traffic().fallbacks()).isOne();
            assertThatExceptionOfType(PageExhaustedException.class)
                    .isThrownBy(() -> fixture.pool().allocate())
                    .withMessageStartingWith("no page is available: pool=pool, arena=arena, max=2097152 B, ");
            assertThat(fixture.arena().stats().livePages()).isEqualTo(256);
            assertThat(fixture.pool().stats().pages().inPool()).isZero();
            fixture.arena().free(others);
            assertThat(fixture.pool().initialise()).isTrue();
            assertThat(fixture.pool().stats().pages().inPool()).isEqualTo(320);
            fixture.check();
        }
    }

    @ParameterizedTest
    @EnumSource
    void jumboPgAllocLendsPagesThatAreWholeAndApart(BufferSize bufferSize) {
        try (JumboFixture fixture = new JumboFixture(bufferSize, 0, 2)) {
            List<Long> handles = fixture.exhaust();
            int perSlab = (256 << 10) / bufferSize.byteSize();
            assertThat(handles).hasSize(8 * perSlab);
            Set<Long> addresses = new HashSet<>();
            for (long handle : handles) {
                JumboView view = fixture.pool().object(handle);
                assertThat(view.address)
                        .isEqualTo(fixture.pool().address(handle))
                        .satisfies(a -> assertThat(a % 512).isZero());
                assertThat(view.byteSize).isEqualTo(bufferSize.byteSize());
                assertThat(addresses.add(view.address)).isTrue();
                view.write(handle);
            }
            for (long handle : handles) {
                fixture.pool().object(handle).check(handle);
            }
            fixture.check();
            fixture.release(handles);
            fixture.check();
        }
    }

    @Test
    void jumboPgAllocReusesThePageThatWasFreedLast() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_16, 0, 2)) {
            long handle = fixture.pool().tryAllocate();
            long address = fixture.pool().address(handle);
            JumboView view = fixture.pool().object(handle);
            fixture.pool().free(handle);
            long again = fixture.pool().tryAllocate();
            assertThat(again).isNotEqualTo(handle);
            assertThat(fixture.pool().address(again)).isEqualTo(address);
            assertThat(fixture.pool().object(again)).isSameAs(view);
            fixture.pool().free(again);
        }
    }

    @Test
    void jumboPgAllocIsNullAndCountedWhenThereIsNoPage() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_64, 6, 2)) {
            List<Long> handles = fixture.exhaust();
            assertThat(handles).hasSize(6);
            assertThat(fixture.pool().tryAllocate()).isEqualTo(JumboPool.NONE);
            assertThat(fixture.pool().stats().traffic().fallbacks()).isEqualTo(2);
            fixture.pool().free(handles.removeLast());
            handles.add(fixture.allocate(1).getFirst());
            fixture.release(handles);
        }
    }

    @Test
    void jumboPgFreeTakesThePageBack() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2)) {
            List<Long> handles = fixture.allocate(100);
            assertThat(fixture.pool().stats().pages().leased()).isEqualTo(100);
            fixture.release(handles);
            JumboStats stats = fixture.pool().stats();
            assertThat(stats.pages().leased()).isZero();
            assertThat(stats.traffic().freedReturned()).isEqualTo(100);
            assertThat(stats.traffic().freedFlipped()).isZero();
            fixture.check();
        }
    }

    @Test
    void jumboFreemServesAnyThread() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2)) {
            MemoryOwner freem = fixture.pool();
            List<Long> handles = fixture.allocate(120);
            Watchdog watchdog = new Watchdog();
            watchdog.start("platform", () -> handles.subList(0, 40).forEach(freem::free));
            watchdog.startVirtual("virtual", () -> handles.subList(40, 80).forEach(freem::free));
            handles.subList(80, 120).forEach(freem::free);
            watchdog.join();
            fixture.check();
            assertThat(fixture.pool().stats().pages().outstanding()).isZero();
            assertThat(fixture.pool().stats().traffic().freedReturned()).isEqualTo(120);
            List<Long> again = fixture.allocate(120); // the pages that other threads freed are free
            assertThat(fixture.pool().stats().slabs().grows()).isEqualTo(2);
            fixture.release(again);
        }
    }

    @Test
    void jumboPgStealDetachesThePageWithItsContentAndThePoolUsesAnother() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_64, 4, 2)) {
            List<Long> handles = fixture.exhaust();
            assertThat(handles).hasSize(4);
            long victim = handles.removeFirst();
            fixture.pool().object(victim).write(7);
            long stolen = fixture.pool().exchange().steal(victim);
            fixture.check();
            assertThat(fixture.pool().stats().pages().stolen()).isOne();
            handles.addAll(fixture.allocate(1)); // in its place
            assertThat(fixture.pool().tryAllocate()).isEqualTo(JumboPool.NONE);
            fixture.pool().object(stolen).check(7);
            JumboFixture.refused(StateKind.STOLEN, () -> fixture.pool().free(victim));
            JumboFixture.refused(StateKind.STOLEN, () -> fixture.pool().free(stolen));
            fixture.release(handles);
            fixture.check();
            fixture.pool().exchange().adopt(stolen);
            fixture.check();
            JumboStats stats = fixture.pool().stats();
            assertThat(stats.pages().inPool()).isEqualTo(4);
            assertThat(stats.pages().inactive()).isEqualTo(4);
            assertThat(stats.traffic().steals()).isOne();
            assertThat(stats.traffic().adoptions()).isOne();
            assertThat(stats.traffic().freedReturned()).isEqualTo(4);
            handles.addAll(fixture.exhaust());
            assertThat(handles).hasSize(4);
            fixture.release(handles);
        }
    }

    @ParameterizedTest
    @EnumSource
    void jumboPhysToKvaGoesBothWaysWithoutEffect(BufferSize bufferSize) {
        try (JumboFixture fixture = new JumboFixture(bufferSize, 0, 2);
                ScratchMemory foreign = ScratchMemory.of(4096)) {
            JumboPool<JumboView> pool = fixture.pool();
            assertThat(pool.pageOf(fixture.arena().baseAddress())).isEqualTo(JumboPool.FOREIGN);
            assertThat(pool.addressOf(0)).isEqualTo(JumboPool.FOREIGN);
            List<Long> handles = fixture.exhaust();
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
            long padding = fixture.arena().baseAddress() + (long) perSlab * bufferSize.byteSize();
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
                fixture.arena().baseAddress() - 1,
                fixture.arena().baseAddress() + 2 * JumboFixture.MIB
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
            fixture.release(handles);
            assertThat(pool.handleOf(page)).isEqualTo(JumboPool.NONE);
            assertThat(pool.trim()).isEqualTo(2 * JumboFixture.MIB);
            assertThat(pool.pageOf(address)).isEqualTo(JumboPool.NOT_IN_SERVICE);
            assertThat(pool.addressOf(page)).isEqualTo(JumboPool.NOT_IN_SERVICE);
            fixture.check();
        }
    }

    @Test
    void pageFlipAndCopyDeliverTheSameBytes() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2);
                ScratchMemory target = ScratchMemory.of(4096)) {
            for (int byteSize : new int[] {4096, 4095, 2048, 2047, 1, 0}) {
                for (int byteOffset : new int[] {0, 1}) {
                    if (byteOffset + byteSize <= 4096) {
                        deliver(fixture, byteOffset, byteSize, target.address());
                    }
                }
            }
            JumboStats stats = fixture.pool().stats();
            assertThat(stats.traffic().flips()).isEqualTo(3);
            assertThat(stats.traffic().copies()).isEqualTo(8);
            assertThat(stats.traffic().freedFlipped()).isEqualTo(3);
            assertThat(stats.traffic().freedReturned()).isEqualTo(8);
        }
    }

    private static void deliver(JumboFixture fixture, int byteOffset, int byteSize, long target) {
        PageExchange exchange = fixture.pool().exchange();
        long handle = fixture.pool().tryAllocate();
        fixture.pool().object(handle).write(byteSize);
        byte[] sent = new byte[byteSize];
        OffHeap.copyToArray(fixture.pool().address(handle) + byteOffset, sent, 0, byteSize);
        boolean flips = exchange.isFlippable(handle, byteOffset, byteSize);
        assertThat(flips).isEqualTo(byteOffset == 0 && byteSize >= 2048);
        long consumers = exchange.flip(handle, byteOffset, byteSize, target);
        assertThat(consumers != PageExchange.COPIED).isEqualTo(flips);
        byte[] received = new byte[byteSize];
        OffHeap.copyToArray(flips ? fixture.pool().address(consumers) : target, received, 0, byteSize);
        assertThat(received).isEqualTo(sent);
        fixture.pool().free(handle); // the same for a flipped page and for a copy
        fixture.check();
        if (flips) {
            fixture.pool().exchange().adopt(consumers);
        }
        fixture.check();
    }

    @Test
    void heldPageAndPageThatWasFlippedBeforeAreCopied() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2);
                ScratchMemory target = ScratchMemory.of(4096)) {
            PageExchange exchange = fixture.pool().exchange();
            long handle = fixture.pool().tryAllocate();
            fixture.pool().hold(handle);
            assertThat(exchange.isFlippable(handle, 0, 4096)).isFalse();
            assertThat(exchange.flip(handle, 0, 4096, target.address())).isEqualTo(PageExchange.COPIED);
            fixture.pool().unhold(handle);
            long first = exchange.flip(handle, 0, 4096, target.address());
            assertThat(first).isNotNegative();
            exchange.adopt(first); // before the message is freed
            fixture.check();
            assertThat(exchange.isFlippable(handle, 0, 4096)).isFalse();
            assertThat(exchange.flip(handle, 0, 4096, target.address())).isEqualTo(PageExchange.COPIED);
            JumboFixture.refused(StateKind.FREED, () -> exchange.adopt(first));
            fixture.pool().free(handle);
            fixture.check();
            JumboFixture.refused(StateKind.FREED, () -> fixture.pool().free(handle));
            long next = fixture.pool().tryAllocate();
            assertThat(next).isNotEqualTo(first); // the page has its next generation
            JumboFixture.refused(StateKind.STALE, () -> exchange.adopt(first));
            fixture.pool().free(next);
            fixture.check();
        }
    }

    @Test
    void bulkCallsDoTheSameAsSingleCalls() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 100, 2)) {
            long[] handles = new long[200];
            assertThat(fixture.pool().tryAllocate(handles, 10, 60)).isEqualTo(60);
            assertThat(fixture.pool().tryAllocate(handles, 70, 130)).isEqualTo(40);
            Set<Long> seen = new HashSet<>();
            long last = -1;
            for (int i = 10; i < 110; i++) {
                assertThat(seen.add(fixture.pool().address(handles[i]))).isTrue();
                long address = fixture.pool().address(handles[i]);
                assertThat(address).as("neighbours in order").isGreaterThan(last);
                last = address;
            }
            fixture.pool().free(handles, 10, 100);
            assertThat(fixture.pool().stats().pages().outstanding()).isZero();
            fixture.check();
        }
    }

    @Test
    void bulkReleaseStopsAtARejectedHandleAndAcceptsPagesInAnyState() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2)) {
            JumboPool<JumboView> pool = fixture.pool();
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
            JumboFixture.refused(StateKind.FREED, () -> pool.free(handles, 0, 150));
            assertThat(pool.stats().pages().leased())
                    .as("behind the handle that was rejected")
                    .isEqualTo(109);
            assertThat(pool.stats().pages().deferredFree()).isOne();
            pool.free(handles, 41, 109);
            pool.unhold(handles[1]);
            pool.exchange().adopt(consumers);
            assertThat(pool.stats().pages().outstanding()).isZero();
            fixture.check();
        }
    }

    @Test
    void translationStaysCorrectWhenAPageIsFlippedOrStolen() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_16, 0, 2)) {
            JumboPool<JumboView> pool = fixture.pool();
            List<Long> handles = fixture.allocate(2);
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
            fixture.check();
        }
    }

    @Test
    void anUnboundPageGetsANewObject() {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2)) {
            long handle = fixture.pool().tryAllocate();
            JumboView first = fixture.pool().object(handle);
            assertThat(fixture.pool().object(handle)).isSameAs(first);
            fixture.pool().unbind(handle);
            assertThat(fixture.pool().object(handle)).isNotSameAs(first);
            fixture.pool().free(handle);
        }
    }

    /// A page between a magazine and the slab pool is not outstanding.
    @Test
    void pagesAreNotCountedAsOutstandingDuringADrain() throws InterruptedException {
        try (JumboFixture fixture = new JumboFixture(BufferSize.KIB_4, 0, 2)) {
            for (int round = 0; round < 300; round++) {
                fixture.release(fixture.allocate(48));
                Thread trimmer = Thread.ofPlatform().start(fixture.pool()::trim);
                do {
                    assertThat(fixture.pool().stats().pages().outstanding()).isZero();
                } while (trimmer.isAlive());
                trimmer.join();
            }
        }
    }
}
