package io.leasehold.lease;

import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Region;
import io.leasehold.os.OsException;
import io.leasehold.page.PageFile;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// The engine of a machine whose pages have no lasting address: a bounded pool of windows, mapped onto pages as leases
/// need them.
///
/// ```text
///   windows   | slot 0 | slot 1 | slot 2 | ...      address space, reserved once
///                 |        |
///                 v        v     one mapping call a miss, none a hit
///   pages     | .. | p3 | .. | p9 | .. | ..         memory file of the arena
/// ```
///
/// A window keeps its mapping after its last lease, as on i386, so the next lease on its page is a hit. The window
/// that was released least recently is recycled first.
///
/// **Threads.** Thread-safe. A hit takes no lock, nor does a release, except once after a search for a victim has
/// passed over its window. A miss holds the lock over its mapping call, so two misses on one page never map it twice,
/// the race that the original has. Waiters are served in the order they came: whoever finds others waiting waits behind
/// them, and each who leaves, with a window or without, wakes the next one. Waiting parks, so a virtual thread leaves
/// its carrier.
///
/// **Invariants.** I4: `used + free == slots`, where used windows have leases. I5: while a thread waits, the release
/// order is empty or the first waiter has been woken.
///
/// **Memory order.** See [WindowSlots]. A waiter takes every slot that is in use out of the release order before it
/// waits, so the last release of each comes to [#queue], and with that to the lock: no wake-up is lost.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=sf_buf&sektion=9">sf_buf(9)</a>; lazy queueing: DragonFly
///     BSD, 2004
final class WindowedMap implements PageMap {

    private static final int SEQUENCE_BITS = 28;
    private static final long SEQUENCE_MASK = (1L << SEQUENCE_BITS) - 1;

    private final LeaseErrors errors; // (C)
    private final PageFile file; // (C)
    private final Region region; // (C)
    private final long base; // (C) address of slot 0
    private final int windowPower; // (C) log2 of the bytes of a window
    private final int windowPages; // (C)
    private final WindowSlots slots; // (C)
    private final Stripes stripes; // (C)

    private final ReentrantLock lock = new ReentrantLock();
    private final ReleaseOrder order; // (L)
    private final Deque<Waiter> waiters = new ArrayDeque<>(); // (L)
    private boolean closed; // (L)

    private volatile long misses; // (L) to write; also the age of the world, for stamps
    private volatile long waits; // (L) to write
    private volatile long waited; // (L) to write
    private volatile long failures; // (L) to write
    private final AtomicInteger peak = new AtomicInteger(); // (A)

    /// Somebody who needs a window.
    private static final class Waiter {
        private final Thread thread = Thread.currentThread();
        private final long page;

        private Waiter(long page) {
            this.page = page;
        }
    }

    private WindowedMap(
            LeasePoolOptions options,
            PageFile file,
            Region region,
            int windowPower,
            Stripes stripes,
            LeaseErrors errors) {
        this.errors = errors;
        this.file = file;
        this.region = region;
        this.base = region.address();
        this.windowPower = windowPower;
        this.windowPages = options.windowPages();
        this.slots = new WindowSlots(options.slots());
        this.order = new ReleaseOrder(slots);
        this.stripes = stripes;
    }

    /// Reserves the windows' address space and charges their mappings, or nothing.
    ///
    /// @throws IllegalStateException if the mapping account has no room for them
    /// @throws OsException if the kernel refuses
    static WindowedMap open(
            LeasePoolOptions options, PageFile file, long pageByteSize, Stripes stripes, LeaseErrors errors) {
        int windowPower = Long.SIZE - Long.numberOfLeadingZeros(options.windowPages() * pageByteSize - 1);
        long byteSize = (long) options.slots() << windowPower;
        MappingBudget mappings = file.reservations().mappings();
        mappings.charge(options.name(), options.slots());
        Region region = null;
        try {
            region = file.reservations().reserve(options.name(), byteSize, pageByteSize);
            region.commit(byteSize);
            return new WindowedMap(options, file, region, windowPower, stripes, errors);
        } catch (RuntimeException | Error e) {
            mappings.credit(options.slots());
            if (region != null) {
                closeAfter(e, region);
            }
            throw e;
        }
    }

    private static void closeAfter(Throwable cause, Region region) {
        try {
            region.close();
        } catch (OsException e) {
            cause.addSuppressed(e);
        }
    }

    @Override
    public long find(long direct, Stripe stripe) {
        int slot = slots.find(direct);
        if (slot == WindowSlots.NO_SLOT) {
            return NONE;
        }
        int leases = slots.tryJoin(slot, direct);
        if (leases == 0) {
            return NONE;
        }
        count(leases, stripe);
        return address(slot);
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    public long acquire(long direct, int flags) {
        boolean catches = LeaseFlag.has(flags, LeaseFlag.CATCH);
        boolean interrupted = false;
        Waiter self = null;
        lock.lock();
        try {
            while (true) {
                if (closed) {
                    throw errors.poolClosed();
                }
                Stripe stripe = stripes.enter();
                long address = find(direct, stripe);
                stripe.exit();
                if (address != NONE) {
                    return address;
                }
                if (self == null ? waiters.isEmpty() : waiters.peekFirst() == self) {
                    int slot = order.takeLeastRecent();
                    if (slot != WindowSlots.NO_SLOT) {
                        return map(slot, direct);
                    }
                }
                if (LeaseFlag.has(flags, LeaseFlag.NOWAIT)
                        || (catches && Thread.currentThread().isInterrupted())) {
                    failures++;
                    return NONE;
                }
                if (self == null) {
                    self = new Waiter(direct);
                    waiters.addLast(self);
                    waited++;
                }
                waits++;
                park();
                // an interrupted CATCH gives up even if there is a window by now, so as not to risk another sleep
                if (catches && Thread.currentThread().isInterrupted()) {
                    failures++;
                    return NONE;
                }
                interrupted |= !catches && Thread.interrupted();
            }
        } finally {
            if (self != null) {
                waiters.remove(self);
                wakeFirst();
            }
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public boolean release(long address, Stripe stripe) {
        long word = slots.leave(slot(address), misses << SEQUENCE_BITS | (stripe.tick() & SEQUENCE_MASK));
        if (WindowSlots.isInUse(word)) {
            return false;
        }
        stripe.idled();
        return !WindowSlots.isQueued(word);
    }

    @Override
    public void queue(long address) {
        int slot = slot(address);
        lock.lock();
        try {
            if (slots.tryQueue(slot)) {
                order.insert(slot, slots.stamp(slot));
                wakeFirst();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int maxPages() {
        return windowPages;
    }

    @Override
    public LeasePoolStats stats(int leases) {
        int used = 0;
        for (int slot = 0; slot < slots.count(); slot++) {
            used += WindowSlots.isInUse(slots.word(slot)) ? 1 : 0;
        }
        long missed = misses;
        long hits = Math.max(0, stripes.uses() - missed);
        return new LeasePoolStats(slots.count(), used, raisePeak(used), hits, missed, waits, waited, failures, leases);
    }

    @Override
    public void close(boolean force) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            slots.shut(force);
            try {
                if (force) {
                    region.abandon();
                } else {
                    region.close();
                }
            } catch (OsException e) {
                slots.reopen();
                throw e;
            }
            closed = true;
            file.reservations().mappings().credit(slots.count());
            waiters.forEach(waiter -> LockSupport.unpark(waiter.thread));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void checkInvariants() {
        lock.lock();
        try {
            slots.checkInvariants();
            order.checkInvariants();
            int used = 0;
            for (int slot = 0; slot < slots.count(); slot++) {
                used += WindowSlots.isInUse(slots.word(slot)) ? 1 : 0;
            }
            if (used != stripes.used()) {
                throw new AssertionError("I4: used=" + used + ", counted=" + stripes.used());
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return "WindowedMap(slots=%d, windowByteSize=%d, address=0x%x)"
                .formatted(slots.count(), 1L << windowPower, base);
    }

    /// Maps a slot that was taken; under the lock.
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    private long map(int slot, long direct) {
        slots.unlink(slot);
        try {
            file.map(region, (long) slot << windowPower, 1L << windowPower, direct);
        } catch (RuntimeException e) {
            slots.giveUp(slot);
            slots.tryQueue(slot);
            order.insert(slot, slots.stamp(slot));
            wakeFirst();
            throw e;
        }
        misses++;
        slots.link(slot, direct);
        slots.finish(slot);
        // counted where this thread's hits are, or the peak of one thread would be missed
        Stripe stripe = stripes.enter();
        count(1, stripe);
        stripe.exit();
        raisePeak(stripes.used());
        for (Waiter waiter : waiters) {
            if (waiter.page == direct) {
                LockSupport.unpark(waiter.thread); // it is a hit now
            }
        }
        return address(slot);
    }

    private void count(int leases, Stripe stripe) {
        if (leases > 1) {
            stripe.rejoined();
        } else if (stripe.activated()) {
            long used = stripes.used();
            stripe.allow(raisePeak(used) - (int) used);
        }
    }

    private int raisePeak(long used) {
        return peak.accumulateAndGet((int) Math.min(used, slots.count()), Math::max);
    }

    private void park() {
        lock.unlock();
        try {
            LockSupport.park(this);
        } finally {
            lock.lock();
        }
    }

    private void wakeFirst() {
        Waiter first = waiters.peekFirst();
        if (first != null) {
            LockSupport.unpark(first.thread);
        }
    }

    private long address(int slot) {
        return base + ((long) slot << windowPower);
    }

    private int slot(long address) {
        return (int) ((address - base) >>> windowPower);
    }
}
