package io.leasehold.lease;

import io.leasehold.os.VirtualMemory;
import io.leasehold.page.Watchdog;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/// Virtual memory that blocks one mapping call until the test ends the block.
///
/// **Threads.** Thread-safe. One call at once is blocked.
final class HeldMappings {

    private final VirtualMemory delegate; // (C)
    private final VirtualMemory memory; // (C)
    private volatile @Nullable Hold next; // (A) for the next mapping call

    /// A mapping call that waits.
    static final class Hold {
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch ended = new CountDownLatch(1);

        /// Waits until a thread is in the call.
        void await(Watchdog watchdog) throws InterruptedException {
            watchdog.await("a mapping call", begun);
        }

        /// Ends the block.
        void end() {
            ended.countDown();
        }
    }

    HeldMappings(VirtualMemory delegate) {
        this.delegate = delegate;
        this.memory = (VirtualMemory) Proxy.newProxyInstance(
                HeldMappings.class.getClassLoader(),
                new Class<?>[] {VirtualMemory.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("map")) {
                        hold();
                    }
                    try {
                        return method.invoke(this.delegate, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    VirtualMemory memory() {
        return memory;
    }

    /// Blocks the next mapping call.
    Hold holdNext() {
        Hold hold = new Hold();
        next = hold;
        return hold;
    }

    private void hold() {
        Hold hold = next;
        if (hold == null) {
            return;
        }
        next = null;
        hold.begun.countDown();
        boolean isInterrupted = false;
        while (true) {
            try {
                hold.ended.await();
                break;
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
        }
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
