package io.leasehold.slab;

/// Heaps on the default page of arenas that are not small.
class PagesOf16KiBSlabHeapTest implements SlabHeapContract, SlabHeapArenaContract, SlabHeapThinningContract {

    @Override
    public SlabTerms terms() {
        return SlabTerms.pages(16 << 10);
    }
}
