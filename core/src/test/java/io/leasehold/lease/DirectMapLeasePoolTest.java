package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.error.StateKind;
import io.leasehold.os.VirtualMemory;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Leases at the pages' own addresses.
class DirectMapLeasePoolTest implements LeasePoolContract, LeaseContract, LeaseOwnershipContract, LeaseThreadsContract {

    @Override
    public LeasePoolOptions options() {
        return LeasePoolOptions.directMap().withName("loans");
    }

    @Override
    public LeaseFixture fixture(LeasePoolOptions options) {
        return new LeaseFixture(VirtualMemory.system(), false, options);
    }

    @Test
    void leaseIsAtThePagesOwnAddress() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            try (Lease lease = fixture.pool().acquire(page)) {
                assertThat(lease.address()).isEqualTo(fixture.direct(page));
            }
        }
    }

    @Test
    void countsNoWindows() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            try (Lease lease = fixture.pool().acquire(page)) {
                assertThat(lease.isOpen()).isTrue();
                assertThat(fixture.pool().stats()).isEqualTo(new LeasePoolStats(0, 0, 0, 0, 0, 0, 0, 0, 1));
            }
        }
    }

    @Test
    void runOfAnyLengthIsLeased() {
        try (LeaseFixture fixture = fixture()) {
            long run = fixture.wiredRun(LeaseFixture.PAGES);
            try (Lease lease = fixture.pool().acquire(run)) {
                assertThat(lease.byteSize()).isEqualTo(LeaseFixture.PAGES * fixture.pageBytes());
            }
        }
    }

    @Test
    void confinedObjectNeedsNothingOfThePool() {
        try (LeaseFixture fixture = fixture()) {
            try (Lease lease = confined(fixture)) {
                assertThat(lease.hasRecord()).isFalse();
                assertThat(fixture.pool().stats().leases()).isZero();
                fixture.pool().close();
                EndedLease.refused(StateKind.FREED, lease::address);
            } catch (LeaseStateException e) {
                assertThat(e)
                        .hasMessageContaining("the lease is closed with its pool")
                        .hasMessageContaining("pool=loans");
            }
        }
    }

    @Test
    void confinedObjectEndsOnce() {
        try (LeaseFixture fixture = fixture()) {
            Lease lease = confined(fixture);
            Lease other = lease.ref();
            lease.close();
            EndedLease.misuse(fixture.pool(), lease, LeasePool.NO_LEASE);
            assertThat(other.isOpen()).isTrue();
            other.close();
        }
    }

    @Test
    void confinedObjectGetsARecordWhenItIsHandedOver() {
        try (LeaseFixture fixture = fixture()) {
            Lease lease = confined(fixture);
            long handle = lease.handOver();
            EndedLease.misuse(fixture.pool(), lease, LeasePool.NO_LEASE);
            assertThat(fixture.pool().stats().leases()).isEqualTo(1);
            fixture.pool().free(handle);
        }
    }

    /// A hand-over is no acquire: like any other it asks nothing of the page.
    @Test
    void confinedObjectOnAPageThatIsNotWiredAnyMoreIsHandedOver() {
        try (LeaseFixture fixture = fixture()) {
            Lease lease = confined(fixture);
            long address = lease.address();
            fixture.arena().frames().unwire(lease.page());
            long handle = lease.handOver();
            assertThat(fixture.pool().address(handle)).isEqualTo(address);
            fixture.arena().frames().wire(fixture.pool().page(handle));
            fixture.pool().free(handle);
        }
    }

    @Test
    void confinedObjectOfATracedPoolHasARecord() {
        try (LeaseFixture fixture = fixture(options().withTraced(true));
                Lease lease = confined(fixture)) {
            assertThat(lease.hasRecord()).isTrue();
            assertThat(fixture.pool().stats().leases()).isEqualTo(1);
        }
    }

    private static Lease confined(LeaseFixture fixture) {
        return Objects.requireNonNull(fixture.pool().tryAcquire(fixture.wiredPage(), LeaseFlag.CPUPRIVATE));
    }
}
