package io.leasehold.slab;

/// Heaps of byte arrays.
class JavaHeapSlabHeapTest implements SlabHeapContract, SlabHeapCloseContract {

    @Override
    public SlabSetup setup() {
        return SlabSetup.pages(4 << 10).inArrays();
    }
}
