package io.leasehold.budget;

import static io.leasehold.text.Texts.format;

import io.leasehold.os.VirtualMemory;
import org.jspecify.annotations.Nullable;

/// The default budget of the process ([MemoryBudget#process()]) and its limit.
///
/// **Threads.** Thread-safe.
final class ProcessBudget {

    /// Minimum limit. With less memory for buffers, creating the default budget fails with an explanation, instead of
    /// an allocation failing later.
    static final long MIN_BYTES = 16L << 20;

    /// Minimum margin. The margin is memory for the JVM itself beside the heap: a tenth of the memory limit, at least
    /// this constant. It is at most half of the memory beside the heap, so that small containers have memory for
    /// buffers too.
    static final long MIN_MARGIN_BYTES = 128L << 20;

    /// Created at first use, so that a program that creates its own budgets does not query the machine.
    private static @Nullable MemoryBudget budget; // (L) this class

    private ProcessBudget() {}

    /// {@return the budget, created at the first call}
    ///
    /// @throws IllegalStateException if the machine or cgroup leaves too little beside the maximum heap
    static synchronized MemoryBudget get() {
        if (budget == null) {
            budget = MemoryBudget.of(
                    "process",
                    byteLimit(
                            VirtualMemory.system().memoryLimit(),
                            Runtime.getRuntime().maxMemory()));
        }
        return budget;
    }

    /// {@return true if `other` is the budget of the process}
    static synchronized boolean is(MemoryBudget other) {
        return other == budget;
    }

    /// {@return the limit of [MemoryBudget#process()]: the memory limit minus the maximum heap and a margin}
    static long byteLimit(long memoryLimit, long maxHeap) {
        long besideHeap = memoryLimit - maxHeap;
        long margin = Math.max(0, Math.min(Math.max(memoryLimit / 10, MIN_MARGIN_BYTES), besideHeap / 2));
        long left = besideHeap - margin;
        if (left < MIN_BYTES) {
            throw new IllegalStateException(format(
                    "no room for off-heap memory: a limit of %,d B less a maximum heap of %,d B"
                            + " less a margin of %,d B leaves %,d B, and at least %,d B are needed;"
                            + " lower -Xmx, raise the limit, or give the arena a budget of its own",
                    memoryLimit, maxHeap, margin, left, MIN_BYTES));
        }
        return left;
    }
}
