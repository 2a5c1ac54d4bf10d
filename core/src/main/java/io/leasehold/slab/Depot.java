package io.leasehold.slab;

import io.leasehold.memory.FullHeap;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Free blocks of one size class on their way between magazines: two lock-free stacks of batches.
///
/// ```text
///   full    head ---> batch ---> batch ---> end        a batch has up to half a magazine, and one block
///   spare   head ---> batch ---> end                   empty batches, for reuse
///
///   head    | version | number of the batch + 1 |      the version grows with each change, against ABA
/// ```
///
/// One compare-and-set hands over a whole batch, whichever threads push and pop it. A release pushes its blocks here,
/// beyond the limit if necessary, while another thread holds the lock of the slabs. The thread that holds the lock
/// frees them afterwards ([ClassPool]).
///
/// **Limit.** The limit is small, because the blocks in a depot keep their slabs from becoming empty, and each size
/// class has a depot. It is doubled while some threads take blocks from the slabs and others free as many to them. So
/// most blocks that are handed over do not pass the lock of the slabs. Each tick halves it again.
///
/// **Threads.** Thread-safe and lock-free, except that making a batch is synchronized. [#noteTaker], [#noteCrossing]
/// and [#beginTick] are called under the lock of the slabs. A batch belongs to the thread
/// that popped or made it, until that thread pushes it.
///
/// **Memory order.** A push is a compare-and-set (release half) of a head, and a pop is a compare-and-set (acquire
/// half) of the same head. So a thread sees the blocks of a batch and the batches below it as they were pushed. A new
/// batch is also published by the volatile write of `batches`, which comes before its first push. `DepotStress` checks
/// both.
final class Depot {

    /// Maximum number of batches, more than are ever in use. A thread that finds none waits for the lock of the slabs.
    private static final int MAX_BATCHES = 1 << 12;

    private static final int MIN_BATCHES = 4;

    /// Maximum bytes and maximum number of magazines in a depot at rest.
    private static final int BYTES_AT_REST = 32 << 10;

    private static final int MAGAZINES_AT_REST = 2;

    /// Maximum growth of the limit.
    private static final int MAX_GROWTH = 8;

    /// Number of batches, in one tick, that threads hand over through the slabs before the limit grows.
    private static final int CROSSINGS_TO_GROW = 32;

    private static final long NUMBER_MASK = 0xFFFF_FFFFL;
    private static final long ONE_VERSION = 1L << 32;

    private final int batchSize; // (C)
    private final AtomicLong full = new AtomicLong(); // (A)
    private final AtomicLong spare = new AtomicLong(); // (A)
    private final AtomicInteger size = new AtomicInteger(); // (A) number of blocks in `full`, updated after a push
    private volatile Batch[] batches = new Batch[0]; // (A) written under the monitor of this
    private int count; // (L) this; number of batches
    private final int limitAtRest; // (C) maximum number of blocks
    private volatile int limit; // (A) maximum number of blocks now; written under the lock of the slabs
    private int crossings; // (L) lock of the slabs; batches that another thread than `taker` freed in this tick
    private long taker; // (L) lock of the slabs; id of the thread that took blocks last

    /// @param batchSize maximum number of blocks in a batch
    /// @param magazineDepth maximum number of blocks in a magazine
    /// @param byteSize length of a block in bytes
    Depot(int batchSize, int magazineDepth, int byteSize) {
        this.batchSize = batchSize;
        this.limitAtRest = Math.min(MAGAZINES_AT_REST * magazineDepth, BYTES_AT_REST / byteSize);
        this.limit = limitAtRest;
    }

    /// A batch of free blocks.
    static final class Batch {
        final int[] blocks; // (O) the thread that popped or made the batch
        int size; // (O)
        private final int number; // (C)
        private volatile int below; // (A) number of the next batch in the stack plus 1, or 0

        private Batch(int number, int batchSize) {
            this.number = number;
            this.blocks = new int[batchSize];
        }
    }

    /// {@return number of blocks in the depot; may be stale}
    int size() {
        return Math.max(0, size.get());
    }

    /// {@return true if the limit permits `more` blocks; may be stale}
    boolean hasSpace(int more) {
        return size() + more <= limit;
    }

    /// Notes that the calling thread took blocks from the slabs.
    void noteTaker() {
        taker = Thread.currentThread().threadId();
    }

    /// Notes that the calling thread frees a batch to the slabs for lack of space here. The limit grows if other
    /// threads take the blocks.
    void noteCrossing() {
        if (taker != Thread.currentThread().threadId() && ++crossings % CROSSINGS_TO_GROW == 0) {
            limit = Math.min(2 * limit, MAX_GROWTH * limitAtRest);
        }
    }

    /// Halves the limit, down to that at rest.
    void beginTick() {
        crossings = 0;
        limit = Math.max(limitAtRest, limit / 2);
    }

    /// {@return an empty batch, for the caller to fill and [#push], or null if none can be made}
    @Nullable Batch newBatch() {
        Batch batch = pop(spare);
        return batch != null ? batch : makeBatch();
    }

    private synchronized @Nullable Batch makeBatch() {
        if (count == MAX_BATCHES || FullHeap.isLikely()) {
            return null;
        }
        Batch batch;
        Batch[] larger = batches;
        long begin = System.nanoTime();
        try {
            batch = new Batch(count, batchSize);
            if (count == larger.length) {
                larger = Arrays.copyOf(larger, Math.max(MIN_BATCHES, 2 * count));
            }
        } catch (OutOfMemoryError e) {
            FullHeap.met(begin);
            return null; // the release does not fail: it waits for the lock of the slabs
        }
        larger[count++] = batch;
        batches = larger;
        return batch;
    }

    /// Pushes a batch on the full stack, or on the spare stack if the batch is empty.
    void push(Batch batch) {
        if (batch.size == 0) {
            push(spare, batch);
        } else {
            int more = batch.size; // read before another thread can pop the batch
            push(full, batch);
            size.addAndGet(more);
        }
    }

    /// {@return the full batch that was pushed last, or null if there is none}
    @Nullable Batch pop() {
        Batch batch = pop(full);
        if (batch != null) {
            size.addAndGet(-batch.size);
        }
        return batch;
    }

    private void push(AtomicLong stack, Batch batch) {
        long head;
        long next;
        do {
            head = stack.get();
            batch.below = (int) head;
            next = ((head & ~NUMBER_MASK) + ONE_VERSION) | (batch.number + 1);
        } while (!stack.compareAndSet(head, next));
    }

    private @Nullable Batch pop(AtomicLong stack) {
        while (true) {
            long head = stack.get();
            int number = (int) head - 1;
            if (number < 0) {
                return null;
            }
            Batch batch = batches[number];
            long next = ((head & ~NUMBER_MASK) + ONE_VERSION) | batch.below;
            if (stack.compareAndSet(head, next)) {
                return batch;
            }
        }
    }

    @Override
    public String toString() {
        return "Depot(batchSize=" + batchSize + ", size=" + size() + ", limit=" + limit + ", batches=" + batches.length
                + ")";
    }
}
