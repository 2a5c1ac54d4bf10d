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
/// 128 of them, by Netty's detector but without a wrapper: it tells the detector itself when it is released. And
/// records are bounded in time, to 5,000 a second in the process: more than that are due only where more than 640,000
/// buffers a second are lent, and then fewer than one in 128 are watched.
///
/// **Threads.** Thread-safe.
final class LeakSampling {

    /// One life in so many is watched.
    static final int INTERVAL = LeakSamplingOptions.interval();

    private static final long NANOS_BETWEEN_RECORDS = 200_000;

    private static final ResourceLeakDetector<ByteBuf> DETECTOR =
            ResourceLeakDetectorFactory.instance().newResourceLeakDetector(ByteBuf.class, 1);

    private static long nextRecord = System.nanoTime(); // (A) racy on purpose: a bound on cost, not a count

    private LeakSampling() {}

    /// {@return who watches a buffer that is due, or null if too many were watched lately}
    static @Nullable ResourceLeakTracker<ByteBuf> watch(CountedByteBuf buf) {
        long now = System.nanoTime();
        if (INTERVAL > 1 && now - nextRecord < 0) {
            return null;
        }
        nextRecord = now + NANOS_BETWEEN_RECORDS;
        return DETECTOR.track(buf);
    }
}
