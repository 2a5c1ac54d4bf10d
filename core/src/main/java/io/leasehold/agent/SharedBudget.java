package io.leasehold.agent;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The number of bytes that all copies of Netty use. Each library counts in it, also if it is loaded several times.
///
/// **Threads.** Thread-safe.
final class SharedBudget {

    private final AtomicLong total = new AtomicLong(); // (A)
    private final AtomicBoolean isAnnounced = new AtomicBoolean(); // (A)

    AtomicLong total() {
        return total;
    }

    /// {@return a new counter of one copy; when the class loader of the copy is dropped, its bytes are taken off the
    /// total}
    AtomicLong own(@Nullable ClassLoader netty) {
        AtomicLong own = new AtomicLong();
        if (netty != null && !NettyCopies.isPermanent(netty)) {
            AtomicLong all = total;
            Dropped.CLEANER.register(netty, () -> all.addAndGet(-own.get()));
        }
        return own;
    }

    /// Prints one line for the first copy.
    void opened(AgentLog log, String copy) {
        if (isAnnounced.compareAndSet(false, true)) {
            log.info("Netty allocates from Leasehold: copy=" + copy);
        } else {
            log.debug("Netty allocates from Leasehold: copy=" + copy);
        }
    }

    /// Holds the thread that waits for dropped class loaders, which few programs need.
    private static final class Dropped {
        static final Cleaner CLEANER = Cleaner.create();
    }
}
