package io.leasehold.lease;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.SystemCallException;
import io.leasehold.holder.SizeCount;
import io.leasehold.memory.EarlyClasses;
import io.leasehold.memory.StackReserve;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageFrames;
import io.leasehold.page.PageStateException;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.PageFile;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Acquires and releases leases on the pages of an arena.
///
/// ```text
///   page, wired by the caller                                   PageArena
///     | acquire: where does it appear?       DirectMap | WindowedMap
///     v
///   address + record = lease                                    Lease, or its handle
///     | close, or handOver to another owner
///     v
///   the window keeps its mapping for the next lease; the page stays wired until the caller unwires it
/// ```
///
/// A lease has two equivalent forms: a [Lease] object, or a handle, which is a `long` for code that must not allocate
/// objects. Both are valid for one holder until one close or hand-over. Every later use throws; for a handle this holds
/// until its record was reused for 2^28 more leases. There are 127 tags of pools: a handle of another pool is rejected
/// unless both pools have the same tag.
///
/// | sf_buf(9) | object | handle |
/// |---|---|---|
/// | sf_buf_alloc | [#acquire], [#tryAcquire] | [#acquireHandle], [#tryAcquireHandle], [#tryAcquireHandles] |
/// | sf_buf_free | [Lease#close] | [#free] |
/// | sf_buf_kva | [Lease#address] | [#address] |
/// | sf_buf_page | [Lease#page] | [#page] |
/// | sf_buf_ref | [Lease#ref] | [#ref] |
///
/// **Ownership.** The caller wires a page before it acquires a lease on it, and unwires the page after it closed the
/// lease. The pool neither wires nor unwires pages. The caller that opens the pool closes it before it closes the
/// arena.
///
/// **Threads.** Thread-safe. An acquire from a direct map, a hit of a window, and a release wait for no lock. The
/// exception is growth of the record table: for 32 more open leases than ever before, one acquire takes a lock.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=sf_buf&sektion=9">sf_buf(9)</a>
public final class LeasePool implements MemoryOwner, AutoCloseable {

    /// No handle: no lease was acquired.
    public static final long NO_LEASE = 0;

    private static final AtomicInteger NEXT_TAG = new AtomicInteger();

    static {
        EarlyClasses.initialize(
                LeaseRecords.class, RecordTable.class, Rehearsal.class, Stripe.class, Stripes.class, WindowSlots.class);
    }

    private final LeasePoolOptions options; // (C)
    private final PageFrames frames; // (C)
    private final long pageByteSize; // (C)
    private final Stripes stripes; // (C)
    private final LeaseRecords records; // (C)
    private final PageMap map; // (C)
    private final int maxPages; // (C)
    private final int layers; // (C) of a check of the stack before a slow path
    private final boolean recordless; // (C) confined objects need no record: direct map, and not traced
    private final LeasePoolCloser closer; // (C)
    volatile boolean closed; // (L) closer to write

    private LeasePool(PageArena arena, LeasePoolOptions options) {
        PageFile file = ArenaAccess.of(arena).memoryFile(); // throws if the arena is closed, also for a direct map
        Rehearsal.runOnce();
        this.options = options;
        this.frames = arena.frames();
        this.pageByteSize = arena.options().pageByteSize();
        this.stripes = Stripes.forThisMachine();
        int tag = Math.floorMod(NEXT_TAG.getAndIncrement(), LeaseLayout.MAX_TAG) + 1;
        this.records = new LeaseRecords(tag, options.name(), options.traced() ? new LeaseTraces() : null);
        this.map = options.isDirectMap()
                ? new DirectMap()
                : WindowedMap.open(options, requireFile(file, arena, options), pageByteSize, stripes, records.errors());
        this.maxPages = map.maxPages();
        this.layers = map.layers();
        this.recordless = options.isDirectMap() && !options.traced();
        this.closer = LeasePoolCloser.open(this, records, map); // last, because it reads the other fields
    }

    /// Opens a pool of leases on the pages of an arena.
    ///
    /// @param arena arena of the pages; windows need an arena with a memory file
    /// @param options name, engine and number of windows of the pool
    /// @return the pool, to be closed by the caller before the arena
    /// @throws IllegalArgumentException if windows are requested and the arena has no memory file
    /// @throws IllegalStateException if the windows exceed the limit of the process's
    ///     [io.leasehold.memory.MappingBudget]
    /// @throws PageStateException if the arena is closed
    /// @throws SystemCallException if the kernel refuses the address space of the windows
    public static LeasePool open(PageArena arena, LeasePoolOptions options) {
        StackReserve.ensure(2); // a pool that is half open is closed again
        return new LeasePool(arena, options);
    }

    /// Acquires a lease; waits while there is no window ([LeaseFlag#DEFAULT]).
    ///
    /// @param page the handle of a wired page or run
    /// @return the lease, to be closed by the caller
    /// @throws PageStateException if the page is not wired, or its handle is stale or foreign
    /// @throws IllegalArgumentException if the run is longer than a window
    /// @throws LeaseStateException if the pool is closed, also while waiting
    /// @throws SystemCallException if the kernel refuses the mapping
    public Lease acquire(long page) {
        return lease(acquireHandle(page), page);
    }

    /// Acquires a lease that only the calling thread may use and close; waits while there is no window. In a direct map
    /// it costs less than a lease for all threads, unless the pool is traced.
    ///
    /// @param page the handle of a wired page or run
    /// @return the lease, to be closed by the caller
    /// @throws PageStateException if the page is not wired, or its handle is stale or foreign
    /// @throws IllegalArgumentException if the run is longer than a window
    /// @throws LeaseStateException if the pool is closed, also while waiting
    /// @throws SystemCallException if the kernel refuses the mapping
    /// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=sf_buf&sektion=9">sf_buf_alloc(9) with
    ///     SFB_CPUPRIVATE</a>
    public Lease acquireConfined(long page) {
        return Objects.requireNonNull(tryAcquire(page, LeaseFlag.CPUPRIVATE), "waits without a limit");
    }

    /// Acquires a lease if there is a window for it. Does not wait.
    ///
    /// @param page the handle of a wired page or run
    /// @return the lease, to be closed by the caller, or null if there is no window
    /// @throws PageStateException if the page is not wired, or its handle is stale or foreign
    /// @throws IllegalArgumentException if the run is longer than a window
    /// @throws LeaseStateException if the pool is closed
    /// @throws SystemCallException if the kernel refuses the mapping
    /// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=sf_buf&sektion=9">sf_buf_alloc(9) with SFB_NOWAIT</a>
    public @Nullable Lease tryAcquire(long page) {
        return tryAcquire(page, LeaseFlag.NOWAIT);
    }

    /// Acquires a lease, in the way that the flags select.
    ///
    /// @param page the handle of a wired page or run
    /// @param flags of [LeaseFlag], or-ed together
    /// @return the lease, to be closed by the caller, or null if there was no window and the call gave up, as the flags
    ///     of [LeaseFlag] describe
    /// @throws PageStateException if the page is not wired, or its handle is stale or foreign
    /// @throws IllegalArgumentException if the run is longer than a window, or the flags are unknown
    /// @throws LeaseStateException if the pool is closed, also while waiting
    /// @throws SystemCallException if the kernel refuses the mapping
    public @Nullable Lease tryAcquire(long page, int flags) {
        if (recordless && LeaseFlag.has(flags, LeaseFlag.CPUPRIVATE)) {
            LeaseFlag.check(flags);
            return acquireWithoutRecord(page);
        }
        long lease = tryAcquireHandle(page, flags);
        return lease == NO_LEASE ? null : lease(lease, page);
    }

    /// Acquires a lease as [#acquire] does, without allocating an object.
    ///
    /// @param page the handle of a wired page or run
    /// @return the handle of the lease, to be released by the caller
    /// @throws PageStateException if the page is not wired, or its handle is stale or foreign
    /// @throws IllegalArgumentException if the run is longer than a window
    /// @throws LeaseStateException if the pool is closed, also while waiting
    /// @throws SystemCallException if the kernel refuses the mapping
    public long acquireHandle(long page) {
        return tryAcquireHandle(page, LeaseFlag.DEFAULT);
    }

    /// Acquires a lease as [#tryAcquire(long, int)] does, without allocating an object.
    ///
    /// @param page the handle of a wired page or run
    /// @param flags of [LeaseFlag], or-ed together
    /// @return the handle of the lease, to be released by the caller, or [#NO_LEASE] if [#tryAcquire(long, int)] would
    ///     return null
    /// @throws PageStateException if the page is not wired, or its handle is stale or foreign
    /// @throws IllegalArgumentException if the run is longer than a window, or the flags are unknown
    /// @throws LeaseStateException if the pool is closed, also while waiting
    /// @throws SystemCallException if the kernel refuses the mapping
    public long tryAcquireHandle(long page, int flags) {
        LeaseFlag.check(flags);
        return tryAcquire(page, requireOpen(frames.wiredAddress(page, maxPages)), flags);
    }

    /// Acquires a lease.
    ///
    /// @param direct the page's address in its arena
    /// @return the handle, or [#NO_LEASE]
    private long tryAcquire(long page, long direct, int flags) {
        if (!recordless && options.traced()) {
            StackReserve.ensure(2); // a trace is made after the record is opened
        }
        Stripe stripe = stripes.enter();
        try {
            long lease = stripe.peek();
            long address = lease == NO_LEASE ? PageMap.NONE : map.look(direct);
            if (address != PageMap.NONE) {
                long use = use(flags);
                long[] chunk = records.prepare(lease, page, address);
                if (map.join(address, direct, stripe)) { // the first change, after calls as deep as those that follow
                    records.open(chunk, lease, use);
                    stripe.popPeeked();
                    return lease;
                }
            }
        } finally {
            stripe.exit();
        }
        return tryAcquireSlow(page, direct, flags);
    }

    private long tryAcquireSlow(long page, long direct, int flags) {
        StackReserve.ensure(layers);
        Stripe stripe = stripes.enter();
        long found;
        boolean isFound;
        try {
            found = map.look(direct);
            isFound = found != PageMap.NONE && map.join(found, direct, stripe);
        } finally {
            stripe.exit();
        }
        long address = isFound ? found : map.acquire(direct, flags);
        if (address == PageMap.NONE) {
            return NO_LEASE;
        }
        try {
            long lease = records.take(stripes);
            records.open(records.prepare(lease, page, address), lease, use(flags));
            return lease;
        } catch (OutOfMemoryError e) {
            giveBack(address);
            throw e;
        }
    }

    /// Acquires leases on several pages, by the rule of sendfile(2).
    ///
    /// The flags apply to the first page only. The others are acquired without waiting, because threads that each hold
    /// some leases and wait for more would deadlock.
    ///
    /// @param pages the handles of wired pages or runs
    /// @param count number of pages, from the first on
    /// @param flags of [LeaseFlag], or-ed together
    /// @param leases array that receives the handles
    /// @return number of leases acquired, from the first page on; 0 if the acquire of the first page gave up
    /// @throws PageStateException if a page is not wired, or its handle is stale or foreign; none is acquired then
    /// @throws IllegalArgumentException if a run is longer than a window, or the flags are unknown; none is acquired
    ///     then
    /// @throws IndexOutOfBoundsException if `count` is negative, or an array is shorter than `count`
    /// @throws LeaseStateException if the pool is closed, also while waiting; none is acquired then
    /// @throws SystemCallException if the kernel refuses a mapping; none is acquired then
    public int tryAcquireHandles(long[] pages, int count, int flags, long[] leases) {
        LeaseFlag.check(flags);
        Objects.checkFromIndexSize(0, count, Math.min(pages.length, leases.length));
        StackReserve.ensure(layers + 1); // also for the code that frees the leases after a failure
        int acquired = 0;
        try {
            while (acquired < count) {
                long lease = tryAcquireHandle(pages[acquired], acquired == 0 ? flags : flags | LeaseFlag.NOWAIT);
                if (lease == NO_LEASE) {
                    break;
                }
                leases[acquired++] = lease;
            }
            return acquired;
        } catch (RuntimeException | Error e) {
            while (acquired > 0) {
                free(leases[--acquired]);
            }
            throw e;
        }
    }

    /// {@return the address of a lease, a multiple of the page size (sf_buf_kva)}
    ///
    /// @param lease the handle of the lease
    /// @throws LeaseStateException if the lease has ended, or belongs to another thread or another pool
    public long address(long lease) {
        return records.address(lease);
    }

    /// {@return the handle of the page of a lease (sf_buf_page)}
    ///
    /// @param lease the handle of the lease
    /// @throws LeaseStateException if the lease has ended, or belongs to another thread or another pool
    public long page(long lease) {
        return records.page(lease);
    }

    /// {@return the size of a lease in bytes}
    ///
    /// This is the size of the page. For a run it is the current size, but at most the size of a window.
    ///
    /// @param lease the handle of the lease
    /// @throws LeaseStateException if the lease has ended, or belongs to another thread or another pool
    /// @throws PageStateException if the page was freed under the lease
    public long byteSize(long lease) {
        return pageByteSize(records.page(lease));
    }

    /// {@return true if the calling thread may use a lease; false if the lease has ended, or belongs to another thread
    /// or another pool}
    ///
    /// @param lease the handle of the lease
    public boolean isOpen(long lease) {
        return records.isOpen(lease);
    }

    /// Acquires another lease on the same address (sf_buf_ref). Never waits.
    ///
    /// @param lease the handle of an open lease
    /// @return the handle of the other lease, to be released separately; it is confined if the first lease is
    /// @throws LeaseStateException if the lease has ended, or belongs to another thread or another pool
    /// @throws PageStateException if the page is not wired any more
    public long ref(long lease) {
        long word = records.require("ref", lease, LeaseErrors.UNKNOWN_PAGE);
        int flags = LeaseLayout.isConfined(word) ? LeaseFlag.CPUPRIVATE : LeaseFlag.DEFAULT;
        return tryAcquireHandle(records.page(lease), flags); // a hit, because the caller's lease keeps the window
    }

    /// Moves a lease to a new handle and invalidates the old one.
    ///
    /// @param lease the handle of the lease
    /// @return the handle for the new owner; a confined lease stays confined
    /// @throws LeaseStateException if the lease has ended, or belongs to another thread or another pool
    public long handOver(long lease) {
        if (options.traced()) {
            StackReserve.ensure(2); // the new handle would be lost
        }
        return records.handOver(lease);
    }

    /// Converts a handle to a [Lease] and invalidates the handle.
    ///
    /// @param lease the handle of the lease
    /// @return the same lease, to be closed by the caller
    /// @throws LeaseStateException if the lease has ended, or belongs to another thread or another pool
    public Lease adopt(long lease) {
        Lease adopted = new Lease(this, LeaseLayout.next(lease), records.page(lease), records.address(lease));
        handOver(lease); // last, because creating the object may fail for lack of Java heap
        return adopted;
    }

    /// Ends a lease (sf_buf_free). The page stays allocated and wired.
    ///
    /// @param lease the handle of the lease
    /// @throws LeaseStateException if the lease has ended, or belongs to another thread or another pool
    @Override
    public void free(long lease) {
        free(lease, LeaseErrors.UNKNOWN_PAGE);
    }

    /// Ends a lease.
    ///
    /// @param page page of the lease for the message, or [LeaseErrors#UNKNOWN_PAGE]
    void free(long lease, long page) {
        if (!recordless) {
            checkStackForRelease(lease);
        }
        Stripe stripe = stripes.enter(); // before the lease is closed, because a stripe may have to be created
        boolean queue;
        int spilled = RecordTable.NONE;
        long address;
        try {
            long next = LeaseLayout.next(lease);
            long prepared = stripe.prepare(next);
            if (prepared == Stripe.FULL) {
                StackReserve.ensure();
            }
            address = records.close(lease, page);
            queue = map.release(address, stripe);
            if (prepared == Stripe.FULL) {
                spilled = records.keep(next, stripe);
            } else {
                stripe.pushPrepared(prepared);
            }
        } finally {
            stripe.exit();
        }
        if (queue || spilled != RecordTable.NONE) {
            giveFurther(queue, address, spilled);
        }
    }

    /// {@return a snapshot of the statistics, which may be stale}
    ///
    /// Takes no lock. The time does not depend on the number of leases.
    public LeasePoolStats stats() {
        return map.stats(records.openCount(stripes));
    }

    /// {@return the open leases, for reports of memory in use}
    List<SizeCount> openLeases() {
        return List.of(new SizeCount(pageByteSize, stats().leases()));
    }

    /// {@return the options that the pool was opened with}
    public LeasePoolOptions options() {
        return options;
    }

    /// Closes the pool and releases its windows. Closing twice has no effect. Only the leases that
    /// [LeasePoolStats#leases] counts keep the pool open. A confined lease without a record is not among them.
    ///
    /// @throws IllegalStateException if leases are open, naming some of them, or if threads wait for a window or map
    ///     one; nothing is changed then
    /// @throws SystemCallException if the kernel fails to release the windows; the pool stays open and can be closed
    ///     again
    @Override
    public void close() {
        closer.close(false);
    }

    /// Ends every lease, and releases the windows.
    ///
    /// Threads that wait for a window or map one get a [LeaseStateException]. In a direct map a stale address still
    /// reaches the page. A stale address of a window reads zero, and its address space is not used again.
    ///
    /// @return number of leases that were open
    /// @throws SystemCallException if the kernel fails to release the windows; the leases have ended, and closing can
    ///     be repeated
    public int closeForcibly() {
        return closer.close(true);
    }

    @Override
    public String toString() {
        return format("LeasePool(%s, %s%s)", options.name(), map, closed ? ", closed" : "");
    }

    /// Checks the invariants. Exact only while no other thread uses the pool.
    void checkInvariants() {
        map.checkInvariants();
        records.checkInvariants(stripes);
    }

    LeaseRecords records() {
        return records;
    }

    long pageByteSize(long page) {
        return Math.min(frames.pageCount(page), maxPages) * pageByteSize; // a run may outgrow its window
    }

    boolean isClosed() {
        return closed;
    }

    private long requireOpen(long address) {
        if (closed) {
            throw records.errors().poolClosed();
        }
        return address;
    }

    /// Acquires a confined lease without a record.
    Lease acquireWithoutRecord(long page) {
        return Lease.withoutRecord(this, page, requireOpen(frames.wiredAddress(page, maxPages)));
    }

    /// Opens a record for a confined lease that had none.
    long recordConfined(long page, long address) {
        return tryAcquire(page, address, LeaseFlag.CPUPRIVATE); // in a direct map this always succeeds
    }

    private Lease lease(long lease, long page) {
        Lease made = null;
        try {
            made = new Lease(this, lease, page, records.openAddress(lease));
            return made;
        } finally {
            if (made == null) {
                free(lease, page);
            }
        }
    }

    private static long use(int flags) {
        return LeaseFlag.has(flags, LeaseFlag.CPUPRIVATE) ? LeaseLayout.confinedUse() : LeaseLayout.SHARED;
    }

    private void giveBack(long address) {
        Stripe stripe = stripes.enter();
        boolean queue;
        try {
            queue = map.release(address, stripe);
        } finally {
            stripe.exit();
        }
        giveFurther(queue, address, RecordTable.NONE);
    }

    private void checkStackForRelease(long lease) {
        if (options.traced()) {
            StackReserve.ensure(2);
        }
        map.checkStackForRelease(records.openAddress(lease));
    }

    /// Passes on what does not stay in a stripe: a window to queue, and a batch of records.
    private void giveFurther(boolean queue, long address, int spilled) {
        if (queue) {
            map.queue(address);
        }
        records.give(spilled);
    }

    private static PageFile requireFile(@Nullable PageFile file, PageArena arena, LeasePoolOptions options) {
        if (file == null) {
            throw new IllegalArgumentException(
                    "windows need an arena with a memory file: pool=" + options.name() + ", slots=" + options.slots()
                            + ", arena=" + arena.options().name());
        }
        return file;
    }
}
