package io.leasehold.budget;

import io.leasehold.memory.OptionChecks;

import io.leasehold.os.VirtualMemory;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A hard bound on bytes, charged before memory is touched and credited after it was given back.
///
/// ```text
///   process (cgroup or machine, less heap, less margin)
///      |-- network   used <= limit
///      |-- cache     used <= limit         sum of the children's use == what they took of the parent
/// ```
///
/// **Ownership.** Who reserved bytes releases them, exactly once. A child takes what it uses from its parent too.
///
/// **Threads.** Thread-safe and lock-free.
///
/// **Invariants.** I1: `0 <= used && used <= byteLimit`. I2: a refused reservation changes nothing, here and above.
public final class MemoryBudget implements AutoCloseable {

    /// Below this the process has no room for buffers, and a default budget says so instead of failing later.
    static final long MIN_DEFAULT_BYTES = 16L << 20;

    /// Memory that is kept free for the JVM's own use beside the heap: a tenth of the limit, at least this much, but no
    /// more than half of what the heap leaves, so that small containers have room for buffers too.
    static final long MIN_MARGIN_BYTES = 128L << 20;

    /// Made at first use, so that a program with budgets of its own never asks the machine.
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

    /// {@return a budget of its own, with no parent}
    ///
    /// @param byteLimit the bound in bytes
    /// @param name what it is called in messages and reports
    /// @throws IllegalArgumentException if the bound is negative, or the name blank
    public static MemoryBudget of(String name, long byteLimit) {
        return new MemoryBudget(name, byteLimit, null);
    }

    /// {@return the budget that every arena without one of its own is charged to}
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

    /// {@return a part of this budget with a bound of its own; it may be larger than what this budget has left}
    ///
    /// @param byteLimit the bound in bytes
    /// @param childName what it is called in messages and reports
    /// @throws IllegalArgumentException if the bound is negative, or the name blank
    public MemoryBudget child(String childName, long byteLimit) {
        MemoryBudget child = new MemoryBudget(childName, byteLimit, this);
        children.add(child);
        return child;
    }

    /// Takes `bytes` here and in every budget above, or nothing anywhere. Does not block.
    ///
    /// @param bytes how many bytes
    /// @return whether they were taken
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

    /// Gives back what [#tryReserve] took.
    ///
    /// @param bytes how many bytes
    /// @throws IllegalArgumentException if `bytes` is negative
    /// @throws IllegalStateException if more would be given back than was taken; nothing is changed then
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

    /// Takes this budget out of its parent's report.
    ///
    /// @throws IllegalStateException if bytes are still taken, naming who holds them
    @Override
    public void close() {
        if (used.get() != 0) {
            throw new IllegalStateException("budget is in use: " + report());
        }
        if (parent != null) {
            parent.children.remove(this);
        }
    }

    /// {@return the name given at the start}
    public String name() {
        return name;
    }

    /// {@return the bound in bytes}
    public long byteLimit() {
        return byteLimit;
    }

    /// {@return the bytes taken now}
    public long usedBytes() {
        return used.get();
    }

    /// {@return the most bytes that were taken at one time}
    public long peakBytes() {
        return peak.get();
    }

    /// {@return how often a reservation was refused here or above}
    public long refusals() {
        return refusals.get();
    }

    /// {@return the budget above all that this one takes from; itself if it has no parent}
    public MemoryBudget top() {
        return parent == null ? this : parent.top();
    }

    /// {@return the budget whose limit refuses a reservation of `bytes` first: this one or one above it; null if all
    /// have room}
    ///
    /// @param bytes number of bytes to reserve
    public @Nullable MemoryBudget refusing(long bytes) {
        MemoryBudget budget = this;
        while (budget != null && bytes <= budget.byteLimit - budget.usedBytes()) {
            budget = budget.parent;
        }
        return budget;
    }

    /// {@return who holds how much, the largest first: `network 12,582,912 of 16,777,216 B (cache 8,388,608 ...)`}
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

    /// The bound of [#process()]: what the limit leaves after the maximum heap and a margin.
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
