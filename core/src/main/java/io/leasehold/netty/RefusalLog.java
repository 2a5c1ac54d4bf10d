package io.leasehold.netty;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Logs rejected allocations, at most one line in ten seconds. A server that is out of memory must not fill its disk as
/// well.
///
/// **Threads.** Thread-safe and lock-free.
final class RefusalLog {

    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Consumer<String> lines; // (C)
    private final LongSupplier clock; // (C)
    private final AtomicLong next; // (A) compare-and-set; the time at which a line may be written again
    private final AtomicLong suppressed = new AtomicLong(); // (A) number of errors that were not logged

    RefusalLog(Consumer<String> lines, LongSupplier clock) {
        this.lines = lines;
        this.clock = clock;
        this.next = new AtomicLong(clock.getAsLong());
    }

    /// {@return the log of this process}
    static RefusalLog ofSystem() {
        System.Logger log = System.getLogger("io.leasehold");
        return new RefusalLog(line -> log.log(System.Logger.Level.WARNING, line), System::nanoTime);
    }

    /// Writes the message of an error. During the ten seconds after a line it only counts the error. A failure of the
    /// log is not the caller's failure: the caller has a buffer to release, and the error to throw.
    void refused(Throwable error) {
        long now = clock.getAsLong();
        long due = next.get();
        if (now - due < 0 || !next.compareAndSet(due, now + INTERVAL_NANOS)) {
            suppressed.incrementAndGet();
            return;
        }
        long before = suppressed.getAndSet(0);
        try {
            String message = error.getMessage();
            lines.accept(before == 0 ? message : message + "; " + before + " more errors were not logged");
        } catch (RuntimeException | OutOfMemoryError | LinkageError e) { // a full Java heap fails a class for good
            suppressed.addAndGet(before + 1);
        }
    }
}
