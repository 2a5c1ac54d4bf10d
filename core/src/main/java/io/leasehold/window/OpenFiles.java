package io.leasehold.window;

import io.leasehold.error.StateKind;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.ShortLock;
import io.leasehold.memory.StackReserve;
import io.leasehold.window.WindowWaiters.Waiter;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The open files of a cache. Files are closed one by one when their loans are back, all or none with the cache, or by
/// force.
///
/// A file is open for writing once at most. The length that a writer knows is stale after another object has extended
/// the file, and the next write would then zero what the other object wrote.
///
/// **Threads.** Thread-safe. `lock` guards the set of open files; no other lock is taken under it. `shutting` is taken
/// before all other locks: two threads that close the cache would otherwise drain the files in different orders.
final class OpenFiles {

    /// Layers that check the stack while a file is closed: this one, and two that free its slots.
    private static final int LAYERS = 3;

    private final String cacheName; // (C)
    private final WindowCounts counts; // (C)
    private final WindowPools pools; // (C)

    private final ReentrantLock shutting = new ReentrantLock(); // held while the cache closes
    private boolean poolsClosed; // (L) shutting
    private final LeftFiles left = new LeftFiles(); // (C)

    private final ShortLock lock = new ShortLock(); // guards `open` and `closed`
    private final Map<Object, MappedFile> open = new LinkedHashMap<>(); // (L) lock; by [MappedFile#key]
    private boolean closed; // (L) lock

    OpenFiles(String cacheName, WindowCounts counts, WindowPools pools) {
        this.cacheName = cacheName;
        this.counts = counts;
        this.pools = pools;
    }

    /// The identity of a file that is open for writing. The methods are written out, because those of a record are
    /// linked at their first call, which would be under `lock`.
    ///
    /// @param device number of the file system
    /// @param inode number of the file in its file system
    record WriterKey(long device, long inode) {

        @Override
        public boolean equals(Object other) {
            return other instanceof WriterKey key && key.device == device && key.inode == inode;
        }

        @Override
        public int hashCode() {
            return Long.hashCode(device * 31 + inode);
        }
    }

    /// Adds a file.
    ///
    /// @throws IllegalStateException if the cache is closed, or if the file is to be written and another object of the
    ///     cache is open for writing the same file; nothing is changed then
    void add(MappedFile file) {
        lock.lock();
        try {
            if (closed) {
                throw new WindowStateException(StateKind.CLOSED, "cache is closed: cache=" + cacheName);
            }
            MappedFile writer = open.putIfAbsent(file.key(), file);
            if (writer != null) {
                throw WindowErrors.hasWriter(file, writer);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Frees the slots of a file that was closed by force, after one of its windows was released.
    void freeLate(MappedFile file) {
        shutting.lock();
        try {
            if (!poolsClosed && !pools.free(file, counts).isKnown()) {
                left.add(file);
            }
        } finally {
            shutting.unlock();
        }
    }

    /// Frees the slots of files that a failed barrier left in slots.
    private void freeLeft() {
        if (!left.isEmpty()) {
            shutting.lock();
            try {
                left.removeIf(file -> poolsClosed || pools.free(file, counts).isKnown());
            } finally {
                shutting.unlock();
            }
        }
    }

    /// Closes a file when its loans are back. Closing twice has no effect.
    ///
    /// @param timeout maximum time to wait for the loans
    /// @throws IOException if a system call fails; the file is closed even so
    /// @throws IllegalArgumentException if the timeout is longer than 292 years
    /// @throws IllegalStateException if a loan is still outstanding after the timeout; the file stays open
    /// @throws StackOverflowError if the stack is too short; nothing is changed then
    void close(MappedFile file, Duration timeout) throws IOException {
        StackReserve.ensure(LAYERS); // an overflow after the file was removed would leave its descriptor open
        freeLeft();
        boolean isRemoved = false;
        try {
            isRemoved = remove(file, timeout);
        } catch (SystemCallException e) {
            isRemoved = true;
            throw WindowErrors.failed("unmap windows of", file, e);
        } finally {
            if (isRemoved) {
                file.closeDescriptor();
            }
        }
    }

    /// Closes a file while loans are outstanding. Its outstanding windows keep their slots, which are not reused before
    /// the windows are released.
    ///
    /// @return number of outstanding loans
    /// @throws IOException if a system call fails; the file is closed even so
    /// @throws StackOverflowError if the stack is too short; nothing is changed then
    int closeForcibly(MappedFile file) throws IOException {
        StackReserve.ensure(LAYERS); // as above
        freeLeft();
        int out = -1;
        try {
            out = removeForcibly(file);
        } catch (SystemCallException e) {
            out = 0;
            throw WindowErrors.failed("unmap windows of", file, e);
        } finally {
            if (out >= 0) {
                file.closeDescriptor();
            }
        }
        return Math.max(out, 0);
    }

    /// {@return true if the file was open; it is removed when its loans are back}
    ///
    /// @throws IllegalArgumentException if the timeout is longer than 292 years
    /// @throws IllegalStateException if a loan is still outstanding after the timeout; the file stays open
    /// @throws SystemCallException if the placeholder cannot be mapped; the file is removed
    private boolean remove(MappedFile file, Duration timeout) {
        if (!isOpen(file)) {
            return false;
        }
        boolean isAtOnce = timeout.isZero() || timeout.isNegative();
        long deadline = System.nanoTime() + WindowErrors.nanos(timeout);
        Waiter waiter = new Waiter();
        boolean isDrained = false;
        SystemCallException failure;
        file.loans().addCloser(waiter, isAtOnce);
        try {
            pools.wakeWaiters(); // waiters for this file give up when the close is decided
            failure = drain(file, waiter, deadline);
            isDrained = true;
        } finally {
            file.loans().removeCloser(waiter, isDrained);
            if (!isDrained) {
                pools.wakeWaiters();
            }
        }
        boolean wasOpen = removeOpen(file);
        if (wasOpen && failure != null) {
            throw failure;
        }
        return wasOpen;
    }

    /// {@return number of outstanding loans of a file, which is removed, or -1 if the file was not open}
    ///
    /// @throws SystemCallException if the placeholder cannot be mapped; the file is removed
    private int removeForcibly(MappedFile file) {
        if (!isOpen(file)) {
            return -1;
        }
        Waiter waiter = new Waiter();
        file.loans().addCloser(waiter, true);
        int out;
        WindowPools.Freed freed;
        try {
            pools.awaitMappings(file);
            out = Math.toIntExact(pools.pins(file) + file.loans().outstanding());
            freed = pools.free(file, counts);
        } finally {
            file.loans().removeCloser(waiter, true);
            pools.wakeWaiters();
        }
        if (!freed.isKnown()) {
            left.add(file);
        }
        if (!removeOpen(file)) {
            return -1;
        }
        if (freed.failure() != null) {
            throw freed.failure();
        }
        return out;
    }

    private @Nullable SystemCallException drain(MappedFile file, Waiter waiter, long deadline) {
        SystemCallException failure = null;
        boolean interrupted = false;
        try {
            pools.awaitMappings(file);
            while (true) {
                waiter.look();
                WindowPools.Freed freed = pools.free(file, counts);
                failure = freed.failure() == null ? failure : freed.failure();
                if (freed.lent().isEmpty()) {
                    return failure;
                }
                long left = deadline - System.nanoTime();
                if (left <= 0) {
                    throw WindowErrors.inUse("close", file, freed.lent());
                }
                interrupted |= waiter.await(left);
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private boolean isOpen(MappedFile file) {
        lock.lock();
        try {
            return open.get(file.key()) == file;
        } finally {
            lock.unlock();
        }
    }

    private boolean removeOpen(MappedFile file) {
        lock.lock();
        try {
            if (!open.remove(file.key(), file)) {
                return false;
            }
            file.setClosed();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Stops all lending, and rejects new files; or changes nothing.
    ///
    /// @return the files to be closed before this is
    /// @throws IllegalStateException if a loan is outstanding; nothing is changed then
    List<MappedFile> shut() {
        shutting.lock();
        try {
            return shutAll();
        } finally {
            shutting.unlock();
        }
    }

    private List<MappedFile> shutAll() {
        Waiter waiter = new Waiter();
        Set<MappedFile> drained = new LinkedHashSet<>();
        boolean isShut = false;
        try {
            while (!isShut) {
                for (MappedFile file : all()) {
                    if (drained.add(file)) {
                        file.loans().addCloser(waiter, true);
                    }
                }
                drained.forEach(this::requireNoneOutstanding);
                isShut = tryShut(drained);
            }
            return List.copyOf(drained);
        } finally {
            for (MappedFile file : drained) {
                file.loans().removeCloser(waiter, isShut);
            }
            pools.wakeWaiters();
        }
    }

    private void requireNoneOutstanding(MappedFile file) {
        pools.awaitMappings(file);
        String outstanding = pools.outstanding(file);
        if (!outstanding.isEmpty()) {
            throw WindowErrors.inUse("close", file, outstanding);
        }
    }

    /// {@return false if a file was added meanwhile}
    private boolean tryShut(Set<MappedFile> drained) {
        lock.lock();
        try {
            closed = drained.containsAll(open.values());
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /// {@return the files to be closed by force before this is; no more are added}
    List<MappedFile> shutForcibly() {
        lock.lock();
        try {
            closed = true;
            return List.copyOf(open.values());
        } finally {
            lock.unlock();
        }
    }

    /// @throws IllegalStateException if the cache is closed
    void requireOpen() {
        lock.lock();
        try {
            if (closed) {
                throw new WindowStateException(StateKind.CLOSED, "cache is closed: cache=" + cacheName);
            }
        } finally {
            lock.unlock();
        }
    }

    /// {@return a snapshot of the open files; may be stale}
    Set<MappedFile> all() {
        lock.lock();
        try {
            return Set.copyOf(open.values());
        } finally {
            lock.unlock();
        }
    }

    /// Releases the address space, except for pools with outstanding windows of a file that was closed by force. Called
    /// after all files were closed.
    ///
    /// @throws SystemCallException if a system call fails
    void close() {
        shutting.lock();
        try {
            poolsClosed = true;
            pools.close();
        } finally {
            shutting.unlock();
        }
    }

    @Override
    public String toString() {
        return "OpenFiles(cache=" + cacheName + ")";
    }
}
