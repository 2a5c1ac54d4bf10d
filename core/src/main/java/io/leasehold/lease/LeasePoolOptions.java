package io.leasehold.lease;

import io.leasehold.holder.Tag;
import io.leasehold.memory.OptionChecks;
import org.jspecify.annotations.Nullable;

/// Options of a lease pool.
///
/// @param name name of the pool in messages
/// @param slots number of windows, from 1 to 1,048,576, or 0 for the direct map
/// @param windowPages size of a window in pages, from 1 to 32,768, which is the longest run that can be leased; ignored
///     by the direct map
/// @param traced true to record where each lease is acquired and closed, which costs some microseconds per lease
/// @param tag tag under which the leases count in `io.leasehold.observe`, at most 100 characters; null for the tag of
///     the opening thread, or else the name
public record LeasePoolOptions(
        String name,
        int slots,
        int windowPages,
        boolean traced,
        @Nullable String tag) {

    /// Maximum number of windows: more than a kernel allows a process by default.
    static final int MAX_SLOTS = 1 << 20;

    static final int MAX_WINDOW_PAGES = 1 << 15;

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if a number is outside its limits, the name or the tag is blank, or the tag is
    ///     too long
    public LeasePoolOptions {
        OptionChecks.name(name);
        OptionChecks.range("slots", slots, 0, MAX_SLOTS);
        OptionChecks.range("windowPages", windowPages, 1, MAX_WINDOW_PAGES);
        Tag.check(tag);
    }

    /// {@return options of a pool that leases pages at their own addresses}
    ///
    /// An acquire from such a pool never waits.
    public static LeasePoolOptions directMap() {
        return new LeasePoolOptions("leases", 0, 1, false, null);
    }

    /// {@return options of a pool that maps pages into recycled windows of one page each}
    ///
    /// @param slots number of windows, from 1 to 1,048,576
    /// @throws IllegalArgumentException if `slots` is outside its limits
    public static LeasePoolOptions windowed(int slots) {
        OptionChecks.range("slots", slots, 1, MAX_SLOTS);
        return new LeasePoolOptions("leases", slots, 1, false, null);
    }

    /// {@return these options with another name}
    ///
    /// @param name name of the pool in messages
    /// @throws IllegalArgumentException if the name is blank
    public LeasePoolOptions withName(String name) {
        return new LeasePoolOptions(name, slots, windowPages, traced, tag);
    }

    /// {@return these options with another window size}
    ///
    /// @param windowPages size of a window in pages, from 1 to 32,768
    /// @throws IllegalArgumentException if `windowPages` is outside its limits
    public LeasePoolOptions withWindowPages(int windowPages) {
        return new LeasePoolOptions(name, slots, windowPages, traced, tag);
    }

    /// {@return these options with tracing on or off}
    ///
    /// @param traced true to record where each lease is acquired and closed
    public LeasePoolOptions withTraced(boolean traced) {
        return new LeasePoolOptions(name, slots, windowPages, traced, tag);
    }

    /// {@return these options with another tag}
    ///
    /// @param newTag new value of `tag`
    /// @throws IllegalArgumentException if the tag is blank or too long
    public LeasePoolOptions withTag(@Nullable String newTag) {
        return new LeasePoolOptions(name, slots, windowPages, traced, newTag);
    }

    boolean isDirectMap() {
        return slots == 0;
    }
}
