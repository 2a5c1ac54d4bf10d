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
    public LeaseBed bed(LeasePoolOptions options) {
        return new LeaseBed(VirtualMemory.system(), false, options);
    }

    @Test
    void leaseIsAtThePagesOwnAddress() {
        try (LeaseBed bed = bed()) {
            long page = bed.wiredPage();
            try (Lease lease = bed.pool().acquire(page)) {
                assertThat(lease.address()).isEqualTo(bed.direct(page));
            }
        }
    }

    @Test
    void countsNoWindows() {
        try (LeaseBed bed = bed()) {
            long page = bed.wiredPage();
            try (Lease lease = bed.pool().acquire(page)) {
                assertThat(lease.isOpen()).isTrue();
                assertThat(bed.pool().stats()).isEqualTo(new LeasePoolStats(0, 0, 0, 0, 0, 0, 0, 0, 1));
            }
        }
    }

    @Test
    void runOfAnyLengthIsLeased() {
        try (LeaseBed bed = bed()) {
            long run = bed.wiredRun(LeaseBed.PAGES);
            try (Lease lease = bed.pool().acquire(run)) {
                assertThat(lease.byteSize()).isEqualTo(LeaseBed.PAGES * bed.pageBytes());
            }
        }
    }

    @Test
    void confinedObjectNeedsNothingOfThePool() {
        try (LeaseBed bed = bed()) {
            try (Lease lease = confined(bed)) {
                assertThat(lease.hasRecord()).isFalse();
                assertThat(bed.pool().stats().leases()).isZero();
                bed.pool().close();
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
        try (LeaseBed bed = bed()) {
            Lease lease = confined(bed);
            Lease other = lease.ref();
            lease.close();
            EndedLease.misuse(bed.pool(), lease, LeasePool.NO_LEASE);
            assertThat(other.isOpen()).isTrue();
            other.close();
        }
    }

    @Test
    void confinedObjectGetsARecordWhenItIsHandedOver() {
        try (LeaseBed bed = bed()) {
            Lease lease = confined(bed);
            long handle = lease.handOver();
            EndedLease.misuse(bed.pool(), lease, LeasePool.NO_LEASE);
            assertThat(bed.pool().stats().leases()).isEqualTo(1);
            bed.pool().free(handle);
        }
    }

    /// A hand-over is no acquire: like any other it asks nothing of the page.
    @Test
    void confinedObjectOnAPageThatIsNotWiredAnyMoreIsHandedOver() {
        try (LeaseBed bed = bed()) {
            Lease lease = confined(bed);
            long address = lease.address();
            bed.arena().frames().unwire(lease.page());
            long handle = lease.handOver();
            assertThat(bed.pool().address(handle)).isEqualTo(address);
            bed.arena().frames().wire(bed.pool().page(handle));
            bed.pool().free(handle);
        }
    }

    @Test
    void confinedObjectOfATracedPoolHasARecord() {
        try (LeaseBed bed = bed(options().withTraced(true));
                Lease lease = confined(bed)) {
            assertThat(lease.hasRecord()).isTrue();
            assertThat(bed.pool().stats().leases()).isEqualTo(1);
        }
    }

    private static Lease confined(LeaseBed bed) {
        return Objects.requireNonNull(bed.pool().tryAcquire(bed.wiredPage(), LeaseFlag.CPUPRIVATE));
    }
}
