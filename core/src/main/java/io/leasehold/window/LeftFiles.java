package io.leasehold.window;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// The files that were closed by force, and that may still be in slots: their pins could not be collected, because the
/// kernel rejected the barrier.
///
/// **Threads.** Thread-safe.
final class LeftFiles {

    private final List<MappedFile> files = new ArrayList<>(); // (L) this
    private volatile boolean isEmpty = true; // (L) this, read without it

    synchronized void add(MappedFile file) {
        if (!files.contains(file)) {
            files.add(file);
            isEmpty = false;
        }
    }

    /// {@return true if there is no such file; may be stale}
    boolean isEmpty() {
        return isEmpty;
    }

    /// Removes the files that are in no slot any more.
    ///
    /// @param isFree takes a file out of its slots, and returns false if that is not possible now
    synchronized void removeIf(Predicate<MappedFile> isFree) {
        boolean ignored = files.removeIf(isFree);
        isEmpty = files.isEmpty();
    }

    @Override
    public String toString() {
        return "LeftFiles(isEmpty=" + isEmpty + ")";
    }
}
