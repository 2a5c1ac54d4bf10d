package io.leasehold.jumbo;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.StateKind;
import io.leasehold.error.SystemCallException;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.SizeCount;
import io.leasehold.holder.SourceKind;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.MemoryOwner;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.EarlyClasses;
import io.leasehold.memory.OffHeap;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageExhaustedException;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.RefusingLimit;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A pool of disposable page-sized buffers for network adapters: a receiver allocates them, and any thread frees them.
///
/// ```text
///   allocate ---> magazine of this thread ---> queue of this shard ---> slab pool ---> other shards ---> new slab
///            ---> other shards ---> NONE      (other shards come before a new slab if they have many pages)
///   free     ---> magazine of this thread, if no other shard owns the page; else the queue of the owner shard
///   slab     ---> arena, if no page of it is in use, and the slab was not needed for a while or memory is short
/// ```
///
/// A page has a number, and an address that follows from the number. Each allocation returns a handle with a new
/// generation. A double free or the use of a stolen page throws and changes nothing.
///
/// | jumbo(9) | here |
/// |---|---|
/// | jumbo_vm_init | [#initialise] |
/// | jumbo_pg_alloc | [#allocate()], [#tryAllocate()] |
/// | jumbo_pg_free, jumbo_freem | [#free(long)] |
/// | jumbo_pg_steal | [PageExchange#steal] |
/// | jumbo_phys_to_kva | [#addressOf(int)], [#pageOf(long)] |
///
/// **Ownership.** The caller that got a handle frees it once, from any thread, or hands it over with that duty. The
/// caller that opened the pool closes it, before the arena.
///
/// **Threads.** Thread-safe. Allocating and freeing rarely take a lock. Platform threads have a shard of their own,
/// and virtual threads share shards. A thread that finds no shard uses the slab pool. Allocating waits for the arena
/// and the kernel only when a slab is added, or when free pages are collected from the shards of other threads.
///
/// **Cost.** Only [#trim], closing, and a search by [#state] and [#handleOf] take time in proportion to the pool. Trim
/// and closing hold the lock of the slab pool for no longer than a few slabs take. A pool that is not used costs
/// nothing.
///
/// **Invariants.** I1: no two generations of a page are in use at once, except those of a flipped page: its message has
/// one and its consumer has the next. I2: `free + leased + armed + deferredFree <= maxPages`, if `maxPages` is not 0.
///
/// @param <T> the type of the object that stands for a page
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=jumbo&sektion=9">jumbo(9)</a>
public final class JumboPool<T> implements MemoryOwner, AutoCloseable {

    /// Returned in place of a handle: no page is available.
    public static final long NONE = JumboPage.NONE;

    /// Returned in place of a page number or an address: the page or address was never one of this pool.
    public static final int FOREIGN = -3;

    /// Returned in place of a page number or an address: the page has gone with its slab or is inactive, or the pool is
    /// closed.
    public static final int NOT_IN_SERVICE = -4;

    /// Returned in place of a page number: the address is in a slab of this pool, behind the last page of the slab.
    public static final int PADDING = -5;

    private static final AtomicInteger NEXT_TAG = new AtomicInteger();

    private final PageArena arena; // (C)
    private final JumboOptions options; // (C)
    private final JumboBinder<T> binder; // (C)
    private final int tag; // (C)
    private final JumboErrors errors; // (C)
    private final PageTable<T> table; // (C)
    private final Shards shards; // (C)
    private final PageSupply<T> supply; // (C)
    private final BiasedSlots slots; // (C)
    private final Pressure pressure; // (C)
    private final PageBulk<T> bulk; // (C)
    private final PageExchange exchange; // (C)
    private final MemorySource source; // (C)

    private JumboPool(PageArena arena, JumboOptions options, JumboBinder<T> binder) {
        EarlyClasses.initialize(
                JumboLayout.class,
                JumboMemory.Run.class,
                JumboPage.class,
                JumboSlab.class,
                JumboSlabs.Addition.class,
                LeasePool.class,
                StateKind.class,
                PageTable.Larger.class,
                RemoteFreeQueue.class);
        EarlyClasses.resolve("free", "use");
        this.arena = arena;
        this.options = options;
        this.binder = binder;
        this.errors = new JumboErrors(options.name(), page -> supply().isFreeAfterWait(page));
        this.tag = Math.floorMod(NEXT_TAG.getAndIncrement(), JumboLayout.MAX_TAG) + 1;
        this.table = new PageTable<>(arena, options, tag);
        this.shards = new Shards(options, table, ArenaAccess.of(arena).virtualMemory());
        this.supply = new PageSupply<>(arena, options, table, shards, errors);
        this.slots = shards.slots();
        this.pressure = supply.pressure();
        this.bulk = new PageBulk<>(this, shards, supply);
        this.exchange = new PageExchange(this);
        this.source = MemorySource.open(
                SourceKind.PAGE_POOL,
                options.name(),
                options.tag(),
                this,
                JumboPool<?>::livePages,
                pool -> ArenaAccess.of(pool.arena).budget());
    }

    /// Opens a pool on the pages of an arena. Allocates no page yet.
    ///
    /// @param arena the arena that slabs are allocated from; its page size divides the slab size
    /// @param options the size of pages and slabs, and the limits
    /// @param binder creates the objects
    /// @param <T> the type of the object that stands for a page
    /// @return the pool, to be closed by the caller before the arena
    /// @throws IllegalArgumentException if a page of the arena is larger than a slab; if a slab or the initial pages
    ///     are larger than the arena; or if the arena has room for more pages than can be numbered
    public static <T> JumboPool<T> open(PageArena arena, JumboOptions options, JumboBinder<T> binder) {
        long pageByteSize = arena.options().pageByteSize();
        if (pageByteSize > options.slabByteSize()) {
            throw new IllegalArgumentException(
                    "pages of the arena are longer than a slab: pool=" + options.name() + ", arena="
                            + arena.options().name() + ", pageByteSize=" + pageByteSize + ", max="
                            + options.slabByteSize());
        }
        long arenaByteSize = arena.options().byteSize();
        if (options.slabByteSize() > arenaByteSize) {
            throw new IllegalArgumentException("a slab is longer than the arena: pool=" + options.name()
                    + ", slabByteSize=" + options.slabByteSize() + ", arena="
                    + arena.options().name() + ", max=" + arenaByteSize);
        }
        long maxPages = arenaByteSize / options.slabByteSize() * options.pagesPerSlab();
        if (options.initialPages() > maxPages) {
            throw new IllegalArgumentException("initial pages do not fit the arena: pool=" + options.name()
                    + ", initialPages=" + options.initialPages() + ", arena="
                    + arena.options().name() + ", max=" + maxPages);
        }
        return new JumboPool<>(arena, options, Objects.requireNonNull(binder, "binder is null"));
    }

    /// Allocates the initial pages (jumbo_vm_init). The first allocation does so too; this method does it before there
    /// is traffic. Has no effect after it has succeeded.
    ///
    /// @return true if all initial pages are allocated; false if none is allocated and this can be called again
    /// @throws JumboStateException if the pool is closed
    /// @throws io.leasehold.page.PageStateException if the arena is closed
    /// @throws IllegalStateException if the arena has the maximum number of owners
    public boolean initialise() {
        return supply.initialise();
    }

    /// Allocates a page (jumbo_pg_alloc). The content of the page is not defined. Never waits for a page.
    ///
    /// @return the handle of the page
    /// @throws PageExhaustedException if no page is available within the limit
    /// @throws JumboStateException if the pool is closed
    public long allocate() {
        long handle = tryAllocate();
        if (handle == NONE) {
            JumboStats stats = stats();
            throw new PageExhaustedException(format("no page is available: pool=%s, %s", options.name(), limit(stats)));
        }
        return handle;
    }

    /// {@return the limit that refused a page, the statistics, and the tags of the memory below a limit of the arena}
    private String limit(JumboStats stats) {
        int maxPages = options.maxPages();
        if (maxPages != 0 && stats.pages().inPool() >= maxPages) {
            return format("max=%d, %s", maxPages, stats);
        }
        RefusingLimit limit = ArenaAccess.of(arena).refusingLimit(options.slabByteSize());
        return limit + ", " + stats + limit.topTags(source.tag());
    }

    /// Allocates a page as [#allocate()] does, if one is available.
    ///
    /// @return the handle of the page, not negative, or [#NONE] if no page is available within the limit
    /// @throws JumboStateException if the pool is closed
    public long tryAllocate() {
        int[] cells = slots.enter();
        if (cells != null) {
            long handle;
            try {
                handle = shards.tryAllocate(cells);
            } finally {
                BiasedSlots.exit(cells);
            }
            if (handle >= 0) {
                return handle;
            }
        }
        return supply.take();
    }

    /// Allocates several pages, at the cost of one allocation for each half magazine.
    ///
    /// @param handles array that gets the handles
    /// @param from index of the first handle
    /// @param count maximum number of pages
    /// @return the number of pages; less than `count` if no more pages are available, or if the call failed after the
    ///     first page, for example because of a forced close
    /// @throws IndexOutOfBoundsException if the range is not within the array
    /// @throws JumboStateException if the pool is closed
    public int tryAllocate(long[] handles, int from, int count) {
        return bulk.tryAllocate(handles, from, count);
    }

    /// Frees a page (jumbo_pg_free), from any thread. Pass this method to code that frees later (jumbo_freem). Of
    /// several calls with one handle exactly one succeeds; the others throw and change nothing.
    ///
    /// The free of a held page is deferred until the page is not held. For a flipped page only the message is freed.
    ///
    /// @param handle the handle of a page that the caller has
    /// @throws JumboStateException if the page was freed before, or is stolen or armed, or the handle is foreign
    @Override
    public void free(long handle) {
        if (!tryKeep(handle)) {
            freeSlow(handle);
        }
    }

    private boolean tryKeep(long handle) {
        int[] cells = slots.enter();
        if (cells == null) {
            return false;
        }
        try {
            return !pressure.isPressed() && shards.tryKeep(cells, handle);
        } finally {
            BiasedSlots.exit(cells);
        }
    }

    private void freeSlow(long handle) {
        supply.ensureStack();
        if (supply.openSlot() && tryKeep(handle)) {
            return;
        }
        JumboPage<T> page = require("free", handle);
        int outcome = page.free(handle, errors);
        if (outcome == JumboPage.MESSAGE_FREED) {
            supply.noteMessageFreed();
        } else if (outcome == JumboPage.DEFERRED) {
            supply.noteFreeDeferred();
        } else if (outcome == JumboPage.FREED) {
            supply.give(page);
        }
    }

    /// Frees several pages as [#free(long)] does, at the cost of one free for each half magazine.
    ///
    /// @param handles handles of pages that the caller has
    /// @param from index of the first handle
    /// @param count number of pages
    /// @throws IndexOutOfBoundsException if the range is not within the array
    /// @throws JumboStateException if a handle is rejected; the pages before it are free
    public void free(long[] handles, int from, int count) {
        bulk.free(handles, from, count);
    }

    /// Runs a task once when a page is free that [#tryAllocate()] may return; at once if a page is free. As many tasks
    /// run as there are free pages, in the order of the calls.
    ///
    /// A task that finds no page calls this method again. A task that needs no page any more allocates a page and
    /// frees it; otherwise the next task waits for the clock of the arena. The clock also notices memory that other
    /// users of the arena free.
    ///
    /// @param task run without a lock, on one of these threads: the caller, a thread that frees a page or adds a slab,
    ///     the clock of the arena, or the thread in [#close]. A thread that runs another task runs it after that task.
    ///     The task must not block and may use the pool. Only the first exception of the tasks and the listener of this
    ///     pool is logged
    /// @throws JumboStateException if the pool is closed
    public void whenFree(Runnable task) {
        supply.backpressure().await(task);
    }

    /// Waits until a page is free that [#tryAllocate()] may return, as for [#whenFree].
    ///
    /// @param timeout maximum time to wait, not negative
    /// @return true if a page may be available
    /// @throws IllegalArgumentException if the time is negative
    /// @throws InterruptedException if the thread is interrupted before or while it waits
    /// @throws JumboStateException if the pool is closed, also while this waits
    public boolean awaitFree(Duration timeout) throws InterruptedException {
        return supply.backpressure().await(timeout);
    }

    /// Arms a page: a device or the kernel may write to it until [#receive].
    ///
    /// @param handle the handle of a page that the caller has, and that is not held
    /// @throws JumboStateException if the page is not leased, is held or was flipped, or the handle is stale or foreign
    public void arm(long handle) {
        supply.backpressure().arm(require("arm", handle), handle, true);
    }

    /// Receives a page back from the device, filled or not. Ends [#arm].
    ///
    /// @param handle the handle of an armed page
    /// @throws JumboStateException if the page is not armed, or the handle is stale or foreign
    public void receive(long handle) {
        supply.backpressure().arm(require("receive", handle), handle, false);
    }

    /// Adds a hold to a page (vm_page_hold). The free of a held page is deferred until the last [#unhold].
    ///
    /// @param handle the handle of a leased page
    /// @throws JumboStateException if the page is not leased, or has 65,535 holds, or the handle is stale or foreign
    public void hold(long handle) {
        require("hold", handle).hold(handle, errors);
    }

    /// Removes one hold.
    ///
    /// @param handle the handle of a page that the caller holds
    /// @throws JumboStateException if the page is not held, or the handle is stale or foreign
    public void unhold(long handle) {
        JumboPage<T> page = require("unhold", handle);
        supply.ensureStack();
        if (page.unhold(handle, errors)) {
            supply.giveDeferred(page);
        }
    }

    /// {@return the operations that change the owner of a page: steal, flip and adopt}
    public PageExchange exchange() {
        return exchange;
    }

    /// {@return the object of a page; it is created and bound if the page has none}
    ///
    /// @param handle the handle of a page that the caller has
    /// @throws JumboStateException if the handle is stale or foreign, or the pool is closed
    public T object(long handle) {
        JumboPage<T> page = requireUsable(handle);
        T object = page.object();
        if (object == null) {
            object = binder.bind(this, page.index(), page.address(), pageByteSize());
            page.bind(object);
        }
        return object;
    }

    /// Drops the pool's reference to the object of a page. The garbage collector can then detect that the holder lost
    /// the object. The next call of [#object] creates a new object.
    ///
    /// @param handle the handle of a page that the caller has
    /// @throws JumboStateException if the handle is stale or foreign, or the pool is closed
    public void unbind(long handle) {
        requireUsable(handle).bind(null);
    }

    /// {@return the state of the page of a handle; may be stale}
    ///
    /// Takes constant time, unless the page is free or leased. Then it may search the magazines and queues of all
    /// threads.
    ///
    /// @param handle handle of a page; its generation is not checked
    /// @throws JumboStateException if the pool has no such page
    public JumboState state(long handle) {
        JumboPage<T> page = require("look at", handle);
        JumboState state = JumboLayout.state(page.word());
        return state == JumboState.LEASED && supply.isFree(page.index()) ? JumboState.FREE : state;
    }

    /// {@return a page in use as a memory segment} The segment is bounded, and stays accessible after the page is
    /// freed.
    ///
    /// @param handle handle of a page in use
    /// @throws JumboStateException if the handle is stale or foreign, or the pool is closed
    public MemorySegment segment(long handle) {
        return OffHeap.segment(address(handle), options.bufferSize().byteSize());
    }

    /// {@return the address of a page's first byte, a multiple of 512}
    ///
    /// @param handle the handle of a page that the caller has
    /// @throws JumboStateException if the handle is stale or foreign, or the pool is closed
    public long address(long handle) {
        return requireUsable(handle).address();
    }

    /// {@return the number of the page that contains an address, or [#FOREIGN], [#NOT_IN_SERVICE] or [#PADDING] (the
    /// inverse of jumbo_phys_to_kva)}
    ///
    /// Takes only arithmetic and one look-up, at any time and for any address. Has no effect on the page.
    ///
    /// @param address the address of any byte
    public int pageOf(long address) {
        return table.pageOf(address);
    }

    /// {@return the address of the first byte of a page, or [#FOREIGN] or [#NOT_IN_SERVICE] (jumbo_phys_to_kva)}
    ///
    /// @param page the number of a page
    public long addressOf(int page) {
        return table.addressOf(page);
    }

    /// {@return the current handle of a page, or [#NONE] if the page is free or inactive, its free is deferred, or
    /// there is no such page}
    ///
    /// Translates a page number that a device reports into the handle. Takes constant time for an armed, held, stolen
    /// or flipped page. For another page it may search the magazines and queues of all threads.
    ///
    /// @param page the number of a page
    public long handleOf(int page) {
        JumboPage<T> found = page < 0 ? null : table.page(page);
        if (found == null) {
            return NONE;
        }
        long handle = found.handle();
        return found.isFreeOrLeased() && supply.isFree(page) ? NONE : handle;
    }

    /// {@return the size of a page in bytes}
    public int pageByteSize() {
        return options.bufferSize().byteSize();
    }

    /// {@return the options that the pool was opened with}
    public JumboOptions options() {
        return options;
    }

    /// {@return a snapshot of the statistics; takes time in proportion to the number of threads, not of pages}
    public JumboStats stats() {
        return supply.stats(exchange.counts());
    }

    private List<SizeCount> livePages() {
        JumboStats.Pages pages = stats().pages();
        return List.of(new SizeCount(pageByteSize(), (long) pages.outstanding() + pages.stolen()));
    }

    /// Frees to the arena every slab of which no page is in use, the initial slabs too. The arena decommits the memory
    /// later.
    ///
    /// @return the bytes that were freed to the arena
    public long trim() {
        return supply.trim();
    }

    /// Closes the pool and frees all slabs to the arena. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if pages are in use or stolen; the message names some of them, and nothing is
    ///     changed
    /// @throws SystemCallException if the kernel does not unlock pages; the pool is closed, and closing can be repeated
    @Override
    public void close() {
        supply.close(false);
        source.close();
    }

    /// Closes the pool even if pages are in use. No page is allocated afterwards.
    ///
    /// The slabs of pages in use keep their memory until all pages of the slab are freed. So no other owner gets
    /// memory that the holder of a page, or the kernel, may still write to. Freeing such a page is accepted once.
    ///
    /// @return the number of pages that were in use or stolen. If the kernel rejects a memory barrier, pages in the
    ///     caches of threads count too, until a page is freed or closing is repeated
    /// @throws SystemCallException if the kernel does not unlock pages; the pool is closed, and closing can be repeated
    public int closeForcibly() {
        int out = supply.close(true);
        source.close();
        return out;
    }

    /// {@return the page of a handle of this pool, in any state}
    ///
    /// @throws JumboStateException if there is no such page
    JumboPage<T> require(String what, long handle) {
        JumboPage<T> page = find(handle);
        if (page == null) {
            throw handle >= 0 && JumboLayout.tag(handle) == tag
                    ? errors.missing(what, handle, table.addressOf(JumboLayout.page(handle)) == NOT_IN_SERVICE)
                    : errors.foreign(handle);
        }
        return page;
    }

    @Nullable JumboPage<T> find(long handle) {
        return JumboLayout.tag(handle) == tag ? table.page(JumboLayout.page(handle)) : null;
    }

    private JumboPage<T> requireUsable(long handle) {
        JumboPage<T> page = require("use", handle);
        if (!page.isUsable(handle)) {
            throw errors.refused("use", page, handle, page.word());
        }
        if (table.isGone()) {
            throw errors.closed();
        }
        return page;
    }

    JumboErrors errors() {
        return errors;
    }

    PageSupply<T> supply() {
        return supply;
    }

    /// Checks the invariants. Exact only while no other thread uses the pool.
    void checkInvariants() {
        supply.checkInvariants();
    }

    @Override
    public String toString() {
        return format("JumboPool(%s, pageByteSize=%d, %s)", options.name(), pageByteSize(), supply);
    }
}
