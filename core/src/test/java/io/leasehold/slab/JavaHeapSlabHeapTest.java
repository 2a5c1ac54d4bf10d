package io.leasehold.slab;

/// Heaps of byte arrays.
class JavaHeapSlabHeapTest implements SlabHeapContract, SlabHeapCloseContract {

    @Override
    public SlabTerms terms() {
        return SlabTerms.pages(4 << 10).inArrays();
    }
}
