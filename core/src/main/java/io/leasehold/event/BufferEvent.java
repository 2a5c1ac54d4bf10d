package io.leasehold.event;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.MemoryAddress;
import jdk.jfr.Registered;
import org.jspecify.annotations.Nullable;

/// The common part of the events of single buffers. Names and fields are those of Netty's events, so that their
/// settings and queries apply.
///
/// **Threads.** Confined to the thread that records it.
@Category("Netty")
@Enabled(false)
@Registered(false)
abstract sealed class BufferEvent extends Event permits AllocateBufferEvent, FreeBufferEvent, ReallocateBufferEvent {

    @Label("Allocator Type")
    @Description("The type of allocator this event is for")
    @Nullable Class<?> allocatorType;

    @Label("Size")
    @Description("The capacity that was requested")
    @DataAmount
    int size;

    @Label("Maximum Fast Capacity")
    @Description("The capacity that the buffer can have without a copy")
    @DataAmount
    int maxFastCapacity;

    @Label("Maximum Capacity")
    @DataAmount
    int maxCapacity;

    @Label("Direct")
    boolean direct;

    @Label("Memory Address")
    @Description("The address of the first byte, or 0 on the Java heap")
    @MemoryAddress
    long address;

    final void fill(RecordedBuffer buffer) {
        allocatorType = buffer.allocatorType();
        size = buffer.byteSize();
        maxFastCapacity = buffer.maxFastByteSize();
        maxCapacity = buffer.maxByteSize();
        direct = buffer.isDirect();
        address = buffer.address();
    }
}
