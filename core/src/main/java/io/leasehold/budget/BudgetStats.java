package io.leasehold.budget;

import java.util.List;

/// A snapshot of a budget and of all budgets below it. The numbers are read one after the other, so they may differ by
/// what changed meanwhile.
///
/// @param path names from the topmost budget down, separated by `/`
/// @param usedBytes number of reserved bytes, those of children included
/// @param ownBytes number of bytes that were reserved in this budget itself, not through a child
/// @param peakBytes maximum number of bytes that were reserved at once
/// @param byteLimit hard limit in bytes
/// @param softByteLimit soft limit in bytes
/// @param shareBytes share in bytes, see [MemoryBudget#shareBytes()]
/// @param refusals number of reservations that this budget or one above it refused
/// @param softCrossings number of times that the use rose above the soft limit
/// @param children the budgets below, largest use first
public record BudgetStats(
        String path,
        long usedBytes,
        long ownBytes,
        long peakBytes,
        long byteLimit,
        long softByteLimit,
        long shareBytes,
        long refusals,
        long softCrossings,
        List<BudgetStats> children) {

    /// Copies the list, so that the snapshot does not change.
    public BudgetStats {
        children = List.copyOf(children);
    }
}
