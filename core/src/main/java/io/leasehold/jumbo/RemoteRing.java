package io.leasehold.jumbo;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;

/// The pages of one shard that other threads freed: a ring of ints with many producers and one consumer.
///
/// ```text
///   cells   | distance | tail | distance | head | distance | 0 | p+1 | p+1 |  0  | p+1 | 0 |
///                                                                ^ head                  ^ tail
///   0 is an empty cell; where it stands between head and tail a producer is between its two steps
/// ```
///
/// A push is one fetch-and-add and one store. There is no check for a full ring: its shard sees to it that no more
/// pages are on their way home to it than there are cells, and a page that is freed twice never gets here.
///
/// **Threads.** [#push] by any thread; [#poll] by who is in the shard's slot; [#depart] and [#size] by any thread.
///
/// **Memory order.** The store of a cell (release) is paired with the consumer's read of it (acquire). The consumer's
/// clearing of a cell comes before the next push into it, since that page was lent by the consumer after that.
///
/// **Invariants.** I1: `0 <= tail - head <= capacity`.
final class RemoteRing {

    /// No page.
    static final int NONE = -1;

    private static final int TAIL = 16;
    private static final int HEAD = 48;
    private static final int FIRST = 80;

    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(int[].class).withInvokeExactBehavior();

    private final int[] cells; // (A)
    private final int mask; // (C)
    private final AtomicInteger departed = new AtomicInteger(); // (A) pages that went elsewhere

    /// Makes an empty ring.
    ///
    /// @param capacity a power of two
    RemoteRing(int capacity) {
        this.cells = new int[FIRST + capacity];
        this.mask = capacity - 1;
    }

    int capacity() {
        return mask + 1;
    }

    void push(int page) {
        int position = (int) CELL.getAndAdd(cells, TAIL, 1);
        CELL.setRelease(cells, FIRST + (position & mask), page + 1);
    }

    /// {@return the page that came first, or [#NONE] if there is none, or its producer has not come to the second step}
    int poll() {
        int head = cells[HEAD];
        int cell = FIRST + (head & mask);
        int page = (int) CELL.getAcquire(cells, cell) - 1;
        if (page != NONE) {
            CELL.setOpaque(cells, cell, 0);
            CELL.setOpaque(cells, HEAD, head + 1);
        }
        return page;
    }

    /// Notes that a page that would have come here never will.
    void depart() {
        departed.incrementAndGet();
    }

    /// {@return how many pages departed since the last call}
    int takeDeparted() {
        return departed.get() == 0 ? 0 : departed.getAndSet(0);
    }

    /// {@return how many pages are here, of some moment}
    int size() {
        int size = (int) CELL.getOpaque(cells, TAIL) - (int) CELL.getOpaque(cells, HEAD);
        return Math.clamp(size, 0, capacity());
    }

    @Override
    public String toString() {
        return "RemoteRing(size=" + size() + ", capacity=" + capacity() + ")";
    }
}
