package io.leasehold.lease;

import io.leasehold.memory.OptionChecks;

/// What a lease pool is like.
///
/// @param name what it is called in messages
/// @param slots windows of the windowed engine, or 0 for the direct map
/// @param windowPages pages that one window holds, so the longest run that can be leased; 1 for the direct map, which
///     has no such bound
/// @param traced whether each lease remembers where it was acquired and closed: for finding errors, some microseconds a
///     lease
public record LeasePoolOptions(String name, int slots, int windowPages, boolean traced) {

    /// More windows than this are more than a kernel allows a process by default.
    static final int MAX_SLOTS = 1 << 20;

    static final int MAX_WINDOW_PAGES = 1 << 15;

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if a count is out of its bounds, or the name is blank
    public LeasePoolOptions {
        OptionChecks.name(name);
        OptionChecks.range("slots", slots, 0, MAX_SLOTS);
        OptionChecks.range("windowPages", windowPages, 1, MAX_WINDOW_PAGES);
    }

    /// {@return options of a pool whose leases are at the pages' own addresses: never waits, never fails}
    public static LeasePoolOptions directMap() {
        return new LeasePoolOptions("leases", 0, 1, false);
    }

    /// {@return options of a pool whose leases are at windows that come and go}
    ///
    /// @param slots how many windows of one page
    /// @throws IllegalArgumentException if it is not positive
    public static LeasePoolOptions windowed(int slots) {
        OptionChecks.range("slots", slots, 1, MAX_SLOTS);
        return new LeasePoolOptions("leases", slots, 1, false);
    }

    /// {@return these options with another name}
    ///
    /// @param name what the pool is called in messages
    public LeasePoolOptions withName(String name) {
        return new LeasePoolOptions(name, slots, windowPages, traced);
    }

    /// {@return these options with larger windows}
    ///
    /// @param windowPages pages in a window
    public LeasePoolOptions withWindowPages(int windowPages) {
        return new LeasePoolOptions(name, slots, windowPages, traced);
    }

    /// {@return these options with tracing on or off}
    ///
    /// @param traced whether each lease remembers where it was acquired and closed
    public LeasePoolOptions withTraced(boolean traced) {
        return new LeasePoolOptions(name, slots, windowPages, traced);
    }

    boolean isDirectMap() {
        return slots == 0;
    }
}
