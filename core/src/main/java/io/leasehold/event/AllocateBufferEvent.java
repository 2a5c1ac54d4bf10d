package io.leasehold.event;

import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;

/// An allocator allocated a buffer, or gave it another block.
///
/// **Threads.** Confined to the thread that records it.
@Name("io.netty.AllocateBuffer")
@Label("Buffer Allocation")
@Description("A buffer was allocated, or reallocated, from an allocator")
final class AllocateBufferEvent extends BufferEvent {

    static final AllocateBufferEvent SETTINGS = new AllocateBufferEvent();

    @Label("Chunk Pooled")
    @Description("True if the memory of the buffer is a part of a chunk")
    boolean chunkPooled;

    @Label("Chunk Thread Local")
    @Description("True if the chunk belongs to one thread")
    boolean chunkThreadLocal;

    static void record(RecordedBuffer buffer) {
        AllocateBufferEvent event = new AllocateBufferEvent();
        if (event.shouldCommit()) {
            event.fill(buffer);
            event.chunkPooled = true;
            event.commit();
        }
    }
}
