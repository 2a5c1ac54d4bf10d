package io.leasehold.bench.scenario.server;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;

/// The counters of a server. All but `heldBytes` are totals since it started.
///
/// @param cpuNanos processor time of the process, including the JIT compiler and the garbage collector
/// @param collections number of garbage collections
/// @param garbageBytes bytes allocated on the heap by all threads
/// @param answers that were sent, right or wrong
/// @param heldBytes bytes that the allocator took from the system, by its own count
record ServerValues(long cpuNanos, long collections, long garbageBytes, long answers, long heldBytes) {

    /// {@return the values of this process}
    static ServerValues of(HttpServer server) {
        var system = ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
        var threads = ManagementFactory.getPlatformMXBean(com.sun.management.ThreadMXBean.class);
        long collections = ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionCount)
                .sum();
        return new ServerValues(
                system.getProcessCpuTime(),
                collections,
                threads.getTotalThreadAllocatedBytes(),
                server.counts().answers().sum(),
                server.heldBytes());
    }
}
