package io.leasehold.page;

import io.leasehold.memory.RestFlag;
import io.leasehold.page.service.Pace;
import io.leasehold.page.service.PageReclaimer.Progress;
import org.jspecify.annotations.Nullable;

/// The clock of one arena: counts the age of idle pages, and decommits those that are old enough.
///
/// ```text
///   ticks   | decay/8 | decay/8 | ...                  a page that is idle for more than 8 whole ticks is decommitted,
///   flush   ^                                ^         so after decay to 1.125 decay; once in each decay the magazines
///           +----------- decay --------------+         are flushed and their pages begin to age; in each tick the
///   decay   ^   ^   ^   ^   ^   ^   ^    ^   ^         reclaimers free pages that they no longer need
/// ```
///
/// **Growth.** An arena that grows takes its idle pages next. A decommit in between would make it pay for the same
/// pages again, a page fault each. So a tick decommits nothing if [FrameSupply#GROWTH_BYTES] more bytes are in use than
/// at the tick before. The pages get older meanwhile, and are decommitted in the first tick without growth.
///
/// **No decay.** The clock of an arena without decay decommits nothing, and its reclaimers free nothing. A tick is
/// [#WATCH_NANOS] long, and only calls the reclaimers that watch the arena. No page gets older.
///
/// **Rest.** An arena with nothing to decommit rests: no step is made before [#request]. A request follows each change
/// that makes work for the background: a page becomes idle, a magazine gets its first page, or a reclaimer requests a
/// call. [RestFlag] explains why no change is missed, and `RestFlagStress` checks it.
///
/// **Threads.** [#step] is called by one thread at a time: the maintenance thread, or a test with its own clock.
/// [#request] is called by any thread. It wakes the maintenance thread, and starts it if it has ended.
final class Decay {

    static final int TICKS = 8;

    /// Tick of an arena without decay.
    static final long WATCH_NANOS = 500_000_000;

    /// Returned in place of the time of the next step: no step is due before [#request].
    static final long NEVER = Long.MAX_VALUE;

    private final FramePool pool; // (C)
    private final FrameReclaimer reclaimer; // (C)
    private final Magazines magazines; // (C)
    private final PageReclaimers reclaimers; // (C)
    private final long tickNanos; // (C)
    private final boolean isWatchOnly; // (C) true for an arena without decay
    private final long start; // (C)
    private final RestFlag rest = new RestFlag(); // (A)
    private volatile @Nullable Runnable waker; // (A) set once, by maintenance
    private long nextFlush = TICKS; // (O)
    private long lastTick = -1; // (O)
    private long usedBytes; // (O) bytes in use when `lastTick` began
    private boolean isGrowing; // (O) true if that was much more than in the tick before

    Decay(
            FramePool pool,
            FrameReclaimer reclaimer,
            Magazines magazines,
            PageReclaimers reclaimers,
            long decayNanos,
            long now) {
        this.pool = pool;
        this.reclaimer = reclaimer;
        this.magazines = magazines;
        this.reclaimers = reclaimers;
        this.isWatchOnly = decayNanos == PageArenaOptions.NO_DECAY.toNanos();
        this.tickNanos = isWatchOnly ? WATCH_NANOS : Math.max(1, decayNanos / TICKS);
        this.start = now;
    }

    /// Does all work that is due at `now`, without a time limit.
    ///
    /// @return the time of the next tick
    long step(long now) {
        step(now, Pace.unlimited());
        return nextTick(now);
    }

    /// Does the work that is due at `now`, within the limit of the pace.
    ///
    /// @return time of the next step: `now` if work is left, the time of the next tick, or [#NEVER]
    long step(long now, Pace pace) {
        rest.begin(); // must precede the search for work
        if (isWatchOnly) {
            return watch(now);
        }
        long tick = catchUp(now);

        Progress progress = reclaimers.decay(pace);
        if (!reclaimers.isEmpty()) {
            reclaimer.flushOwn(); // a request may be too early for another flush, and would miss what was just freed
        }
        if (tick >= nextFlush) {
            nextFlush = tick + TICKS;
            reclaimer.flush();
        }
        noteGrowth(tick);
        boolean isFinished = isGrowing || reclaimer.decommitAged(pace);

        if (progress == Progress.DONE && isFinished && !pool.isAging() && !magazines.areOpen()) {
            return NEVER;
        }
        rest.cancel();
        return progress == Progress.UNFINISHED || !isFinished ? now : nextTick(now);
    }

    private long watch(long now) {
        Progress progress = reclaimers.watch();
        if (progress == Progress.DONE) {
            return NEVER;
        }
        rest.cancel();
        return nextTick(now);
    }

    private void noteGrowth(long tick) {
        if (tick != lastTick) {
            lastTick = tick;
            long before = usedBytes;
            usedBytes = pool.usedBytes();
            isGrowing = usedBytes - before >= FrameSupply.GROWTH_BYTES;
        }
    }

    /// Ends the rest of the arena, if it rests.
    void request() {
        Runnable wake = waker;
        if (!rest.end() || wake == null) {
            return;
        }
        boolean isWoken = false;
        try {
            wake.run();
            isWoken = true;
        } catch (OutOfMemoryError | StackOverflowError e) {
            // the maintenance thread could not be woken or started; the change itself is made
        } finally {
            if (!isWoken) {
                rest.begin(); // the next request tries again
            }
        }
    }

    /// Sets the callback that ends a rest. Without it the caller of [#step] decides when a step is made.
    void onRequest(Runnable wake) {
        waker = wake;
    }

    /// Requests the first step, as if the arena rested before. So if the callback fails, the next request tries again.
    void start() {
        rest.begin();
        request();
    }

    /// Sets the clock of the idle pages to `now`. It does not advance while the arena rests, or without decay.
    ///
    /// @return the tick of `now`
    long catchUp(long now) {
        long tick = (now - start) / tickNanos;
        if (!isWatchOnly) {
            pool.advance((int) tick);
        }
        return tick;
    }

    /// {@return the time at which the next tick after `now` begins}
    long nextTick(long now) {
        return start + ((now - start) / tickNanos + 1) * tickNanos;
    }
}
