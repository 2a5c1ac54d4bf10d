package io.leasehold.page;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.Alignment;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.StackReserve;
import io.leasehold.os.AddressSpace;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// A range of pages that stands in for physical memory: single pages and contiguous runs, handed out and taken back.
///
/// ```text
///   allocate ----> magazine of this thread ----> common pool ----> new pages, within the budget
///   free     ----> magazine of this thread ----> common pool ----> idle for the decay time: given back to the system
/// ```
///
/// A page or run is known by a handle, a `long` that is good for one life of it: [#NO_PAGE] is no page, and a handle
/// that was freed is told from a live one for ever (or until the page was freed 2^28 times more). Its address and all
/// that is known of it are in [#frames()].
///
/// **Ownership.** Who allocated a page frees it, from any thread. Who opened the arena closes it.
///
/// **Threads.** Thread-safe. Allocating and freeing single pages, and runs of 2, 4, 8 and 16 pages, take no lock as a
/// rule; platform threads have magazines of their own, virtual ones share some. At most 640 KiB lie in one thread's
/// magazines, and no more threads than eight a processor (at least 64) get any of their own.
///
/// **Invariants.** I1: no two live allocations overlap. I2: `live + free == limit`. I3: memory that pages may hold is
/// charged to the limit and to the budget before it is touched.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=vm_page_alloc&sektion=9">vm_page_alloc(9)</a>
public final class PageArena implements AutoCloseable {

    /// The handle that is no page.
    public static final long NO_PAGE = 0;

    private static final AtomicInteger NEXT_TAG = new AtomicInteger();

    private final PageArenaOptions options; // (C) with its defaults filled in
    private final ArenaSpace space; // (C)
    private final PageFrames frames; // (C)
    private final BiasedSlots slots; // (C) of the magazines
    private final PageReclaimers reclaimers; // (C)
    private final FramePool pool; // (C)
    private final FrameReclaimer reclaimer; // (C)
    private final FrameAllocator allocator; // (C)
    private final RunLengths lengths; // (C)
    private final ArenaReport report; // (C)
    private final Decay decay; // (C)
    private final int limitPages; // (C)
    private final boolean zeroOnFree; // (C)
    private @Nullable BitSet left; // (L) this, pages into which pointers may be left
    private int liveAtClose; // (L) this, pages that a forced close found
    private boolean closed; // (L) this

    private PageArena(PageArenaOptions options, Reservations reservations, MemoryBudget parent, long now) {
        VirtualMemory memory = reservations.memory();
        int pagePower = Alignment.power(options.pageByteSize());
        this.options = options;
        this.limitPages = (int) (options.byteSize() >>> pagePower);
        this.zeroOnFree = options.zeroOnFree();
        this.space = ArenaSpace.open(options, reservations, parent);
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
        FrameSupply.Terms terms = new FrameSupply.Terms(
                pageCount, limitPages, ArenaSpace.TABLE_BYTES_PER_PAGE, options.prefault(), framePages);
        FrameSupply supply = new FrameSupply(space.pages, frames, map, space.budget, terms);
        this.pool = new FramePool(supply, frames, magazines, memory.can(Capability.DECOMMIT));
        this.reclaimer = new FrameReclaimer(pool, space.pages, frames, magazines, reclaimers, framePages);
        this.allocator = new FrameAllocator(pool, reclaimer, frames, magazines, options.prefault());
        this.lengths = new RunLengths(frames, allocator, options.lockWired());
        this.report = new ArenaReport(this.options, frames, magazines, pool, space.budget);
        this.decay = new Decay(
                pool, reclaimer, magazines, reclaimers, options.decay().toNanos(), now);
        pool.onIdle(decay::request);
    }

    /// Opens an arena of this process.
    ///
    /// @param options what to open
    /// @return the arena, to be closed by the caller
    /// @throws IllegalArgumentException if the options do not fit the machine, naming the value and the bound
    /// @throws IllegalStateException if the machine leaves too little memory for a default budget, or too few mappings
    /// @throws PageExhaustedException if the budget has no room for the arena's tables
    public static PageArena open(PageArenaOptions options) {
        PageArena arena = open(options, Reservations.system(), System.nanoTime());
        if (options.decay().equals(PageArenaOptions.NO_DECAY)) {
            AddressSpace.releaseAtEnd(); // else maintenance does it, when there is time
        } else {
            Maintenance.system().add(options.name(), arena.decay);
        }
        return arena;
    }

    /// Opens an arena over another kernel seam and with no maintenance, for tests.
    static PageArena open(PageArenaOptions options, Reservations reservations, long now) {
        MemoryBudget parent = options.budgetAbove();
        return new PageArena(options.fitted(reservations, parent), reservations, parent, now);
    }

    /// Allocates one page.
    ///
    /// @return its handle
    /// @throws PageExhaustedException if there is none within the bound
    /// @throws PageStateException if the arena is closed
    public long allocate() {
        long page = tryAllocate();
        if (page == NO_PAGE) {
            throw report.exhausted(1);
        }
        return page;
    }

    /// Allocates one page if there is one within the bound.
    ///
    /// @return its handle, or [#NO_PAGE]
    /// @throws PageStateException if the arena is closed
    public long tryAllocate() {
        long page = claimCached(0);
        return page == NO_PAGE ? claim(allocator.allocate(1, 1)) : page;
    }

    /// Allocates `pages` adjacent pages.
    ///
    /// @param pages how many pages
    /// @return the handle of the run
    /// @throws IllegalArgumentException if `pages` is not positive, or more than the limit
    /// @throws PageExhaustedException if there is no such run within the bound
    /// @throws PageStateException if the arena is closed
    public long allocateRun(int pages) {
        long run = tryAllocateRun(pages);
        if (run == NO_PAGE) {
            throw report.exhausted(pages);
        }
        return run;
    }

    /// Allocates `pages` adjacent pages if there are such within the bound.
    ///
    /// @param pages how many pages
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

    /// Takes a run from a magazine. The magazine drops it last: a stack that overflows before leaves the run there.
    ///
    /// @return its handle, or [#NO_PAGE]
    private long claimCached(int runClass) {
        int[] cells = slots.enter();
        if (cells == null) {
            return NO_PAGE;
        }
        try {
            int index = Magazines.peek(cells, runClass);
            if (index < 0) {
                return NO_PAGE;
            }
            long page = frames.claim(index);
            Magazines.drop(cells, runClass);
            return page;
        } finally {
            BiasedSlots.exit(cells);
        }
    }

    /// Allocates `pages` adjacent pages at an aligned address if there are such within the bound.
    ///
    /// @param byteAlignment a power of two from the page size to 2 MiB
    /// @param pages how many pages
    /// @return the handle of the run, or [#NO_PAGE]
    /// @throws IllegalArgumentException if a value is out of its bounds
    /// @throws PageStateException if the arena is closed
    public long tryAllocateRun(int pages, long byteAlignment) {
        Alignment.check("byteAlignment", byteAlignment);
        if (byteAlignment > ArenaSpace.BYTE_ALIGNMENT) {
            throw new IllegalArgumentException(
                    "byteAlignment: " + byteAlignment + ", max=" + ArenaSpace.BYTE_ALIGNMENT);
        }
        int align = (int) Math.max(1, byteAlignment >>> frames.pageSizePower());
        return claim(allocator.allocate(checkRun(pages), align));
    }

    /// Allocates `pages` adjacent pages, waiting until others free them.
    ///
    /// @param timeout how long to wait at most; what a reclaimer could free, idle memory that must be decommitted
    ///     first, and room in a budget above the arena's, is noticed within 10 ms
    /// @param pages how many pages
    /// @return the handle of the run, or [#NO_PAGE] after the timeout
    /// @throws IllegalArgumentException if `pages` is not positive, or more than the limit
    /// @throws PageStateException if the arena is closed, also while waiting
    /// @throws InterruptedException if the thread is interrupted while it waits
    public long tryAllocateRun(int pages, Duration timeout) throws InterruptedException {
        long run = tryAllocateRun(pages);
        if (run != NO_PAGE) {
            return run;
        }
        return claim(allocator.await(pages, 1, TimeUnit.NANOSECONDS.convert(timeout)));
    }

    /// Frees a page or run, from any thread. Of several calls with one handle exactly one succeeds.
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign, the page is wired or held, or the arena is closed
    public void free(long page) {
        int runClass = Magazines.classOf(frames.peekRun(page));
        // the slot is entered first, so that what is looked up there does not wait for the compare-and-set of the frame
        int[] cells = slots.enter();
        boolean kept;
        int count;
        try {
            boolean fits = cells != null && Magazines.hasRoom(cells, runClass);
            if (!fits) {
                StackReserve.ensure(); // before the handle says that the page is free
            }
            count = zeroOnFree ? retireZeroing(page) : frames.retire(page);
            kept = cells != null && fits && Magazines.pushRun(cells, FrameLayout.index(page), count);
        } finally {
            if (cells != null) {
                BiasedSlots.exit(cells);
            }
        }
        if (!kept) {
            allocator.free(FrameLayout.index(page), count);
        }
    }

    private int retireZeroing(long page) {
        int count = frames.retire(page);
        OffHeap.fill(frames.addressOf(FrameLayout.index(page)), (long) count << frames.pageSizePower(), (byte) 0);
        return count;
    }

    /// Lengthens an allocation in place by the `pages` that follow it, if they are free. Reclaimers are not asked.
    ///
    /// @param page the handle of a page or run
    /// @param pages how many pages
    /// @return whether it was lengthened; its handle stays the same
    /// @throws IllegalArgumentException if `pages` is not positive
    /// @throws PageStateException if the handle is stale or foreign, or the page is wired and wired pages are locked in
    ///     memory
    public boolean tryGrow(long page, int pages) {
        return lengths.tryGrow(page, pages);
    }

    /// Cuts an allocation in two. The handle keeps the first `pages` pages, with their owner.
    ///
    /// @param page the handle of a page or run
    /// @param pages how many pages
    /// @return the handle of the rest, which has no owner yet
    /// @throws IllegalArgumentException if `pages` does not leave at least one page on each side
    /// @throws PageStateException if the handle is stale or foreign, or the page is wired or held
    public long split(long page, int pages) {
        return lengths.split(page, pages);
    }

    /// {@return the address of the first page that the arena can have, a multiple of 2 MiB}
    public long baseAddress() {
        return space.pages.address();
    }

    /// {@return the limit: the bytes that pages may hold at a time}
    public long byteSize() {
        return options.byteSize();
    }

    /// {@return the bytes from [#baseAddress()] on that pages may lie in: several times the limit where the system has
    /// the addresses, and at least the limit. A table of pages by position needs room for so many, in the end.}
    public long addressByteSize() {
        return (long) space.pageCount << frames.pageSizePower();
    }

    /// {@return what is known of the pages: addresses, lengths, wirings, holds, owners}
    public PageFrames frames() {
        return frames;
    }

    /// {@return the memory file under the pages, or null where the arena has none}
    ///
    /// @throws PageStateException if the arena is closed
    public @Nullable PageFile memoryFile() {
        return space.file(frames);
    }

    /// Ends what [PageFrames#register] began, so that another owner can be registered. Pages that the owner still has
    /// stay allocated until they are freed, and are listed as `left behind`. They do not keep the arena from being
    /// closed, and no other arena gets their addresses. Unregistering twice has no effect.
    ///
    /// @param owner the owner
    public synchronized void unregister(PageOwner owner) {
        if (!frames.isClosed()) {
            frames.unregister(owner, pool.frontier());
        }
    }

    /// Registers a reclaimer, which is called when an allocation finds no page, when the arena is trimmed, and by the
    /// clock. Registering it twice has no effect.
    ///
    /// @param reclaimer the layer above that keeps free pages
    public void addReclaimer(PageReclaimer reclaimer) {
        reclaimers.add(reclaimer);
        decay.request();
    }

    /// Unregisters a reclaimer. A call in progress may still finish.
    ///
    /// @param reclaimer the reclaimer, registered or not
    public void removeReclaimer(PageReclaimer reclaimer) {
        reclaimers.remove(reclaimer);
    }

    /// Asks for [PageReclaimer#decay] in the next tick, for a reclaimer that has something to do since it answered
    /// [PageReclaimer.Progress#DONE]. Costs one volatile read unless the arena rests, and never blocks.
    public void requestDecay() {
        decay.request();
    }

    /// Gives the memory of all free pages back at once, including those in magazines and in the caches of reclaimers.
    ///
    /// @return the bytes that went
    public long trim() {
        reclaimer.shrink(true);
        reclaimer.flush();
        return reclaimer.decommitAll();
    }

    /// {@return the options, with the sizes that were chosen}
    public PageArenaOptions options() {
        return options;
    }

    /// {@return a snapshot of the numbers. What other threads do meanwhile may be missing in it. Takes time in
    /// proportion to the pages ever used, and waits for a flush of the magazines.}
    public PageArenaStats stats() {
        return reclaimer.betweenFlushes(report::stats);
    }

    /// {@return the bytes of the arena's pages that are in memory now, asked from the kernel}
    ///
    /// @throws UnsupportedOperationException if the system cannot say
    public long residentBytes() {
        long byteSize = (long) pool.frontier() << frames.pageSizePower();
        return byteSize == 0 ? 0 : space.pages.memory().residentBytes(space.pages.address(), byteSize);
    }

    /// Gives everything back. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if pages are live, or a heap or a ring is open on the arena, naming some; nothing
    ///     is changed then
    @Override
    public void close() {
        close(false);
    }

    /// Gives everything back, whatever is live. Every handle is stale afterwards. A pointer into the arena that was
    /// kept reads zeroes or what others with such a pointer wrote, and never ends the process. The addresses of pages
    /// that were live are not used again, and those of all other pages serve later arenas.
    ///
    /// @return how many pages were live
    public int closeForcibly() {
        return close(true);
    }

    private synchronized int close(boolean force) {
        if (closed) {
            return 0;
        }
        if (!force) {
            reclaimers.requireNone();
        }
        int live = allocator.shut(force);
        if (!pool.isClosed()) {
            throw report.pagesLive(live);
        }
        liveAtClose += live;
        Maintenance.system().remove(decay);
        if (!frames.isClosed()) {
            frames.unwireLocked(pool.frontier());
            frames.close();
        }
        if (left == null) {
            // a thread that lost its core on the fast path may still write to the frames of what its magazine had
            left = liveAtClose > 0 || !slots.isQuiet() ? pool.pagesInUse() : new BitSet();
        }
        space.close(left);
        reclaimers.clear();
        closed = true;
        return liveAtClose;
    }

    Decay decay() {
        return decay;
    }

    /// {@return how often something was done, for tests}
    long count(ToLongFunction<FrameCounts> which) {
        return pool.read((supply, counts, transit) -> which.applyAsLong(counts));
    }

    MemoryBudget budget() {
        return space.budget;
    }

    /// Checks what must always hold; exact only while no other thread uses the arena.
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
            throw new IllegalArgumentException("pages in a run: " + pages + ", min=1, max=" + limitPages);
        }
        return pages;
    }

    /// {@return the name, the limit and what is charged, for people}
    @Override
    public String toString() {
        return "PageArena(name=%s, byteSize=%d, pageByteSize=%d, committedBytes=%d)"
                .formatted(options.name(), options.byteSize(), options.pageByteSize(), space.budget.usedBytes());
    }
}
