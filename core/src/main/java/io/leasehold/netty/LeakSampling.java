package io.leasehold.netty;

import io.netty.buffer.AbstractByteBuf;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;
import java.lang.invoke.MethodHandles;
import org.jspecify.annotations.Nullable;

/// Chooses the buffers that Netty's leak detector watches at its default level, `simple`.
///
/// Netty draws a random number for each buffer and wraps the one in 128 that it draws; the wrapper, its stack trace and
/// its weak reference cost as much as the buffer itself. Here each object counts its own lives and is watched in one of
/// 128 of them, by the detector of all other buffers but without a wrapper: the buffer tells the detector itself when
/// it is released. Stack traces are bounded in time: 5,000 a second in the process for lives that begin, which are
/// fewer than one in 128 only where more than 640,000 buffers a second are allocated, and 1,000 for touches, which
/// Netty does not record at this level. A pipeline touches a buffer in every handler, so in one with TLS they took 5 %
/// of the processor.
///
/// **Which detector.** The one instance that `ByteBufUtil.setLeakListener` talks to. Netty keeps it in a field without
/// an accessor, which can be read where its package is open: on the class path. Elsewhere, and if the application has
/// a detector of its own class, which may sample by rules of its own, nothing is chosen here and Netty does all.
///
/// **Threads.** Thread-safe.
final class LeakSampling {

    /// One life in so many is watched.
    static final int INTERVAL = LeakSamplingOptions.interval();

    private static final String DETECTOR_FIELD = "leakDetector";
    private static final long NANOS_BETWEEN_LIVES = 200_000;
    private static final long NANOS_BETWEEN_TOUCHES = 1_000_000;

    /// Netty's own instance, or null where Netty chooses what it watches.
    private static final @Nullable ResourceLeakDetector<ByteBuf> DETECTOR = plainDetector();

    private static final Pace LIVES = new Pace(NANOS_BETWEEN_LIVES);
    private static final Pace TOUCHES = new Pace(NANOS_BETWEEN_TOUCHES);

    private LeakSampling() {}

    /// {@return true if this class chooses what is watched; false if [#watch] must not be called}
    static boolean isChoosing() {
        return DETECTOR != null;
    }

    /// {@return the tracker of a buffer that is due, or null if too many were watched lately}
    static @Nullable ResourceLeakTracker<ByteBuf> watch(CountedByteBuf buf) {
        return DETECTOR != null && LIVES.isDue() ? DETECTOR.trackForcibly(buf) : null;
    }

    /// Has a detector remember where a buffer is now, unless too many were asked for that lately.
    ///
    /// @param tracker of the buffer, or null if it is not watched
    static void touch(@Nullable ResourceLeakTracker<ByteBuf> tracker, @Nullable Object hint) {
        if (tracker != null && TOUCHES.isDue()) {
            tracker.record(hint);
        }
    }

    @SuppressWarnings("unchecked") // the field holds a detector of buffers
    private static @Nullable ResourceLeakDetector<ByteBuf> plainDetector() {
        try {
            Object detector = MethodHandles.privateLookupIn(AbstractByteBuf.class, MethodHandles.lookup())
                    .findStaticGetter(AbstractByteBuf.class, DETECTOR_FIELD, ResourceLeakDetector.class)
                    .invoke();
            return detector.getClass() == ResourceLeakDetector.class ? (ResourceLeakDetector<ByteBuf>) detector : null;
        } catch (Throwable e) {
            return null; // the package is closed, or Netty renamed the field
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
