package io.leasehold.jumbo;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/// The pages of one shard that other threads freed, by their next handles: a queue with many producers and one consumer.
///
/// ```text
///   cells   | distance | tail | distance | head | distance | 0 |  t  |  t  |  0  |  t  | 0 |
///                                                                ^ head                  ^ tail
///   0 is an empty cell; where it stands between head and tail a producer is between its two steps
/// ```
///
/// The cells have handles, so that the thread which takes a page need not look at it. A push is one fetch-and-add,
/// whatever the number of pages, and one store for each. There is no check for a full queue: its shard owns no more
/// pages than there are cells, and a page that is freed twice never gets here.
///
/// **Threads.** [#push] by any thread; [#poll] by the thread in the shard's slot; [#depart], [#forEach] and [#size] by
/// any thread.
///
/// **Memory order.** The store of a cell (release) is paired with the consumer's read of it (acquire). The consumer's
/// clearing of a cell comes before the next push into it, since the consumer allocated that page after that.
///
/// **Invariants.** I1: `0 <= tail - head <= capacity`.
final class RemoteFreeQueue {

    /// No page.
    static final long NONE = JumboPage.NONE;

    private static final int TAIL = 8;
    private static final int HEAD = 24;
    private static final int FIRST = 40;

    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();

    private final long[] cells; // (A)
    private final int mask; // (C)
    private final AtomicInteger departed = new AtomicInteger(); // (A) pages that went elsewhere

    /// Makes an empty queue.
    ///
    /// @param capacity a power of two
    RemoteFreeQueue(int capacity) {
        this.cells = new long[FIRST + capacity];
        this.mask = capacity - 1;
    }

    int capacity() {
        return mask + 1;
    }

    void push(long next) {
        long position = (long) CELL.getAndAdd(cells, TAIL, 1L);
        CELL.setRelease(cells, cell(position), next);
    }

    /// Pushes the pages that were freed by these handles.
    void push(long[] handles, int from, int count) {
        long position = (long) CELL.getAndAdd(cells, TAIL, (long) count);
        for (int i = 0; i < count; i++) {
            CELL.setRelease(cells, cell(position + i), JumboLayout.after(handles[from + i], 1));
        }
    }

    /// {@return the handle of the page that came first, or [#NONE] if there is none, or its producer has not come to
    /// the second step}
    long poll() {
        long head = cells[HEAD];
        int cell = cell(head);
        long next = (long) CELL.getAcquire(cells, cell);
        if (next == 0) {
            return NONE;
        }
        CELL.setOpaque(cells, cell, 0L);
        CELL.setOpaque(cells, HEAD, head + 1);
        return next;
    }

    private int cell(long position) {
        return FIRST + ((int) position & mask);
    }

    /// Notes that a page that would have come here never will.
    void depart() {
        departed.incrementAndGet();
    }

    /// {@return the number of pages that departed since the last call}
    int takeDeparted() {
        return departed.get() == 0 ? 0 : departed.getAndSet(0);
    }

    /// Shows the handles that are here, as they are at some moment.
    void forEach(LongConsumer reader) {
        long head = (long) CELL.getOpaque(cells, HEAD);
        for (int i = size() - 1; i >= 0; i--) {
            long next = (long) CELL.getOpaque(cells, cell(head + i));
            if (next != 0) {
                reader.accept(next);
            }
        }
    }

    /// {@return the number of pages here; may be stale}
    int size() {
        long size = (long) CELL.getOpaque(cells, TAIL) - (long) CELL.getOpaque(cells, HEAD);
        return Math.clamp(size, 0, capacity());
    }

    @Override
    public String toString() {
        return "RemoteFreeQueue(size=" + size() + ", capacity=" + capacity() + ")";
    }
}
