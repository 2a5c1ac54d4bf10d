package io.leasehold.slab;

/// Heaps on the largest pages they take.
class PagesOf64KiBSlabHeapTest implements SlabHeapContract, SlabHeapArenaContract, SlabHeapThinningContract {

    @Override
    public SlabTerms terms() {
        return SlabTerms.pages(64 << 10);
    }
}
