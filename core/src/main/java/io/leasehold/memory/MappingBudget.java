package io.leasehold.memory;

import static io.leasehold.text.Texts.format;

import io.leasehold.os.VirtualMemory;
import java.util.concurrent.atomic.AtomicLong;

/// The limit for kernel mappings that this library creates: a quarter of those that the kernel allows for the process.
///
/// A JVM that has run out of mappings crashes when it creates the next thread or heap region, far from the cause. So
/// code that splits a mapping charges it here first: regions, windows, locked and protected ranges.
///
/// **Ownership.** The caller that charges mappings credits them exactly once, after they were removed.
///
/// **Threads.** Thread-safe and lock-free.
///
/// **Invariants.** I1: `0 <= used && used <= limit`.
///
/// @see <a href="https://docs.kernel.org/admin-guide/sysctl/vm.html#max-map-count">vm.max_map_count</a>
public final class MappingBudget {

    private static final MappingBudget SYSTEM =
            new MappingBudget(VirtualMemory.system().mappingLimit() / 4);

    private final long limit; // (C)
    private final AtomicLong used = new AtomicLong(); // (A) compare-and-set

    /// Creates a separate budget, for tests. All other code shares [#system()].
    ///
    /// @param limit maximum number of mappings
    /// @throws IllegalArgumentException if `limit` is negative
    public MappingBudget(long limit) {
        this.limit = OptionChecks.atLeast("limit", limit, 0);
    }

    /// {@return the budget of this process}
    public static MappingBudget system() {
        return SYSTEM;
    }

    /// Charges `count` mappings, or none.
    ///
    /// @param count number of mappings, not negative
    /// @return true if they were charged, false if the limit would be exceeded
    public boolean tryCharge(long count) {
        checkCount(count);
        long before;
        do {
            before = used.get();
            if (count > limit - before) {
                return false;
            }
        } while (!used.compareAndSet(before, before + count));
        return true;
    }

    /// Charges `count` mappings.
    ///
    /// @param purpose purpose of the mappings in the message
    /// @param count number of mappings, not negative
    /// @throws IllegalStateException if the limit would be exceeded; the message has the numbers
    /// @throws IllegalArgumentException if `count` is negative
    public void charge(String purpose, long count) {
        if (!tryCharge(count)) {
            throw new IllegalStateException(format(
                    "out of kernel mappings: purpose=%s, wanted=%d, used=%d, max=%d (a quarter of vm.max_map_count)",
                    purpose, count, used.get(), limit));
        }
    }

    /// Credits mappings that [#tryCharge] or [#charge] charged.
    ///
    /// @param count number of mappings, not negative
    /// @throws IllegalStateException if `count` exceeds the number of charged mappings
    public void credit(long count) {
        checkCount(count);
        long before;
        do {
            before = used.get();
            if (count > before) {
                throw new IllegalStateException(
                        "credited more mappings than were charged: count=" + count + ", used=" + before);
            }
        } while (!used.compareAndSet(before, before - count));
    }

    /// {@return the number of mappings that are charged now}
    public long used() {
        return used.get();
    }

    /// {@return the maximum number of mappings}
    public long limit() {
        return limit;
    }

    private static void checkCount(long count) {
        if (count < 0) {
            throw new IllegalArgumentException("count of mappings is negative: count=" + count);
        }
    }
}
