package io.leasehold.page;

import static io.leasehold.page.BitmapLayout.PAGEBLOCK_POWER;

import io.leasehold.memory.OffHeap;
import java.util.Arrays;

/// A calendar of the pageblocks that got an idle page: when to visit a pageblock in search of old pages.
///
/// ```text
///   tick      ... | t  | t+1 | ... | t+15        sixteen lists of pageblocks, by the tick of the visit
///                   |
///                   +-> pageblock 7 -> pageblock 3000 -> pageblock 12
/// ```
///
/// A pageblock is in at most one list. It enters a list when one of its pages becomes idle, for the tick in which that
/// page is old enough. It enters again after a visit that found younger pages. So a page that becomes idle costs one
/// visit. Pageblocks in which nothing was freed cost none, however many idle pages they have.
///
/// The tables are in zeroed memory, so that address space that was never used touches none.
///
/// **Threads.** Guarded by `FramePool.lock`.
///
/// **Invariants.** I1: `queued` is the number of pageblocks in the lists.
final class AgingPageblocks {

    static final int NONE = -1;

    private static final int LISTS = 16;
    private static final int NODE_POWER = 2;

    /// Entries of the tables: a pageblock is stored as its number plus [#FIRST].
    private static final int NOT_QUEUED = 0;

    private static final int END = 1;
    private static final int FIRST = 2;

    private final long nodes; // (C) address: for each pageblock, the next one in its list
    private final int[] heads = new int[LISTS]; // (L) the first pageblock of each list
    private int current; // (L) the tick whose list is processed; later lists wait
    private int queued; // (L)

    AgingPageblocks(long nodes) {
        this.nodes = nodes;
        Arrays.fill(heads, END);
    }

    /// {@return number of bytes of the tables for `pageblocks` pageblocks}
    static long byteSize(int pageblocks) {
        return (long) pageblocks << NODE_POWER;
    }

    boolean isEmpty() {
        return queued == 0;
    }

    /// Schedules visits to the pageblocks of `n` pages from `page` on, as [#add] does.
    void addPages(int page, int n, int due, int tick) {
        for (int pageblock = page >>> PAGEBLOCK_POWER; pageblock <= (page + n - 1) >>> PAGEBLOCK_POWER; pageblock++) {
            add(pageblock, due, tick);
        }
    }

    /// Schedules a visit to a pageblock in the tick `due`, unless a visit is scheduled already.
    ///
    /// @param tick the current tick
    void add(int pageblock, int due, int tick) {
        if (next(pageblock) == NOT_QUEUED) {
            current = queued == 0 ? tick : current;
            int wait = Math.clamp(due - current, 0, LISTS - 1);
            int list = (current + wait) & (LISTS - 1);
            setNext(pageblock, heads[list]);
            heads[list] = pageblock + FIRST;
            queued++;
        }
    }

    /// {@return a pageblock whose visit is due in `tick` or before, removed from its list; or [#NONE]}
    int poll(int tick) {
        if (queued == 0) {
            return NONE;
        }
        while (heads[current & (LISTS - 1)] == END) {
            if (tick - current <= 0) {
                return NONE;
            }
            current++;
        }
        int pageblock = heads[current & (LISTS - 1)] - FIRST;
        heads[current & (LISTS - 1)] = next(pageblock);
        setNext(pageblock, NOT_QUEUED);
        queued--;
        return pageblock;
    }

    private int next(int pageblock) {
        return OffHeap.getInt(nodes + ((long) pageblock << NODE_POWER));
    }

    private void setNext(int pageblock, int next) {
        OffHeap.putInt(nodes + ((long) pageblock << NODE_POWER), next);
    }

    void checkInvariants() {
        int count = 0;
        for (int head : heads) {
            for (int next = head; next != END; next = next(next - FIRST)) {
                count++;
            }
        }
        if (count != queued) {
            throw new AssertionError("I1: queued=" + queued + ", in lists=" + count);
        }
    }

    @Override
    public String toString() {
        return "AgingPageblocks(queued=" + queued + ", current=" + current + ")";
    }
}
