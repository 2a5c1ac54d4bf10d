package io.leasehold.page;

/// Runs of idle pages that are taken out of the free map together, and decommitted by as few kernel calls as possible.
///
/// **Threads.** Confined to the thread that fills and decommits it.
final class DecommitBatch {

    /// Keeps the bookkeeping under the lock short. The kernel gets 64 runs in a call.
    private static final int MAX_RUNS = 256;

    private final int maxPages; // (C) maximum number of pages that cannot be allocated during the kernel call
    private final int[] pages = new int[MAX_RUNS];
    private final int[] pageCounts = new int[MAX_RUNS];
    final long[] addresses = new long[MAX_RUNS]; // for the kernel; allocated before a page is taken out of the map
    final long[] byteSizes = new long[MAX_RUNS];
    private int count;
    private int total;
    private int warm;
    private int decommitted;
    private int looks;
    private int from; // page at which the search continues

    DecommitBatch(int maxPages) {
        this.maxPages = maxPages;
    }

    /// Adds a run, and joins it to the last one if they are adjacent.
    void add(int page, int pageCount, int warmPages) {
        if (count > 0 && pages[count - 1] + pageCounts[count - 1] == page) {
            pageCounts[count - 1] += pageCount;
        } else {
            pages[count] = page;
            pageCounts[count++] = pageCount;
        }
        total += pageCount;
        warm += warmPages;
    }

    boolean isFull() {
        return count == MAX_RUNS || total >= maxPages;
    }

    /// {@return number of pages that may still be added, at least 1 unless the batch is full}
    int remaining() {
        return maxPages - total;
    }

    int count() {
        return count;
    }

    int page(int i) {
        return pages[i];
    }

    int pageCount(int i) {
        return pageCounts[i];
    }

    /// {@return number of pages in the batch}
    int total() {
        return total;
    }

    /// {@return number of pages in the batch that may hold memory}
    int warm() {
        return warm;
    }

    /// Records the result of the decommit of the batch.
    void noteDecommitted(boolean isDecommitted) {
        decommitted = isDecommitted ? warm : 0;
    }

    /// {@return number of pages of the batch that the decommit freed memory of}
    int decommittedPages() {
        return decommitted;
    }

    /// {@return the page at which the search continues}
    int from() {
        return from;
    }

    /// Counts a visit to a pageblock.
    void countLook() {
        looks++;
    }

    /// {@return number of pageblocks that were visited for this batch}
    int looks() {
        return looks;
    }

    /// Sets the page at which the search continues, so that no page is visited twice, even if the decommit fails.
    void continueAt(int page) {
        from = page;
    }

    /// Removes all runs from the batch. The search position stays.
    void clear() {
        count = 0;
        total = 0;
        warm = 0;
        decommitted = 0;
        looks = 0;
    }
}
