package io.leasehold.event;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;

/// The last reference to a buffer was released.
///
/// **Threads.** Confined to the thread that records it.
@Name("io.netty.FreeBuffer")
@Label("Buffer Deallocation")
@Description("A buffer was given back to its allocator")
final class FreeBufferEvent extends BufferEvent {

    static final FreeBufferEvent SETTINGS = new FreeBufferEvent();

    static void record(RecordedBuffer buffer) {
        FreeBufferEvent event = new FreeBufferEvent();
        if (event.shouldCommit()) {
            event.fill(buffer);
            event.commit();
        }
    }
}
