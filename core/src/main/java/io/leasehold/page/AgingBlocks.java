package io.leasehold.page;

import io.leasehold.memory.OffHeap;
import java.util.Arrays;

/// A calendar of the blocks that got an idle page: when to visit a block in search of old pages.
///
/// ```text
///   tick      ... | t  | t+1 | ... | t+15        sixteen lists of blocks, by the tick of the visit
///                   |
///                   +-> block 7 -> block 3000 -> block 12
/// ```
///
/// A block is in at most one list. It enters a list when one of its pages becomes idle, for the tick in which that page
/// is old enough. It enters again after a visit that found younger pages. So a page that becomes idle costs one visit.
/// Blocks in which nothing was freed cost none, however many idle pages they have.
///
/// The tables are in zeroed memory, so that address space that was never used touches none.
///
/// **Threads.** Guarded by `FramePool.lock`.
///
/// **Invariants.** I1: `queued` is the number of blocks in the lists.
final class AgingBlocks {

    static final int NONE = -1;

    private static final int LISTS = 16;
    private static final int NODE_POWER = 2;

    /// Entries of the tables: a block is stored as its number plus [#FIRST].
    private static final int NOT_QUEUED = 0;

    private static final int END = 1;
    private static final int FIRST = 2;

    private final long nodes; // (C) address: for each block, the next one in its list
    private final int[] heads = new int[LISTS]; // (L) the first block of each list
    private int current; // (L) the tick whose list is processed; later lists wait
    private int queued; // (L)

    AgingBlocks(long nodes) {
        this.nodes = nodes;
        Arrays.fill(heads, END);
    }

    /// {@return number of bytes of the tables for `blocks` blocks}
    static long byteSize(int blocks) {
        return (long) blocks << NODE_POWER;
    }

    boolean isEmpty() {
        return queued == 0;
    }

    /// Schedules a visit to a block in the tick `due`, unless a visit is scheduled already.
    ///
    /// @param tick the current tick
    void add(int block, int due, int tick) {
        if (next(block) == NOT_QUEUED) {
            current = queued == 0 ? tick : current;
            int wait = Math.clamp(due - current, 0, LISTS - 1);
            int list = (current + wait) & (LISTS - 1);
            setNext(block, heads[list]);
            heads[list] = block + FIRST;
            queued++;
        }
    }

    /// {@return a block whose visit is due in `tick` or before, removed from its list; or [#NONE]}
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
        int block = heads[current & (LISTS - 1)] - FIRST;
        heads[current & (LISTS - 1)] = next(block);
        setNext(block, NOT_QUEUED);
        queued--;
        return block;
    }

    private int next(int block) {
        return OffHeap.getInt(nodes + ((long) block << NODE_POWER));
    }

    private void setNext(int block, int next) {
        OffHeap.putInt(nodes + ((long) block << NODE_POWER), next);
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
        return "AgingBlocks(queued=" + queued + ", current=" + current + ")";
    }
}
