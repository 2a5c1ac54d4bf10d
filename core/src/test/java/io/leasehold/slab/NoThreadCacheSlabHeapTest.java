package io.leasehold.slab;

/// Heaps in which each block passes the lock of its size class.
class NoThreadCacheSlabHeapTest implements SlabHeapContract, SlabHeapCloseContract, SlabHeapArenaContract {

    @Override
    public SlabSetup setup() {
        return SlabSetup.pages(4 << 10).withThreadCache(0);
    }
}
