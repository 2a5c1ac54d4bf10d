package io.leasehold.netty;

import io.netty.util.ResourceLeakDetector;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Netty's leak detector, which keeps its reports instead of logging them, and samples every buffer from level SIMPLE
/// on. Netty makes it, since surefire names it in `io.netty.customResourceLeakDetector`.
///
/// @param <T> what may leak
public final class RecordingLeakDetector<T> extends ResourceLeakDetector<T> {

    private static final String PROPERTY = "io.netty.customResourceLeakDetector";
    private static final Queue<String> REPORTS = new ConcurrentLinkedQueue<>(); // (A)

    /// Made by Netty; the interval it asks for is not kept.
    public RecordingLeakDetector(Class<?> type, int ignoredInterval) {
        super(type, 1);
    }

    /// Looked for by Netty first, and called by nobody.
    public RecordingLeakDetector(Class<?> type, int ignoredInterval, long ignoredMaxActive) {
        this(type, ignoredInterval);
    }

    /// {@return true if Netty was told to use this class in this JVM}
    static boolean isUsed() {
        return RecordingLeakDetector.class.getName().equals(System.getProperty(PROPERTY));
    }

    /// {@return what was reported until now; emptied by whoever reads it}
    static Queue<String> reports() {
        return REPORTS;
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
