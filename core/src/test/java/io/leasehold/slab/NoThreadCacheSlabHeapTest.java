package io.leasehold.slab;

/// Heaps where each block goes through the lock of its size.
class NoThreadCacheSlabHeapTest implements SlabHeapContract, SlabHeapCloseContract, SlabHeapArenaContract {

    @Override
    public SlabTerms terms() {
        return SlabTerms.pages(4 << 10).withThreadCache(0);
    }
}
