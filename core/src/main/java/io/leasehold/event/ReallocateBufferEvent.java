package io.leasehold.event;

import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;

/// A buffer needs a longer block. If it gets one, an [AllocateBufferEvent] follows.
///
/// **Threads.** Confined to the thread that records it.
@Name("io.netty.ReallocateBuffer")
@Label("Buffer Reallocation")
@Description("A buffer needs more memory than it has. A buffer allocation follows")
final class ReallocateBufferEvent extends BufferEvent {

    static final ReallocateBufferEvent SETTINGS = new ReallocateBufferEvent();

    @Label("New Capacity")
    @Description("The capacity that the buffer is to have")
    @DataAmount
    int newCapacity;

    static void record(RecordedBuffer buffer, int newCapacity) {
        ReallocateBufferEvent event = new ReallocateBufferEvent();
        if (event.shouldCommit()) {
            event.fill(buffer);
            event.newCapacity = newCapacity;
            event.commit();
        }
    }
}
