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

/// A pool of few windows over a seam that counts system calls and injects faults.
interface WindowFixture extends LeasePoolFixture {

    FaultyVirtualMemory memory();

    @Override
    default LeasePoolOptions options() {
        return windows(4);
    }

    @Override
    default LeaseFixture fixture(LeasePoolOptions options) {
        return new LeaseFixture(memory(), true, options);
    }

    default LeaseFixture fixture(int slots) {
        return fixture(windows(slots));
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
    static long touch(LeaseFixture fixture, long page) {
        try (Lease lease = fixture.pool().acquire(page)) {
            assertThat(lease.getLong(0)).isEqualTo(LeaseFixture.mark(page));
            return lease.address();
        }
    }

    /// {@return true if a page has a window}
    ///
    /// If it has none, this maps it.
    static boolean isMapped(LeaseFixture fixture, long page) {
        long misses = fixture.pool().stats().misses();
        touch(fixture, page);
        return fixture.pool().stats().misses() == misses;
    }

    /// Starts a thread that acquires with these flags. Returns when the thread waits.
    ///
    /// @param ahead number of requests that ever waited before
    static Acquirer waiting(LeaseFixture fixture, Watchdog watchdog, String name, long page, int flags, int ahead) {
        Acquirer acquirer = new Acquirer(fixture.pool(), page, flags);
        acquirer.thread = watchdog.start(name, acquirer::run);
        Eventually.holds(name + " waits", () -> fixture.pool().stats().waited() == ahead + 1 && acquirer.isParked());
        return acquirer;
    }

    /// A thread that acquires a lease, and keeps it until [#close] is called.
    ///
    /// **Threads.** The thread itself calls [#run]. The test calls the other methods.
    final class Acquirer {
        private final LeasePool pool;
        private final long page;
        private final int flags;
        private volatile @Nullable Thread thread;
        private volatile @Nullable Lease lease;
        private volatile @Nullable RuntimeException failure;
        private volatile boolean ended; // the acquire has ended, with or without a lease
        private volatile boolean interrupted; // its interrupt status after the acquire
        private volatile boolean mayClose;

        Acquirer(LeasePool pool, long page, int flags) {
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
                Eventually.holds("permission to close", () -> mayClose);
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

        /// Waits for the end of the acquire.
        ///
        /// @return the lease, or null
        @Nullable Lease result() {
            Eventually.holds("the end of an acquire", () -> ended);
            return lease;
        }

        /// {@return the lease, which the acquire must return}
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
            mayClose = true;
        }
    }
}
