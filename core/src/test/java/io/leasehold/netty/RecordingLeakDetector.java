package io.leasehold.netty;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Netty's leak detector, changed to keep its reports instead of logging them, and to sample every buffer from level
/// SIMPLE on. Netty creates it, because surefire names it in `io.netty.customResourceLeakDetector`.
///
/// @param <T> the type of the resources
public final class RecordingLeakDetector<T> extends ResourceLeakDetector<T> {

    private static final String PROPERTY = "io.netty.customResourceLeakDetector";
    private static volatile boolean isFailing; // (A)
    private static final Queue<String> REPORTS = new ConcurrentLinkedQueue<>(); // (A)

    /// Called by Netty. The sampling interval is ignored.
    public RecordingLeakDetector(Class<?> type, int ignoredInterval) {
        super(type, 1);
    }

    /// Netty looks for this constructor first, and never calls it.
    public RecordingLeakDetector(Class<?> type, int ignoredInterval, long ignoredMaxActive) {
        this(type, ignoredInterval);
    }

    /// {@return true if Netty is configured to use this class in this JVM}
    static boolean isUsed() {
        return RecordingLeakDetector.class.getName().equals(System.getProperty(PROPERTY));
    }

    /// {@return the reports so far; the caller may empty the queue}
    static Queue<String> reports() {
        return REPORTS;
    }

    /// Has the detector fail to watch buffers, as on a full Java heap.
    public static void setFailing(boolean isFull) {
        isFailing = isFull;
    }

    @Override
    public ResourceLeakTracker<T> track(T resource) {
        if (isFailing) {
            throw new OutOfMemoryError("no space for a leak record");
        }
        return super.track(resource);
    }

    @Override
    protected boolean needReport() {
        return true;
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
        REPORTS.add(resourceType + records);
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
        REPORTS.add(resourceType);
    }
}
