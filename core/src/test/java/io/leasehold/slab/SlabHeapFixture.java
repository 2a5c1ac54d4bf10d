package io.leasehold.slab;

/// The kind of heap that a contract of [SlabHeap] is tested with.
interface SlabHeapFixture {

    SlabSetup setup();

    /// {@return a heap on an arena of `byteSize` bytes}
    default SlabBed bed(long byteSize) {
        return new SlabBed(setup(), byteSize);
    }

    default SlabBed bed() {
        return bed(64 * SlabBed.MIB);
    }
}
