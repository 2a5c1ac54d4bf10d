package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import io.leasehold.lease.LeaseWorkers.Duel;
import io.leasehold.lease.LeaseWorkers.Held;
import io.leasehold.lease.LeaseWorkers.Page;
import io.leasehold.lease.LeaseWorkers.Published;
import io.leasehold.memory.OffHeap;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// A thread that shares a pool with others. It acquires, reads, writes and closes at random. It waits for a window only
/// while it has none, so that another thread can always make progress.
///
/// **Threads.** Confined to one thread, except for [#interrupt], and for the counts, which are read while the thread
/// does not run.
final class LeaseWorker {

    private static final int MAX_HELD = 3;
    private static final int ALL_FLAGS = LeaseFlag.CATCH | LeaseFlag.CPUPRIVATE | LeaseFlag.NOWAIT;

    private final LeaseWorkers all;
    private final LeasePool pool;
    private final SplittableRandom random;
    private final boolean alone; // a replay by one thread, which never waits
    private final List<Held> held = new ArrayList<>();
    private volatile @Nullable Thread thread;
    volatile long steps; // (O) to write
    long acquired;
    long refused;

    LeaseWorker(LeaseWorkers all, long seed, boolean alone) {
        this.all = all;
        this.pool = all.pool;
        this.random = new SplittableRandom(seed);
        this.alone = alone;
    }

    void begin() {
        thread = Thread.currentThread();
    }

    void interrupt() {
        Thread running = thread;
        if (running != null && !alone) {
            running.interrupt();
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void step() {
        int choice = random.nextInt(64);
        if (choice < 28) {
            if (held.size() < MAX_HELD) {
                acquire();
            }
        } else if (held.isEmpty()) {
            elsewhere(choice);
        } else if (choice < 44) {
            close(take());
        } else if (choice < 50) {
            use(any());
        } else if (choice < 52) {
            ref(any());
        } else if (choice < 55) {
            handOver(take());
        } else if (choice < 58) {
            send(take());
        } else {
            elsewhere(choice);
        }
        steps++;
    }

    private void elsewhere(int choice) {
        if (choice < 34) {
            acquireSeveral();
        } else if (choice < 44) {
            all.closeOneSent();
        } else if (choice < 57) {
            all.published(random).ifPresent(this::tryPublished);
        } else if (choice < 58) {
            all.any(random).interrupt();
        } else if (choice < 60) {
            Thread.interrupted();
        } else if (choice < 61) {
            LeasePoolStats stats = pool.stats();
            assertThat(stats.used() + stats.free()).isEqualTo(stats.slots());
            assertThat(stats.used()).isBetween(0, stats.peak());
            assertThat(stats.waited()).isLessThanOrEqualTo(stats.waits());
        } else {
            Thread.yield();
        }
    }

    /// {@return flags that forbid to wait where this thread must not}
    private int flags() {
        int flags = random.nextInt(ALL_FLAGS + 1);
        boolean mayWait = held.isEmpty() && !alone;
        return mayWait && random.nextInt(4) > 0 ? flags & ~LeaseFlag.NOWAIT : flags | LeaseFlag.NOWAIT;
    }

    private void acquire() {
        Page page = all.page(random);
        int flags = flags();
        boolean confined = LeaseFlag.has(flags, LeaseFlag.CPUPRIVATE);
        if (random.nextInt(4) == 0) {
            Lease lease = pool.tryAcquire(page.handle, flags);
            if (lease != null) {
                long address = lease.address();
                assertThat(lease.getLong(0)).isEqualTo(page.handle);
                keep(lease.handOver(), page, confined);
                assertThat(pool.address(held.getLast().lease())).isEqualTo(address);
                return;
            }
        } else {
            long lease = pool.tryAcquireHandle(page.handle, flags);
            if (lease != LeasePool.NO_LEASE) {
                keep(lease, page, confined);
                return;
            }
        }
        refused++;
        assertThat(flags & (LeaseFlag.NOWAIT | LeaseFlag.CATCH))
                .as("flags of an acquire that gave up")
                .isNotZero();
        assertThat(LeaseFlag.has(flags, LeaseFlag.NOWAIT)
                        || Thread.currentThread().isInterrupted())
                .as("gave up for NOWAIT or an interrupt")
                .isTrue();
    }

    private void acquireSeveral() {
        if (!held.isEmpty()) {
            return;
        }
        int count = 1 + random.nextInt(MAX_HELD);
        List<Page> wanted = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            wanted.add(all.page(random));
        }
        int flags = flags();
        long[] leases = new long[count];
        long[] pages = wanted.stream().mapToLong(page -> page.handle).toArray();
        int got = pool.tryAcquireHandles(pages, count, flags, leases);
        for (int i = 0; i < got; i++) {
            keep(leases[i], wanted.get(i), LeaseFlag.has(flags, LeaseFlag.CPUPRIVATE));
        }
        refused += got < count ? 1 : 0;
    }

    private void keep(long lease, Page page, boolean confined) {
        acquired++;
        Held kept = new Held(lease, page, pool.address(lease), confined);
        assertThat(pool.page(lease)).isEqualTo(page.handle);
        all.arrive(page, kept.address());
        held.add(kept);
        if (random.nextInt(4) == 0) {
            all.publish(
                    random,
                    new Published(
                            lease,
                            page.handle,
                            confined && !alone,
                            Thread.currentThread().threadId()));
        }
        use(kept);
    }

    /// Reads the page's stamp twice around other work, and writes.
    private void use(Held lease) {
        all.checkStamp(lease);
        if (random.nextInt(8) == 0) {
            Thread.yield();
        } else {
            for (int spins = random.nextInt(32); spins > 0; spins--) {
                Thread.onSpinWait();
            }
        }
        if (random.nextInt(4) == 0) {
            all.write(lease);
        }
        all.checkStamp(lease);
    }

    private void ref(Held lease) {
        if (held.size() < MAX_HELD) {
            long further = pool.ref(lease.lease());
            assertThat(pool.address(further)).isEqualTo(lease.address());
            keep(further, lease.page(), lease.confined());
        }
    }

    private void handOver(Held lease) {
        long next = pool.handOver(lease.lease());
        assertEnded(lease.lease());
        held.add(new Held(next, lease.page(), lease.address(), lease.confined()));
    }

    private void close(Held lease) {
        all.checkStamp(lease);
        all.depart(lease.page(), lease.address());
        pool.free(lease.lease());
        assertEnded(lease.lease());
    }

    private void assertEnded(long lease) {
        assertThatThrownBy(() -> pool.free(lease)).isInstanceOf(LeaseStateException.class);
    }

    /// Sends a lease to other threads to close. Sometimes two threads try, and one succeeds.
    private void send(Held lease) {
        all.checkStamp(lease);
        if (lease.confined() || !all.hasRoom()) {
            close(lease);
        } else {
            Held sent = new Held(pool.handOver(lease.lease()), lease.page(), lease.address(), false);
            all.send(new Duel(sent, 1 + random.nextInt(2)));
        }
    }

    /// Uses a published handle: it still stands for the same lease, or the lease has ended.
    private void tryPublished(Published published) {
        long lease = published.lease();
        if (published.confined() && published.owner() != Thread.currentThread().threadId()) {
            assertThatThrownBy(() -> pool.free(lease))
                    .isInstanceOfSatisfying(
                            LeaseStateException.class,
                            e -> assertThat(e.kind()).isIn(StateKind.CONFINED, StateKind.FREED, StateKind.STALE));
            return;
        }
        try {
            assertThat(pool.page(lease)).as("page by an old handle").isEqualTo(published.page());
            long address = pool.address(lease);
            if (pool.options().slots() == 0) {
                assertThat(OffHeap.getLong(address)).isEqualTo(published.page());
            }
        } catch (LeaseStateException e) {
            assertThat(e.kind()).isIn(StateKind.FREED, StateKind.STALE);
        }
    }

    /// Acquires a lease without waiting, to have one at a barrier.
    List<Held> acquireAtBarrier() {
        Page page = all.page(random);
        long lease = pool.tryAcquireHandle(page.handle, LeaseFlag.NOWAIT);
        if (lease == LeasePool.NO_LEASE) {
            refused++;
        } else {
            keep(lease, page, false);
        }
        return held;
    }

    void closeAll() {
        while (!held.isEmpty()) {
            close(held.removeLast());
        }
    }

    private Held any() {
        return held.get(random.nextInt(held.size()));
    }

    private Held take() {
        return held.remove(random.nextInt(held.size()));
    }
}
