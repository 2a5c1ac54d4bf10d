package io.leasehold.jumbo;

import io.leasehold.error.SystemCallException;
import io.leasehold.lease.Releaser;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.EarlyClasses;
import io.leasehold.memory.StackReserve;
import io.leasehold.page.PageArena;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Disposable page-sized buffers for network adapters: allocated by a receiver, freed by any thread, or never.
///
/// ```text
///   allocate ---> magazine of this thread ---> pool of this shard ---> pool ---> other shards ---> new slab ---> NONE
///   release  ---> magazine of this thread, if it allocated the page; else the pool of the shard that did
///   slab pool     ---- slab not needed for a while, or memory is short and no page of the slab is in use ---> arena
/// ```
///
/// A page is known by a number, which its address follows from and back, and in each of its lives by a handle. A caller
/// that frees twice, or uses a page that was stolen, gets an exception, always, and changes nothing.
///
/// | jumbo(9) | here |
/// |---|---|
/// | jumbo_vm_init | [#initialise] |
/// | jumbo_pg_alloc | [#allocate()] |
/// | jumbo_pg_free, jumbo_freem | [#release(long)] |
/// | jumbo_pg_steal | [PageExchange#steal] |
/// | jumbo_phys_to_kva | [#addressOf(int)], [#pageOf(long)] |
///
/// **Ownership.** The caller that got a handle releases it, once, from any thread, or hands it on with that duty. The
/// caller that opened the pool closes it, before the arena.
///
/// **Threads.** Thread-safe. Allocating and releasing take no lock as a rule; platform threads have a shard of their
/// own, virtual threads share some, and a thread that finds no shard free goes to the slab pool. Allocating waits for the
/// arena and the kernel at most, when a slab is added.
///
/// **Cost.** Only [#trim] and closing take time in proportion to the pool, and they hold no lock for longer than a few
/// slabs take. A pool that is not used costs nothing.
///
/// **Invariants.** I1: no two lives of a page overlap. I2: `free + leased + armed + held <= maxPages`, if not 0.
///
/// @param <T> the type of the object that stands for a page
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=jumbo&sektion=9">jumbo(9)</a>
public final class JumboPool<T> implements Releaser, AutoCloseable {

    /// Returned in place of a handle: no page is available.
    public static final long NONE = JumboPage.NONE;

    /// Returned in place of a page number or an address: the page or address was never one of this pool.
    public static final int FOREIGN = -3;

    /// Returned in place of a page number or an address: the page has gone with its slab, or is inactive.
    public static final int NOT_IN_SERVICE = -4;

    /// Returned in place of a page number: the address is in a slab of this pool, behind the last page of the slab.
    public static final int PADDING = -5;

    private static final AtomicInteger NEXT_TAG = new AtomicInteger();

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

    private JumboPool(PageArena arena, JumboOptions options, JumboBinder<T> binder) {
        EarlyClasses.initialize(
                JumboLayout.class,
                JumboMemory.Run.class,
                JumboPage.class,
                JumboSlab.class,
                JumboSlabs.Addition.class,
                JumboStateException.Kind.class,
                PageTable.Larger.class,
                RemoteFreeQueue.class);
        this.options = options;
        this.binder = binder;
        this.errors = new JumboErrors(options.name(), page -> supply().isFreeAfterWait(page));
        this.tag = Math.floorMod(NEXT_TAG.getAndIncrement(), JumboLayout.MAX_TAG) + 1;
        this.table = new PageTable<>(arena, options, tag);
        this.shards = new Shards(options, table);
        this.supply = new PageSupply<>(arena, options, table, shards, errors);
        this.slots = shards.slots();
        this.pressure = supply.pressure();
        this.bulk = new PageBulk<>(this, shards, supply);
        this.exchange = new PageExchange(this);
    }

    /// Opens a pool on the pages of an arena, without asking it for any.
    ///
    /// @param arena the arena that slabs are allocated from; its page size divides the slab size
    /// @param options the size of pages and slabs, and the bounds
    /// @param binder the maker of the objects
    /// @param <T> the type of the object that stands for a page
    /// @return the pool, to be closed by the caller before the arena
    /// @throws IllegalArgumentException if the arena's pages are too large, or there could be too many of the pool's
    public static <T> JumboPool<T> open(PageArena arena, JumboOptions options, JumboBinder<T> binder) {
        long pageByteSize = arena.options().pageByteSize();
        if (pageByteSize > options.slabByteSize()) {
            throw new IllegalArgumentException(
                    "pages of the arena are longer than a slab: pool=" + options.name() + ", arena="
                            + arena.options().name() + ", pageByteSize=" + pageByteSize + ", max="
                            + options.slabByteSize());
        }
        return new JumboPool<>(arena, options, binder);
    }

    /// Allocates what the pool needs from the start (jumbo_vm_init). The first allocation does so too; here it can be
    /// done before there is traffic. Once it succeeded it has no effect.
    ///
    /// @return true if there is all of it; else there is nothing of it, and this can be called again
    /// @throws JumboStateException if the pool is closed
    /// @throws io.leasehold.page.PageStateException if the arena is closed
    /// @throws IllegalStateException if the arena knows as many owners as it can
    public boolean initialise() {
        return supply.initialise();
    }

    /// Allocates a page (jumbo_pg_alloc). Its content is not defined.
    ///
    /// @return its handle, not negative, or [#NONE] if there is no page within the bound; never waits for one
    /// @throws JumboStateException if the pool is closed
    public long allocate() {
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

    /// Allocates pages, as many as there are, at the cost of one for each half magazine of them.
    ///
    /// @param handles array that gets the handles
    /// @param from index of the first handle
    /// @param count maximum number of pages
    /// @return the number of pages; less than `count` if there are no more
    /// @throws IndexOutOfBoundsException if they do not fit the array
    /// @throws JumboStateException if the pool is closed
    public int allocate(long[] handles, int from, int count) {
        return bulk.allocate(handles, from, count);
    }

    /// Frees a page (jumbo_pg_free), from any thread: the function to give to code that frees later (jumbo_freem).
    /// Of several calls with one handle exactly one succeeds, and the others change nothing.
    ///
    /// A page that is held waits until it is not; of a page that was flipped only the message is freed.
    ///
    /// @param handle the handle of a page that the caller has
    /// @throws JumboStateException if the page was freed before or is stolen or armed, or the handle is foreign
    @Override
    public void release(long handle) {
        if (!tryKeep(handle)) {
            releaseSlow(handle);
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

    private void releaseSlow(long handle) {
        StackReserve.ensure(2);
        if (supply.openSlot() && tryKeep(handle)) {
            return;
        }
        JumboPage<T> page = require("release", handle);
        int outcome = page.free(handle, errors);
        if (outcome == JumboPage.MESSAGE_FREED) {
            supply.noteMessageFreed();
        } else if (outcome == JumboPage.DEFERRED) {
            supply.noteFreeDeferred();
        } else if (outcome == JumboPage.FREED) {
            supply.give(page);
        }
    }

    /// Frees pages as [#release(long)] does, at the cost of one for each half magazine of them.
    ///
    /// @param handles handles of pages that the caller has
    /// @param from index of the first handle
    /// @param count number of pages
    /// @throws IndexOutOfBoundsException if the array does not have them
    /// @throws JumboStateException if one is refused; those before it are free
    public void release(long[] handles, int from, int count) {
        bulk.release(handles, from, count);
    }

    /// Has a task run once, when a page is free that [#allocate()] may have; at once if there is one. As many tasks run
    /// as there are pages, in their order. One that finds its page gone asks again; one that wants it no more allocates
    /// and releases it, or the next task waits for the arena's clock, which also notices memory that others free.
    ///
    /// @param task run by the thread that frees the page, without a lock, or by [#close]; it must not block, may use
    ///     the pool, and its exceptions are logged, once
    /// @throws JumboStateException if the pool is closed
    public void whenFree(Runnable task) {
        supply.backpressure().await(task);
    }

    /// Waits until a page is free that [#allocate()] may have, as [#whenFree] says.
    ///
    /// @param timeoutNanos maximum time in nanoseconds, at least 0
    /// @return true if there may be one
    /// @throws IllegalArgumentException if the time is negative
    /// @throws InterruptedException if the thread is interrupted before or while it waits
    /// @throws JumboStateException if the pool is closed, also while this waits
    public boolean awaitFree(long timeoutNanos) throws InterruptedException {
        return supply.backpressure().await(timeoutNanos);
    }

    /// Says that a device or the kernel may write to a page from now on.
    ///
    /// @param handle the handle of a page that the caller has, and no other thread holds
    /// @throws JumboStateException if the page is not leased, or held or flipped, or the handle stale or foreign
    public void arm(long handle) {
        supply.backpressure().arm(require("arm", handle), handle, true);
    }

    /// Takes a page back from the device, filled or not.
    ///
    /// @param handle the handle of a page that is armed
    /// @throws JumboStateException if it is not, or the handle is stale or foreign
    public void receive(long handle) {
        supply.backpressure().arm(require("receive", handle), handle, false);
    }

    /// Holds a page once more (vm_page_hold): if it is freed it waits until it is not held.
    ///
    /// @param handle the handle of a page that is leased
    /// @throws JumboStateException if it is not, or is held 65,535 times, or the handle is stale or foreign
    public void hold(long handle) {
        require("hold", handle).hold(handle, errors);
    }

    /// Gives up one hold.
    ///
    /// @param handle the handle of a page that the caller holds
    /// @throws JumboStateException if it is not held, or the handle is stale or foreign
    public void unhold(long handle) {
        JumboPage<T> page = require("unhold", handle);
        StackReserve.ensure(2);
        if (page.unhold(handle, errors)) {
            supply.giveDeferred(page);
        }
    }

    /// {@return the operations that change the owner of a page: stealing, flipping, and adoption}
    public PageExchange exchange() {
        return exchange;
    }

    /// {@return the object of a page, bound to it now if it has none}
    ///
    /// @param handle the handle of a page that the caller has
    /// @throws JumboStateException if the handle is stale or foreign
    public T object(long handle) {
        JumboPage<T> page = requireUsable(handle);
        T object = page.object();
        if (object == null) {
            object = binder.bind(this, page.index(), page.address(), pageByteSize());
            page.bind(object);
        }
        return object;
    }

    /// Forgets the object of a page, so that the collector can tell when the holder loses it; the page gets a new one.
    ///
    /// @param handle the handle of a page that the caller has
    /// @throws JumboStateException if the handle is stale or foreign
    public void unbind(long handle) {
        requireUsable(handle).bind(null);
    }

    /// {@return the address of a page's first byte, a multiple of 512}
    ///
    /// @param handle the handle of a page that the caller has
    /// @throws JumboStateException if the handle is stale or foreign
    public long address(long handle) {
        return requireUsable(handle).address();
    }

    /// {@return the page that an address is in, or [#FOREIGN], [#NOT_IN_SERVICE] or [#PADDING] (the other way of
    /// jumbo_phys_to_kva)}
    ///
    /// Arithmetic, with no effect on the page, at any time, for any address.
    ///
    /// @param address the address of any byte
    public int pageOf(long address) {
        return table.pageOf(address);
    }

    /// {@return the address where a page begins, or [#FOREIGN] or [#NOT_IN_SERVICE] (jumbo_phys_to_kva)}
    ///
    /// @param page the number of a page
    public long addressOf(int page) {
        return table.addressOf(page);
    }

    /// {@return the handle of a page that is in use, or [#NONE]}
    ///
    /// For a caller that gave a page to a device and gets its number back: at once if it is armed. For a page that is
    /// not armed, stolen or flipped this looks into the magazines of all threads.
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

    /// {@return the options that it was opened with}
    public JumboOptions options() {
        return options;
    }

    /// {@return the numbers of about one moment; takes time in proportion to threads, whatever the number of pages}
    public JumboStats stats() {
        return supply.stats(exchange.counts());
    }

    /// Gives every slab of which no page is in use back to the arena, which gives it to the system in its own time.
    ///
    /// @return the bytes that were given back
    public long trim() {
        return supply.trim();
    }

    /// Gives everything back to the arena. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if pages are in use or stolen, naming some; nothing is changed then
    /// @throws SystemCallException if the kernel refuses to unlock pages; the pool is closed, and closing can be
    ///     repeated
    @Override
    public void close() {
        supply.close(false);
    }

    /// Closes the pool while pages are in use. It lends nothing any more. The slabs of such pages keep their memory,
    /// which goes back to the arena as soon as all pages of a slab are released, so that no other caller gets memory
    /// that the holder of a page, or the kernel, may still write to. Releasing one later is accepted once.
    ///
    /// @return the number of pages that were in use or stolen
    /// @throws SystemCallException if the kernel refuses to unlock pages; the pool is closed, and closing can be
    ///     repeated
    public int closeForcibly() {
        return supply.close(true);
    }

    /// {@return a page by a handle of this pool, whatever its state}
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

    /// Checks what must always hold; exact only while no other thread uses the pool.
    void checkInvariants() {
        supply.checkInvariants();
    }

    @Override
    public String toString() {
        return "JumboPool(%s, pageByteSize=%d, %s)".formatted(options.name(), pageByteSize(), supply);
    }
}
