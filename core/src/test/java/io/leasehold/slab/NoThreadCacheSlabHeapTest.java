package io.leasehold.slab;

/// Heaps where each block goes through the lock of its size.
class NoThreadCacheSlabHeapTest implements SlabHeapContract, SlabHeapCloseContract, SlabHeapArenaContract {

    @Override
    public SlabSetup setup() {
        return SlabSetup.pages(4 << 10).withThreadCache(0);
    }
}
