package io.leasehold.bench.process;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A thread that reads something again and again, from its construction until it is closed.
///
/// **Threads.** One thread calls. What the reads write may be used after [#stop].
public final class Sampler implements AutoCloseable {

    private final CountDownLatch end = new CountDownLatch(1); // (A)
    private final Thread thread; // (C)

    /// Begins to read.
    ///
    /// @param name of the thread
    /// @param everyMillis time between two reads in milliseconds
    /// @param read one read
    public Sampler(String name, long everyMillis, Runnable read) {
        thread = Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                do {
                    read.run();
                } while (!end.await(everyMillis, TimeUnit.MILLISECONDS));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /// Ends the reads, and waits for the last one.
    ///
    /// @throws InterruptedException if the caller is interrupted
    public void stop() throws InterruptedException {
        end.countDown();
        thread.join();
    }

    /// Ends the reads.
    @Override
    public void close() {
        end.countDown();
    }
}
