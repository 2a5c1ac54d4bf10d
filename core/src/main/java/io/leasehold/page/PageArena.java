package io.leasehold.page;

import static io.leasehold.text.Texts.format;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.SizeCount;
import io.leasehold.holder.SourceKind;
import io.leasehold.memory.Alignment;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.StackReserve;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.service.ArenaAccess;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToLongFunction;

/// Allocates and frees pages and contiguous runs of pages in one reserved range of addresses.
///
/// ```text
///   allocate <---- magazine of this thread <---- common pool <---- new pages, within the budget
///   free     ----> magazine of this thread ----> common pool ----> idle for the decay time: decommitted
/// ```
///
/// A handle is a `long` that identifies one allocation, a page or a run. [#NO_PAGE] is no page. A handle that was freed
/// is rejected until its page was freed 2^28 more times. [#frames()] has the address and the state of each page.
///
/// **Ownership.** The caller that allocated a page frees it, from any thread. The caller that opened the arena closes
/// it.
///
/// **Threads.** Thread-safe. Allocating and freeing single pages, and runs of 2, 4, 8 and 16 pages, usually takes no
/// lock. Platform threads have magazines of their own, and virtual threads share some. The magazines of one thread hold
/// at most 640 KiB. At most eight threads for each processor, rounded up to a power of two and from 64 to 512 threads,
/// get magazines of their own.
///
/// **Invariants.** I1: no two live allocations overlap. I2: `live + free == limit`. I3: memory that pages may hold is
/// charged to the limit and to the budget before it is touched.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=vm_page_alloc&sektion=9">vm_page_alloc(9)</a>
public final class PageArena implements AutoCloseable {

    /// The handle of no page.
    public static final long NO_PAGE = 0;

    /// Layers whose stack must be free before an arena is opened, because an arena that is half open is closed again.
    private static final int OPENING_LAYERS = 3;

    private static final AtomicInteger NEXT_TAG = new AtomicInteger();

    static {
        ArenaAccess.provide(arena -> ((PageArena) arena).services);
    }

    private final PageArenaOptions options; // (C) with the sizes that replaced 0
    private final ArenaSpace space; // (C)
    private final PageFrames frames; // (C)
    private final BiasedSlots slots; // (C) of the magazines
    private final PageReclaimers reclaimers; // (C)
    private final FramePool pool; // (C)
    private final FrameReclaimer reclaimer; // (C)
    private final FrameAllocator allocator; // (C)
    private final RunLengths lengths; // (C)
    private final ArenaReport report; // (C)
    private final ArenaActivity activity; // (C)
    private final Decay decay; // (C)
    private final ArenaCloser closer; // (C)
    private final PageServices services; // (C)
    private final int limitPages; // (C)
    private final boolean zeroOnFree; // (C)
    private final MemorySource source; // (C)

    private PageArena(PageArenaOptions options, Reservations reservations, ArenaSpace space, long now) {
        VirtualMemory memory = reservations.memory();
        int pagePower = Alignment.power(options.pageByteSize());
        this.options = options;
        this.limitPages = (int) (options.byteSize() >>> pagePower);
        this.zeroOnFree = options.zeroOnFree();
        this.space = space;
        int pageCount = space.pageCount;
        int tag = Math.floorMod(NEXT_TAG.getAndIncrement(), FrameLayout.MAX_TAG) + 1;
        PageLocks locks = options.lockWired() ? new PageLocks(memory, reservations.mappings()) : null;
        this.frames = new PageFrames(
                options.name(), tag, space.frames, baseAddress(), pageCount, pagePower, space.lost, locks);
        Magazines magazines = new Magazines(!memory.can(Capability.BARRIER), limitPages, options.pageByteSize());
        this.slots = magazines.slots();
        this.reclaimers = new PageReclaimers(options.name());
        int framePages = options.framePages(memory);
        FreeMap map = new FreeMap(pageCount, space.usedBits, space.warmBits, space.stamps, space.summaries, space.lost);
        FrameSupply.Settings settings = new FrameSupply.Settings(
                pageCount, limitPages, ArenaSpace.TABLE_BYTES_PER_PAGE, options.prefault(), framePages);
        FrameSupply supply = new FrameSupply(space.pages, frames, map, space.budget, settings);
        this.pool = new FramePool(supply, frames, magazines, memory.can(Capability.DECOMMIT));
        this.reclaimer = new FrameReclaimer(pool, space.pages, frames, magazines, reclaimers, space.budget, framePages);
        this.allocator = new FrameAllocator(pool, reclaimer, frames, magazines, options.prefault());
        this.lengths = new RunLengths(frames, allocator, options.lockWired());
        this.report = new ArenaReport(this.options, frames, magazines, pool, space.budget);
        this.activity = new ArenaActivity(this.options, pool, space.budget, pagePower);
        this.decay = new Decay(
                pool, reclaimer, magazines, reclaimers, options.decay().toNanos(), now);
        this.closer = new ArenaCloser(options.name(), space, frames, slots, reclaimers, pool, allocator, report, decay);
        this.services = new PageServices(space, frames, activity, reclaimers, decay, closer);
        pool.onIdle(decay::request);
        Neighbours.ofProcess().add(space.budget, reclaimer);
        this.source = MemorySource.open( // last, because any thread may read the arena from now on
                SourceKind.ARENA, options.name(), options.tag(), this, PageArena::livePages, PageArena::budget);
    }

    /// Opens an arena in the memory of this process.
    ///
    /// @param options name, sizes and budget of the arena
    /// @return the arena, to be closed by the caller
    /// @throws IllegalArgumentException if the options do not fit the machine or the budget, naming the value and the
    ///     limit
    /// @throws IllegalStateException if the budget is closed, or the machine has too little memory for a default
    ///     budget, or too few mappings
    /// @throws io.leasehold.error.SystemCallException if the kernel refuses address space, the tables or the memory
    ///     file; no arena is left open
    public static PageArena open(PageArenaOptions options) {
        PageArena arena = open(options, Reservations.system(), System.nanoTime());
        boolean isOpen = false;
        try {
            Maintenance.system().add(options.name(), arena.decay);
            isOpen = true;
            return arena;
        } finally {
            if (!isOpen) {
                arena.closeForcibly(); // the Java heap is full; no page is allocated
            }
        }
    }

    /// Opens an arena over the given kernel seam and without maintenance, for tests.
    static PageArena open(PageArenaOptions options, Reservations reservations, long now) {
        StackReserve.ensure(OPENING_LAYERS);
        MemoryBudget parent = options.budgetAbove();
        PageArenaOptions fitted = options.fitted(reservations, parent);
        BitSet none = new BitSet(); // early: the Java heap may be full later
        ArenaSpace opened = ArenaSpace.open(fitted, reservations, parent);
        PageArena arena = null;
        try {
            arena = new PageArena(fitted, reservations, opened, now);
            return arena;
        } finally {
            if (arena == null) {
                opened.close(none);
            }
        }
    }

    /// Allocates one page.
    ///
    /// @return the handle of the page
    /// @throws PageExhaustedException if no page is free within the limit and the budget
    /// @throws PageStateException if the arena is closed
    public long allocate() {
        long page = tryAllocate();
        if (page == NO_PAGE) {
            throw report.exhausted(1, source.tag());
        }
        return page;
    }

    /// Allocates one page if one is free within the limit and the budget.
    ///
    /// @return the handle, or [#NO_PAGE]
    /// @throws PageStateException if the arena is closed
    public long tryAllocate() {
        long page = claimCached(0);
        return page == NO_PAGE ? claim(allocator.allocate(1, 1)) : page;
    }

    /// Allocates `pages` adjacent pages.
    ///
    /// @param pages number of pages
    /// @return the handle of the run
    /// @throws IllegalArgumentException if `pages` is not positive, or more than the limit
    /// @throws PageExhaustedException if no such run is free within the limit and the budget
    /// @throws PageStateException if the arena is closed
    public long allocateRun(int pages) {
        long run = tryAllocateRun(pages);
        if (run == NO_PAGE) {
            throw report.exhausted(pages, source.tag());
        }
        return run;
    }

    /// Allocates `pages` adjacent pages if such a run is free within the limit and the budget.
    ///
    /// @param pages number of pages
    /// @return the handle of the run, or [#NO_PAGE]
    /// @throws IllegalArgumentException if `pages` is not positive, or more than the limit
    /// @throws PageStateException if the arena is closed
    public long tryAllocateRun(int pages) {
        int runClass = Magazines.classOf(pages);
        if (runClass < 0 || pages <= 0) {
            return claim(allocator.allocate(checkRun(pages), 1));
        }
        long run = claimCached(runClass);
        return run == NO_PAGE ? claim(allocator.allocate(checkRun(pages), 1)) : run;
    }

    /// Takes a run from the magazine of the calling thread. The run is removed from the magazine last, so that a stack
    /// overflow before that leaves it there.
    ///
    /// @return the handle, or [#NO_PAGE]
    private long claimCached(int runClass) {
        int[] cells = slots.enter();
        if (cells == null) {
            return NO_PAGE;
        }
        try {
            int depth = Magazines.depth(cells, runClass);
            if (depth == 0) {
                return NO_PAGE;
            }
            long page = frames.claim(Magazines.top(cells, runClass, depth));
            Magazines.pop(cells, runClass, depth);
            return page;
        } finally {
            BiasedSlots.exit(cells);
        }
    }

    /// Allocates `pages` adjacent pages at an aligned address if such a run is free within the limit and the budget.
    ///
    /// @param byteAlignment a power of two, at most 2 MiB; a page is always aligned to its size
    /// @param pages number of pages
    /// @return the handle of the run, or [#NO_PAGE]
    /// @throws IllegalArgumentException if a value is out of range
    /// @throws PageStateException if the arena is closed
    public long tryAllocateRun(int pages, long byteAlignment) {
        Alignment.check("byteAlignment", byteAlignment, 1, ArenaSpace.BYTE_ALIGNMENT);
        int align = (int) Math.max(1, byteAlignment >>> frames.pageSizePower());
        return claim(allocator.allocate(checkRun(pages), align));
    }

    /// Allocates `pages` adjacent pages, and waits until other threads free them if necessary.
    ///
    /// @param timeout maximum time to wait; if it is not positive, the call does not wait. A waiting thread notices
    ///     within 10 ms that a reclaimer can free pages, that idle memory must be decommitted first, or that a parent
    ///     budget has space
    /// @param pages number of pages
    /// @return the handle of the run, or [#NO_PAGE] after the timeout
    /// @throws IllegalArgumentException if `pages` is not positive, or more than the limit
    /// @throws PageStateException if the arena is closed, also while waiting
    /// @throws InterruptedException if the thread is interrupted while it waits
    public long tryAllocateRun(int pages, Duration timeout) throws InterruptedException {
        Objects.requireNonNull(timeout, "timeout is null");
        long run = tryAllocateRun(pages);
        if (run != NO_PAGE) {
            return run;
        }
        return claim(allocator.await(pages, 1, TimeUnit.NANOSECONDS.convert(timeout)));
    }

    /// Frees a page or run, from any thread. If several calls use the same handle, exactly one of them succeeds.
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign, the page is wired or held, or the arena is closed
    public void free(long page) {
        if (zeroOnFree) {
            freeAndZero(page);
            return;
        }
        int[] cells = slots.enter();
        boolean takesAny = cells != null && Magazines.takesAny(cells);
        boolean isKept = false;
        try {
            if (cells != null && takesAny) {
                isKept = Magazines.pushOrDefer(cells, FrameLayout.index(page), frames.free(page));
            }
        } finally {
            if (cells != null) {
                BiasedSlots.exit(cells);
            }
        }
        if (!takesAny) {
            allocator.freeLive(page);
        }
        if (!isKept) {
            allocator.freeDeferred();
        }
    }

    /// Zeroes outside a slot: a long run takes long, and a flush waits for a slot that is busy.
    private void freeAndZero(long page) {
        StackReserve.ensure(); // as above
        int index = FrameLayout.index(page);
        int count = frames.free(page);
        OffHeap.fill(frames.addressOf(index), (long) count << frames.pageSizePower(), (byte) 0);
        int[] cells = slots.enter();
        boolean kept = cells != null && Magazines.push(cells, Magazines.classOf(count), index);
        if (cells != null) {
            BiasedSlots.exit(cells);
        }
        if (!kept) {
            allocator.free(index, count);
        }
    }

    /// Lengthens an allocation in place by the `pages` that follow it, if they are free. Reclaimers are not called.
    ///
    /// @param page the handle of a page or run
    /// @param pages number of pages
    /// @return true if the allocation was lengthened; its handle stays the same
    /// @throws IllegalArgumentException if `pages` is not positive
    /// @throws PageStateException if the handle is stale or foreign, or the arena locks wired pages in memory and the
    ///     page is wired or held
    public boolean tryGrow(long page, int pages) {
        return lengths.tryGrow(page, pages);
    }

    /// Splits an allocation in two. The handle keeps the first `pages` pages and their owner.
    ///
    /// @param page the handle of a page or run
    /// @param pages number of pages
    /// @return the handle of the remaining pages, which have no owner yet
    /// @throws IllegalArgumentException if `pages` does not leave at least one page on each side
    /// @throws PageStateException if the handle is stale or foreign, or the page is wired or held
    public long split(long page, int pages) {
        return lengths.split(page, pages);
    }

    /// {@return the address of the first page of the arena, a multiple of 2 MiB}
    public long baseAddress() {
        return space.pages.address();
    }

    /// {@return the limit in bytes: the memory that pages may hold at a time}
    public long byteSize() {
        return options.byteSize();
    }

    /// {@return the size in bytes of the address range that begins at [#baseAddress()]} Several times the limit if the
    /// system has the addresses, and at least the limit. A table that is indexed by page must have space for the whole
    /// range.
    public long addressByteSize() {
        return (long) space.pageCount << frames.pageSizePower();
    }

    /// {@return the frame table: addresses, lengths, wire counts, hold counts and owners of the pages}
    public PageFrames frames() {
        return frames;
    }

    /// Decommits all free pages at once, including those in magazines and in the caches of reclaimers.
    ///
    /// @return number of bytes that were decommitted
    public long trim() {
        reclaimer.trim();
        reclaimer.flush();
        return reclaimer.decommitAll();
    }

    /// {@return the options of this arena, with the sizes that replaced 0}
    public PageArenaOptions options() {
        return options;
    }

    /// {@return a snapshot of the statistics; may be stale} Concurrent changes may be missing. Takes time in proportion
    /// to the pages ever used, and waits for a flush of the magazines that is in progress. After the arena was closed,
    /// no page counts as wired or held.
    public PageArenaStats stats() {
        return reclaimer.betweenFlushes(report::stats);
    }

    /// {@return the counters of this arena that can be read at any time, at the same small cost}
    public ArenaActivity activity() {
        return activity;
    }

    private List<SizeCount> livePages() {
        PageArenaStats stats = stats();
        return List.of(new SizeCount(stats.pageByteSize(), stats.livePages()));
    }

    /// {@return the number of bytes of the arena's pages that are resident now, as the kernel reports it; 0 after the
    /// arena was closed}
    ///
    /// @throws UnsupportedOperationException if the system does not report it
    public long residentBytes() {
        long byteSize = frames.isClosed() ? 0 : (long) pool.frontier() << frames.pageSizePower();
        return byteSize == 0 ? 0 : space.pages.memory().residentBytes(space.pages.address(), byteSize);
    }

    /// {@return the heaps and pools that are open on the arena, as messages show them} They have to be closed before
    /// the arena.
    public List<String> users() {
        return reclaimers.users();
    }

    /// Closes the arena and gives its memory back. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if pages are live, a heap or a pool is open on the arena, or the arena belongs to
    ///     the default allocator. The message names some of the pages or users. Nothing is changed then
    /// @throws io.leasehold.error.SystemCallException if the kernel fails to release memory; the arena allocates
    ///     nothing any more, and closing can be repeated
    @Override
    public void close() {
        close(false);
    }

    /// Closes the arena even if pages are live. Every handle is stale afterwards. A load through a stale pointer into
    /// the arena returns zeroes or what was stored through such a pointer, and never ends the process. The addresses of
    /// pages that were live are not used again. Those of all other pages serve later arenas.
    ///
    /// @return number of pages that were live; 0 if the arena was closed already
    /// @throws IllegalStateException if the arena belongs to the default allocator; nothing is changed then
    /// @throws io.leasehold.error.SystemCallException if the kernel fails to release memory; the arena allocates
    ///     nothing any more, and closing can be repeated
    public int closeForcibly() {
        return close(true);
    }

    private int close(boolean force) {
        int live = closer.close(force);
        source.close(); // also if an error ended the first close before this
        return live;
    }

    Decay decay() {
        return decay;
    }

    /// {@return true if no thread is in a slot, for tests}
    boolean isQuiet() {
        return slots.isQuiet();
    }

    /// {@return the value of one counter, for tests}
    long count(ToLongFunction<FrameCounts> which) {
        return pool.read((supply, counts, transit) -> which.applyAsLong(counts));
    }

    MemoryBudget budget() {
        return space.budget;
    }

    /// Checks the invariants; exact only while no other thread uses the arena.
    void checkInvariants() {
        pool.checkInvariants();
        long charged = pool.read((supply, counts, transit) -> supply.chargedBytes());
        if (charged != space.budget.usedBytes()) {
            throw new AssertionError("I3: charged=" + charged + ", budget=" + space.budget.report());
        }
    }

    private long claim(int index) {
        return index < 0 ? NO_PAGE : frames.claim(index);
    }

    private int checkRun(int pages) {
        if (pages <= 0 || pages > limitPages) {
            throw new IllegalArgumentException("pages of a run are out of range: arena=" + options.name() + ", pages="
                    + pages + ", min=1, max=" + limitPages);
        }
        return pages;
    }

    /// {@return the name, the limit and the charged bytes}
    @Override
    public String toString() {
        return format(
                "PageArena(name=%s, byteSize=%d, pageByteSize=%d, committedBytes=%d)",
                options.name(), options.byteSize(), options.pageByteSize(), space.budget.usedBytes());
    }
}
