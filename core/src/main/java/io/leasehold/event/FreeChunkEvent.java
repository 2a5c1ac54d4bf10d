package io.leasehold.event;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.MemoryAddress;
import jdk.jfr.Name;
import jdk.jfr.Registered;
import org.jspecify.annotations.Nullable;

/// A heap freed a slab. Name and fields are those of Netty's event, so that its settings and queries apply.
///
/// **Threads.** Confined to the thread that records it.
@Name("io.netty.FreeChunk")
@Label("Chunk Free")
@Description("Triggered when a memory chunk is freed from an allocator")
@Category("Netty")
@Enabled(false)
@Registered(false)
final class FreeChunkEvent extends Event {

    @Label("Allocator Type")
    @Description("The type of allocator this event is for")
    @Nullable Class<?> allocatorType;

    @Label("Chunk Capacity")
    @DataAmount
    int capacity;

    @Label("Direct")
    boolean direct;

    @Label("Memory Address")
    @MemoryAddress
    long address;

    @Label("Pooled")
    boolean pooled;

    static void record(Class<?> allocatorType, int capacity, boolean isDirect, long address) {
        FreeChunkEvent event = new FreeChunkEvent();
        if (event.shouldCommit()) {
            event.allocatorType = allocatorType;
            event.capacity = capacity;
            event.address = address;
            event.direct = isDirect;
            event.pooled = true;
            event.commit();
        }
    }
}
