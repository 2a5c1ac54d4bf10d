package io.leasehold.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(600)
class ShortLockTest {

    private static final int STEPS = 20_000;

    private final ShortLock lock = new ShortLock();
    private int count; // (L)

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void oneThreadAtATimeHasIt(boolean isVirtual) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int kind = i;
            Thread.Builder builder = isVirtual ? Thread.ofVirtual() : Thread.ofPlatform();
            threads.add(builder.start(() -> countUp(kind)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(count).isEqualTo(8 * STEPS);
    }

    private void countUp(int kind) {
        for (int step = 0; step < STEPS; step++) {
            switch (kind % 4) {
                case 0 -> lock.lockInTurn();
                case 1 -> {
                    while (!lock.tryLock()) {
                        Thread.onSpinWait();
                    }
                }
                case 2 -> {
                    while (!lock.trySpinning()) {
                        Thread.onSpinWait();
                    }
                }
                default -> lock.lock();
            }
            count++;
            lock.unlock();
        }
    }

    /// Background work takes the lock again and again; a thread that waits gets it between two of its steps.
    @Test
    void stepsOfBackgroundWorkLetTheFirstWaiterIn() throws InterruptedException {
        CountDownLatch isHeld = new CountDownLatch(1);
        CountDownLatch mayGoOn = new CountDownLatch(1);
        boolean[] waiterWasIn = new boolean[1];
        boolean[] seen = new boolean[1];
        Thread background = Thread.ofPlatform().start(() -> {
            lock.lockInTurn();
            isHeld.countDown();
            awaitQuietly(mayGoOn);
            lock.unlock();
            lock.lockInTurn();
            seen[0] = waiterWasIn[0];
            lock.unlock();
        });
        isHeld.await();
        Thread waiter = Thread.ofPlatform().start(() -> {
            lock.lock();
            waiterWasIn[0] = true;
            lock.unlock();
        });
        while (waiter.getState() != Thread.State.WAITING) {
            Thread.onSpinWait(); // until it is in the queue
        }
        mayGoOn.countDown();
        background.join();
        waiter.join();
        assertThat(seen[0]).as("the waiter had the lock between two steps").isTrue();
    }

    @Test
    void lockIsReentrant() {
        lock.lock();
        lock.lockInTurn();
        assertThat(lock.tryLock()).isTrue();
        assertThat(lock.isHeld()).isTrue();
        lock.unlock();
        lock.unlock();
        lock.unlock();
        assertThat(lock.isHeld()).isFalse();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(300, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
