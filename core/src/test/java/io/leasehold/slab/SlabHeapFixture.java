package io.leasehold.slab;

/// What the contracts of [SlabHeap] are written against: heaps of one kind.
interface SlabHeapFixture {

    SlabSetup setup();

    /// {@return a heap over an arena of `byteSize` bytes}
    default SlabBed bed(long byteSize) {
        return new SlabBed(setup(), byteSize);
    }

    default SlabBed bed() {
        return bed(64 * SlabBed.MIB);
    }
}
