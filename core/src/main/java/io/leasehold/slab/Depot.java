package io.leasehold.slab;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Free blocks of one size on their way between the magazines of threads: batches, in a stack without a lock.
///
/// ```text
///   full    head ---> batch ---> batch ---> end        a batch is up to half a magazine
///   spare   head ---> batch ---> end                   empty ones, used again
///
///   head    | version | number of the batch + 1 |      the version grows with each change, against ABA
/// ```
///
/// One compare-and-set hands over a whole batch, whichever threads give and take. A thread that may not wait for the
/// lock of the slabs puts its blocks here, beyond the limit if need be; the thread that has the lock frees them when it
/// is done (see [ClassPool]).
///
/// **Threads.** Thread-safe and lock-free. A batch belongs to the thread that popped it until that thread pushes it.
///
/// **Memory order.** A push is a compare-and-set (release half) of a head, a pop one (acquire half) of the same head,
/// so the blocks of a batch and the batches below it are seen as they were pushed. A batch is also published by the
/// write of `batches`, which is volatile and comes before the push. `DepotStress` checks both.
final class Depot {

    /// More batches than are ever on their way: a thread that finds none left waits for the lock.
    private static final int MAX_BATCHES = 1 << 12;

    private static final int MIN_BATCHES = 4;
    private static final long NUMBER_MASK = 0xFFFF_FFFFL;
    private static final long ONE_VERSION = 1L << 32;

    private final int batchSize; // (C)
    private final AtomicLong full = new AtomicLong(); // (A)
    private final AtomicLong spare = new AtomicLong(); // (A)
    private final AtomicInteger size = new AtomicInteger(); // (A) blocks in full batches, counted after a push
    private volatile Batch[] batches = new Batch[0]; // (A) written under this
    private int count; // (L) this

    Depot(int batchSize) {
        this.batchSize = batchSize;
    }

    /// Some free blocks.
    static final class Batch {
        final int[] blocks; // (O) the thread that popped it
        int size; // (O)
        private final int number; // (C)
        private volatile int below; // (A) number of the next batch in the stack, plus 1

        private Batch(int number, int batchSize) {
            this.number = number;
            this.blocks = new int[batchSize];
        }
    }

    /// {@return number of blocks in the depot; may be stale}
    int size() {
        return Math.max(0, size.get());
    }

    /// {@return an empty batch, for the caller to fill and [#push], or null if there is none and none can be made}
    @Nullable Batch newBatch() {
        Batch batch = pop(spare);
        return batch != null ? batch : makeBatch();
    }

    private synchronized @Nullable Batch makeBatch() {
        if (count == MAX_BATCHES) {
            return null;
        }
        Batch batch;
        Batch[] larger = batches;
        try {
            batch = new Batch(count, batchSize);
            if (count == larger.length) {
                larger = Arrays.copyOf(larger, Math.max(MIN_BATCHES, 2 * count));
            }
        } catch (OutOfMemoryError e) {
            return null; // a release does not fail: it waits for the lock
        }
        larger[count++] = batch;
        batches = larger;
        return batch;
    }

    /// Gives a batch, or if it is empty, makes it a spare one.
    void push(Batch batch) {
        if (batch.size == 0) {
            push(spare, batch);
        } else {
            int more = batch.size; // before other threads have the batch
            push(full, batch);
            size.addAndGet(more);
        }
    }

    /// {@return a batch of free blocks, the one that was pushed last, or null if there is none}
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
        return "Depot(batchSize=" + batchSize + ", size=" + size() + ", batches=" + batches.length + ")";
    }
}
