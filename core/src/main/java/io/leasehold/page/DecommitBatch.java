package io.leasehold.page;

/// Runs of idle pages that are taken out of the free map together, to be given back in as few kernel calls as possible.
///
/// **Threads.** Confined to the step that fills and empties it.
final class DecommitBatch {

    /// One process_madvise(2) takes 1,024 ranges; 512 keep the two arrays small and the call within a millisecond or
    /// so.
    private static final int MAX_RUNS = 512;

    private final int maxPages; // (C) what is out of reach for allocations while the kernel works
    private final int[] pages = new int[MAX_RUNS];
    private final int[] pageCounts = new int[MAX_RUNS];
    private int count;
    private int total;
    private int warm;
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

    /// {@return the first page that may be added}
    int from() {
        return from;
    }

    /// Empties the batch for what lies behind its last run, so that no page is met twice, also if it was refused.
    void next() {
        int end = count == 0 ? from : pages[count - 1] + pageCounts[count - 1];
        clear();
        from = end;
    }

    /// Empties the batch for any page.
    void clear() {
        count = 0;
        total = 0;
        warm = 0;
        from = 0;
    }
}
