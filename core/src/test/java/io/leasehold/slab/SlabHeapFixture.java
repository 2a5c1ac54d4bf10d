package io.leasehold.slab;

/// The kind of heap that a contract of [SlabHeap] is tested with.
interface SlabHeapFixture {

    SlabSetup setup();

    /// {@return a heap on an arena of `byteSize` bytes}
    default SlabFixture fixture(long byteSize) {
        return new SlabFixture(setup(), byteSize);
    }

    default SlabFixture fixture() {
        return fixture(64 * SlabFixture.MIB);
    }
}
