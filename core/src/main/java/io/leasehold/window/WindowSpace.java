package io.leasehold.window;

import io.leasehold.os.OsException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The extents and windows of a cache and the files in them: what is mapped, pinned, waited for and put over the empty
/// file, all under one lock, as the kernel takes one for each mapping anyway.
///
/// **Ownership.** Owns the pools.
///
/// **Threads.** Thread-safe. A pin that finds its window takes no lock. Who waits for a window counts itself first and
/// looks again then, and who ends a pin looks for such a count afterwards; the barrier of [SlotWords#trySettle] makes
/// one see the other, so no wake-up is lost. A file that lends no more and one that is cut are told from pins alike.
///
/// **Invariants.** Those of [WindowPool]; I4: a file that is in a slot is open.
final class WindowSpace {

    private static final long LONG_WAIT_NANOS = TimeUnit.HOURS.toNanos(1);

    private final WindowCacheOptions options; // (C)
    private final WindowCounts counts; // (C)
    private final WindowPools pools; // (C)
    private final AtomicLong stamps = new AtomicLong(); // (A) the age of the world, for the order of recycling

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition returned = lock.newCondition(); // (C)
    private final Set<MappedFile> open = new LinkedHashSet<>(); // (L)
    private volatile int waiters; // (L) to write
    private boolean closed; // (L)

    WindowSpace(WindowCacheOptions options, WindowCounts counts, WindowPools pools) {
        this.options = options;
        this.counts = counts;
        this.pools = pools;
    }

    /// {@return the windows, for what needs no lock}
    WindowPools pools() {
        return pools;
    }

    /// Takes a file in.
    ///
    /// @throws IllegalStateException if this is closed
    void add(MappedFile file) {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("cache is closed: " + options.name());
            }
            open.add(file);
        } finally {
            lock.unlock();
        }
    }

    /// {@return whether a file is to be mapped whole}
    boolean isDirect(WindowTier tier, long byteSize) {
        lock.lock();
        try {
            return pools.isDirect(tier, byteSize, options.directByteSize());
        } finally {
            lock.unlock();
        }
    }

    /// {@return the age of the world}
    long stamp() {
        return stamps.getOpaque();
    }

    /// Maps a part of a file for copies.
    ///
    /// @return its slot, or [WindowPool#NO_SLOT] if all are pinned or the kernel refuses: then there is read(2)
    int tryMap(MappedFile file, WindowPool pool, long part, AccessAdvice advice) {
        lock.lock();
        try {
            int slot = file.table(pool).slot(part);
            return slot != WindowPool.NO_SLOT || file.isDraining() ? slot : map(file, pool, part, advice);
        } catch (OsException e) {
            return WindowPool.NO_SLOT;
        } finally {
            lock.unlock();
        }
    }

    /// Pins the window that a request begins in.
    ///
    /// @return its slot, or [WindowPool#NO_SLOT] if there is none by the deadline, or the pool does not recycle
    /// @throws IllegalStateException if the file is closed, or is waiting to be
    /// @throws OsException if the kernel refuses
    int pin(MappedFile file, WindowPool pool, WindowLoans.Request request) {
        long part = request.byteOffset() >>> pool.power();
        int slot = tryPin(file, pool, part);
        if (slot == WindowPool.NO_SLOT) {
            counts.count(WindowCounts.MISS);
            slot = pinSlow(file, pool, part, request);
        } else {
            counts.count(WindowCounts.HIT);
        }
        if (slot != WindowPool.NO_SLOT && file.isDraining()) {
            unpin(file, pool, slot, 0);
            throw WindowErrors.closed(file);
        }
        return slot;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    private int pinSlow(MappedFile file, WindowPool pool, long part, WindowLoans.Request request) {
        boolean isCounted = false;
        boolean interrupted = false;
        lock.lock();
        try {
            while (true) {
                if (file.isDraining()) {
                    throw WindowErrors.closed(file);
                }
                if (file.table(pool).slot(part) != WindowPool.NO_SLOT
                        || map(file, pool, part, request.advice()) != WindowPool.NO_SLOT) {
                    int slot = tryPin(file, pool, part);
                    if (slot != WindowPool.NO_SLOT) {
                        return slot;
                    }
                }
                if (pools.isExtents(pool) || request.nanosLeft() <= 0) {
                    return WindowPool.NO_SLOT;
                }
                if (!isCounted) {
                    isCounted = true;
                    waiters++;
                    continue;
                }
                counts.count(WindowCounts.WAIT);
                interrupted |= await(request.nanosLeft());
            }
        } finally {
            if (isCounted) {
                waiters--;
            }
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Ends [#pin].
    ///
    /// @param flags UNMAP or none
    void unpin(MappedFile file, WindowPool pool, int slot, int flags) {
        SlotWords words = pool.words();
        // the world ages only when another window was used in between, so who uses one alone pays for no atomic step
        long now = stamps.get();
        if (words.stamp(slot) != now) {
            words.touched(slot, stamps.incrementAndGet());
        }
        if (WindowFlag.has(flags, WindowFlag.UNMAP)) {
            long part = pool.byteOffset(slot) >>> pool.power();
            words.unpin(slot);
            free(file, pool, part, part);
        } else {
            words.unpin(slot);
        }
        wakeWaiters();
    }

    /// Wakes who waits for a window, or for all windows of a file.
    void wakeWaiters() {
        if (waiters > 0) {
            lock.lock();
            try {
                returned.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /// Frees the windows of a range that are not pinned, to be recycled first.
    void unmap(MappedFile file, long from, long end) {
        WindowPool pool = file.pool();
        if (pool != null && from < end) {
            free(file, pool, from >>> pool.power(), (end - 1) >>> pool.power());
        }
    }

    private void free(MappedFile file, WindowPool pool, long firstPart, long lastPart) {
        lock.lock();
        try {
            pool.free(file, firstPart, lastPart);
        } finally {
            lock.unlock();
        }
    }

    /// @throws IllegalStateException if a window that reaches behind `from` is out, or a private copy to be written
    void requireNotLent(String what, MappedFile file, long from) {
        lock.lock();
        try {
            String lent = pools.lent(file, from);
            if (!lent.isEmpty()) {
                throw WindowErrors.lent(what, file, lent);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Puts the windows of a file over the empty one.
    ///
    /// @throws IllegalStateException if windows are out
    /// @throws OsException if the kernel refuses
    void purge(MappedFile file) {
        lock.lock();
        try {
            String lent = pools.free(file);
            if (!lent.isEmpty()) {
                throw WindowErrors.lent("purge", file, lent);
            }
            pools.poison(file, counts);
        } finally {
            lock.unlock();
        }
    }

    /// Lets a file out, when its windows are back.
    ///
    /// @return whether it was in
    /// @throws IllegalStateException if windows are still out after the timeout; it stays in
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    boolean remove(MappedFile file, Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        boolean interrupted = false;
        lock.lock();
        try {
            if (!open.contains(file)) {
                return false;
            }
            file.setDraining(true);
            waiters++;
            try {
                for (String lent = pools.free(file); !lent.isEmpty(); lent = pools.free(file)) {
                    long left = deadline - System.nanoTime();
                    if (left <= 0) {
                        file.setDraining(false);
                        throw WindowErrors.lent("close", file, lent);
                    }
                    interrupted |= await(left);
                }
            } finally {
                waiters--;
            }
            open.remove(file);
            file.setClosed();
            pools.poison(file, counts);
            return true;
        } finally {
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// {@return the files to be closed before this is, from now on none}
    ///
    /// @throws IllegalStateException if windows are out; nothing is changed then
    List<MappedFile> shut() {
        lock.lock();
        try {
            open.forEach(file -> requireNotLent("close", file, 0));
            closed = true;
            return List.copyOf(open);
        } finally {
            lock.unlock();
        }
    }

    /// Gives the address space back; all files are out.
    ///
    /// @throws OsException if the kernel refuses
    void close() {
        pools.close();
    }

    void checkInvariants() {
        lock.lock();
        try {
            pools.checkInvariants(open);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return pools.toString();
    }

    private int map(MappedFile file, WindowPool pool, long part, AccessAdvice advice) {
        int slot = pool.map(file, part, counts, stamps.incrementAndGet());
        if (slot != WindowPool.NO_SLOT && advice == AccessAdvice.RANDOM) {
            pool.adviseRandom(slot);
        }
        return slot;
    }

    private static int tryPin(MappedFile file, WindowPool pool, long part) {
        WindowTable table = file.table(pool);
        int slot = table.slot(part);
        boolean isPinned = slot != WindowPool.NO_SLOT && pool.words().tryPin(slot, table, part);
        return isPinned ? slot : WindowPool.NO_SLOT;
    }

    /// {@return whether the thread was interrupted; it goes on waiting}
    @SuppressWarnings("WaitNotInLoop") // the callers look again
    private boolean await(long nanos) {
        try {
            long ignored = returned.awaitNanos(Math.min(nanos, LONG_WAIT_NANOS));
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }
}
