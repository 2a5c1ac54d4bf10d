package io.leasehold.observe;

import io.leasehold.observe.counters.CounterFile;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The counter file of this process, made for the first allocator.
///
/// **Threads.** Thread-safe.
final class ProcessCounters {

    static final ObserveOptions OPTIONS = ObserveOptions.ofSystem();

    private static @Nullable CounterFile file; // (L) this class
    private static boolean isTried; // (L) this class
    private static boolean isReported; // (L) this class

    private ProcessCounters() {}

    /// {@return the file, or null if it is switched off or cannot be made}
    static synchronized @Nullable CounterFile file() {
        if (!isTried && OPTIONS.hasCounters()) {
            isTried = true;
            try {
                file = CounterFile.create(OPTIONS.folder());
            } catch (IOException | RuntimeException e) {
                report(e);
            }
        }
        return file;
    }

    /// Logs a failure, once for the process.
    static synchronized void report(Throwable failure) {
        if (!isReported) {
            isReported = true;
            System.getLogger("io.leasehold")
                    .log(
                            System.Logger.Level.WARNING,
                            "process has no counter file, and the stat command cannot show it: temporary="
                                    + OPTIONS.temporary() + ", cause=" + failure);
        }
    }
}
