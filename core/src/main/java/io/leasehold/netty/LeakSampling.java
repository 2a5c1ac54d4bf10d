package io.leasehold.netty;

import io.netty.buffer.AbstractByteBuf;
import io.netty.buffer.ByteBuf;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;
import java.lang.invoke.MethodHandles;
import org.jspecify.annotations.Nullable;

/// Chooses the buffers that Netty's leak detector watches at its default level, `simple`.
///
/// Netty draws a random number for each buffer and wraps one in 128 buffers. The wrapper, its stack trace and its weak
/// reference cost as much as the buffer itself. Here each buffer object counts its own uses down from a random number,
/// and one use in 128 is watched on average. The detector is the one of all other buffers, but there is no wrapper: the
/// buffer notifies the detector itself when it is released.
///
/// The number of stack traces is limited, unless each use is watched. The process takes at most 5,000 a second for new
/// uses. This limit is less than one use in 128 only if more than 640,000 buffers a second are allocated. The process
/// takes at most 1,000 a second for touches, which Netty does not record at this level. Every handler of a pipeline
/// touches the buffer; with TLS, unlimited touches took 5 % of the processor.
///
/// **Which detector.** The instance that `ByteBufUtil.setLeakListener` configures. Netty keeps it in a field without an
/// accessor. The field can be read where Netty's package is open, which is on the class path. Elsewhere this class
/// chooses nothing, and Netty does everything. The same holds if the application has its own detector class, which may
/// sample by rules of its own.
///
/// **Threads.** Thread-safe.
final class LeakSampling {

    /// One use in this many is watched.
    static final int INTERVAL = LeakSamplingOptions.interval();

    /// Chance of a use to be watched.
    static final double CHANCE = 1.0 / INTERVAL;

    /// Rate of the exponential distribution whose gaps, in whole uses, have the chance [#CHANCE].
    static final double RATE = -Math.log1p(-CHANCE);

    private static final String DETECTOR_FIELD = "leakDetector";
    private static final long NANOS_BETWEEN_USES = 200_000;
    private static final long NANOS_BETWEEN_TOUCHES = 1_000_000;

    /// Netty's own instance, or null if Netty chooses the buffers to watch.
    private static final @Nullable ResourceLeakDetector<ByteBuf> DETECTOR = plainDetector();

    /// Ordinal of the lowest level at which Netty has to be asked about each buffer.
    private static final int EACH_TRACKED_FROM =
            (DETECTOR == null ? ResourceLeakDetector.Level.SIMPLE : ResourceLeakDetector.Level.ADVANCED).ordinal();

    private static final Pace USES = new Pace(NANOS_BETWEEN_USES);
    private static final Pace TOUCHES = new Pace(NANOS_BETWEEN_TOUCHES);

    private LeakSampling() {}

    /// {@return true if Netty has to be asked about each buffer: at a level that watches all of them, or if this class
    /// cannot choose}
    static boolean isEachTracked() {
        return ResourceLeakDetector.getLevel().ordinal() >= EACH_TRACKED_FROM;
    }

    /// {@return true if this class chooses the buffers, and not too many were watched lately}
    static boolean isDue() {
        return DETECTOR != null && USES.isDue();
    }

    /// {@return a tracker for a buffer that is due, or null if Netty chooses the buffers}
    static @Nullable ResourceLeakTracker<ByteBuf> watch(CountedByteBuf buf) {
        return DETECTOR != null ? DETECTOR.trackForcibly(buf) : null;
    }

    /// Makes the detector record the current place of a buffer, unless too many were recorded lately.
    ///
    /// @param tracker tracker of the buffer
    /// @param hint object to record with the place, or null
    static void touch(ResourceLeakTracker<ByteBuf> tracker, @Nullable Object hint) {
        if (TOUCHES.isDue()) {
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

    /// A minimum time between two actions of all threads together.
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
