package io.leasehold.bench.scenario.traffic;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicLong;

/// The counters of a receiver.
///
/// **Threads.** One thread writes, any thread reads.
final class Tally {

    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private static final ThreadMXBean THREADS = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

    private final AtomicLong reads = new AtomicLong(); // (A) opaque
    private final AtomicLong messages = new AtomicLong(); // (A) opaque
    private final AtomicLong bytes = new AtomicLong(); // (A) opaque
    private final AtomicLong wrong = new AtomicLong(); // (A) opaque

    /// A snapshot of a receiver's process. All values but `nanos` are totals since the process started.
    ///
    /// @param nanos time of the clock
    /// @param cpuNanos processor time of the process, including the JIT compiler and the garbage collector
    /// @param garbageBytes bytes allocated on the heap by all threads
    record Values(long nanos, long cpuNanos, long garbageBytes, long reads, long messages, long bytes, long wrong) {}

    void addRead(int byteSize) {
        add(reads, 1);
        add(bytes, byteSize);
    }

    void addMessages(int count) {
        add(messages, count);
    }

    void addWrong() {
        add(wrong, 1);
    }

    private static void add(AtomicLong count, long more) {
        count.setOpaque(count.getPlain() + more);
    }

    Values values() {
        return new Values(
                System.nanoTime(),
                SYSTEM.getProcessCpuTime(),
                THREADS.getTotalThreadAllocatedBytes(),
                reads.getOpaque(),
                messages.getOpaque(),
                bytes.getOpaque(),
                wrong.getOpaque());
    }
}
