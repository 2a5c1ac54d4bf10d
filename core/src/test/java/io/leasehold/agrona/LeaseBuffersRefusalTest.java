package io.leasehold.agrona;

import static io.leasehold.agrona.LeasedPages.PAGE_BYTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.StateKind;
import io.leasehold.lease.Lease;
import io.leasehold.lease.LeaseFlag;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.lease.LeaseStateException;
import io.leasehold.os.AddressSpace;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageStateException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.agrona.concurrent.UnsafeBuffer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is not wrapped, and what is said of it. A buffer that was to be rewrapped is each time what it was before.
class LeaseBuffersRefusalTest {

    private final LeasedPages pages = LeasedPages.directMap();
    private final long page = pages.wiredRun(1);
    private final LeasePool pool = pages.pool();
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[24]);

    @AfterEach
    void close() {
        assertThat(buffer.capacity()).isEqualTo(24);
        assertThat(buffer.byteArray()).isNotNull();
        pages.close();
    }

    @Test
    void leaseThatHasEnded() {
        Lease lease = pool.acquire(page);
        lease.close();
        assertRefused(StateKind.FREED, () -> LeaseBuffers.wrap(lease));
        assertRefused(StateKind.FREED, () -> LeaseBuffers.rewrap(buffer, lease));
    }

    @Test
    void leaseThatWasHandedOver() {
        Lease lease = pool.acquire(page);
        long handle = lease.handOver();
        assertRefused(StateKind.STALE, () -> LeaseBuffers.wrap(lease));
        assertRefused(StateKind.STALE, () -> LeaseBuffers.rewrap(buffer, lease));
        pool.free(handle);
    }

    @Test
    void handleThatWasReleased() {
        long handle = pool.acquireHandle(page);
        pool.free(handle);
        assertRefused(StateKind.FREED, () -> LeaseBuffers.wrap(pool, handle));
        assertRefused(StateKind.FREED, () -> LeaseBuffers.rewrap(buffer, pool, handle));
    }

    @Test
    void handleOfAnotherPool() {
        try (LeasedPages others = LeasedPages.directMap()) {
            long foreign = others.pool().acquireHandle(others.wiredRun(1));
            assertRefused(StateKind.FOREIGN, () -> LeaseBuffers.wrap(pool, foreign));
            assertRefused(StateKind.FOREIGN, () -> LeaseBuffers.rewrap(buffer, pool, foreign));
            assertRefused(StateKind.FOREIGN, () -> LeaseBuffers.wrap(pool, LeasePool.NO_LEASE));
            others.pool().free(foreign);
        }
    }

    @Test
    void leaseThatIsConfinedToAnotherThread() {
        Lease lease = Objects.requireNonNull(pool.tryAcquire(page, LeaseFlag.CPUPRIVATE));
        assertThat(LeaseBuffers.wrap(lease).capacity()).isEqualTo(PAGE_BYTES);
        CompletableFuture.runAsync(() -> {
                    assertRefused(StateKind.CONFINED, () -> LeaseBuffers.wrap(lease));
                    assertRefused(StateKind.CONFINED, () -> LeaseBuffers.rewrap(buffer, lease));
                })
                .join();
        lease.close();
    }

    @Test
    void leaseOfAPageThatIsGone() {
        long lost = pages.wiredRun(1);
        Lease lease = pool.acquire(lost);
        pages.free(lost);
        assertThatThrownBy(() -> LeaseBuffers.wrap(lease)).isInstanceOf(PageStateException.class);
        assertThatThrownBy(() -> LeaseBuffers.rewrap(buffer, lease)).isInstanceOf(PageStateException.class);
        lease.close();
    }

    @Test
    void leaseThatIsLongerThanABufferCanBe() {
        assumeTrue(AddressSpace.isNative(), "portable memory may be smaller");
        int pageBytes = 2 << 20;
        PageArenaOptions options = PageArenaOptions.builder()
                .pageByteSize(pageBytes)
                .byteSize(3L << 30)
                .budget(MemoryBudget.of("test", 3L << 30))
                .build();
        try (PageArena arena = PageArena.open(options);
                LeasePool large = LeasePool.open(arena, LeasePoolOptions.directMap())) {
            long run = arena.allocateRun(1024); // never touched, so it costs nothing
            arena.frames().wire(run);
            try (Lease lease = large.acquire(run)) {
                String message = "size does not fit a buffer: byteSize=2147483648, min=1, max=2147483647";
                assertThatThrownBy(() -> LeaseBuffers.wrap(lease)).hasMessage(message);
                assertThatThrownBy(() -> LeaseBuffers.rewrap(buffer, lease)).hasMessage(message);
                UnsafeBuffer most = LeaseBuffers.wrap(lease.address(), Integer.MAX_VALUE);
                assertThat(most.getByte(Integer.MAX_VALUE - 1)).isZero();
            }
            arena.frames().unwire(run);
            arena.free(run);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, Long.MIN_VALUE, 1L << 31, (1L << 32) + 8, Long.MAX_VALUE})
    void sizeThatNoBufferHas(long byteSize) {
        try (Lease lease = pool.acquire(page)) {
            String message = "size does not fit a buffer: byteSize=" + byteSize + ", min=1, max=2147483647";
            long address = lease.address();
            assertBlockRefused(() -> LeaseBuffers.wrap(address, byteSize), message);
            assertBlockRefused(() -> LeaseBuffers.rewrap(buffer, address, byteSize), message);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, -4096, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 14})
    void addressThatNoMemoryHas(long address) {
        String message = "block is outside the memory: address=0x%x, byteSize=16, min=0x".formatted(address);
        assertBlockRefused(() -> LeaseBuffers.wrap(address, 16), message);
        assertBlockRefused(() -> LeaseBuffers.rewrap(buffer, address, 16), message);
    }

    @Test
    void blockThatIsPartlyOutsidePortableMemory() {
        assumeTrue(!AddressSpace.isNative(), "native memory is all there is");
        long end = AddressSpace.BASE + AddressSpace.ALL.byteSize();
        String bounds = ", min=0x%x, max=0x%x".formatted(AddressSpace.BASE, end);
        assertBlockRefused(() -> LeaseBuffers.wrap(AddressSpace.BASE - 1, 16), bounds);
        assertBlockRefused(() -> LeaseBuffers.wrap(end - 15, 16), bounds);
        assertThat(LeaseBuffers.wrap(end - 16, 16).capacity()).isEqualTo(16);
        assertThat(LeaseBuffers.wrap(AddressSpace.BASE, 16).capacity()).isEqualTo(16);
    }

    private static void assertRefused(StateKind kind, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        LeaseStateException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    private static void assertBlockRefused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }
}
