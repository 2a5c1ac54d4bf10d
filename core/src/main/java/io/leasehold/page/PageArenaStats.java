package io.leasehold.page;

/// What an arena knows of itself at one moment; counts of pages unless the name says bytes.
///
/// @param pageByteSize the size of a page in bytes
/// @param reservedPages the limit: pages that may hold memory at a time
/// @param addressPages pages that have addresses, at least as many as the limit
/// @param accessiblePages pages below the frontier, which the kernel lets us touch
/// @param committedBytes what is charged to the budget: pages that may hold memory, and their tables
/// @param livePages allocated pages
/// @param cachedPages free pages in magazines
/// @param idlePages free pages in the common pool that still hold memory
/// @param transitPages free pages whose memory is being given back now
/// @param freePages pages that may still be allocated within the limit, whether or not they hold memory
/// @param wiredPages live pages with a wiring
/// @param heldPages live pages with a hold
/// @param peakUsedPages the most pages that were outside the common pool at one time
/// @param allocations allocations that needed the common pool
/// @param frees frees that needed the common pool
/// @param waits allocations that were prepared to wait
/// @param reclaims how often all magazines were brought home
/// @param reclaimFailures magazines that could not be brought home then
/// @param decommits runs whose memory was given back
/// @param decommitFailures batches of runs that the kernel did not take
/// @param kernelRefusals all refusals of the kernel
/// @param budgetRefusals refusals of the arena's budget or one above
public record PageArenaStats(
        long pageByteSize,
        int reservedPages,
        int addressPages,
        int accessiblePages,
        long committedBytes,
        int livePages,
        int cachedPages,
        int idlePages,
        int transitPages,
        int freePages,
        int wiredPages,
        int heldPages,
        int peakUsedPages,
        long allocations,
        long frees,
        long waits,
        long reclaims,
        long reclaimFailures,
        long decommits,
        long decommitFailures,
        long kernelRefusals,
        long budgetRefusals) {}
