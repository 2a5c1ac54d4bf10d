package io.leasehold.bench.traffic;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicLong;

/// What a receiver counts.
///
/// **Threads.** One writes, others read.
final class Tally {

    private static final OperatingSystemMXBean SYSTEM =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private static final ThreadMXBean THREADS = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

    private final AtomicLong reads = new AtomicLong(); // (A) opaque
    private final AtomicLong messages = new AtomicLong(); // (A) opaque
    private final AtomicLong bytes = new AtomicLong(); // (A) opaque
    private final AtomicLong wrong = new AtomicLong(); // (A) opaque

    /// A moment of a receiver's process; all but the time is since it started.
    ///
    /// @param nanos of the clock
    /// @param cpuNanos processor time of the process, compiler and collector included
    /// @param garbageBytes allocated on the heap, by all threads
    record Values(long nanos, long cpuNanos, long garbageBytes, long reads, long messages, long bytes, long wrong) {

        /// {@return this as a line of text}
        String line() {
            return nanos + " " + cpuNanos + " " + garbageBytes + " " + reads + " " + messages + " " + bytes + " "
                    + wrong;
        }

        /// {@return what [#line] made}
        static Values parse(String line) {
            String[] v = line.split(" ", -1);
            return new Values(
                    Long.parseLong(v[0]),
                    Long.parseLong(v[1]),
                    Long.parseLong(v[2]),
                    Long.parseLong(v[3]),
                    Long.parseLong(v[4]),
                    Long.parseLong(v[5]),
                    Long.parseLong(v[6]));
        }
    }

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
