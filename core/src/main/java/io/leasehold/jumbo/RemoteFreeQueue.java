package io.leasehold.jumbo;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/// The pages of one shard that other threads freed, by their next handles: a queue with many producers and one
/// consumer.
///
/// ```text
///   cells   | distance | tail | distance | head | distance | 0 |  t  |  t  |  0  |  t  | 0 |
///                                                                ^ head                  ^ tail
///   0 is an empty cell; an empty cell between head and tail belongs to a producer that is between its two steps
/// ```
///
/// The cells contain handles, so the thread that takes a page need not read the page. A push is one fetch-and-add for
/// any number of pages, and one store for each page. A full queue is impossible and not checked for: the shard owns no
/// more pages than the queue has cells, and a double free fails before the push.
///
/// **Threads.** [#push] by any thread; [#poll] by the thread in the slot of the shard; [#depart], [#forEach] and
/// [#size] by any thread.
///
/// **Memory order.** The store of a cell (release) is paired with the read of it by the consumer (acquire).
/// `JumboStress.RemoteFree` checks it. The consumer clears a cell before the next push into it, because that push frees
/// a page that was allocated after the clearing.
///
/// **Invariants.** I1: `0 <= tail - head <= capacity`.
final class RemoteFreeQueue {

    /// In place of a handle: no page.
    static final long NONE = JumboPage.NONE;

    private static final int TAIL = 8;
    private static final int HEAD = 24;
    private static final int FIRST = 40;

    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();

    private final long[] cells; // (A)
    private final int mask; // (C)
    private final AtomicInteger departed = new AtomicInteger(); // (A) pages of the shard that will not come here

    /// Creates an empty queue.
    ///
    /// @param capacity a power of two
    RemoteFreeQueue(int capacity) {
        this.cells = new long[FIRST + capacity];
        this.mask = capacity - 1;
        linkCalls();
    }

    /// Makes each kind of access once. The first access of a kind creates objects. Without this call it could fail in
    /// the middle of a release, when the Java heap is full.
    private void linkCalls() {
        CELL.setOpaque(cells, HEAD, (long) CELL.getAcquire(cells, HEAD));
        CELL.setRelease(cells, TAIL, (long) CELL.getAndAdd(cells, TAIL, 0L));
    }

    int capacity() {
        return mask + 1;
    }

    void push(long next) {
        long position = (long) CELL.getAndAdd(cells, TAIL, 1L);
        CELL.setRelease(cells, cell(position), next);
    }

    /// Pushes pages that were freed with these handles.
    void push(long[] handles, int from, int count) {
        long position = (long) CELL.getAndAdd(cells, TAIL, (long) count);
        for (int i = 0; i < count; i++) {
            CELL.setRelease(cells, cell(position + i), JumboLayout.after(handles[from + i], 1));
        }
    }

    /// Takes the oldest page.
    ///
    /// @return the handle of the page, or [#NONE] if there is none or its producer has not stored it yet
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

    /// Counts a page of this shard that will not come to this queue.
    void depart() {
        departed.incrementAndGet();
    }

    /// {@return the number of pages that departed since the last call}
    int takeDeparted() {
        return departed.get() == 0 ? 0 : departed.getAndSet(0);
    }

    /// Passes the handles in this queue to a reader. A snapshot; may be stale.
    void forEach(LongConsumer reader) {
        long head = (long) CELL.getOpaque(cells, HEAD);
        for (int i = size() - 1; i >= 0; i--) {
            long next = (long) CELL.getOpaque(cells, cell(head + i));
            if (next != 0) {
                reader.accept(next);
            }
        }
    }

    /// {@return the number of pages in this queue; may be stale}
    int size() {
        long size = (long) CELL.getOpaque(cells, TAIL) - (long) CELL.getOpaque(cells, HEAD);
        return Math.clamp(size, 0, capacity());
    }

    @Override
    public String toString() {
        return "RemoteFreeQueue(size=" + size() + ", capacity=" + capacity() + ")";
    }
}
