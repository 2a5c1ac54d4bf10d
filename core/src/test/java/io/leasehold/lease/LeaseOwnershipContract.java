package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import io.leasehold.lease.BlockOwner.Buffer;
import io.leasehold.memory.OffHeap;
import io.leasehold.page.Watchdog;
import java.util.HashSet;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// Ownership of leases: references, hand-over, double closes, confinement, and blocks of a leased run.
interface LeaseOwnershipContract extends LeasePoolFixture {

    @Test
    default void referenceOutlivesTheLeaseItWasTakenFrom() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            Lease first = fixture.pool().acquire(page);
            Lease second = first.ref();
            assertThat(second.address()).isEqualTo(first.address());
            assertThat(second.page()).isEqualTo(page);
            first.close();
            assertThat(second.getLong(0)).isEqualTo(LeaseFixture.mark(page));
            second.close();
            assertRefused(StateKind.FREED, second::ref);
        }
    }

    @Test
    default void leaseOutlivesTheReferencesTakenFromIt() {
        try (LeaseFixture fixture = fixture()) {
            try (Lease lease = fixture.pool().acquire(fixture.wiredPage())) {
                for (int i = 0; i < 100; i++) {
                    fixture.pool().free(fixture.pool().handOver(lease.ref().handOver()));
                }
                assertThat(lease.isOpen()).isTrue();
                assertThat(fixture.pool().stats().leases()).isEqualTo(1);
            }
        }
    }

    @Test
    default void referenceToAConfinedLeaseIsConfinedToo() throws InterruptedException {
        try (LeaseFixture fixture = fixture()) {
            long lease = fixture.pool().tryAcquireHandle(fixture.wiredPage(), LeaseFlag.CPUPRIVATE);
            long reference = fixture.pool().ref(lease);
            fixture.pool().free(lease);
            elsewhere(
                    () -> assertRefused(StateKind.CONFINED, () -> fixture.pool().address(reference)));
            fixture.pool().free(reference);
        }
    }

    @Test
    default void handOverInvalidatesTheOldHandle() {
        try (LeaseFixture fixture = fixture()) {
            LeasePool pool = fixture.pool();
            long page = fixture.wiredPage();
            Lease old = pool.acquire(page);
            long address = old.address();
            long handle = old.handOver();
            assertThat(old.isOpen()).isFalse();
            for (ThrowingCallable use : LeaseContract.uses(old, new byte[8])) {
                assertRefused(StateKind.STALE, use);
            }
            assertThat(pool.address(handle)).isEqualTo(address);
            assertThat(pool.page(handle)).isEqualTo(page);
            long next = pool.handOver(handle);
            assertRefused(StateKind.STALE, () -> pool.free(handle));
            pool.free(next);
        }
    }

    @Test
    default void adoptedLeaseIsTheOnlyValidOne() {
        try (LeaseFixture fixture = fixture()) {
            LeasePool pool = fixture.pool();
            long page = fixture.wiredPage();
            long handle = pool.acquireHandle(page);
            try (Lease lease = pool.adopt(handle)) {
                assertThat(pool.isOpen(handle)).isFalse();
                assertRefused(StateKind.STALE, () -> pool.free(handle));
                assertRefused(StateKind.STALE, () -> pool.adopt(handle));
                assertThat(lease.page()).isEqualTo(page);
                assertThat(lease.getLong(0)).isEqualTo(LeaseFixture.mark(page));
                assertThat(pool.stats().leases()).isEqualTo(1);
            }
        }
    }

    @Test
    default void leaseHandedToAnotherThreadIsUsedAndClosedThere() throws InterruptedException {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            long handle = fixture.pool().acquire(page).handOver();
            elsewhere(() -> {
                try (Lease lease = fixture.pool().adopt(handle)) {
                    assertThat(lease.getLong(0)).isEqualTo(LeaseFixture.mark(page));
                }
            });
            assertThat(fixture.pool().stats().leases()).isZero();
        }
    }

    @Test
    default void objectIsClosedOnce() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            Lease other = fixture.pool().acquire(page);
            Lease lease = fixture.pool().acquire(page);
            lease.close();
            assertRefused(StateKind.FREED, lease::close).startsWith("cannot close, the lease is closed: lease=");
            assertRefused(StateKind.FREED, lease::close);
            assertThat(other.getLong(0)).isEqualTo(LeaseFixture.mark(page));
            other.close();
        }
    }

    @Test
    default void handleIsReleasedOnce() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            long lease = fixture.pool().acquireHandle(page);
            fixture.pool().free(lease);
            assertRefused(StateKind.FREED, () -> fixture.pool().free(lease))
                    .contains("page=0x" + Long.toHexString(page) + ", pool=loans");
        }
    }

    @Test
    default void confinedLeaseIsClosedOnce() {
        try (LeaseFixture fixture = fixture()) {
            long lease = fixture.pool().tryAcquireHandle(fixture.wiredPage(), LeaseFlag.CPUPRIVATE);
            fixture.pool().free(lease);
            assertRefused(StateKind.FREED, () -> fixture.pool().free(lease));
            fixture.pool().checkInvariants();
        }
    }

    @Test
    default void handlesAreNeverTheSame() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            Set<Long> seen = new HashSet<>();
            for (int i = 0; i < 1_000; i++) {
                long lease = fixture.pool().acquireHandle(page);
                assertThat(seen.add(lease)).isTrue();
                long moved = fixture.pool().handOver(lease);
                assertThat(seen.add(moved)).isTrue();
                fixture.pool().free(moved);
            }
        }
    }

    @Test
    default void confinedLeaseIsOfNoUseToAnotherThread() throws InterruptedException {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            Lease lease = LeasePoolFixture.acquired(fixture.pool().tryAcquire(page, LeaseFlag.CPUPRIVATE));
            byte[] array = new byte[8];
            String thread =
                    "the lease is confined to thread " + Thread.currentThread().threadId() + " and this is ";
            elsewhere(() -> {
                for (ThrowingCallable use : LeaseContract.uses(lease, array)) {
                    assertRefused(StateKind.CONFINED, use)
                            .contains(thread)
                            .contains("elsewhere")
                            .contains("page=0x" + Long.toHexString(page) + ", pool=loans");
                }
                assertThat(lease.isOpen()).isFalse();
            });
            assertThat(array).containsOnly(0);
            assertThat(lease.getLong(0)).isEqualTo(LeaseFixture.mark(page));
            lease.close();
        }
    }

    @Test
    default void confinedHandleIsOfNoUseToAnotherThread() throws InterruptedException {
        try (LeaseFixture fixture = fixture()) {
            LeasePool pool = fixture.pool();
            long lease = pool.tryAcquireHandle(fixture.wiredPage(), LeaseFlag.CPUPRIVATE);
            elsewhere(() -> {
                assertRefused(StateKind.CONFINED, () -> pool.address(lease)).startsWith("cannot use, ");
                assertRefused(StateKind.CONFINED, () -> pool.page(lease));
                assertRefused(StateKind.CONFINED, () -> pool.byteSize(lease));
                assertRefused(StateKind.CONFINED, () -> pool.ref(lease)).startsWith("cannot ref, ");
                assertRefused(StateKind.CONFINED, () -> pool.handOver(lease)).startsWith("cannot hand over, ");
                assertRefused(StateKind.CONFINED, () -> pool.adopt(lease));
                assertRefused(StateKind.CONFINED, () -> pool.free(lease)).startsWith("cannot close, ");
                assertThat(pool.isOpen(lease)).isFalse();
            });
            pool.free(lease);
        }
    }

    @Test
    default void confinedLeaseStaysConfinedAfterHandOver() throws InterruptedException {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            long lease = fixture.pool().tryAcquireHandle(page, LeaseFlag.CPUPRIVATE);
            Lease adopted = fixture.pool().adopt(fixture.pool().handOver(lease));
            elsewhere(() -> assertRefused(StateKind.CONFINED, adopted::close));
            assertThat(adopted.getLong(0)).isEqualTo(LeaseFixture.mark(page));
            adopted.close();
        }
    }

    @Test
    default void sharedLeaseOfTheSamePageIsAsGoodAsEver() throws InterruptedException {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            Lease confined = LeasePoolFixture.acquired(fixture.pool().tryAcquire(page, LeaseFlag.CPUPRIVATE));
            Lease shared = fixture.pool().acquire(page);
            elsewhere(() -> assertThat(shared.getLong(0)).isEqualTo(LeaseFixture.mark(page)));
            confined.close();
            elsewhere(shared::close);
        }
    }

    @Test
    default void holderReleasesALeaseOrABlockByReleaserAndHandle() {
        try (LeaseFixture fixture = fixture()) {
            LeasePool pool = fixture.pool();
            long page = fixture.wiredPage();
            long lease = pool.acquireHandle(fixture.wiredRun(2));
            try (BlockOwner slab = new BlockOwner(pool, lease);
                    Buffer whole = new Buffer(pool, pool.acquireHandle(page), fixture.direct(page));
                    Buffer block = slab.allocate()) {
                assertThat(whole.owner()).isNotSameAs(block.owner());
                assertThat(pool.stats().leases()).isEqualTo(2);
            }
            assertThat(pool.stats().leases()).isZero();
        }
    }

    @Test
    default void blockOfALeasedRunGoesToABufferAndBack() throws InterruptedException {
        try (LeaseFixture fixture = fixture()) {
            LeasePool pool = fixture.pool();
            long run = fixture.wiredRun(2);
            long lease = pool.acquireHandle(run);
            try (BlockOwner slab = new BlockOwner(pool, lease)) {
                assertRefused(StateKind.STALE, () -> pool.free(lease));
                Buffer first = slab.allocate();
                Buffer second = slab.allocate();
                assertThat(second.address()).isEqualTo(first.address() + BlockOwner.BLOCK_BYTES);
                OffHeap.putLong(second.address(), 77);
                elsewhere(first::close);
                assertThatThrownBy(first::close).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(slab::close).hasMessage("block is let: 1");
                assertThat(pool.stats().leases()).isEqualTo(1);
                assertThat(OffHeap.getLong(fixture.direct(run) + BlockOwner.BLOCK_BYTES))
                        .isEqualTo(77);
                second.close();
            }
            assertThat(pool.stats().leases()).isZero();
        }
    }

    private static void elsewhere(Watchdog.Task task) throws InterruptedException {
        Watchdog watchdog = new Watchdog();
        watchdog.start("elsewhere", task);
        watchdog.join();
    }
}
