package io.leasehold.page;

/// A snapshot of the statistics of an arena; may be stale. Counts are numbers of pages, unless the name ends in bytes.
///
/// @param pageByteSize the size of a page in bytes
/// @param reservedPages the limit: maximum number of pages that may hold memory at a time
/// @param addressPages number of pages that have addresses, at least the limit
/// @param accessiblePages number of pages below the frontier, which the kernel allows access to
/// @param committedBytes bytes that are charged to the budget: pages that may hold memory, and `tableBytes`
/// @param tableBytes bytes of the tables of accessible pages, without pages that a forced close has lost
/// @param livePages allocated pages
/// @param cachedPages free pages in magazines
/// @param idlePages free pages in the common pool that still hold memory
/// @param transitPages free pages that are being decommitted
/// @param freePages number of pages that can still be allocated within the limit, with or without memory
/// @param wiredPages live pages with at least one wiring
/// @param heldPages live pages with at least one hold
/// @param peakUsedPages maximum number of pages that were outside the common pool at one time
/// @param allocations allocations that needed the common pool
/// @param frees frees that needed the common pool
/// @param waits allocations with a timeout that found no run at once
/// @param reclaims number of flushes of all magazines
/// @param reclaimFailures slots that such a flush could not empty
/// @param decommits number of runs that were decommitted
/// @param decommitFailures batches of runs for which the decommit failed
/// @param kernelRefusals number of failed kernel calls
/// @param budgetRefusals reservations that the arena's budget or a parent rejected
public record PageArenaStats(
        long pageByteSize,
        int reservedPages,
        int addressPages,
        int accessiblePages,
        long committedBytes,
        long tableBytes,
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
