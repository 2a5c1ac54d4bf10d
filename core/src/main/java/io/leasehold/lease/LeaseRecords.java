package io.leasehold.lease;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.StringJoiner;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// The lease records of a pool: for each open lease its page, its address, and who may use it.
///
/// ```text
///   record   | word | page | address | - |     four longs in a chunk of 1,024
///
///              open                        close, hand over
///   FREE g  ----------> SHARED g  or  CONFINED g, thread  ----------> FREE g+1  or  the same with g+1
/// ```
///
/// **Threads.** Thread-safe. Looking at a record takes no lock; a record is opened by whoever took it from a stripe.
///
/// **Invariants.** I1: a record is open, or in one stripe, or in the common pool. I2: its generation only grows.
///
/// **Memory order.** The word is stored last (release) when a lease is opened and is paired with the acquire load in
/// [#require]. A stale reader may race with the next opening, so what it read counts only if the word, read again, is
/// the same; the opener keeps its stores below the end of the lease before it with a store fence. See
/// `LeaseRecycleStress` and `LeaseDoubleCloseStress`.
final class LeaseRecords {

    private static final int CHUNK_POWER = 10;
    private static final int CHUNK_RECORDS = 1 << CHUNK_POWER;
    private static final int LANE_POWER = 2;
    private static final int PAGE = 1;
    private static final int ADDRESS = 2;

    /// Records that change between a stripe and the common pool at a time.
    private static final int BATCH = Stripe.CAPACITY / 2;

    private static final int MAX_NAMED_CHARS = 200;

    private static final VarHandle LANE =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();

    private final int tag; // (C)
    private final @Nullable LeaseTraces traces; // (C)
    private final LeaseErrors errors; // (C)
    private volatile long[][] chunks = new long[0][]; // (A) grows under the lock

    private final ReentrantLock lock = new ReentrantLock();
    private long[] free = new long[BATCH]; // (L)
    private int freeCount; // (L)

    LeaseRecords(int tag, String pool, @Nullable LeaseTraces traces) {
        this.tag = tag;
        this.traces = traces;
        this.errors = new LeaseErrors(this, pool, traces);
    }

    /// Makes a record that nobody else has an open lease.
    ///
    /// @param lease the handle for its next lease
    /// @param use [LeaseLayout#SHARED], or [LeaseLayout#confinedUse()]
    void open(long lease, long page, long address, long use) {
        int record = LeaseLayout.index(lease);
        long[] chunk = chunks[record >>> CHUNK_POWER];
        int at = at(record);
        VarHandle.storeStoreFence();
        chunk[at + PAGE] = page;
        chunk[at + ADDRESS] = address;
        LANE.setRelease(chunk, at, LeaseLayout.word(lease, use));
        if (traces != null) {
            traces.acquired(lease);
        }
    }

    /// Ends a lease, of which exactly one of any number of callers succeeds.
    ///
    /// @param page its page, if the caller knows it, for the message
    /// @return its address
    /// @throws LeaseStateException if the handle is stale, foreign or confined to another thread
    long close(long lease, long page) {
        long[] chunk = chunk(lease);
        int at = at(LeaseLayout.index(lease));
        long word = (long) LANE.getAcquire(chunk, at);
        long address = chunk[at + ADDRESS];
        boolean ended =
                word == LeaseLayout.sharedWord(lease) && LANE.compareAndSet(chunk, at, word, LeaseLayout.freed(word));
        if (!ended && word == LeaseLayout.confinedWord(lease)) {
            LANE.setRelease(chunk, at, LeaseLayout.freed(word)); // nobody else may change it
            ended = true;
        }
        if (ended) {
            if (traces != null) {
                traces.closed("lease closed", lease);
            }
            return address;
        }
        throw errors.refused("close", lease, page, word(lease));
    }

    /// Gives an open lease a new handle; the old one is stale.
    ///
    /// @throws LeaseStateException if the handle is stale, foreign or confined to another thread
    long handOver(long lease) {
        long[] chunk = chunk(lease);
        int at = at(LeaseLayout.index(lease));
        long word = require("hand over", lease, LeaseErrors.UNKNOWN_PAGE);
        if (!LANE.compareAndSet(chunk, at, word, word + LeaseLayout.ONE_GENERATION)) {
            throw errors.refused("hand over", lease, LeaseErrors.UNKNOWN_PAGE, word(lease));
        }
        long next = LeaseLayout.next(lease);
        if (traces != null) {
            traces.acquired(next);
            traces.closed("lease handed over", lease);
        }
        return next;
    }

    /// Checks that the calling thread may use a lease now.
    ///
    /// @param page its page, if the caller knows it, for the message
    /// @return the record's word
    /// @throws LeaseStateException if the handle is stale, foreign or confined to another thread
    long require(String what, long lease, long page) {
        long word = word(lease);
        if (word != LeaseLayout.sharedWord(lease) && word != LeaseLayout.confinedWord(lease)) {
            throw errors.refused(what, lease, page, word);
        }
        return word;
    }

    /// {@return the page of a lease}
    ///
    /// @throws LeaseStateException if the handle is stale, foreign or confined to another thread
    long page(long lease) {
        return lane(lease, PAGE);
    }

    /// {@return the address of a lease}
    ///
    /// @throws LeaseStateException if the handle is stale, foreign or confined to another thread
    long address(long lease) {
        return lane(lease, ADDRESS);
    }

    /// {@return the address of a lease that the caller has just opened}
    long openAddress(long lease) {
        int record = LeaseLayout.index(lease);
        return chunks[record >>> CHUNK_POWER][at(record) + ADDRESS];
    }

    private long lane(long lease, int lane) {
        long[] chunk = chunk(lease);
        int at = at(LeaseLayout.index(lease));
        long word = require("use", lease, LeaseErrors.UNKNOWN_PAGE);
        long value = (long) LANE.getAcquire(chunk, at + lane);
        if ((long) LANE.getAcquire(chunk, at) != word) {
            throw errors.refused("use", lease, LeaseErrors.UNKNOWN_PAGE, word(lease));
        }
        return value;
    }

    /// {@return the page that a record was last opened for, whoever has it; for messages}
    long lastPage(int record) {
        return (long) LANE.getOpaque(chunks[record >>> CHUNK_POWER], at(record) + PAGE);
    }

    /// {@return whether a handle is of an open lease, confined to this thread or to none}
    boolean isOpen(long lease) {
        if (LeaseLayout.tag(lease) != tag || LeaseLayout.index(lease) >= capacity()) {
            return false;
        }
        long word = word(lease);
        return word == LeaseLayout.sharedWord(lease) || word == LeaseLayout.confinedWord(lease);
    }

    /// Takes a free record from the calling thread's stripe, or some from the common pool.
    ///
    /// @return the handle for its next lease
    long take(Stripes stripes) {
        Stripe stripe = stripes.enter();
        long lease = stripe.pop();
        stripe.exit();
        if (lease != LeasePool.NO_LEASE) {
            return lease;
        }
        long[] batch = takeBatch();
        int kept = 1;
        stripe = stripes.enter();
        while (kept < BATCH && stripe.push(batch[kept])) {
            kept++;
        }
        stripe.exit();
        for (; kept < BATCH; kept++) {
            give(batch[kept]);
        }
        return batch[0];
    }

    private long[] takeBatch() {
        lock.lock();
        try {
            if (freeCount < BATCH) {
                grow();
            }
            freeCount -= BATCH;
            return Arrays.copyOfRange(free, freeCount, freeCount + BATCH);
        } finally {
            lock.unlock();
        }
    }

    /// Takes a free record back into the common pool.
    void give(long next) {
        lock.lock();
        try {
            if (freeCount == free.length) {
                free = Arrays.copyOf(free, 2 * freeCount);
            }
            free[freeCount++] = next;
        } finally {
            lock.unlock();
        }
    }

    /// Visits the handle of every open lease.
    ///
    /// @return how many there are
    int forEachOpen(LongConsumer visitor) {
        int open = 0;
        for (int record = 0; record < capacity(); record++) {
            long word = (long) LANE.getAcquire(chunks[record >>> CHUNK_POWER], at(record));
            if (!LeaseLayout.isFree(word)) {
                visitor.accept(LeaseLayout.handle(tag, word, record));
                open++;
            }
        }
        return open;
    }

    /// @throws IllegalStateException if a lease is open, naming some
    void requireNoneOpen() {
        StringJoiner some = new StringJoiner("; ");
        int open = forEachOpen(lease -> {
            if (some.length() < MAX_NAMED_CHARS) {
                some.add(errors.describe(lease, lastPage(LeaseLayout.index(lease))));
            }
        });
        if (open > 0) {
            throw new IllegalStateException("cannot close, leases are open: " + open + ", some: " + some);
        }
    }

    /// Ends every open lease, whosever it is.
    ///
    /// @return how many there were
    int closeAll() {
        return forEachOpen(lease -> {
            int at = at(LeaseLayout.index(lease));
            long word = word(lease);
            if (LANE.compareAndSet(chunk(lease), at, word, LeaseLayout.freed(word)) && traces != null) {
                traces.closed("lease closed with its pool", lease);
            }
        });
    }

    private void grow() {
        long[][] old = chunks;
        int first = old.length << CHUNK_POWER;
        if (first >= LeaseLayout.MAX_RECORDS) {
            throw new OutOfMemoryError("too many open leases: bound=" + LeaseLayout.MAX_RECORDS);
        }
        long[] room = Arrays.copyOf(free, freeCount + CHUNK_RECORDS);
        long[][] grown = Arrays.copyOf(old, old.length + 1);
        grown[old.length] = new long[CHUNK_RECORDS << LANE_POWER];
        for (int record = first + CHUNK_RECORDS - 1; record >= first; record--) {
            room[freeCount++] = LeaseLayout.handle(tag, 0, record);
        }
        free = room;
        chunks = grown;
    }

    LeaseErrors errors() {
        return errors;
    }

    private int capacity() {
        return chunks.length << CHUNK_POWER;
    }

    private long word(long lease) {
        return (long) LANE.getAcquire(chunk(lease), at(LeaseLayout.index(lease)));
    }

    private long[] chunk(long lease) {
        long[][] all = chunks;
        int index = LeaseLayout.index(lease) >>> CHUNK_POWER;
        if (LeaseLayout.tag(lease) != tag || index >= all.length) {
            throw errors.foreign(lease);
        }
        return all[index];
    }

    private static int at(int record) {
        return (record & (CHUNK_RECORDS - 1)) << LANE_POWER;
    }
}
