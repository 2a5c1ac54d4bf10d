package io.leasehold.observe;

import java.lang.management.BufferPoolMXBean;
import javax.management.ObjectName;

/// The direct buffers of an allocator as a buffer pool, like those of the JVM.
///
/// **Threads.** Thread-safe.
///
/// @param allocator the allocator
/// @param objectName name of this bean
/// @param name name of the pool
record BufferPoolBean(ObservedAllocator allocator, ObjectName objectName, String name) implements BufferPoolMXBean {

    @Override
    public ObjectName getObjectName() {
        return objectName;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public long getCount() {
        return allocator.figures().pinnedDirectBuffers();
    }

    @Override
    public long getTotalCapacity() {
        return allocator.figures().pinnedDirectBytes();
    }

    @Override
    public long getMemoryUsed() {
        return allocator.figures().committedBytes();
    }
}
