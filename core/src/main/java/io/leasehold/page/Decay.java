package io.leasehold.page;

import io.leasehold.memory.RestFlag;
import io.leasehold.page.PageReclaimer.Progress;
import org.jspecify.annotations.Nullable;

/// The clock of one arena: how old idle pages are, and when their memory is given back.
///
/// ```text
///   ticks   | decay/8 | decay/8 | ...                  a page idle for more than 8 whole ticks is decommitted,
///   flush   ^                                ^         so after decay to 1.125 decay; once in a decay the magazines
///           +----------- decay --------------+         are flushed and their pages begin to age; in each tick
///   decay   ^   ^   ^   ^   ^   ^   ^    ^   ^         reclaimers free what they no longer need
/// ```
///
/// **Rest.** An arena with nothing to give back rests: no step is made before [#request], which follows each change
/// that gives background work something to do: a page becomes idle, a magazine gets its first page, a reclaimer asks.
/// How no change is missed says [RestFlag].
///
/// **Threads.** [#step] by one thread at a time: maintenance, or a test with a clock of its own. [#request] by any
/// thread, without blocking.
final class Decay {

    static final int TICKS = 8;

    /// In place of the time of the next step: none is due before [#request].
    static final long NEVER = Long.MAX_VALUE;

    private final FramePool pool; // (C)
    private final FrameReclaimer reclaimer; // (C)
    private final Magazines magazines; // (C)
    private final PageReclaimers reclaimers; // (C)
    private final long tickNanos; // (C)
    private final long start; // (C)
    private final RestFlag rest = new RestFlag(); // (A)
    private volatile @Nullable Runnable waker; // (A) set once, by maintenance
    private long nextFlush = TICKS; // (O)

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
        this.tickNanos = Math.max(1, decayNanos / TICKS);
        this.start = now;
    }

    /// Does everything that is due at `now`, however long it takes.
    ///
    /// @return the time of the next tick
    long step(long now) {
        step(now, Pace.unlimited());
        return nextTick(now);
    }

    /// Does what is due at `now`, as far as the pace lets it.
    ///
    /// @return when to call again: `now` if work is left, the time of the next tick, or [#NEVER]
    long step(long now, Pace pace) {
        rest.begin(); // before anything is looked at
        long tick = catchUp(now);

        Progress progress = reclaimers.decay(pace);
        if (tick >= nextFlush) {
            nextFlush = tick + TICKS;
            reclaimer.flush();
        }
        boolean isFinished = reclaimer.decommitAged(TICKS + 1, pace);

        if (progress == Progress.DONE && isFinished && !pool.isAging() && !magazines.areOpen()) {
            return NEVER;
        }
        rest.cancel();
        return progress == Progress.UNFINISHED || !isFinished ? now : nextTick(now);
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
            // the thread cannot be told, or started; the change itself is made
        } finally {
            if (!isWoken) {
                rest.begin(); // the next request wakes it
            }
        }
    }

    /// Says what ends a rest; without it a step comes whenever the caller makes one.
    void onRequest(Runnable wake) {
        waker = wake;
    }

    /// Lets the age of idle pages follow the clock, which stands still during a rest.
    ///
    /// @return the tick of `now`
    long catchUp(long now) {
        long tick = (now - start) / tickNanos;
        pool.advance((int) tick);
        return tick;
    }

    /// {@return the time at which the tick after that of `now` begins}
    long nextTick(long now) {
        return start + ((now - start) / tickNanos + 1) * tickNanos;
    }
}
