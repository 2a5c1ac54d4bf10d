package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.TestMemory;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.Eventually;
import io.leasehold.page.Watchdog;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;

/// A pool of few windows over a kernel seam that counts calls and fails when it is told to.
interface WindowFixture extends LeasePoolFixture {

    FaultyVirtualMemory memory();

    @Override
    default LeasePoolOptions options() {
        return windows(4);
    }

    @Override
    default LeaseBed bed(LeasePoolOptions options) {
        return new LeaseBed(memory(), true, options);
    }

    default LeaseBed bed(int slots) {
        return bed(windows(slots));
    }

    default LeasePoolOptions windows(int slots) {
        return LeasePoolOptions.windowed(slots).withName("loans");
    }

    @BeforeAll
    static void skipWithoutMemoryFiles() {
        TestMemory.require(VirtualMemory.system(), Capability.MAP);
    }

    static FaultyVirtualMemory countedMemory() {
        return new FaultyVirtualMemory(VirtualMemory.system());
    }

    /// {@return the mapping calls made so far}
    default long maps() {
        return memory().count(Call.MAP);
    }

    /// {@return all calls made so far}
    default long calls() {
        long calls = 0;
        for (Call call : Call.values()) {
            calls += memory().count(call);
        }
        return calls;
    }

    /// Acquires a lease on a page and closes it.
    ///
    /// @return the address that it had
    static long touch(LeaseBed bed, long page) {
        try (Lease lease = bed.pool().acquire(page)) {
            assertThat(lease.getLong(0)).isEqualTo(LeaseBed.mark(page));
            return lease.address();
        }
    }

    /// {@return whether a page has a window, told without changing anything if it has none}
    static boolean isMapped(LeaseBed bed, long page) {
        long misses = bed.pool().stats().misses();
        touch(bed, page);
        return bed.pool().stats().misses() == misses;
    }

    /// Starts a thread that acquires with these flags, and returns when it waits, in line behind `ahead` others that
    /// ever did.
    static Tenant waiting(LeaseBed bed, Watchdog watchdog, String name, long page, int flags, int ahead) {
        Tenant tenant = new Tenant(bed.pool(), page, flags);
        tenant.thread = watchdog.start(name, tenant::run);
        Eventually.holds(name + " waits", () -> bed.pool().stats().waited() == ahead + 1 && tenant.isParked());
        return tenant;
    }

    /// A thread that acquires a lease, and keeps it until it is told to close it.
    ///
    /// **Threads.** [#run] by the thread itself, the rest by the test.
    final class Tenant {
        private final LeasePool pool;
        private final long page;
        private final int flags;
        private volatile @Nullable Thread thread;
        private volatile @Nullable Lease lease;
        private volatile @Nullable RuntimeException failure;
        private volatile boolean ended; // it got its lease, or will not get one
        private volatile boolean interrupted; // what its flag said then
        private volatile boolean told;

        Tenant(LeasePool pool, long page, int flags) {
            this.pool = pool;
            this.page = page;
            this.flags = flags;
        }

        void run() {
            try {
                lease = pool.tryAcquire(page, flags);
            } catch (RuntimeException e) {
                failure = e;
            }
            interrupted = Thread.currentThread().isInterrupted();
            ended = true;
            Lease mine = lease;
            if (mine != null) {
                Eventually.holds("a word to close", () -> told);
                mine.close();
            }
        }

        boolean isParked() {
            Thread waiter = thread;
            return waiter != null && waiter.getState() == Thread.State.WAITING;
        }

        boolean hasEnded() {
            return ended;
        }

        void interrupt() {
            Thread waiter = thread;
            if (waiter != null) {
                waiter.interrupt();
            }
        }

        /// Waits for the end of its acquire.
        ///
        /// @return its lease, or null
        @Nullable Lease result() {
            Eventually.holds("the end of an acquire", () -> ended);
            return lease;
        }

        /// {@return its lease, which it must get}
        Lease lease() {
            return LeasePoolFixture.acquired(result());
        }

        @Nullable RuntimeException failure() {
            Eventually.holds("the end of an acquire", () -> ended);
            return failure;
        }

        boolean wasInterrupted() {
            return interrupted;
        }

        void close() {
            told = true;
        }
    }
}
