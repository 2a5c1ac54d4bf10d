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
/// **Ownership.** Owns a selector from the first wait on; does not own the channel.
///
/// **Threads.** Thread-safe; one thread at a time is in the selector.
///
/// **Memory order.** Who closes sets its flag, then looks for a selector to wake; who waits shows its selector, then
/// looks at the flag. So at least one of them sees the other.
final class ReadyWait implements AutoCloseable {

    private final DatagramChannel channel; // (C)
    private final int operation; // (C) of java.nio.channels.SelectionKey
    private final ReentrantLock lock = new ReentrantLock(); // (C)
    private volatile @Nullable Selector selector; // (L) to write

    ReadyWait(DatagramChannel channel, int operation) {
        this.channel = channel;
        this.operation = operation;
    }

    /// {@return whether the channel became ready in time, and before it was closed}
    ///
    /// @param timeoutNanos wait at most so long, rounded up to milliseconds
    /// @param isClosed whether the channel is being closed
    boolean await(long timeoutNanos, BooleanSupplier isClosed) throws IOException {
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

    /// Ends the wait of whoever is in the selector, now or next.
    void wakeUp() {
        Selector chosen = selector;
        if (chosen != null) {
            chosen.wakeup();
        }
    }

    /// Gives the selector back, after those who wait are awake.
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
