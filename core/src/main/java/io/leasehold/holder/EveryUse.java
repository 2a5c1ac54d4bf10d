package io.leasehold.holder;

import io.leasehold.event.BufferEvents;
import io.leasehold.event.FlightEvents;

/// Tells whether each use of a block is recorded, or only the sampled ones. Each use is recorded from the first tag of
/// a thread on, and while a flight recording asks for events of buffers.
///
/// An allocation reads one static field for both conditions.
///
/// **Threads.** Thread-safe.
public final class EveryUse {

    /// Plain: a thread that set a tag sees its own write, and another thread that is late misses some events.
    private static boolean recorded; // (A)

    private static volatile boolean tagged; // (A) written under the lock of this class

    private EveryUse() {}

    /// {@return true if each use is recorded; always true on a thread that has a tag}
    public static boolean isRecorded() {
        return recorded;
    }

    /// Registers the events of the library if the JVM has a flight recorder by now, and looks whether a recording asks
    /// for events of buffers. Called by the maintenance thread, which holds no lock.
    public static void poll() {
        FlightEvents.poll();
        update(false);
    }

    /// Has each use recorded from now on, because the calling thread is about to get a tag.
    static void recordTags() {
        if (!tagged) {
            update(true);
        }
        recorded = true; // by this thread
    }

    private static synchronized void update(boolean isTagged) {
        tagged = tagged || isTagged;
        recorded = tagged || BufferEvents.areWanted();
    }
}
