package io.leasehold.slab;

/// Heaps whose magazines are full and empty all the time.
class SmallThreadCacheSlabHeapTest implements SlabHeapContract, SlabHeapCloseContract, SlabHeapArenaContract {

    @Override
    public SlabTerms terms() {
        return SlabTerms.pages(4 << 10).withThreadCache(4 << 10);
    }
}
