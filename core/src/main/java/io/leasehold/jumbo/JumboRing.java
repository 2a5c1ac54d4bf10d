package io.leasehold.jumbo;

import io.leasehold.lease.Releaser;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.os.OsException;
import io.leasehold.page.PageArena;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Disposable page-sized buffers for network adapters: taken by who receives, released by anybody, or never.
///
/// ```text
///   allocate ---> stack of this thread ---> ring of this shard ---> pool ---> other shards ---> new slab ---> NONE
///   release  ---> stack of this thread, if it lent the page; else the ring of the shard that did
///   pool     ---- slab not needed for a while, or by nobody while somebody finds no memory ---> arena
/// ```
///
/// A page is known by a number, which its address follows from and back, and in each of its lives by a token, which is
/// good for that life alone: whoever frees twice, or what was stolen, is told so, always, and changes nothing.
///
/// | jumbo(9) | here |
/// |---|---|
/// | jumbo_vm_init | [#initialise] |
/// | jumbo_pg_alloc | [#allocate()] |
/// | jumbo_pg_free, jumbo_freem | [#release(long)] |
/// | jumbo_pg_steal | [PageExchange#steal] |
/// | jumbo_phys_to_kva | [#addressOf(int)], [#pageOf(long)] |
///
/// **Ownership.** Who got a token releases it, once, from any thread, or hands it on with that duty. Who opened the
/// ring closes it, before the arena.
///
/// **Threads.** Thread-safe. Taking and releasing take no lock as a rule; platform threads have a shard of their own,
/// virtual ones share some, and who finds none free goes to the pool. Allocating waits for no more than the arena's
/// lock and the kernel's answer when a slab is added.
///
/// **Invariants.** I1: no two lives of a page overlap. I2: `free + leased + armed + held <= maxPages`, if there is a
/// bound.
///
/// @param <T> what pages are lent as
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=jumbo&sektion=9">jumbo(9)</a>
public final class JumboRing<T> implements Releaser, AutoCloseable {

    /// The token that is no page: there is none within the bound.
    public static final long NONE = JumboPage.NONE;

    /// In place of a page or address: it never was the ring's.
    public static final int FOREIGN = -1;

    /// In place of a page or address: it was the ring's and went with its slab, or is not in service.
    public static final int RETIRED = -2;

    /// In place of a page: the address is in a slab of the ring, behind its last page.
    public static final int PADDING = -3;

    private static final AtomicInteger NEXT_TAG = new AtomicInteger();

    private final JumboOptions options; // (C)
    private final JumboBinder<T> binder; // (C)
    private final int tag; // (C)
    private final JumboErrors errors; // (C)
    private final JumboSlabs<T> slabs; // (C)
    private final Shards shards; // (C)
    private final PageSupply<T> supply; // (C)
    private final BiasedSlots slots; // (C)
    private final Pressure pressure; // (C)
    private final PageBulk<T> bulk; // (C)
    private final PageExchange exchange; // (C)

    private JumboRing(PageArena arena, JumboOptions options, JumboBinder<T> binder) {
        this.options = options;
        this.binder = binder;
        this.errors = new JumboErrors(options.name(), this::isFree);
        this.tag = Math.floorMod(NEXT_TAG.getAndIncrement(), JumboLayout.MAX_TAG) + 1;
        this.slabs = new JumboSlabs<>(arena, options, tag);
        this.shards = new Shards(options, slabs);
        JumboPool<T> pool = new JumboPool<>(options, slabs, shards, errors);
        this.supply = new PageSupply<>(arena, options, pool, shards, errors);
        this.slots = shards.slots();
        this.pressure = supply.pressure();
        this.bulk = new PageBulk<>(this, shards, supply);
        this.exchange = new PageExchange(this);
    }

    /// Opens a ring on the pages of an arena, without asking it for any.
    ///
    /// @param arena whose pages; their size divides that of a slab
    /// @param options what it is like
    /// @param binder makes the objects
    /// @param <T> what pages are lent as
    /// @return the ring, to be closed by the caller before the arena
    /// @throws IllegalArgumentException if the arena's pages are too large, or there could be too many of the ring's
    public static <T> JumboRing<T> open(PageArena arena, JumboOptions options, JumboBinder<T> binder) {
        long pageByteSize = arena.options().pageByteSize();
        if (pageByteSize > options.slabByteSize()) {
            throw new IllegalArgumentException(
                    "pages are too large: pageByteSize=" + pageByteSize + ", bound=" + options.slabByteSize());
        }
        return new JumboRing<>(arena, options, binder);
    }

    /// Takes what the ring needs from the start (jumbo_vm_init). Whoever allocates first does so too; here it can be
    /// done before there is traffic. Once it succeeded it has no effect.
    ///
    /// @return whether there is all of it; else there is nothing of it, and this can be called again
    /// @throws JumboStateException if the ring is closed
    /// @throws io.leasehold.page.PageStateException if the arena is closed
    /// @throws IllegalStateException if the arena knows as many owners as it can
    public boolean initialise() {
        return supply.initialise();
    }

    /// Allocates a page (jumbo_pg_alloc). Its content is not defined.
    ///
    /// @return its token, not negative, or [#NONE] if there is no page within the bound; never waits for one
    /// @throws JumboStateException if the ring is closed
    public long allocate() {
        int[] cells = slots.enter();
        if (cells != null) {
            long token = shards.lend(cells);
            BiasedSlots.exit(cells);
            if (token >= 0) {
                return token;
            }
        }
        return supply.take();
    }

    /// Allocates pages, as many as there are, at the cost of one for each half stack of them.
    ///
    /// @param tokens where the tokens go
    /// @param from index of the first
    /// @param count how many at most
    /// @return how many; the last ones are missing if there are fewer
    /// @throws IndexOutOfBoundsException if they do not fit the array
    /// @throws JumboStateException if the ring is closed
    public int allocate(long[] tokens, int from, int count) {
        return bulk.allocate(tokens, from, count);
    }

    /// Takes a page back (jumbo_pg_free), from any thread: the function to give to whoever frees later (jumbo_freem).
    /// Of several calls with one token exactly one succeeds, and the others change nothing.
    ///
    /// A page that others hold waits for them; of a page that was flipped only the message is freed.
    ///
    /// @param token of a page that the caller has
    /// @throws JumboStateException if the page was freed before or is stolen or armed, or the token is foreign
    @Override
    public void release(long token) {
        int[] cells = slots.enter();
        if (cells != null) {
            boolean kept = !pressure.isPressed() && shards.tryKeep(cells, token);
            BiasedSlots.exit(cells);
            if (kept) {
                return;
            }
        }
        releaseSlow(token);
    }

    private void releaseSlow(long token) {
        JumboPage<T> page = require("release", token);
        int outcome = page.free(token, errors);
        if (outcome == JumboPage.SLOT_FREED) {
            supply.noteMessageFreed();
        } else if (outcome == JumboPage.CAME_HOME) {
            supply.give(page);
        }
    }

    /// Takes pages back as [#release(long)] does, at the cost of one for each half stack of them.
    ///
    /// @param tokens of pages that the caller has
    /// @param from index of the first
    /// @param count how many
    /// @throws IndexOutOfBoundsException if the array does not have them
    /// @throws JumboStateException if one is refused; those before it are back
    public void release(long[] tokens, int from, int count) {
        bulk.release(tokens, from, count);
    }

    /// Has a task run once, when a page is free that [#allocate()] may lend; at once if there is one. Whoever is told
    /// may find it taken by another, and asks again then. Of memory that others give to the arena nobody is told.
    ///
    /// @param task told by whoever brings the page, who holds no lock meanwhile, or by [#close]; it must not block, may
    ///     use the ring, and what it throws is logged, once
    /// @throws JumboStateException if the ring is closed
    public void whenFree(Runnable task) {
        supply.await(task);
    }

    /// Waits until a page is free that [#allocate()] may lend, as [#whenFree] has it.
    ///
    /// @param timeoutNanos wait at most so long, at least 0
    /// @return whether there may be one
    /// @throws IllegalArgumentException if the time is negative
    /// @throws InterruptedException if the thread is interrupted before or while it waits
    /// @throws JumboStateException if the ring is closed, also while this waits
    public boolean awaitFree(long timeoutNanos) throws InterruptedException {
        return supply.await(timeoutNanos);
    }

    /// Says that a device or the kernel may write to a page from now on.
    ///
    /// @param token of a page that the caller holds alone
    /// @throws JumboStateException if the page is not leased, or held or flipped, or the token stale or foreign
    public void arm(long token) {
        require("arm", token).arm(token, errors);
        supply.countArmed(1);
    }

    /// Takes a page back from the device, filled or not.
    ///
    /// @param token of a page that is armed
    /// @throws JumboStateException if it is not, or the token is stale or foreign
    public void receive(long token) {
        require("receive", token).receive(token, errors);
        supply.countArmed(-1);
    }

    /// Holds a page once more (vm_page_hold): if it is freed it waits until nobody holds it.
    ///
    /// @param token of a page that is leased
    /// @throws JumboStateException if it is not, or is held 65,535 times, or the token is stale or foreign
    public void hold(long token) {
        require("hold", token).hold(token, errors);
    }

    /// Gives up one hold.
    ///
    /// @param token of a page that the caller holds
    /// @throws JumboStateException if nobody holds it, or the token is stale or foreign
    public void unhold(long token) {
        JumboPage<T> page = require("unhold", token);
        if (page.unhold(token, errors)) {
            supply.give(page);
        }
    }

    /// {@return how pages become somebody's own: stealing, flipping, and adoption}
    public PageExchange exchange() {
        return exchange;
    }

    /// {@return the object of a page, bound to it now if it has none}
    ///
    /// @param token of a page that the caller has
    /// @throws JumboStateException if the token is stale or foreign
    public T object(long token) {
        JumboPage<T> page = requireOut(token);
        T object = page.object();
        if (object == null) {
            object = binder.bind(this, page.index(), page.address(), pageByteSize());
            page.bind(object);
        }
        return object;
    }

    /// Forgets the object of a page, so that the collector can tell when its holder loses it; the page gets a new one.
    ///
    /// @param token of a page that the caller has
    /// @throws JumboStateException if the token is stale or foreign
    public void unbind(long token) {
        requireOut(token).bind(null);
    }

    /// {@return the address of a page's first byte, a multiple of 512}
    ///
    /// @param token of a page that the caller has
    /// @throws JumboStateException if the token is stale or foreign
    public long address(long token) {
        return requireOut(token).address();
    }

    /// {@return the page that an address is in, or [#FOREIGN], [#RETIRED] or [#PADDING] (the other way of
    /// jumbo_phys_to_kva)}
    ///
    /// Arithmetic, with no effect on the page, at any time, for any address.
    ///
    /// @param address of any byte
    public int pageOf(long address) {
        return slabs.pageOf(address);
    }

    /// {@return where a page begins, or [#FOREIGN] or [#RETIRED] (jumbo_phys_to_kva)}
    ///
    /// Arithmetic, with no effect on the page, at any time, for any number.
    ///
    /// @param page which one
    public long addressOf(int page) {
        return slabs.addressOf(page);
    }

    /// {@return the token that a page is out by now, or [#NONE]}
    ///
    /// For who gave a page to a device and gets its number back: at once if it is armed. Of a page that nobody armed,
    /// stole or flipped this has to be looked for in the stock of all threads.
    ///
    /// @param page which one
    public long tokenOf(int page) {
        JumboPage<T> found = page < 0 ? null : slabs.page(page);
        if (found == null) {
            return NONE;
        }
        long token = found.token();
        return found.isFreeOrLeased() && isFree(page) ? NONE : token;
    }

    private boolean isFree(int page) {
        return supply.isFree(page);
    }

    /// {@return the bytes of a page}
    public int pageByteSize() {
        return options.pageClass().byteSize();
    }

    /// {@return what it was opened with}
    public JumboOptions options() {
        return options;
    }

    /// {@return the numbers of one moment; takes time in proportion to pages and threads}
    public JumboStats stats() {
        return supply.stats(exchange.counts());
    }

    /// Gives back every slab that no page is out of: to the arena, which gives it to the system in its own time.
    ///
    /// @return the bytes that went
    public long trim() {
        return supply.trim();
    }

    /// Gives everything back to the arena. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if pages are out or stolen, naming some; nothing is changed then
    /// @throws OsException if the kernel refuses to unlock pages; nothing is lent any more, and closing can be repeated
    @Override
    public void close() {
        supply.close(false);
    }

    /// Gives everything back to the arena, whatever is out: who still writes to such a page writes to memory that
    /// others may have by then. Who releases one later is heard, and told if it was released before.
    ///
    /// @return how many pages were out or stolen
    /// @throws OsException if the kernel refuses to unlock pages; nothing is lent any more, and closing can be repeated
    public int closeForcibly() {
        return supply.close(true);
    }

    /// {@return a page by a token of this ring, whatever its state}
    JumboPage<T> require(String what, long token) {
        JumboPage<T> page = find(token);
        if (page == null) {
            throw token >= 0 && JumboLayout.tag(token) == tag
                    ? errors.missing(what, token, slabs.addressOf(JumboLayout.page(token)) == RETIRED)
                    : errors.foreign(token);
        }
        return page;
    }

    @Nullable JumboPage<T> find(long token) {
        return JumboLayout.tag(token) == tag ? slabs.page(JumboLayout.page(token)) : null;
    }

    private JumboPage<T> requireOut(long token) {
        JumboPage<T> page = require("use", token);
        if (!page.isOut(token)) {
            throw errors.refused("use", page, token, page.word());
        }
        if (slabs.isGone()) {
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

    /// Checks what must always hold; exact only while no other thread uses the ring.
    void checkInvariants() {
        supply.checkInvariants();
    }

    @Override
    public String toString() {
        return "JumboRing(%s, pageByteSize=%d, %s)".formatted(options.name(), pageByteSize(), supply);
    }
}
