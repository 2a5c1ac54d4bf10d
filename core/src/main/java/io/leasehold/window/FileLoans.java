package io.leasehold.window;

import io.leasehold.window.WindowWaiters.Waiter;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/// What is lent of a file beside its slots, which count their own pins: private copies, and transfers whose channel may
/// block. And the threads that wait until all of it is back.
///
/// ```text
///   open ---> draining: nothing is lent ---> all is back: closed
///     ^            | the timeout is over, or another file of a cache that closes cannot be closed
///     +------------+
/// ```
///
/// A thread that lends while it is not decided which of both comes waits for that, if it is decided at once; a refused
/// close is seen by no other thread then.
///
/// **Threads.** Thread-safe.
///
/// **Memory order.** A thread that lends counts and then looks at `draining`; a thread that closes sets `draining` and
/// then looks at the count. One of them sees the other.
final class FileLoans {

    private final AtomicInteger copies = new AtomicInteger(); // (A)
    private final AtomicInteger writableCopies = new AtomicInteger(); // (A) of those, the ones that are written back
    private final AtomicInteger transfers = new AtomicInteger(); // (A)
    private final ReentrantLock decision = new ReentrantLock(); // held by a thread that closes without waiting
    private final List<Waiter> closers = new CopyOnWriteArrayList<>(); // (L) itself, to write
    private boolean isClosing; // (L) closers: draining for good
    private volatile boolean draining; // (L) closers, to write: nothing more is lent

    /// {@return how many private copies are out that are written back, which a change of the length would undo}
    int writableCopies() {
        return writableCopies.get();
    }

    /// {@return how much is out beside the slots}
    int outstanding() {
        return copies.get() + transfers.get();
    }

    /// {@return what is out beside the slots, as a message wants it}
    String outstandingText() {
        return "private copies=" + copies + ", transfers of a channel=" + transfers;
    }

    /// Takes note of a private copy.
    ///
    /// @throws IllegalStateException if nothing is lent any more
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

    /// Takes note of a transfer that may take as long as a channel blocks, or as a file has blocks to be read.
    ///
    /// @throws IllegalStateException if nothing is lent any more
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

    /// {@return true if nothing is lent now; under a lock that a thread which closes may want}
    boolean isDraining() {
        return draining;
    }

    /// {@return true if nothing is lent any more, or not before a timeout is over; without a lock}
    boolean isDrainingDecided() {
        if (!draining) {
            return false;
        }
        decision.lock(); // what is decided at once is waited for
        try {
            return draining;
        } finally {
            decision.unlock();
        }
    }

    /// Takes note of a thread that closes the file; nothing is lent from now on.
    ///
    /// @param isAtOnce true if it is decided soon whether the file is closed, so that threads that lend wait
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
    /// @param isDrained true if all is back; else the file lends again, unless other threads close it
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

    /// Wakes the threads that close the file, as something is back.
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
