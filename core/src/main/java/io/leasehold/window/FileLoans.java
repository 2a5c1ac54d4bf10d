package io.leasehold.window;

import io.leasehold.window.WindowWaiters.Waiter;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// The private copies of a file that are out, and the threads that wait until all its windows are back. What is lent
/// in place is counted by its slot.
///
/// **Threads.** Thread-safe.
///
/// **Memory order.** A thread that lends counts and then looks at `draining`; a thread that closes sets `draining` and
/// then looks at the count. One of them sees the other.
final class FileLoans {

    private final AtomicInteger copies = new AtomicInteger(); // (A)
    private final AtomicInteger writableCopies = new AtomicInteger(); // (A) of those, the ones that are written back
    private final List<Waiter> closers = new CopyOnWriteArrayList<>(); // (L) itself, to write
    private boolean isClosing; // (L) closers: draining for good
    private volatile boolean draining; // (L) closers, to write: nothing more is lent

    /// {@return how many private copies are out}
    int copies() {
        return copies.get();
    }

    /// {@return how many private copies are out that are written back, which a change of the length would undo}
    int writableCopies() {
        return writableCopies.get();
    }

    /// Takes note of a private copy.
    ///
    /// @throws IllegalStateException if nothing is lent any more
    void lendCopy(MappedFile file, boolean isWritable) {
        copies.incrementAndGet();
        writableCopies.addAndGet(isWritable ? 1 : 0);
        if (draining) {
            returnCopy(isWritable);
            throw WindowErrors.closed(file);
        }
    }

    void returnCopy(boolean isWritable) {
        writableCopies.addAndGet(isWritable ? -1 : 0);
        copies.decrementAndGet();
        tellClosers();
    }

    /// {@return true if nothing is lent any more}
    boolean isDraining() {
        return draining;
    }

    /// Takes note of a thread that closes the file; nothing is lent from now on.
    void addCloser(Waiter closer) {
        synchronized (closers) {
            closers.add(closer);
            draining = true;
        }
    }

    /// Ends [#addCloser].
    ///
    /// @param isDrained true if all windows are back; else the file lends again, unless other threads close it
    void removeCloser(Waiter closer, boolean isDrained) {
        synchronized (closers) {
            closers.remove(closer);
            isClosing |= isDrained;
            draining = isClosing || !closers.isEmpty();
        }
    }

    /// Wakes the threads that close the file, as a window is back.
    void tellClosers() {
        if (draining) {
            closers.forEach(Waiter::tell);
        }
    }

    @Override
    public String toString() {
        return "FileLoans(copies=" + copies + ", isDraining=" + draining + ")";
    }
}
