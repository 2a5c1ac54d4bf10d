package io.leasehold.budget;

/// Callbacks of a budget: the place where a circuit breaker or another account takes part. All methods do nothing
/// unless they are overridden.
///
/// ```text
///   tryReserve ---> reserving: true ----> ... ---> release ---> released
///                      |        \
///                      |         +--> a budget above refuses ---> released, refused
///                      +--> false ----------------------------> refused
/// ```
///
/// **Ownership.** Bytes for which [#reserving] returned true are reported by [#released], all of them and once, but
/// perhaps in other portions.
///
/// **Threads.** Called by the thread that reserves or releases, which may hold a lock of its arena. A callback must not
/// block, and must not allocate from an arena whose budget has a budget above it in common with this one. The message
/// of a refused allocation reads the counts of all arenas below the budget that refused, which needs their locks.
///
/// **Exceptions.** An exception from [#reserving] refuses the reservation. An exception from any other method is
/// ignored, and no byte is lost. The first exception of a budget is logged.
public interface BudgetListener {

    /// Called before bytes are reserved, when the limit of the budget allows them.
    ///
    /// @param budget the budget that has this listener
    /// @param bytes number of bytes, at least 1
    /// @return true to allow the reservation, false to refuse it; messages then name the class of this listener
    default boolean reserving(MemoryBudget budget, long bytes) {
        return true;
    }

    /// Called after bytes were released, also if a budget above refused them.
    ///
    /// @param budget the budget that has this listener
    /// @param bytes number of bytes, at least 1
    default void released(MemoryBudget budget, long bytes) {}

    /// Called after a reservation was refused, by the budget that has this listener or by one above it.
    ///
    /// @param refusal the limit that refused, and the numbers
    default void refused(BudgetRefusal refusal) {}

    /// Called when the use of the budget crosses its soft limit: above, below, above. Calls do not overlap. If changes
    /// of several threads meet, crossings between them may be left out, and the last call has the current state.
    ///
    /// @param budget the budget that has this listener
    /// @param isAbove true if more bytes than the soft limit are reserved
    default void softLimitCrossed(MemoryBudget budget, boolean isAbove) {}
}
