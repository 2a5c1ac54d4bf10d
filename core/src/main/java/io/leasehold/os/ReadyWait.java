package io.leasehold.os;

import java.io.IOException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Selector;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Waits until a channel is ready for one kind of operation.
///
/// **Ownership.** Owns a selector, which is opened at the first wait. Does not own the channel.
///
/// **Threads.** Thread-safe. Guarded by `lock`: one thread at a time is in the selector.
///
/// **Memory order.** The closing thread sets its flag, then reads `selector` to wake it. A waiting thread writes
/// `selector`, then reads the flag. Both variables are volatile, so at least one of the threads sees the write of the
/// other. No jcstress test covers this.
final class ReadyWait implements AutoCloseable {

    private final DatagramChannel channel; // (C)
    private final int operation; // (C) of java.nio.channels.SelectionKey
    private final ReentrantLock lock = new ReentrantLock(); // (C)
    private volatile @Nullable Selector selector; // (L) to write, volatile to read

    ReadyWait(DatagramChannel channel, int operation) {
        this.channel = channel;
        this.operation = operation;
    }

    /// Waits until the channel is ready or closed, or the time is over. An interrupt does not end the wait, as in the
    /// native form.
    ///
    /// @param timeoutNanos maximum time to wait in nanoseconds, rounded up to milliseconds
    /// @param isClosed true if the channel is being closed
    /// @return true if the channel became ready
    boolean await(long timeoutNanos, BooleanSupplier isClosed) throws IOException {
        long start = System.nanoTime();
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                long left = Math.max(0, timeoutNanos - (System.nanoTime() - start));
                boolean isReady = awaitOnce(left, isClosed);
                boolean isInterrupted = Thread.interrupted();
                interrupted |= isInterrupted;
                if (isReady || !isInterrupted || isClosed.getAsBoolean()) {
                    return isReady;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Waits as [#await], and until the thread is interrupted.
    private boolean awaitOnce(long timeoutNanos, BooleanSupplier isClosed) throws IOException {
        long start = System.nanoTime();
        if (!tryLock(timeoutNanos)) {
            return false;
        }
        try {
            Selector chosen = isClosed.getAsBoolean() ? null : openSelector();
            if (chosen == null || isClosed.getAsBoolean()) {
                return false;
            }
            long left = timeoutNanos - (System.nanoTime() - start);
            long millis = Math.ceilDiv(Math.max(0, left), TimeUnit.MILLISECONDS.toNanos(1));
            int ready = millis == 0 ? chosen.selectNow() : chosen.select(millis);
            chosen.selectedKeys().clear();
            return ready > 0;
        } finally {
            lock.unlock();
        }
    }

    /// Wakes the thread in the selector. If there is none, the next wait ends at once.
    void wakeUp() {
        Selector chosen = selector;
        if (chosen != null) {
            chosen.wakeup();
        }
    }

    /// Closes the selector, after the waiting threads have left it.
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            Selector chosen = selector;
            if (chosen != null) {
                chosen.close();
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean tryLock(long timeoutNanos) {
        try {
            return lock.tryLock(timeoutNanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private Selector openSelector() throws IOException {
        Selector known = selector;
        if (known != null) {
            return known;
        }
        Selector opened = Selector.open();
        try {
            channel.register(opened, operation);
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
        selector = opened;
        return opened;
    }
}
