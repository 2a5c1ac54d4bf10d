package io.leasehold.memory;

import io.leasehold.os.VirtualMemory;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A lock for critical sections of about a microsecond that any thread may need, and that background work shares.
///
/// ```text
///   lock        try, spin, try ...  platform thread: park in the queue
///                                   virtual thread: spin on, yielding the processor, before it parks
///   lockInTurn  park in the queue: behind every thread that waits already
/// ```
///
/// Waking a parked thread costs many times what a critical section takes, so a thread looks again before it parks. A
/// virtual thread that parks goes behind every runnable virtual thread when it is woken, which with ten thousand of
/// them was measured to take five seconds; it keeps its carrier and waits for the holder instead.
///
/// Background work takes the lock with [#lockInTurn] for each of its steps. The lock is fair, so a thread that began to
/// wait during one step gets the lock before the next one.
///
/// **Threads.** Thread-safe, reentrant. A holder never blocks: it waits for no other thread, and takes no lock that a
/// thread may hold for long. Only close and its like, which end what the lock guards, may hold it for longer.
public final class ShortLock {

    /// Looks before a thread parks: about three microseconds.
    private static final int SPINS = 60;

    /// Rounds of [#SPINS] looks and a yield before a virtual thread parks after all: some milliseconds, for a holder
    /// that lost its processor.
    private static final int YIELDS = 4_000;

    private final ReentrantLock lock = new ReentrantLock(true);

    /// Makes a lock that no thread has.
    public ShortLock() {}

    /// Takes the lock, passing threads that are parked for it.
    public void lock() {
        if (!trySpinning() && !(Thread.currentThread().isVirtual() && tryYielding())) {
            lock.lock();
        }
    }

    /// Takes the lock after every thread that is parked for it: for a step of background work.
    public void lockInTurn() {
        lock.lock();
    }

    /// Takes the lock, parking in the queue, unless the thread is interrupted.
    ///
    /// @throws InterruptedException if the thread is interrupted while it waits
    public void lockInterruptibly() throws InterruptedException {
        lock.lockInterruptibly();
    }

    /// {@return true if the lock was taken, after a few microseconds of looking at most}
    public boolean trySpinning() {
        for (int i = 0; i < SPINS; i++) {
            if (lock.tryLock()) {
                return true;
            }
            Thread.onSpinWait();
        }
        return false;
    }

    /// {@return true if the lock was free and is taken}
    public boolean tryLock() {
        return lock.tryLock();
    }

    /// Gives up the lock.
    public void unlock() {
        lock.unlock();
    }

    /// {@return true if the calling thread has the lock}
    public boolean isHeld() {
        return lock.isHeldByCurrentThread();
    }

    /// {@return a condition of this lock}
    public Condition newCondition() {
        return lock.newCondition();
    }

    private boolean tryYielding() {
        for (int i = 0; i < YIELDS; i++) {
            VirtualMemory.system().yieldProcessor();
            if (trySpinning()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return lock.toString();
    }
}
