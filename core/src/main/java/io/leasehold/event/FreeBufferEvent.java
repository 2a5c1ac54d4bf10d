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

/// A buffer was released. Name and fields are those of Netty's event, so that its settings and queries apply.
///
/// **Threads.** Confined to the thread that records it.
@Name("io.netty.FreeBuffer")
@Label("Buffer Deallocation")
@Description("Triggered when a buffer is freed from an allocator")
@Category("Netty")
@Enabled(false)
@Registered(false)
final class FreeBufferEvent extends Event {

    @Label("Allocator Type")
    @Description("The type of allocator this event is for")
    @Nullable Class<?> allocatorType;

    @Label("Size")
    @DataAmount
    int size;

    @Label("Maximum Fast Capacity")
    @DataAmount
    int maxFastCapacity;

    @Label("Maximum Capacity")
    @DataAmount
    int maxCapacity;

    @Label("Direct")
    boolean direct;

    @Label("Memory Address")
    @MemoryAddress
    long address;

    static void record(Class<?> allocatorType, int size, int maxFastCapacity, int maxCapacity, boolean direct, long address) {
        FreeBufferEvent event = new FreeBufferEvent();
        if (event.shouldCommit()) {
            event.allocatorType = allocatorType;
            event.size = size;
            event.maxFastCapacity = maxFastCapacity;
            event.maxCapacity = maxCapacity;
            event.direct = direct;
            event.address = address;
            event.commit();
        }
    }
}
