package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.ShortLock;
import io.leasehold.window.WindowWaiters.Waiter;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The open files of a cache, and how they are let out: one, when all that was lent of it is back; all or none; or by
/// force.
///
/// **Threads.** Thread-safe. `lock` guards which files are open, and is held over no other lock. `shutting` is held
/// before all others: two threads that close the cache would take the files in different orders.
final class OpenFiles {

    private final String cacheName; // (C)
    private final WindowCounts counts; // (C)
    private final WindowPools pools; // (C)

    private final ReentrantLock shutting = new ReentrantLock();
    private boolean poolsClosed; // (L) shutting

    private final ShortLock lock = new ShortLock();
    private final Set<MappedFile> open = new LinkedHashSet<>(); // (L) lock
    private boolean closed; // (L) lock

    OpenFiles(String cacheName, WindowCounts counts, WindowPools pools) {
        this.cacheName = cacheName;
        this.counts = counts;
        this.pools = pools;
    }

    /// Takes a file in.
    ///
    /// @throws IllegalStateException if this is closed
    void add(MappedFile file) {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("cache is closed: " + cacheName);
            }
            open.add(file);
        } finally {
            lock.unlock();
        }
    }

    /// Frees the slots of a file that was closed by force, as a window of it is back.
    void freeLate(MappedFile file) {
        shutting.lock();
        try {
            if (!poolsClosed) {
                pools.free(file, counts);
            }
        } finally {
            shutting.unlock();
        }
    }

    /// Lets a file out, when its windows are back.
    ///
    /// @return whether it was in
    /// @throws IllegalArgumentException if the timeout is longer than 292 years
    /// @throws IllegalStateException if anything is still out after the timeout; it stays in
    /// @throws SystemCallException if the kernel refuses to put a window over the empty file; the file is out
    boolean remove(MappedFile file, Duration timeout) {
        if (!isOpen(file)) {
            return false;
        }
        boolean isAtOnce = timeout.isZero() || timeout.isNegative();
        long deadline = System.nanoTime() + WindowErrors.nanos(timeout);
        Waiter waiter = new Waiter();
        boolean isDrained = false;
        SystemCallException refusal;
        file.loans().addCloser(waiter, isAtOnce);
        try {
            pools.wakeWaiters(); // those that wait for this file give up, once it is decided
            refusal = drain(file, waiter, deadline);
            isDrained = true;
        } finally {
            file.loans().removeCloser(waiter, isDrained);
            if (!isDrained) {
                pools.wakeWaiters();
            }
        }
        boolean wasOpen = removeOpen(file);
        if (wasOpen && refusal != null) {
            throw refusal;
        }
        return wasOpen;
    }

    /// Lets a file out, whatever is out of it. Its windows that are out keep their slots, which no other part of a file
    /// gets before they are released.
    ///
    /// @return how much was out, or -1 if the file was not in
    /// @throws SystemCallException if the kernel refuses to put a window over the empty file; the file is out
    int removeForcibly(MappedFile file) {
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
        if (!removeOpen(file)) {
            return -1;
        }
        if (freed.refusal() != null) {
            throw freed.refusal();
        }
        return out;
    }

    private @Nullable SystemCallException drain(MappedFile file, Waiter waiter, long deadline) {
        SystemCallException refusal = null;
        boolean interrupted = false;
        try {
            pools.awaitMappings(file);
            while (true) {
                waiter.look();
                WindowPools.Freed freed = pools.free(file, counts);
                refusal = freed.refusal() == null ? refusal : freed.refusal();
                if (freed.lent().isEmpty()) {
                    return refusal;
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
            return open.contains(file);
        } finally {
            lock.unlock();
        }
    }

    private boolean removeOpen(MappedFile file) {
        lock.lock();
        try {
            if (!open.remove(file)) {
                return false;
            }
            file.setClosed();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Lends nothing any more, of no file, and takes no file in; or changes nothing.
    ///
    /// @return the files to be closed before this is
    /// @throws IllegalStateException if anything is out; nothing is changed then
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

    /// {@return false if a file came in meanwhile}
    private boolean tryShut(Set<MappedFile> drained) {
        lock.lock();
        try {
            closed = drained.containsAll(open);
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /// {@return the files to be closed by force before this is, from now on none}
    List<MappedFile> shutForcibly() {
        lock.lock();
        try {
            closed = true;
            return List.copyOf(open);
        } finally {
            lock.unlock();
        }
    }

    /// @throws IllegalStateException if this is closed
    void requireOpen() {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("cache is closed: " + cacheName);
            }
        } finally {
            lock.unlock();
        }
    }

    /// {@return the files that are open now}
    Set<MappedFile> all() {
        lock.lock();
        try {
            return Set.copyOf(open);
        } finally {
            lock.unlock();
        }
    }

    /// Gives the address space back, but for pools with windows that are out of a file that was closed by force; all
    /// files are out.
    ///
    /// @throws SystemCallException if the kernel refuses
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
