package io.leasehold.page;

/// The clock of one arena: how old idle pages are, and when their memory goes.
///
/// ```text
///   ticks    | decay/8 | decay/8 | ...                 a page idle for more than 8 whole ticks is decommitted,
///   reclaim  ^                                ^        so after decay to 1.125 decay; once in a decay the magazines
///            +----------- decay --------------+        come home and their pages begin to age, and in each tick
///   settle   ^   ^   ^   ^   ^   ^   ^    ^   ^        tenants give back what they no longer need
/// ```
///
/// **Threads.** [#step] by one thread at a time; maintenance calls it, and tests do with a clock of their own.
final class Decay {

    static final int TICKS = 8;

    private final FrameAllocator allocator; // (C)
    private final PageTenants tenants; // (C)
    private final long tickNanos; // (C)
    private final long start; // (C)
    private long nextReclaim = TICKS; // (O)

    Decay(FrameAllocator allocator, PageTenants tenants, long decayNanos, long now) {
        this.allocator = allocator;
        this.tenants = tenants;
        this.tickNanos = Math.max(1, decayNanos / TICKS);
        this.start = now;
    }

    /// Does what is due at `now`.
    ///
    /// @return when to call again, on the same clock, in nanoseconds
    long step(long now) {
        long tick = (now - start) / tickNanos;
        allocator.advance((int) tick);
        tenants.settle();
        if (tick >= nextReclaim) {
            nextReclaim = tick + TICKS;
            allocator.reclaim();
        }
        allocator.decommitIdle(TICKS + 1);
        return start + (tick + 1) * tickNanos;
    }
}
