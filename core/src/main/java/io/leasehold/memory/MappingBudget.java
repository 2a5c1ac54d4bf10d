package io.leasehold.memory;

import io.leasehold.os.VirtualMemory;
import java.util.concurrent.atomic.AtomicLong;

/// The account of kernel mappings of this process that are ours, at most a quarter of what the kernel allows.
///
/// A JVM that has run out of mappings dies at the next thread or heap region it creates, far from the cause, so
/// whatever splits a mapping charges it here first: regions, windows, locked and protected ranges.
///
/// **Ownership.** Who charged mappings credits them, exactly once, when they are gone.
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

    /// Makes an account of its own, for tests; everything else shares [#system()].
    ///
    /// @param limit the most mappings that may be taken
    /// @throws IllegalArgumentException if it is negative
    public MappingBudget(long limit) {
        this.limit = OptionChecks.atLeast("limit", limit, 0);
    }

    /// {@return the account of this process}
    public static MappingBudget system() {
        return SYSTEM;
    }

    /// Takes `count` mappings, or none.
    ///
    /// @param count how many mappings, not negative
    /// @return whether they were taken
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

    /// Takes `count` mappings.
    ///
    /// @param purpose what they are for, for the message
    /// @param count how many mappings, not negative
    /// @throws IllegalStateException if the account would pass its limit, naming both
    public void charge(String purpose, long count) {
        if (!tryCharge(count)) {
            throw new IllegalStateException(
                    "out of kernel mappings: purpose=%s, wanted=%d, used=%d, limit=%d (a quarter of vm.max_map_count)"
                            .formatted(purpose, count, used.get(), limit));
        }
    }

    /// Gives back what [#tryCharge] or [#charge] took.
    ///
    /// @param count how many mappings, not negative
    /// @throws IllegalStateException if more would be given back than was taken
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

    /// {@return the mappings taken now}
    public long used() {
        return used.get();
    }

    /// {@return the most mappings that may be taken}
    public long limit() {
        return limit;
    }

    private static void checkCount(long count) {
        if (count < 0) {
            throw new IllegalArgumentException("count of mappings is negative: " + count);
        }
    }
}
