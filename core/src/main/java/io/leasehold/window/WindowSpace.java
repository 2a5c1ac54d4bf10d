package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.window.WindowWaiters.Waiter;

/// The pools of a cache and the files in them: maps, pins, waits for and frees windows.
///
/// **Ownership.** Owns the pools.
///
/// **Threads.** Thread-safe. A pin that finds its window takes no lock. The end of a pin takes a lock only if its file
/// was closed by force. Each [WindowPool] has a lock for its slots.
///
/// **Memory order.** A thread that closes a file is published before it reads the pins, and a thread that ends a pin
/// looks for it afterwards. The barrier of [SlotWords#tryCollectPins] makes one see the other, so no wake-up is lost.
/// In the same way, a file that is draining or being truncated is checked after a pin. `WindowWaiterStress` tests this
/// for a thread that waits for a window.
///
/// **Invariants.** Those of [WindowPool].
final class WindowSpace {

    private final WindowCacheOptions options; // (C)
    private final WindowCounts counts; // (C)
    private final WindowPools pools; // (C)
    private final OpenFiles files; // (C)

    WindowSpace(WindowCacheOptions options, WindowCounts counts, WindowPools pools) {
        this.options = options;
        this.counts = counts;
        this.pools = pools;
        this.files = new OpenFiles(options.name(), counts, pools);
    }

    /// {@return the open files}
    OpenFiles files() {
        return files;
    }

    /// {@return the pools}
    WindowPools pools() {
        return pools;
    }

    /// {@return true if a file is to be mapped whole}
    boolean isDirect(WindowTier tier, long byteSize) {
        return pools.isDirect(tier, byteSize, options.directByteSize());
    }

    /// Maps a part of a file for copies, if that needs no other thread.
    ///
    /// @return the slot, or [WindowPool#NO_SLOT] if all are pinned, another thread maps or recycles, or the system call
    ///     fails: the caller then uses read(2)
    int tryMap(MappedFile file, WindowPool pool, long part, AccessAdvice advice) {
        try {
            int slot = pool.map(file, part, advice, counts);
            boolean mayEvict = slot == WindowPool.NO_SLOT && pool.evicts() && pool.waiters.mayTake(null);
            return mayEvict && pool.reclaim().tryEvict(counts) ? pool.map(file, part, advice, counts) : slot;
        } catch (SystemCallException e) {
            return WindowPool.NO_SLOT;
        }
    }

    /// Pins the window that contains the start of a request.
    ///
    /// @return the slot, or [WindowPool#NO_SLOT] if none is free by the deadline, or the pool does not recycle
    /// @throws IllegalStateException if the file is closed, or waits for its close
    /// @throws SystemCallException if a system call fails
    int pin(MappedFile file, WindowPool pool, WindowLoans.Request request) {
        long part = request.byteOffset() >>> pool.power();
        int slot = tryPin(file, pool, part);
        if (slot == WindowPool.NO_SLOT) {
            counts.count(WindowCounts.MISS);
            slot = pinSlow(file, pool, part, request);
        } else {
            counts.count(WindowCounts.HIT);
        }
        if (slot != WindowPool.NO_SLOT && file.loans().isDrainingDecided()) {
            unpin(file, pool, slot, 0);
            throw WindowErrors.closed(file);
        }
        return slot;
    }

    private int pinSlow(MappedFile file, WindowPool pool, long part, WindowLoans.Request request) {
        Waiter waiter = null;
        boolean interrupted = false;
        try {
            while (true) {
                if (waiter != null) {
                    waiter.look();
                }
                if (file.loans().isDrainingDecided()) {
                    throw WindowErrors.closed(file);
                }
                int slot = pool.pin(file, part, request.advice(), waiter, counts);
                if (slot != WindowPool.NO_SLOT || !pool.evicts()) {
                    return slot;
                }
                if (pool.waiters.mayTake(waiter) && pool.reclaim().evict(counts)) {
                    continue;
                }
                long left = request.nanosLeft();
                if (left <= 0) {
                    return WindowPool.NO_SLOT;
                }
                if (waiter == null) {
                    waiter = pool.waiters.add();
                    continue; // a pin that ended before woke no waiter
                }
                counts.count(WindowCounts.WAIT);
                interrupted |= waiter.await(left);
            }
        } finally {
            if (waiter != null) {
                pool.endWait(waiter);
            }
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
        boolean isLeft = WindowFlag.has(flags, WindowFlag.UNMAP);
        if (isLeft) {
            words.leave(slot);
        } else {
            words.touched(slot);
        }
        words.unpin(slot);
        pool.unpinned(slot, isLeft);
        file.loans().wakeClosers();
        if (file.isClosed()) {
            files.freeLate(file);
        }
    }

    /// Marks the windows of a range to be recycled before all others.
    void unmap(MappedFile file, long from, long end) {
        WindowPool pool = file.pool();
        if (pool != null && from < end) {
            long lastPart = (end - 1) >>> pool.power();
            for (long part = from >>> pool.power(); part <= lastPart && WindowTable.reaches(part); part++) {
                leave(file, pool, part);
            }
        }
    }

    private static void leave(MappedFile file, WindowPool pool, long part) {
        WindowTable table = file.table(pool);
        int slot = table.slot(part);
        if (slot != WindowPool.NO_SLOT && pool.words().has(slot, table, part)) {
            pool.words().leave(slot);
            pool.clock.left(slot);
        }
    }

    /// Checks that a range is not lent.
    ///
    /// @throws IllegalStateException if a window that reaches behind `from`, or a writable private copy, is outstanding
    void requireNotLent(String what, MappedFile file, long from) {
        String lent = pools.lent(file, from);
        if (!lent.isEmpty()) {
            throw WindowErrors.inUse(what, file, lent);
        }
    }

    /// Maps the placeholder over the windows of a file, and frees them.
    ///
    /// @throws IllegalStateException if windows are outstanding
    /// @throws SystemCallException if a system call fails
    void purge(MappedFile file) {
        WindowPools.Freed freed = pools.free(file, counts);
        if (!freed.lent().isEmpty()) {
            throw WindowErrors.inUse("purge", file, freed.lent());
        }
        if (freed.failure() != null) {
            throw freed.failure();
        }
    }

    void checkInvariants() {
        pools.checkInvariants(files.all());
    }

    @Override
    public String toString() {
        return pools.toString();
    }

    private static int tryPin(MappedFile file, WindowPool pool, long part) {
        WindowTable table = file.table(pool);
        int slot = table.slot(part);
        boolean isPinned = slot != WindowPool.NO_SLOT && pool.words().tryPin(slot, table, part);
        return isPinned ? slot : WindowPool.NO_SLOT;
    }
}
