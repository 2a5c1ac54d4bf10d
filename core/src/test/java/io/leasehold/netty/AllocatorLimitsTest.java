package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.memory.TestMemory;
import io.leasehold.observe.Profile;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Limits of an allocator: rejected requests, soft limits, and messages of a closed allocator.
class AllocatorLimitsTest {

    /// Bytes of the tables of a page.
    private static final int TABLE_BYTES = 18;

    private final Reservations spacious = new Reservations(VirtualMemory.system(), new MappingBudget(100), 16);

    @AfterEach
    void release() {
        spacious.releaseRetained();
    }

    @Test
    void overTheBoundTheErrorNamesRequestBoundUseAndHolders() {
        try (LeasedByteBufAllocator allocator =
                TestAllocators.builder("tight", 1 << 20).build()) {
            List<ByteBuf> held = new ArrayList<>();
            assertThatThrownBy(() -> {
                        while (true) {
                            held.add(allocator.directBuffer(65_536));
                        }
                    })
                    .isInstanceOf(BufferMemoryError.class)
                    .isInstanceOf(OutOfMemoryError.class)
                    .hasMessageContainingAll(
                            "no memory for a direct buffer, the limit of ",
                            " is reached: allocator=tight, request=65,536 B, ",
                            "=tight",
                            "max=1,048,576 B; held=",
                            held.size() + " x 65,536 B");
            assertThat(held.size()).isBetween(8, 16);
            held.removeLast().release();
            held.add(allocator.directBuffer(65_536));
            held.forEach(ByteBuf::release);
        }
    }

    /// An arena with no more addresses than its limit, in which every second page is free.
    @Test
    void messageNamesTheLongestRunIfTheBytesAreThere() {
        Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(100));
        long page = VirtualMemory.system().pageSize();
        PageArenaOptions options = PageArenaOptions.builder()
                .name("holes")
                .byteSize(16 * page)
                .budget(MemoryBudget.of("holes", 1 << 20))
                .build();
        try (PageArena arena = PageArenas.open(options, reservations);
                LeasedByteBufAllocator allocator =
                        LeasedByteBufAllocator.builder().arena(arena).build()) {
            List<Long> pages = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                pages.add(arena.allocate());
            }
            for (int i = 0; i < 16; i += 2) {
                arena.free(pages.get(i));
            }
            assertThatThrownBy(() -> allocator.directBuffer((int) (2 * page)))
                    .isInstanceOf(BufferMemoryError.class)
                    .hasMessageContaining(String.format(
                            Locale.ROOT, "arena=holes, max=%,d B, longestFreeRun=%,d B, ", 16 * page, page));
            for (int i = 1; i < 16; i += 2) {
                arena.free(pages.get(i));
            }
            allocator.directBuffer((int) (2 * page)).release();
        }
        reservations.releaseRetained();
    }

    /// A request finds free blocks of a larger size. They are longer than needed, and their bytes belong to the limit.
    @ParameterizedTest
    @ValueSource(ints = {73_728, 131_072, 262_144, 524_288})
    void limitServesASizeAfterALargerOne(int byteSize) {
        try (LeasedByteBufAllocator allocator =
                TestAllocators.builder("sizes", 16 << 20).build()) {
            int alone = served(allocator, byteSize);
            allocator.trim();
            int larger = served(allocator, byteSize / 8 * 9 + 1);
            assertThat(larger).isPositive();
            assertThat(served(allocator, byteSize)).isEqualTo(alone);
        }
    }

    /// {@return the number of buffers up to the first refusal}
    private static int served(LeasedByteBufAllocator allocator, int byteSize) {
        List<ByteBuf> held = new ArrayList<>();
        assertThatThrownBy(() -> {
                    while (true) {
                        held.add(allocator.directBuffer(byteSize));
                    }
                })
                .isInstanceOf(BufferMemoryError.class);
        held.forEach(ByteBuf::release);
        return held.size();
    }

    /// An arena that has more addresses than its limit, and cannot decommit. Every second page is free.
    @Test
    void messageBlamesTheLimitIfFreePagesKeepTheirMemory() {
        ScratchMemory scratch = ScratchMemory.of(16 << 20, 2 << 20);
        Reservations reservations = new Reservations(TestMemory.portable(scratch), new MappingBudget(100), 4);
        PageArenaOptions options = PageArenaOptions.builder()
                .name("idle")
                .byteSize(1 << 20)
                .budget(MemoryBudget.of("idle", 16 << 20))
                .build();
        try (PageArena arena = PageArenas.open(options, reservations);
                LeasedByteBufAllocator allocator =
                        LeasedByteBufAllocator.builder().arena(arena).build()) {
            int page = (int) arena.options().pageByteSize();
            List<Long> pages = new ArrayList<>();
            for (int i = 0; i < (1 << 20) / page; i++) {
                pages.add(arena.allocate());
            }
            pages.sort(Comparator.comparingLong(arena.frames()::address));
            for (int i = 0; i < pages.size(); i += 2) {
                arena.free(pages.get(i));
            }
            assertThatThrownBy(() -> allocator.directBuffer(2 * page))
                    .isInstanceOf(BufferMemoryError.class)
                    .hasMessageContainingAll(
                            "the limit of the arena is reached by free pages that still hold memory: ",
                            "arena=idle, max=1,048,576 B; ");
            for (int i = 1; i < pages.size(); i += 2) {
                arena.free(pages.get(i));
            }
        }
        reservations.releaseRetained();
        scratch.close();
    }

    /// The tables of a limit take one part in two hundred of it, also if the limit is a few pages.
    @ParameterizedTest
    @ValueSource(ints = {64 << 10, 128 << 10, 320 << 10, 1 << 20, 3 << 20})
    void smallLimitServesNearlyAllOfItsBytes(int byteLimit) {
        serveNearlyAll(byteLimit, 0);
    }

    /// Pages that a forced close has lost are skipped, and take no part of the limit.
    @ParameterizedTest
    @ValueSource(ints = {64 << 10, 128 << 10, 320 << 10, 1 << 20, 3 << 20})
    void smallLimitServesNearlyAllOfItsBytesBehindLostPages(int byteLimit) {
        for (int lost = 1; lost <= byteLimit / 2; lost *= 3) {
            PageArena arena = tiny(byteLimit);
            LeasedByteBufAllocator closed =
                    LeasedByteBufAllocator.builder().arena(arena).build();
            closed.directBuffer(lost);
            assertThat(closed.closeForcibly()).isOne();
            assertThat(arena.closeForcibly()).isPositive();
            serveNearlyAll(byteLimit, 0);
        }
    }

    /// The free pages between lost ones are too few for a slab, so further pages are made accessible.
    @ParameterizedTest
    @ValueSource(ints = {64 << 10, 128 << 10, 320 << 10, 1 << 20, 3 << 20})
    void smallLimitServesNearlyAllOfItsBytesBetweenLostPages(int byteLimit) {
        PageArena arena = tiny(byteLimit);
        List<Long> pages = new ArrayList<>();
        for (int i = 0; i < byteLimit / arena.options().pageByteSize() / 2; i++) {
            pages.add(arena.allocate());
        }
        for (int i = 0; i < pages.size(); i++) {
            if (i % 3 != 0) {
                arena.free(pages.get(i));
            }
        }
        assertThat(arena.closeForcibly()).isEqualTo(Math.ceilDiv(pages.size(), 3));
        serveNearlyAll(byteLimit, pages.size());
    }

    /// @param between pages between lost ones, whose tables take a part of the limit too
    private void serveNearlyAll(int byteLimit, int between) {
        int page = (int) VirtualMemory.system().pageSize();
        try (PageArena arena = tiny(byteLimit);
                LeasedByteBufAllocator allocator =
                        LeasedByteBufAllocator.builder().arena(arena).build()) {
            List<ByteBuf> held = new ArrayList<>();
            assertThatThrownBy(() -> {
                        while (true) {
                            held.add(allocator.directBuffer(page));
                        }
                    })
                    .isInstanceOf(BufferMemoryError.class);
            int tablePages = Math.ceilDiv(byteLimit / 200 + TABLE_BYTES * between, page);
            int served = held.size();
            held.forEach(ByteBuf::release);
            assertThat(served).isGreaterThanOrEqualTo(byteLimit / page - tablePages);
        }
    }

    /// {@return an arena whose tables count against the limit, on addresses of this test alone: other tests of the
    /// process lose pages too}
    private PageArena tiny(int byteLimit) {
        return PageArenas.open(
                PageArenaOptions.builder()
                        .name("tiny")
                        .byteSize(byteLimit)
                        .budget(MemoryBudget.of("tiny", byteLimit))
                        .build(),
                spacious);
    }

    @Test
    void limitThatRefusedFirstIsNamed() {
        MemoryBudget shared = MemoryBudget.of("shared", 2 << 20);
        try (LeasedByteBufAllocator greedy = LeasedByteBufAllocator.builder()
                        .name("greedy")
                        .budget(shared)
                        .build();
                LeasedByteBufAllocator modest = LeasedByteBufAllocator.builder()
                        .name("modest")
                        .byteLimit(1 << 20)
                        .budget(shared)
                        .build()) {
            ByteBuf most = greedy.directBuffer(3 << 19);
            assertThatThrownBy(() -> modest.directBuffer(3 << 18))
                    .isInstanceOf(BufferMemoryError.class)
                    .hasMessageStartingWith("no memory for a direct buffer, the limit of a budget is reached:"
                            + " allocator=modest, request=786,432 B, budget=shared, max=2,097,152 B; held=")
                    .hasMessageContaining("budgets: shared 1,")
                    .hasMessageContaining(" of 2,097,152 B (greedy 1,");
            most.release();
        }
        PageArenaOptions options = PageArenaOptions.builder()
                .name("given")
                .byteSize(1 << 20)
                .budget(MemoryBudget.of("wide", 8 << 20))
                .build();
        try (PageArena arena = PageArena.open(options);
                LeasedByteBufAllocator allocator =
                        LeasedByteBufAllocator.builder().arena(arena).build()) {
            ByteBuf most = allocator.directBuffer(3 << 18);
            assertThatThrownBy(() -> allocator.directBuffer(1 << 19))
                    .hasMessageStartingWith("no memory for a direct buffer, the limit of the arena is reached:"
                            + " allocator=buffers, request=524,288 B, arena=given, max=1,048,576 B; held=");
            most.release();
        }
    }

    @Test
    void requestOfAboutTheWholeLimitNamesTheLimit() {
        try (LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("tight")
                .byteLimit(17 << 16)
                .build()) {
            assertThatThrownBy(() -> allocator.directBuffer(1_060_000))
                    .hasMessageStartingWith("no memory for a direct buffer, the block for the request is more than the"
                            + " limit of the arena: allocator=tight, request=1,060,000 B, block=1,179,648 B,"
                            + " arena=tight pages, max=1,114,112 B");
        }
        try (LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("tight")
                .byteLimit(1 << 20)
                .build()) {
            assertThatThrownBy(() -> allocator.directBuffer(1 << 20)) // the tables need space too
                    .hasMessageStartingWith("no memory for a direct buffer, the limit of a budget is reached:"
                            + " allocator=tight, request=1,048,576 B, budget=tight, max=1,048,576 B");
        }
    }

    @Test
    void committedBytesStayWithinTheLimit() {
        try (LeasedByteBufAllocator allocator =
                LeasedByteBufAllocator.builder().byteLimit(4 << 20).build()) {
            List<ByteBuf> held = new ArrayList<>();
            assertThatThrownBy(() -> {
                        while (true) {
                            held.add(allocator.directBuffer(10_000));
                        }
                    })
                    .isInstanceOf(BufferMemoryError.class);
            assertThat(allocator.metric().committedBytes()).isBetween(3L << 20, 4L << 20);
            held.forEach(ByteBuf::release);
        }
    }

    @Test
    void trimSaysWhatWent() {
        assumeTrue(VirtualMemory.system().can(Capability.DECOMMIT), "the portable form gives nothing back");
        try (LeasedByteBufAllocator allocator = TestAllocators.builder("trimmed", 16 << 20)
                .decay(PageArenaOptions.NO_DECAY)
                .build()) {
            for (int byteSize = 100; byteSize <= 4 << 20; byteSize *= 7) {
                allocator.directBuffer(byteSize).release();
            }
            long before = allocator.metric().committedBytes();
            long went = allocator.trim();
            assertThat(went).isPositive().isEqualTo(before - allocator.metric().committedBytes());
            allocator.heapBuffer(1 << 20).release();
            long heapBefore = allocator.metric().usedHeapMemory();
            assertThat(allocator.trim())
                    .isEqualTo(heapBefore - allocator.metric().usedHeapMemory());
        }
    }

    @Test
    void listenerOfASoftLimitThatFailsRefusesNothing() {
        try (LeasedByteBufAllocator allocator = TestAllocators.builder("complained", 4 << 20)
                .softLimit(0, Duration.ZERO, used -> {
                    throw new IllegalStateException("listener failed");
                })
                .build()) {
            for (int i = 0; i < 3; i++) {
                allocator.directBuffer(100).release();
            }
        }
    }

    /// An event loop that gets another error than an [OutOfMemoryError] from a read tries again without end.
    @Test
    void listenerOfASoftLimitThatFailsWithAnErrorRefusesNothing() {
        try (LeasedByteBufAllocator allocator = TestAllocators.builder("complained", 4 << 20)
                .softLimit(0, Duration.ZERO, used -> {
                    throw new AssertionError("listener failed");
                })
                .build()) {
            for (int i = 0; i < 3; i++) {
                allocator.directBuffer(100).release();
            }
        }
    }

    @Test
    void listenerOfASoftLimitMayAllocate() {
        AtomicReference<LeasedByteBufAllocator> reporting = new AtomicReference<>();
        AtomicInteger calls = new AtomicInteger();
        try (LeasedByteBufAllocator allocator = TestAllocators.builder("reporting", 4 << 20)
                .softLimit(0, Duration.ZERO, used -> {
                    calls.incrementAndGet();
                    reporting.get().directBuffer(100).release();
                })
                .build()) {
            reporting.set(allocator);
            for (int i = 0; i < 3; i++) {
                allocator.directBuffer(100).release();
            }
        }
        assertThat(calls).hasValueBetween(2, 3); // the first buffer may be allocated before anything is charged
    }

    @Test
    void softLimitWithAnEndlessIntervalNotifiesOnce() {
        List<Long> notified = new ArrayList<>();
        try (LeasedByteBufAllocator allocator = TestAllocators.builder("once", 4 << 20)
                .softLimit(0, Duration.ofSeconds(Long.MAX_VALUE), notified::add)
                .build()) {
            for (int i = 0; i < 3; i++) {
                allocator.directBuffer(100).release();
            }
        }
        assertThat(notified).hasSize(1);
    }

    /// Without the profile: a place that it sampled would follow, and which buffers it samples is a matter of chance.
    @Test
    void closeWithOutstandingBuffersNamesThemAndChangesNothing() {
        long sampleBytes = Profile.sampleBytes();
        Profile.sampleBytes(0);
        LeasedByteBufAllocator allocator = TestAllocators.small("busy");
        ByteBuf direct = allocator.directBuffer(1024);
        ByteBuf heap = allocator.heapBuffer(2048);
        try {
            assertThatThrownBy(allocator::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("cannot close, buffers are outstanding: allocator=busy, buffers=2, bytes=3,072;"
                            + " direct: 1 x 1,024 B; on the Java heap: 1 x 2,048 B");
            allocator.directBuffer(10).release();
        } finally {
            Profile.sampleBytes(sampleBytes);
            direct.release();
            heap.release();
            allocator.close();
        }
    }

    @Test
    void closedAllocatorAllocatesNothing() {
        LeasedByteBufAllocator allocator = TestAllocators.small("shut");
        allocator.directBuffer(10).release();
        allocator.close();
        allocator.close();
        assertThatThrownBy(() -> allocator.directBuffer(10))
                .isInstanceOf(BufferMemoryError.class)
                .hasMessage("no memory for a direct buffer, the allocator is closed: allocator=shut, request=10 B");
        assertThatThrownBy(() -> allocator.heapBuffer(10)).isInstanceOf(BufferMemoryError.class);
        assertThatThrownBy(allocator::arena)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("allocator is closed: allocator=shut");
        assertThat(allocator.metric().usedDirectMemory()).isZero();
        assertThat(allocator.trim()).isZero();
    }

    @Test
    void forcedCloseReturnsTheNumberOfOutstandingBuffers() {
        MemoryBudget budget = MemoryBudget.of("forced", 8 << 20);
        LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .byteLimit(1 << 20)
                .budget(budget)
                .build();
        allocator.directBuffer(10);
        allocator.heapBuffer(10);
        assertThat(allocator.closeForcibly()).isEqualTo(2);
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void givenArenaIsLeftOpen() {
        PageArenaOptions options = PageArenaOptions.builder()
                .name("given")
                .byteSize(1 << 20)
                .budget(MemoryBudget.of("given", 8 << 20))
                .build();
        try (PageArena arena = PageArena.open(options)) {
            LeasedByteBufAllocator allocator =
                    LeasedByteBufAllocator.builder().arena(arena).build();
            ByteBuf buf = allocator.directBuffer(100);
            assertThat(arena.stats().livePages()).isPositive();
            buf.release();
            allocator.close();
            assertThat(arena.stats().livePages()).isZero();
            arena.free(arena.allocate());
        }
    }

    @Test
    void softLimitNotifiesOnceAnInterval() {
        MemoryBudget budget = MemoryBudget.of("soft", 1 << 20);
        List<Long> notified = new ArrayList<>();
        AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1);
        SoftLimit limit =
                new SoftLimit(budget, new SoftLimit.Options(1_000, Duration.ofNanos(10), notified::add), now::get);
        limit.check();
        budget.tryReserve(1_000);
        limit.check();
        assertThat(notified).isEmpty();
        budget.tryReserve(1);
        limit.check();
        limit.check();
        assertThat(notified).containsExactly(1_001L);
        now.addAndGet(9);
        limit.check();
        assertThat(notified).hasSize(1);
        now.addAndGet(1);
        limit.check();
        assertThat(notified).containsExactly(1_001L, 1_001L);
    }

    @Test
    void allocationBeyondTheSoftLimitCallsTheListener() {
        List<Long> notified = new ArrayList<>();
        try (LeasedByteBufAllocator allocator = TestAllocators.builder("notified", 4 << 20)
                .softLimit(1 << 20, Duration.ofHours(1), notified::add)
                .build()) {
            ByteBuf below = allocator.directBuffer(512 << 10);
            ByteBuf above = allocator.directBuffer(1 << 20);
            assertThat(notified).isEmpty();
            for (int i = 0; i < 3; i++) {
                allocator.directBuffer(10).release();
            }
            assertThat(notified).hasSize(1);
            assertThat(notified.getFirst()).isGreaterThan(1 << 20);
            below.release();
            above.release();
        }
    }

    @Test
    void refusalsAreLoggedOnceAnInterval() {
        List<String> lines = new ArrayList<>();
        AtomicLong now = new AtomicLong();
        RefusalLog log = new RefusalLog(lines::add, now::get);
        log.refused(new OutOfMemoryError("first"));
        log.refused(new OutOfMemoryError("second"));
        log.refused(new OutOfMemoryError("third"));
        assertThat(lines).containsExactly("first");
        now.addAndGet(TimeUnit.SECONDS.toNanos(10));
        log.refused(new OutOfMemoryError("fourth"));
        assertThat(lines).containsExactly("first", "fourth; 2 more errors were not logged");
    }

    /// The caller of the log has a buffer to release, and an error to throw.
    @Test
    void failureOfTheLogIsNotAFailureOfTheRequest() {
        List<String> lines = new ArrayList<>();
        AtomicLong now = new AtomicLong();
        RefusalLog log = new RefusalLog(
                line -> {
                    if (line.startsWith("first")) {
                        throw new IllegalStateException("no space on the disk");
                    }
                    lines.add(line);
                },
                now::get);
        log.refused(new OutOfMemoryError("first"));
        now.addAndGet(TimeUnit.SECONDS.toNanos(10));
        log.refused(new OutOfMemoryError("second"));
        assertThat(lines).containsExactly("second; 1 more errors were not logged");
    }
}
