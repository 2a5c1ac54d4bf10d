package io.leasehold.slab;

import org.jspecify.annotations.Nullable;

/// Makes the objects that stand for blocks: buffers, views, or whatever the floor above lends out.
///
/// An object is bound to its block once and lent with it again and again, so that neither is looked for twice.
///
/// @param <T> what blocks are lent as
@FunctionalInterface
public interface Binder<T> {

    /// Makes the object of one block.
    ///
    /// @param heap whose block it is, and where it is released
    /// @param handle what the block is released as
    /// @param array where the block lies, or null for one outside the Java heap
    /// @param address address of its first byte, or the index of that in `array`; a multiple of 16 outside the heap
    /// @param byteSize how long it is in bytes
    /// @return the object, not yet lent to anybody
    T bind(SlabHeap<T> heap, long handle, byte @Nullable [] array, long address, int byteSize);
}
