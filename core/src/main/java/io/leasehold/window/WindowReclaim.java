package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.ShortLock;
import io.leasehold.memory.StackReserve;

/// How slots of a pool become free: a batch of them when none is left, or those of one file.
///
/// ```text
///   turn ---> settle pins: membarrier(2) ---> lock: take up to 128 slots, unlock ---> resume ---> end of the turn
///                                                                                        |
///   free <--- lock: add them, unlock <--- process_madvise(2), or mmap(2) of the empty file
/// ```
///
/// **Threads.** Thread-safe. One thread at a time has the turn. It waits for the barrier, and for threads that are
/// within their cells, so hits and releases never need the turn, and a copy does not wait for it. A file with many
/// slots takes a turn for each step of them, behind the threads that wait.
final class WindowReclaim {

    /// Slots in one process_madvise(2).
    private static final int MAX_BATCH = 64;

    /// What is recycled at once is an eighth, or a small pool would lose half of what it holds.
    private static final int BATCH_SHARE = 8;

    /// Steps in which slots that are in use are spared. After that a batch is what was found, or else what comes next,
    /// so that a miss never looks through all slots.
    private static final int SPARING_STEPS = 4;

    private final WindowPool pool; // (C)
    private final SlotWords words; // (C)
    private final int batch; // (C)
    private final ShortLock turn = new ShortLock();
    private long fileLooks; // (L) of the pool: slots of files that were looked at

    WindowReclaim(WindowPool pool, int slotCount) {
        this.pool = pool;
        this.words = pool.words();
        this.batch = Math.clamp(slotCount / BATCH_SHARE, 1, MAX_BATCH);
    }

    /// The user of a slot that is pinned, under the lock.
    interface LoanReader {
        void read(int slot, long pins);
    }

    /// Frees slots that were not used for long, if none is free and no other thread has the turn.
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

    /// Frees slots that were not used for long, if none is free.
    ///
    /// @return true if a slot is free; if not, all are pinned, or the kernel refused to tell
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
        int[] victims = new int[Math.clamp(wanted, batch, MAX_BATCH)]; // before a slot is taken
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

    /// Takes a file out of all slots that have no pins, and puts these over the empty file.
    ///
    /// @param others is told of the slots that are pinned
    /// @return true if it is known which are
    /// @throws SystemCallException if the kernel refuses a mapping; the file is out of the slots all the same
    boolean remove(MappedFile file, LoanReader others, WindowCounts counts) {
        WindowTable table = file.table(pool);
        int[] taken = new int[SlotClock.STEP];
        int[] count = new int[1];
        SystemCallException refusal = null;
        for (int left = slotCount(table); left > 0; left -= SlotClock.STEP) {
            StackReserve.ensure(2);
            count[0] = 0;
            try {
                if (!removeStep(table, left, taken, count, others)) {
                    return false;
                }
                SystemCallException refused = pool.memory().mapPlaceholder(taken, count[0], counts);
                refusal = refused == null ? refusal : refused;
            } finally {
                pool.free(taken, count[0]);
            }
        }
        if (refusal != null) {
            throw refusal;
        }
        return true;
    }

    /// {@return how many slots were taken, or -1 if nobody knows what is pinned}
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

    /// Shows the slots of a file that are pinned, some perhaps twice.
    ///
    /// @return true if it is known which are
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

    /// Does a step under the lock, while pins are settled.
    ///
    /// @return false if it was not done, as nobody knows what is pinned
    boolean withCollectedPins(Runnable step) {
        turn.lockInTurn();
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

    /// {@return how many slots of files were looked at}
    long fileLooks() {
        return fileLooks;
    }

    @Override
    public String toString() {
        return "WindowReclaim(" + turn + ")";
    }
}
