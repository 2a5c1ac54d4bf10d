package io.leasehold.window;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// The lock of the writer of a file. One call at a time writes the file or changes its length, in turn.
///
/// ```text
///   transfer   |-- turn --------------------------------------|
///              |-- change --|  waits for source  |-- change --|
///   release                  |-- change --|                      of a window for writing
/// ```
///
/// A transfer keeps its turn while it waits for its source, and this wait has no limit. It gives up `change` meanwhile,
/// so that a window for writing can be released. The release writes the range of the window and may extend the file. So
/// readers may see a part of the growth of a transfer that is not over.
///
/// **Threads.** Thread-safe; both locks are reentrant. **Lock order.** `turn`, then `change`.
final class WriterLock {

    private final ReentrantLock turn = new ReentrantLock(); // held by a call from its start to its end
    private final ReentrantLock change = new ReentrantLock(); // held while the file or its length changes

    /// Waits for the turn, and for the release of a window that is being written.
    void lock() {
        turn.lock();
        boolean isLocked = false;
        try {
            change.lock();
            isLocked = true;
        } finally {
            if (!isLocked) {
                turn.unlock();
            }
        }
    }

    /// Waits as [#lock] does, with a limit. The turn lasts while a transfer waits for its source, so a wait for it has
    /// no limit of its own. An interrupt does not end the wait.
    ///
    /// @param nanosLeft the time to wait that is left, in nanoseconds
    /// @return false if the lock was not free in time
    boolean tryLock(LongSupplier nanosLeft) {
        if (!tryLock(turn, nanosLeft)) {
            return false;
        }
        boolean isLocked = false;
        try {
            isLocked = tryLock(change, nanosLeft);
            return isLocked;
        } finally {
            if (!isLocked) {
                turn.unlock();
            }
        }
    }

    private static boolean tryLock(ReentrantLock lock, LongSupplier nanosLeft) {
        boolean isInterrupted = false;
        try {
            while (true) {
                try {
                    return lock.tryLock(nanosLeft.getAsLong(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    isInterrupted = true;
                }
            }
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Ends [#lock] or [#tryLock].
    void unlock() {
        change.unlock();
        turn.unlock();
    }

    /// Lets windows be released while the owner of the lock waits for a source. [#resume] is due.
    void pause() {
        change.unlock();
    }

    /// Ends [#pause].
    void resume() {
        change.lock();
    }

    /// Locks for the release of a window. Waits for no source, and at most as long as the disk takes.
    void lockForRelease() {
        change.lock();
    }

    /// Ends [#lockForRelease].
    void unlockAfterRelease() {
        change.unlock();
    }

    @Override
    public String toString() {
        return "WriterLock(turn=" + turn + ", change=" + change + ")";
    }
}
