package io.leasehold.observe;

import java.util.List;

/// The numbers of an allocator: a snapshot; may be stale.
///
/// @param limitBytes maximum number of bytes that direct buffers may hold
/// @param reservedBytes bytes of address space of direct buffers
/// @param committedBytes bytes that may hold memory and are charged to the budget; of the whole arena, if it is shared
/// @param directBytes bytes that direct buffers have allocated from the arena, in use or not
/// @param heapBytes bytes in the arrays of heap buffers, in use or not
/// @param pinnedBytes bytes of the blocks of outstanding buffers of both kinds
/// @param pinnedBuffers number of outstanding buffers of both kinds
/// @param pinnedDirectBytes the part of `pinnedBytes` in direct buffers
/// @param pinnedDirectBuffers the part of `pinnedBuffers` that is direct
/// @param cachedBytes bytes of free blocks in the magazines of threads and in depots
/// @param refusals number of reservations that the budget or a parent refused; a failed request makes several, because
///     it tries again after a reclaim
/// @param reclaims number of flushes of the page caches of all threads
/// @param decommits number of runs of pages that were given back to the kernel
/// @param kernelFaults number of kernel calls that failed
/// @param direct blocks of direct buffers by size, the smallest first
/// @param onHeap blocks of heap buffers by size, the smallest first
public record AllocatorFigures(
        long limitBytes,
        long reservedBytes,
        long committedBytes,
        long directBytes,
        long heapBytes,
        long pinnedBytes,
        long pinnedBuffers,
        long pinnedDirectBytes,
        long pinnedDirectBuffers,
        long cachedBytes,
        long refusals,
        long reclaims,
        long decommits,
        long kernelFaults,
        List<SizeClassFigures> direct,
        List<SizeClassFigures> onHeap) {

    /// The numbers of an allocator that holds nothing.
    public static final AllocatorFigures NONE =
            new AllocatorFigures(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, List.of(), List.of());
}
