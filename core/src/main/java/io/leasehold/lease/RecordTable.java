package io.leasehold.lease;

import io.leasehold.memory.ShortLock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The memory of the lease records of a pool, and the free records that are in no stripe.
///
/// ```text
///   chunks   | 32 records  | 32 records  | ...           created when needed, never moved
///   record   | word | page | address | link |            four longs
///
///   top ---> batch ---> batch ---> batch                 link of the first record of a batch: next record, next batch
///              |          |          |
///           16 records  16 records  16 records           link of the others: next record
/// ```
///
/// Stripes exchange free records with this table in batches of [#BATCH]. So a thread that only acquires, or only
/// releases, uses the table once per batch. Taking or giving a batch is one compare-and-set. The free records are
/// linked through the records themselves, so giving a record back needs no memory and copies nothing.
///
/// **Threads.** Thread-safe. `lock` is taken only to add a chunk, and is held while its records are linked.
///
/// **Footprint.** 1 KiB of Java heap for each chunk. When the array of chunks is full it doubles, which copies 4 bytes
/// per chunk.
///
/// **Invariants.** I1: every batch has [#BATCH] records. I2: a record is in one batch, in one stripe, or used by a
/// lease.
///
/// **Memory order.** `top` (volatile) publishes the links of a batch and the words of its records. Each change of `top`
/// increments its version, so a compare-and-set fails if the batch was taken and given back meanwhile. A link that is
/// read too late belongs to another batch, and the failed compare-and-set discards it. Test: `LeaseBatchStress`.
final class RecordTable {

    static final int NONE = -1;

    /// Number of records in a batch.
    static final int BATCH = Stripe.CAPACITY / 2;

    private static final int CHUNK_POWER = 5;
    private static final int CHUNK_RECORDS = 1 << CHUNK_POWER;
    private static final int CHUNK_BATCHES = CHUNK_RECORDS / BATCH;
    private static final int MAX_CHUNKS = LeaseLayout.MAX_RECORDS >>> CHUNK_POWER;
    private static final int LANE_POWER = 2;
    private static final int LINK = 3;

    /// Bits of a record index in a link and in `top`. The index is stored plus 1, so that 0 means none.
    private static final int RECORD_BITS = LeaseLayout.INDEX_BITS + 1;

    private static final long RECORD_MASK = (1L << RECORD_BITS) - 1;
    private static final long ONE_VERSION = 1L << RECORD_BITS;

    private static final VarHandle LANE =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
    private static final VarHandle TOP;

    static {
        try {
            TOP = MethodHandles.lookup()
                    .findVarHandle(RecordTable.class, "top", long.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final ShortLock lock = new ShortLock();
    private volatile long[] @Nullable [] chunks = new long[4][]; // (A) replaced under `lock`
    private volatile int chunkCount; // (L) to write
    private volatile long top; // (A) version and first record of the first batch
    private final AtomicInteger batches = new AtomicInteger(); // (A)

    /// {@return the index of a record's first lane in its chunk}
    static int at(int record) {
        return (record & (CHUNK_RECORDS - 1)) << LANE_POWER;
    }

    /// {@return the chunk of a record, or null if the table has no such record}
    ///
    /// @param record a number from 0 to `LeaseLayout.MAX_RECORDS - 1`
    long @Nullable [] chunk(int record) {
        long[] @Nullable [] all = chunks;
        int chunk = record >>> CHUNK_POWER;
        return chunk < all.length ? all[chunk] : null;
    }

    /// {@return the number of records}
    int capacity() {
        return chunkCount << CHUNK_POWER;
    }

    /// {@return the number of records in batches; may be stale}
    int freeCount() {
        return batches.get() * BATCH;
    }

    /// Takes a batch of free records. Creates new records if no record is free.
    ///
    /// @return the first record, for [#next]
    /// @throws OutOfMemoryError if there are [LeaseLayout#MAX_RECORDS] records, or the Java heap is full
    int takeBatch() {
        int batch = tryTakeBatch();
        return batch == NONE ? grow() : batch;
    }

    private int tryTakeBatch() {
        while (true) {
            long before = top;
            int first = (int) (before & RECORD_MASK) - 1;
            if (first == NONE) {
                return NONE;
            }
            long after = (before & ~RECORD_MASK) + ONE_VERSION | link(first) >>> RECORD_BITS;
            if (TOP.compareAndSet(this, before, after)) {
                batches.decrementAndGet();
                return first;
            }
        }
    }

    /// Gives a batch of free records to the table.
    ///
    /// @param first result of the last of [#BATCH] calls of [#prepend]
    void giveBatch(int first) {
        give(first, first, 1);
    }

    /// Adds a record to the front of a batch that the caller owns.
    ///
    /// @param record a free record
    /// @param batch first record of the batch so far, or [#NONE]
    /// @return the new first record of the batch, which is `record`
    int prepend(int record, int batch) {
        setLink(record, batch + 1);
        return record;
    }

    /// {@return the record after `record` in its batch, or [#NONE]}
    ///
    /// @param record a record of a batch that the caller took
    int next(int record) {
        return (int) (link(record) & RECORD_MASK) - 1;
    }

    /// Gives a chain of batches, which are linked already except for the last one.
    private void give(int firstBatch, int lastBatch, int count) {
        long nextRecord = link(lastBatch) & RECORD_MASK;
        while (true) {
            long before = top;
            setLink(lastBatch, (before & RECORD_MASK) << RECORD_BITS | nextRecord);
            if (TOP.compareAndSet(this, before, (before & ~RECORD_MASK) + ONE_VERSION | firstBatch + 1L)) {
                batches.addAndGet(count);
                return;
            }
        }
    }

    /// Adds a chunk of free records.
    ///
    /// @return the first record of a batch that the caller owns: of the new chunk, or one that was given meanwhile
    private int grow() {
        long[] chunk = new long[CHUNK_RECORDS << LANE_POWER]; // allocated without the lock
        lock.lock();
        try {
            int batch = tryTakeBatch();
            if (batch != NONE) {
                return batch;
            }
            int count = chunkCount;
            if (count == MAX_CHUNKS) {
                throw new OutOfMemoryError("too many open leases: max=" + LeaseLayout.MAX_RECORDS);
            }
            long[] @Nullable [] all = chunks;
            if (count == all.length) {
                all = Arrays.copyOf(all, 2 * count);
            }
            int first = count << CHUNK_POWER;
            for (int record = first; record < first + CHUNK_RECORDS; record++) {
                boolean isFirst = record % BATCH == 0;
                boolean isLast = record % BATCH == BATCH - 1;
                long nextBatch = isFirst ? record + BATCH + 1L : 0;
                chunk[at(record) + LINK] = nextBatch << RECORD_BITS | (isLast ? 0 : record + 2L);
            }
            all[count] = chunk;
            chunks = all;
            chunkCount = count + 1;
            give(first + BATCH, first + CHUNK_RECORDS - BATCH, CHUNK_BATCHES - 1);
            return first;
        } finally {
            lock.unlock();
        }
    }

    private long link(int record) {
        return (long) LANE.getOpaque(existing(record), at(record) + LINK);
    }

    private void setLink(int record, long link) {
        LANE.setOpaque(existing(record), at(record) + LINK, link);
    }

    private long[] existing(int record) {
        long[] chunk = chunks[record >>> CHUNK_POWER];
        if (chunk == null) {
            throw new IllegalStateException("no such record: record=" + record + ", max=" + (capacity() - 1));
        }
        return chunk;
    }

    /// Checks the invariants. Exact only while no other thread uses the pool.
    void checkInvariants() {
        int counted = 0;
        int first = (int) (top & RECORD_MASK) - 1;
        while (first != NONE) {
            int records = 0;
            for (int record = first; record != NONE; record = next(record)) {
                records++;
                if (records > BATCH || record >= capacity()) {
                    throw new AssertionError("I1: record=" + record + ", records=" + records);
                }
            }
            counted++;
            if (records != BATCH || counted > batches.get()) {
                throw new AssertionError("I1: records=" + records + ", batch=" + counted + " of " + batches);
            }
            first = (int) (link(first) >>> RECORD_BITS) - 1;
        }
        if (counted != batches.get()) {
            throw new AssertionError("I1: counted=" + counted + ", batches=" + batches);
        }
    }

    @Override
    public String toString() {
        return "RecordTable(records=" + capacity() + ", free=" + freeCount() + ")";
    }
}
