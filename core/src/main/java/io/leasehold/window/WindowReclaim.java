package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.StackReserve;
import java.util.concurrent.locks.ReentrantLock;

/// Frees slots of a pool: a batch of slots if none is free, or the slots of one file.
///
/// ```text
///   turn ---> collect pins: membarrier(2) ---> lock: take up to 128 slots, unlock ---> resume
///                                                                                        |
///   free <--- lock: add them, unlock <--- process_madvise(2), or mmap(2) of the placeholder
/// ```
///
/// **Threads.** Thread-safe. One thread at a time has the turn. It waits for the barrier, and for threads that are
/// inside their cells. Hits and releases never need the turn, and a copy does not wait for it. For the slots of a file
/// the turn ends at `resume`, and for an eviction when the slots are free. A file with many slots takes a turn for each
/// step, behind the waiting threads.
///
/// **Lock order.** `turn`, then the lock of the [WindowPool].
final class WindowReclaim {

    /// Number of slots in one process_madvise(2).
    private static final int MAX_BATCH = 64;

    /// An eighth of the slots is recycled at once: a larger batch would take half of the content of a small pool.
    private static final int BATCH_SHARE = 8;

    /// Number of steps in which used slots are spared. After these steps the slots that were found are the batch. If
    /// none was found, the next slots are, so that a miss never looks at all slots.
    private static final int SPARING_STEPS = 4;

    private final WindowPool pool; // (C)
    private final SlotWords words; // (C)
    private final int batch; // (C)
    private final ReentrantLock turn = new ReentrantLock(true); // held while pins are collected; the holder may block
    private long fileLooks; // (L) WindowPool.lock

    WindowReclaim(WindowPool pool, int slotCount) {
        this.pool = pool;
        this.words = pool.words();
        this.batch = Math.clamp(slotCount / BATCH_SHARE, 1, MAX_BATCH);
    }

    /// A callback for pinned slots, called with the lock of the [WindowPool].
    interface LoanReader {
        void read(int slot, long pins);
    }

    /// Frees slots that were not used lately, if none is free and no other thread has the turn.
    ///
    /// @return true if a slot is free
    boolean tryEvict(WindowCounts counts) {
        if (!turn.tryLock()) {
            return false;
        }
        try {
            return evictInTurn(counts);
        } finally {
            turn.unlock();
        }
    }

    /// Frees slots that were not used lately, if none is free.
    ///
    /// @return true if a slot is free; if not, all are pinned, or pin counts could not be collected
    boolean evict(WindowCounts counts) {
        turn.lock();
        try {
            return evictInTurn(counts);
        } finally {
            turn.unlock();
        }
    }

    private boolean evictInTurn(WindowCounts counts) {
        int wanted = pool.wanted();
        if (wanted == 0) {
            return true;
        }
        StackReserve.ensure(2);
        int[] victims = new int[Math.clamp(wanted, batch, MAX_BATCH)]; // allocated before a slot is taken
        if (!words.tryCollectPins()) {
            return false;
        }
        int taken;
        try {
            taken = take(victims);
        } finally {
            words.resume();
        }
        if (taken == 0) {
            return false;
        }
        try {
            pool.memory().dropTranslations(victims, taken);
            for (int i = 0; i < taken; i++) {
                counts.count(WindowCounts.RECYCLE);
            }
        } finally {
            pool.free(victims, taken);
        }
        return true;
    }

    private int take(int[] victims) {
        boolean hasMore = true;
        while (hasMore) {
            pool.lock.lock();
            try {
                hasMore = pool.clock.takeIn(SlotClock.STEP);
            } finally {
                pool.lock.unlock();
            }
        }
        int taken = 0;
        hasMore = true;
        for (int step = 0; hasMore && taken < victims.length; step++) {
            if (step >= SPARING_STEPS && taken > 0) {
                break;
            }
            pool.lock.lock();
            try {
                int before = taken;
                taken = pool.clock.sweep(victims, before, step < SPARING_STEPS);
                for (int i = before; i < taken; i++) {
                    pool.files.unlink(victims[i]);
                }
                hasMore = pool.clock.hasNext();
            } finally {
                pool.lock.unlock();
            }
        }
        return taken;
    }

    /// Takes a file out of all slots that have no pins, and maps the placeholder over them.
    ///
    /// @param others receives each slot that is pinned
    /// @return false if pin counts could not be collected
    /// @throws SystemCallException if the placeholder cannot be mapped; the file is out of the slots even so
    boolean remove(MappedFile file, LoanReader others, WindowCounts counts) {
        WindowTable table = file.table(pool);
        int[] taken = new int[SlotClock.STEP];
        int[] count = new int[1];
        SystemCallException failure = null;
        for (int left = slotCount(table); left > 0; left -= SlotClock.STEP) {
            StackReserve.ensure(2);
            count[0] = 0;
            try {
                if (!removeStep(table, left, taken, count, others)) {
                    return false;
                }
                SystemCallException failed = pool.memory().mapPlaceholder(taken, count[0], counts);
                failure = failed == null ? failure : failed;
            } finally {
                pool.free(taken, count[0]);
            }
        }
        if (failure != null) {
            throw failure;
        }
        return true;
    }

    /// {@return false if pin counts could not be collected; `count` receives the number of slots taken}
    private boolean removeStep(WindowTable table, int left, int[] taken, int[] count, LoanReader others) {
        return withCollectedPins(() -> {
            for (int i = 0; i < Math.min(left, SlotClock.STEP) && table.firstSlot != SlotLinks.NONE; i++) {
                int slot = table.firstSlot;
                fileLooks++;
                if (pool.tryRemove(slot)) {
                    taken[count[0]++] = slot;
                } else {
                    others.read(slot, words.pins(slot));
                    pool.files.rotate(table);
                }
            }
        });
    }

    /// Passes the pinned slots of a file to a callback. A slot may be passed twice.
    ///
    /// @return false if pin counts could not be collected
    boolean forEachPinned(MappedFile file, LoanReader reader) {
        WindowTable table = file.table(pool);
        boolean isKnown = true;
        for (int left = slotCount(table); left > 0 && isKnown; left -= SlotClock.STEP) {
            int looks = Math.min(left, SlotClock.STEP);
            isKnown = withCollectedPins(() -> {
                for (int i = 0; i < looks && table.firstSlot != SlotLinks.NONE; i++) {
                    int slot = table.firstSlot;
                    fileLooks++;
                    if (words.pins(slot) > 0) {
                        reader.read(slot, words.pins(slot));
                    }
                    pool.files.rotate(table);
                }
            });
        }
        return isKnown;
    }

    private int slotCount(WindowTable table) {
        pool.lock.lock();
        try {
            return table.slotCount;
        } finally {
            pool.lock.unlock();
        }
    }

    /// Runs a step under the lock of the [WindowPool], while pins are collected.
    ///
    /// @return false if pin counts could not be collected, and the step was not run
    boolean withCollectedPins(Runnable step) {
        turn.lock();
        try {
            if (!words.tryCollectPins()) {
                return false;
            }
            try {
                pool.lock.lockInTurn();
                try {
                    step.run();
                } finally {
                    pool.lock.unlock();
                }
            } finally {
                words.resume();
            }
            return true;
        } finally {
            turn.unlock();
        }
    }

    /// {@return number of looks at slots of files; tests count work by it}
    long fileLooks() {
        return fileLooks;
    }

    @Override
    public String toString() {
        return "WindowReclaim(" + turn + ")";
    }
}
