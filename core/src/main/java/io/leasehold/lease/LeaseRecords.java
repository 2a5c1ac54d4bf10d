package io.leasehold.lease;

import io.leasehold.memory.EarlyClasses;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.StringJoiner;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// The lease records of a pool. A record stores the page and the address of an open lease, and which threads may use
/// it.
///
/// ```text
///   record   | word | page | address | link |     four longs in a [RecordTable]
///
///              open                        close, hand over
///   FREE g  ----------> SHARED g  or  CONFINED g, thread  ----------> FREE g+1  or  the same with g+1
/// ```
///
/// **Threads.** Thread-safe, and lock-free except for the growth of the table. The thread that took a record from a
/// stripe or from the table opens it.
///
/// **Invariants.** I1: a record is open, in exactly one stripe, or in the table. I2: its generation only grows.
///
/// **Memory order.** [#open] stores the word last (release), paired with the acquire load in [#require]. A stale reader
/// may race with the next [#open]. So the values that it read are valid only if it reads the same word again
/// afterwards. A store fence in [#prepare] keeps its stores after the store that ended the previous lease. Tests:
/// `LeaseRecycleStress` and `LeaseDoubleCloseStress`.
final class LeaseRecords {

    private static final int PAGE = 1;
    private static final int ADDRESS = 2;

    private static final int MAX_NAMED_CHARS = 200;

    private static final VarHandle LANE =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();

    private final int tag; // (C)
    private final @Nullable LeaseTraces traces; // (C)
    private final LeaseErrors errors; // (C)
    private final RecordTable table = new RecordTable(); // (C)
    private final AtomicInteger ended = new AtomicInteger(); // (A) leases that closeAll ended; records not reused

    LeaseRecords(int tag, String pool, @Nullable LeaseTraces traces) {
        this.tag = tag;
        this.traces = traces;
        this.errors = new LeaseErrors(this, pool, traces);
        EarlyClasses.resolve("lease closed", "lease handed over", "lease closed with its pool");
    }

    /// Stores page and address in a free record that the caller took or will take. The record stays free.
    ///
    /// @param lease handle with the record's current generation
    /// @return the chunk of the record, for [#open]
    long[] prepare(long lease, long page, long address) {
        long[] chunk = chunk(lease);
        int at = at(lease);
        VarHandle.storeStoreFence();
        chunk[at + PAGE] = page;
        chunk[at + ADDRESS] = address;
        return chunk;
    }

    /// Opens a lease on a record that the caller has prepared.
    ///
    /// @param chunk result of [#prepare]
    /// @param use [LeaseLayout#SHARED], or [LeaseLayout#confinedUse()]
    void open(long[] chunk, long lease, long use) {
        LANE.setRelease(chunk, at(lease), LeaseLayout.word(lease, use));
        if (traces != null) {
            traces.acquired(lease);
        }
    }

    /// Ends a lease. Of several concurrent callers exactly one succeeds.
    ///
    /// @param page page of the lease for the message, or [LeaseErrors#UNKNOWN_PAGE]
    /// @return the address of the lease
    /// @throws LeaseStateException if the handle is stale, foreign or confined to another thread
    long close(long lease, long page) {
        long[] chunk = chunk(lease);
        int at = at(lease);
        long word = (long) LANE.getAcquire(chunk, at);
        long address = chunk[at + ADDRESS];
        boolean ended =
                word == LeaseLayout.sharedWord(lease) && LANE.compareAndSet(chunk, at, word, LeaseLayout.freed(word));
        if (!ended && word == LeaseLayout.confinedWord(lease)) {
            LANE.setRelease(chunk, at, LeaseLayout.freed(word)); // no other thread may change it
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

    /// Moves an open lease to a new handle and invalidates the old one.
    ///
    /// @throws LeaseStateException if the handle is stale, foreign or confined to another thread
    long handOver(long lease) {
        long[] chunk = chunk(lease);
        int at = at(lease);
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

    /// Checks that the calling thread may use a lease.
    ///
    /// @param what name of the call for the message
    /// @param page page of the lease for the message, or [LeaseErrors#UNKNOWN_PAGE]
    /// @return the word of the record
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

    /// {@return the address in the record of a lease, without a check of the lease}
    ///
    /// If the lease has ended, the address may be that of a later lease.
    ///
    /// @throws LeaseStateException if the handle is foreign
    long openAddress(long lease) {
        return chunk(lease)[at(lease) + ADDRESS];
    }

    private long lane(long lease, int lane) {
        long[] chunk = chunk(lease);
        int at = at(lease);
        long word = require("use", lease, LeaseErrors.UNKNOWN_PAGE);
        long value = (long) LANE.getAcquire(chunk, at + lane);
        if ((long) LANE.getAcquire(chunk, at) != word) {
            throw errors.refused("use", lease, LeaseErrors.UNKNOWN_PAGE, word(lease));
        }
        return value;
    }

    /// {@return the page that the record of a lease was last opened for}
    ///
    /// For messages only: the page may be that of a later lease.
    long lastPage(long lease) {
        return (long) LANE.getOpaque(chunk(lease), at(lease) + PAGE);
    }

    /// {@return true if a lease is open, and is shared or confined to the calling thread}
    boolean isOpen(long lease) {
        long[] chunk = table.chunk(LeaseLayout.index(lease));
        if (LeaseLayout.tag(lease) != tag || chunk == null) {
            return false;
        }
        long word = (long) LANE.getAcquire(chunk, at(lease));
        return word == LeaseLayout.sharedWord(lease) || word == LeaseLayout.confinedWord(lease);
    }

    /// Takes a free record from the stripe of the calling thread, or fills the stripe from the table.
    ///
    /// @return the handle for the next lease of the record
    long take(Stripes stripes) {
        Stripe stripe = stripes.enter();
        long lease = stripe.pop();
        stripe.exit();
        if (lease != LeasePool.NO_LEASE) {
            return lease;
        }

        int first = table.takeBatch();
        int spilled = RecordTable.NONE;
        stripe = stripes.enter();
        for (int record = table.next(first); record != RecordTable.NONE; ) {
            int next = table.next(record); // read before the record can be moved elsewhere
            int batch = keep(handle(record), stripe);
            spilled = batch == RecordTable.NONE ? spilled : batch;
            record = next;
        }
        stripe.exit();
        give(spilled);
        return handle(first);
    }

    /// Pushes a free record on a stripe that the caller has entered. A full stripe spills a batch first.
    ///
    /// @param next handle for the next lease of the record
    /// @return the spilled batch, for [#give] outside the stripe, or [RecordTable#NONE]
    int keep(long next, Stripe stripe) {
        if (stripe.push(next)) {
            return RecordTable.NONE;
        }
        int batch = RecordTable.NONE;
        for (int i = 0; i < RecordTable.BATCH; i++) {
            batch = table.prepend(LeaseLayout.index(stripe.pop()), batch);
        }
        stripe.push(next);
        return batch;
    }

    /// Gives a spilled batch of records to the table.
    ///
    /// @param batch result of [#keep]
    void give(int batch) {
        if (batch != RecordTable.NONE) {
            table.giveBatch(batch);
        }
    }

    private long handle(int record) {
        long word = (long) LANE.getOpaque(existing(table.chunk(record), record), RecordTable.at(record));
        return LeaseLayout.handle(tag, word, record);
    }

    /// {@return the number of open leases}
    ///
    /// Records that are about to be opened, or were just closed, are counted too. The time is in proportion to the
    /// number of stripes. Exact while no other thread uses the pool.
    ///
    /// @param stripes the stripes of the pool
    int openCount(Stripes stripes) {
        long free = table.freeCount() + stripes.records() + ended.get();
        return Math.clamp(table.capacity() - free, 0, LeaseLayout.MAX_RECORDS);
    }

    /// Visits the handle of every open lease.
    ///
    /// @return the number of open leases
    int forEachOpen(LongConsumer visitor) {
        int open = 0;
        for (int record = 0; record < table.capacity(); record++) {
            long[] chunk = existing(table.chunk(record), record);
            long word = (long) LANE.getAcquire(chunk, RecordTable.at(record));
            if (!LeaseLayout.isFree(word)) {
                visitor.accept(LeaseLayout.handle(tag, word, record));
                open++;
            }
        }
        return open;
    }

    /// Checks that no lease is open.
    ///
    /// @throws IllegalStateException if a lease is open, naming some of the open leases
    void requireNoneOpen() {
        StringJoiner some = new StringJoiner("; ");
        int open = forEachOpen(lease -> {
            if (some.length() < MAX_NAMED_CHARS) {
                some.add(errors.describe(lease, lastPage(lease)));
            }
        });
        if (open > 0) {
            throw new IllegalStateException("cannot close, leases are open: " + open + ", some: " + some);
        }
    }

    /// Ends every open lease, including those confined to other threads. Their records are not reused.
    ///
    /// @return number of leases that were open
    int closeAll() {
        return forEachOpen(lease -> {
            long word = word(lease);
            if (LANE.compareAndSet(chunk(lease), at(lease), word, LeaseLayout.freed(word))) {
                ended.incrementAndGet();
                if (traces != null) {
                    traces.closed("lease closed with its pool", lease);
                }
            }
        });
    }

    /// Checks the invariants. Exact only while no other thread uses the pool.
    void checkInvariants(Stripes stripes) {
        table.checkInvariants();
        int open = forEachOpen(lease -> {});
        if (open != openCount(stripes)) {
            throw new AssertionError("I1: open=" + open + ", counted=" + openCount(stripes) + ", " + table);
        }
    }

    LeaseErrors errors() {
        return errors;
    }

    private long word(long lease) {
        return (long) LANE.getAcquire(chunk(lease), at(lease));
    }

    private long[] chunk(long lease) {
        long[] chunk = table.chunk(LeaseLayout.index(lease));
        if (chunk == null || LeaseLayout.tag(lease) != tag) {
            throw errors.foreign(lease);
        }
        return chunk;
    }

    private static long[] existing(long @Nullable [] chunk, int record) {
        if (chunk == null) {
            throw new IllegalStateException("no such record: record=" + record);
        }
        return chunk;
    }

    private static int at(long lease) {
        return RecordTable.at(LeaseLayout.index(lease));
    }
}
