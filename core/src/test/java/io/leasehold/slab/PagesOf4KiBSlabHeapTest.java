package io.leasehold.slab;

/// Heaps with the least tails and the most slabs.
class PagesOf4KiBSlabHeapTest
        implements SlabHeapContract, SlabHeapCloseContract, SlabHeapArenaContract, SlabHeapThinningContract {

    @Override
    public SlabTerms terms() {
        return SlabTerms.pages(4 << 10);
    }
}
