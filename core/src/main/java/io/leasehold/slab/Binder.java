package io.leasehold.slab;

import org.jspecify.annotations.Nullable;

/// Makes the objects that represent blocks: buffers, views, or other objects of the package that uses the heap.
///
/// An object is bound to its block once and is reused with it, so neither of them has to be looked up separately.
///
/// @param <T> type of the objects that are bound to blocks
@FunctionalInterface
public interface Binder<T> {

    /// Makes the object of one block. The calling thread may be inside its slot: this method calls no heap, and waits
    /// for nothing. It may fail with any error, and the block stays free then.
    ///
    /// @param heap heap of the block, to which it is released
    /// @param handle handle to release the block with
    /// @param array array that contains the block, or null for a block outside the Java heap
    /// @param address address of the first byte, or its index in `array`; a multiple of 16 outside the Java heap
    /// @param byteSize length of the block in bytes
    /// @return the object, which is not in use yet
    T bind(SlabHeap<T> heap, long handle, byte @Nullable [] array, long address, int byteSize);
}
