package io.leasehold.netty;

import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.netty.util.ResourceLeakTracker;
import org.jspecify.annotations.Nullable;

/// Chooses the buffers that a leak detector watches at Netty's default level, `simple`.
///
/// Netty draws a random number for each buffer and wraps the one in 128 that it draws; the wrapper, its stack trace and
/// its weak reference cost as much as the buffer itself. Here each object counts its own lives and is watched in one of
/// 128 of them, by Netty's detector but without a wrapper: it tells the detector itself when it is released. And stack
/// traces are bounded in time: 5,000 a second in the process for lives that begin, which are fewer than one in 128 only
/// where more than 640,000 buffers a second are lent, and 1,000 for touches, which Netty does not record at this level.
/// A pipeline touches a buffer in every handler, so in one with TLS they took 5 % of the processor.
///
/// **Threads.** Thread-safe.
final class LeakSampling {

    /// One life in so many is watched.
    static final int INTERVAL = LeakSamplingOptions.interval();

    private static final long NANOS_BETWEEN_LIVES = 200_000;
    private static final long NANOS_BETWEEN_TOUCHES = 1_000_000;

    private static final ResourceLeakDetector<ByteBuf> DETECTOR =
            ResourceLeakDetectorFactory.instance().newResourceLeakDetector(ByteBuf.class, 1);

    private static final Pace LIVES = new Pace(NANOS_BETWEEN_LIVES);
    private static final Pace TOUCHES = new Pace(NANOS_BETWEEN_TOUCHES);

    private LeakSampling() {}

    /// {@return who watches a buffer that is due, or null if too many were watched lately}
    static @Nullable ResourceLeakTracker<ByteBuf> watch(CountedByteBuf buf) {
        return LIVES.isDue() ? DETECTOR.track(buf) : null;
    }

    /// Has a detector remember where a buffer that it watches is now, unless too many were asked for that lately.
    static void touch(ResourceLeakTracker<ByteBuf> tracker, @Nullable Object hint) {
        if (TOUCHES.isDue()) {
            tracker.record(hint);
        }
    }

    /// How often something may be done, in all threads together.
    private static final class Pace {

        private final long nanosBetween; // (C)
        private long next = System.nanoTime(); // (A) racy on purpose: a bound on cost, not a count

        Pace(long nanosBetween) {
            this.nanosBetween = nanosBetween;
        }

        boolean isDue() {
            long now = System.nanoTime();
            if (INTERVAL > 1 && now - next < 0) {
                return false;
            }
            next = now + nanosBetween;
            return true;
        }
    }
}
