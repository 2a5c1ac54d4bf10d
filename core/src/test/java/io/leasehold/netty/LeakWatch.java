package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.Eventually;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.lang.ref.WeakReference;

/// Makes the leak detector watch every buffer, until this object is closed.
///
/// **Threads.** Used by the test's thread. The level is one of the whole process.
final class LeakWatch implements AutoCloseable {

    private static final int ROUNDS = 3;

    private final Level before = ResourceLeakDetector.getLevel();

    LeakWatch(Level level) {
        ResourceLeakDetector.setLevel(level);
        RecordingLeakDetector.reports().clear();
    }

    /// Fails if a buffer was lost since this watch began.
    void assertNothingLost(ByteBufAllocator allocator) {
        for (int i = 0; i < ROUNDS; i++) {
            WeakReference<Object> canary = new WeakReference<>(new Object());
            Eventually.holds("a collection", () -> {
                System.gc();
                return canary.refersTo(null);
            });
            allocator.buffer().release(); // a detector reports when it is asked to track
        }
        assertThat(RecordingLeakDetector.reports()).isEmpty();
    }

    @Override
    public void close() {
        ResourceLeakDetector.setLevel(before);
    }
}
