package io.leasehold.budget;

import io.leasehold.memory.OptionChecks;

import io.leasehold.os.VirtualMemory;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A hard limit for bytes. Memory is reserved in the budget before it is committed, and released after it was
/// decommitted.
///
/// ```text
///   process (cgroup or machine, less heap, less margin)
///      |-- network   used <= limit
///      |-- cache     used <= limit         sum of the children's use == their share of the parent's
/// ```
///
/// **Ownership.** The caller that reserves bytes releases them exactly once. A child reserves each byte in its parent
/// too.
///
/// **Threads.** Thread-safe and lock-free. Test: `MemoryBudgetStress`.
///
/// **Invariants.** I1: `0 <= used && used <= byteLimit`. I2: a rejected reservation leaves the use of this budget and
/// of its parents unchanged.
public final class MemoryBudget implements AutoCloseable {

    /// Minimum default limit. With less memory for buffers, creating the default budget fails with an explanation,
    /// instead of an allocation failing later.
    static final long MIN_DEFAULT_BYTES = 16L << 20;

    /// Minimum margin. The margin is memory for the JVM itself beside the heap: a tenth of the memory limit, at least
    /// this constant, but at most half of the memory beside the heap, so that small containers have memory for buffers
    /// too.
    static final long MIN_MARGIN_BYTES = 128L << 20;

    /// Created at first use, so that a program that creates its own budgets does not query the machine.
    private static @Nullable MemoryBudget process; // (L) this class

    private final String name; // (C)
    private final long byteLimit; // (C)
    private final @Nullable MemoryBudget parent; // (C)
    private final AtomicLong used = new AtomicLong(); // (A) compare-and-set
    private final AtomicLong peak = new AtomicLong(); // (A) racy maximum, never above byteLimit
    private final AtomicLong refusals = new AtomicLong(); // (A) counter
    private final List<MemoryBudget> children = new CopyOnWriteArrayList<>();

    private MemoryBudget(String name, long byteLimit, @Nullable MemoryBudget parent) {
        this.name = OptionChecks.name(name);
        this.byteLimit = OptionChecks.atLeast("byteLimit", byteLimit, 0);
        this.parent = parent;
    }

    /// Creates a budget without a parent.
    ///
    /// @param byteLimit limit in bytes
    /// @param name name in messages and reports
    /// @return the budget
    /// @throws IllegalArgumentException if `byteLimit` is negative, or the name is blank
    public static MemoryBudget of(String name, long byteLimit) {
        return new MemoryBudget(name, byteLimit, null);
    }

    /// {@return the default budget, which all arenas without a budget of their own are charged to}
    ///
    /// @throws IllegalStateException if the machine or cgroup leaves too little beside the maximum heap
    public static synchronized MemoryBudget process() {
        if (process == null) {
            process = of(
                    "process",
                    defaultByteLimit(
                            VirtualMemory.system().memoryLimit(),
                            Runtime.getRuntime().maxMemory()));
        }
        return process;
    }

    /// Creates a child of this budget with its own limit. The limit may exceed the bytes that are left in this budget.
    ///
    /// @param byteLimit limit in bytes
    /// @param childName name in messages and reports
    /// @return the child
    /// @throws IllegalArgumentException if `byteLimit` is negative, or the name is blank
    public MemoryBudget child(String childName, long byteLimit) {
        MemoryBudget child = new MemoryBudget(childName, byteLimit, this);
        children.add(child);
        return child;
    }

    /// Reserves bytes in this budget and in all its parents, or in none of them. Does not block.
    ///
    /// @param bytes number of bytes
    /// @return true if the bytes were reserved
    /// @throws IllegalArgumentException if `bytes` is negative
    public boolean tryReserve(long bytes) {
        if (bytes < 0) {
            throw negative(bytes);
        }
        long before;
        do {
            before = used.get();
            if (bytes > byteLimit - before) {
                refusals.incrementAndGet();
                return false;
            }
        } while (!used.compareAndSet(before, before + bytes));
        if (parent != null && !parent.tryReserve(bytes)) {
            used.addAndGet(-bytes);
            refusals.incrementAndGet();
            return false;
        }
        raisePeak(before + bytes);
        return true;
    }

    /// Releases bytes that [#tryReserve] reserved.
    ///
    /// @param bytes number of bytes
    /// @throws IllegalArgumentException if `bytes` is negative
    /// @throws IllegalStateException if `bytes` exceeds the reserved bytes; nothing is changed then
    public void release(long bytes) {
        if (bytes < 0) {
            throw negative(bytes);
        }
        long before;
        do {
            before = used.get();
            if (bytes > before) {
                throw new IllegalStateException(
                        "released more than was reserved: budget=" + name + ", bytes=" + bytes + ", used=" + before);
            }
        } while (!used.compareAndSet(before, before - bytes));
        if (parent != null) {
            parent.release(bytes);
        }
    }

    /// Removes this budget from the report of its parent.
    ///
    /// @throws IllegalStateException if bytes are still reserved, naming the budgets that hold them
    @Override
    public void close() {
        if (used.get() != 0) {
            throw new IllegalStateException("budget is in use: " + report());
        }
        if (parent != null) {
            parent.children.remove(this);
        }
    }

    /// {@return the name of this budget}
    public String name() {
        return name;
    }

    /// {@return the limit in bytes}
    public long byteLimit() {
        return byteLimit;
    }

    /// {@return the number of bytes that are reserved now}
    public long usedBytes() {
        return used.get();
    }

    /// {@return the maximum number of bytes that were reserved at once}
    public long peakBytes() {
        return peak.get();
    }

    /// {@return the number of reservations that this budget or one of its parents rejected}
    public long refusals() {
        return refusals.get();
    }

    /// {@return the topmost parent, or this budget if it has no parent}
    public MemoryBudget top() {
        return parent == null ? this : parent.top();
    }

    /// {@return the first budget, from this one upwards, that would reject a reservation of `bytes`, or null if none
    /// would}
    ///
    /// @param bytes number of bytes to reserve
    public @Nullable MemoryBudget refusing(long bytes) {
        MemoryBudget budget = this;
        while (budget != null && bytes <= budget.byteLimit - budget.usedBytes()) {
            budget = budget.parent;
        }
        return budget;
    }

    /// {@return the use and limit of this budget and its children, largest use first}
    ///
    /// For example `network 12,582,912 of 16,777,216 B (cache 8,388,608 ...)`.
    public String report() {
        String own = String.format(Locale.ROOT, "%s %,d of %,d B", name, usedBytes(), byteLimit);
        if (children.isEmpty()) {
            return own;
        }
        return children.stream()
                .sorted((a, b) -> Long.compare(b.usedBytes(), a.usedBytes()))
                .map(MemoryBudget::report)
                .collect(Collectors.joining(", ", own + " (", ")"));
    }

    @Override
    public String toString() {
        return report();
    }

    /// {@return the limit of [#process()]: the memory limit minus the maximum heap and a margin}
    static long defaultByteLimit(long memoryLimit, long maxHeap) {
        long besideHeap = memoryLimit - maxHeap;
        long margin = Math.max(0, Math.min(Math.max(memoryLimit / 10, MIN_MARGIN_BYTES), besideHeap / 2));
        long left = besideHeap - margin;
        if (left < MIN_DEFAULT_BYTES) {
            throw new IllegalStateException(String.format(
                    Locale.ROOT,
                    "no room for off-heap memory: a limit of %,d B less a maximum heap of %,d B"
                            + " less a margin of %,d B leaves %,d B, and at least %,d B are needed;"
                            + " lower -Xmx, raise the limit, or give the arena a budget of its own",
                    memoryLimit,
                    maxHeap,
                    margin,
                    left,
                    MIN_DEFAULT_BYTES));
        }
        return left;
    }

    private void raisePeak(long candidate) {
        long seen = peak.get();
        while (candidate > seen && !peak.compareAndSet(seen, candidate)) {
            seen = peak.get();
        }
    }

    private IllegalArgumentException negative(long bytes) {
        return new IllegalArgumentException("bytes is negative: budget=" + name + ", bytes=" + bytes);
    }
}
