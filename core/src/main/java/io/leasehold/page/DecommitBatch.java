package io.leasehold.page;

/// Runs of idle pages that are taken out of the free map together, to be given back in as few kernel calls as possible.
///
/// **Threads.** Confined to the step that fills and empties it.
final class DecommitBatch {

    /// One process_madvise(2) takes 1,024 ranges; 256 keep the call and the bookkeeping under the lock short.
    private static final int MAX_RUNS = 256;

    private final int maxPages; // (C) what is out of reach for allocations while the kernel works
    private final int[] pages = new int[MAX_RUNS];
    private final int[] pageCounts = new int[MAX_RUNS];
    final long[] addresses = new long[MAX_RUNS]; // for the kernel, made before a page is taken out of the map
    final long[] byteSizes = new long[MAX_RUNS];
    private int count;
    private int total;
    private int warm;
    private int gone;
    private int looks;
    private int from; // where the search goes on

    DecommitBatch(int maxPages) {
        this.maxPages = maxPages;
    }

    /// Adds a run, joined to the last one if they touch.
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

    /// {@return how many pages may still be added, at least 1 unless full}
    int room() {
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

    /// {@return all pages in the batch}
    int total() {
        return total;
    }

    /// {@return the pages in the batch that may hold memory}
    int warm() {
        return warm;
    }

    /// Notes whether the kernel took the batch.
    void noteGone(boolean isGone) {
        gone = isGone ? warm : 0;
    }

    /// {@return the pages of the batch whose memory went}
    int gone() {
        return gone;
    }

    /// {@return the page from which the search goes on}
    int from() {
        return from;
    }

    /// Notes that a block was looked at.
    void countLook() {
        looks++;
    }

    /// {@return the blocks that were looked at for this batch}
    int looks() {
        return looks;
    }

    /// Notes how far the search came, so that no page is met twice, also if the batch was refused.
    void goOnFrom(int page) {
        from = page;
    }

    /// Empties the batch for further pages.
    void clear() {
        count = 0;
        total = 0;
        warm = 0;
        gone = 0;
        looks = 0;
    }
}
