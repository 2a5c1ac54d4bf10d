package io.leasehold.budget;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The open children of a budget, by name.
///
/// **Threads.** Thread-safe. Children are added and a budget is closed under the monitor of this object. So a close
/// that is rejected does not reject a child that is added at the same time.
///
/// **Invariant.** Once [#tryClose()] succeeded, no child can be added until [#reopen()].
final class BudgetChildren {

    private static final int CLOSED = -1;

    private final AtomicInteger open = new AtomicInteger(); // (A) compare-and-set; at least the size of the map
    private final AtomicLong twins = new AtomicLong(1); // (A) counter; numbers children whose name is taken
    private final Map<String, MemoryBudget> byName = new ConcurrentHashMap<>(); // (A)

    /// Adds a child. If an open child has the name already, the name gets a number.
    ///
    /// @param factory creates the child from its final name
    /// @return the child, or null if the budget is closed
    synchronized @Nullable MemoryBudget tryAdd(String name, Function<String, MemoryBudget> factory) {
        if (open.getAndUpdate(count -> count == CLOSED ? CLOSED : count + 1) == CLOSED) {
            return null;
        }
        boolean isAdded = false;
        try {
            MemoryBudget child = factory.apply(name);
            while (byName.putIfAbsent(child.name(), child) != null) {
                child = factory.apply(name + "#" + twins.incrementAndGet());
            }
            isAdded = true;
            return child;
        } finally {
            if (!isAdded) {
                open.decrementAndGet();
            }
        }
    }

    /// Removes a child that was closed.
    void remove(MemoryBudget child) {
        byName.remove(child.name(), child);
        open.decrementAndGet();
    }

    /// {@return true if there was no child, and none can be added any more}
    boolean tryClose() {
        return open.compareAndSet(0, CLOSED);
    }

    /// Takes back a successful [#tryClose()].
    void reopen() {
        open.set(0);
    }

    /// {@return the number of open children}
    int count() {
        return Math.max(0, open.get());
    }

    /// {@return the children, largest use first} Each use is read once, because a comparator must be consistent.
    Stream<MemoryBudget> largestFirst() {
        return byName.values().stream()
                .map(child -> Map.entry(child, child.usedBytes()))
                .sorted(Map.Entry.<MemoryBudget, Long>comparingByValue().reversed())
                .map(Map.Entry::getKey);
    }

    /// Checks that the count is the size of the map. No other thread may be inside a change.
    ///
    /// @throws AssertionError if it is not
    void checkInvariants() {
        if (count() != byName.size()) {
            throw new AssertionError("open=" + open + ", children=" + byName.keySet());
        }
    }

    @Override
    public String toString() {
        return byName.keySet().toString();
    }
}
