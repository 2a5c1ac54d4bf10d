package io.leasehold.window;

import io.leasehold.window.WindowWaiters.Waiter;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/// Counts the loans of a file that are not pins of slots: private copies, and transfers whose channel may block. Also
/// keeps the threads that wait until all loans are back.
///
/// ```text
///   open ---> draining: nothing is lent ---> all loans are back: closed
///     ^            | the timeout is over, or another file of a cache that closes cannot be closed
///     +------------+
/// ```
///
/// A close without a timeout is decided at once. A thread that wants a loan meanwhile waits for the decision, so a
/// close that fails is not seen by other threads.
///
/// **Threads.** Thread-safe.
///
/// **Memory order.** A thread that lends counts first and then reads `draining`. A thread that closes sets `draining`
/// first and then reads the count. One of them sees the other.
final class FileLoans {

    private final AtomicInteger copies = new AtomicInteger(); // (A)
    private final AtomicInteger writableCopies = new AtomicInteger(); // (A) the part of `copies` that is written back
    private final AtomicInteger transfers = new AtomicInteger(); // (A)
    private final ReentrantLock decision = new ReentrantLock(); // held during a close without a timeout
    private final List<Waiter> closers = new CopyOnWriteArrayList<>(); // (L) closers to write
    private boolean isClosing; // (L) closers; draining will not end
    private volatile boolean draining; // (L) closers to write; nothing is lent

    /// {@return number of outstanding private copies that are written back, which would undo a change of the length}
    int writableCopies() {
        return writableCopies.get();
    }

    /// {@return number of outstanding private copies and transfers}
    int outstanding() {
        return copies.get() + transfers.get();
    }

    /// {@return the outstanding private copies and transfers, as text for a message}
    String outstandingText() {
        return "private copies=" + copies + ", transfers of a channel=" + transfers;
    }

    /// Counts a private copy.
    ///
    /// @throws IllegalStateException if the file is closed or closing
    void lendCopy(MappedFile file, boolean isWritable) {
        copies.incrementAndGet();
        writableCopies.addAndGet(isWritable ? 1 : 0);
        if (isDrainingDecided()) {
            returnCopy(isWritable);
            throw WindowErrors.closed(file);
        }
    }

    void returnCopy(boolean isWritable) {
        writableCopies.addAndGet(isWritable ? -1 : 0);
        copies.decrementAndGet();
        wakeClosers();
    }

    /// Counts a transfer that takes as long as its channel blocks, or as the file has blocks to be read.
    ///
    /// @throws IllegalStateException if the file is closed or closing
    void beginTransfer(MappedFile file) {
        transfers.incrementAndGet();
        if (isDrainingDecided()) {
            endTransfer();
            throw WindowErrors.closed(file);
        }
    }

    void endTransfer() {
        transfers.decrementAndGet();
        wakeClosers();
    }

    /// {@return true if nothing is lent now}
    ///
    /// Does not wait. So the caller may hold a lock that a closing thread needs.
    boolean isDraining() {
        return draining;
    }

    /// {@return true if nothing is lent any more, or not before a timeout is over}
    ///
    /// Waits for the decision of a close without a timeout. So the caller must not hold a lock.
    boolean isDrainingDecided() {
        if (!draining) {
            return false;
        }
        decision.lock(); // waits for a close without a timeout
        try {
            return draining;
        } finally {
            decision.unlock();
        }
    }

    /// Adds a thread that closes the file. Nothing is lent until [#removeCloser].
    ///
    /// @param isAtOnce true if the close has no timeout, so that other threads wait for its decision
    void addCloser(Waiter closer, boolean isAtOnce) {
        if (isAtOnce) {
            decision.lock();
        }
        synchronized (closers) {
            closers.add(closer);
            draining = true;
        }
    }

    /// Ends [#addCloser].
    ///
    /// @param isDrained true if all loans are back; else the file lends again, unless other threads close it
    void removeCloser(Waiter closer, boolean isDrained) {
        synchronized (closers) {
            closers.remove(closer);
            isClosing |= isDrained;
            draining = isClosing || !closers.isEmpty();
        }
        if (decision.isHeldByCurrentThread()) {
            decision.unlock();
        }
    }

    /// Wakes the threads that close the file, after the end of a loan.
    void wakeClosers() {
        if (draining) {
            closers.forEach(Waiter::wake);
        }
    }

    @Override
    public String toString() {
        return "FileLoans(" + outstandingText() + ", isDraining=" + draining + ")";
    }
}
