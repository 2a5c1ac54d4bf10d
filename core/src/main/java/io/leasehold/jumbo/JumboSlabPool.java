package io.leasehold.jumbo;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.ShortLock;
import java.util.List;

/// The pages that shards share: slabs, the lowest first, and how many pages there may be.
///
/// ```text
///   shard          <---- half a magazine, ascending ----  pages at home, in slabs  <---- slab ----  arena
///   free, drain    ---- pages, some at a time --------->       ^ inactive pages wait for room within the bound
/// ```
///
/// **Cost.** Each method holds the lock for as long as it takes to move a batch of pages or slabs. None calls the
/// arena or the kernel: [SlabReclaimer] and [PageSupply] do that between two calls.
///
/// **Threads.** Thread-safe. Slots may be entered under the lock, but it is never taken by a thread in a slot.
///
/// **Memory order.** `used`, `home`, `reclaimable` and `decayDone` are volatile copies for readers without the lock,
/// written before the lock is given up. A thread that changes the slab pool, then reads the state of [Backpressure] or of
/// the arena's clock, and a thread that changes that state, then reads a copy, cannot both miss the other's change.
///
/// **Invariants.** I1: `inService - stolen <= maxPages`, if there is a bound. I2: a free page is at home, in a shard,
/// or on its way.
///
/// @param <T> the type of the object that stands for a page
final class JumboSlabPool<T> {

    /// In place of a number of pages: there is none at home, and no room for one.
    static final int FULL = -1;

    private static final int PAGES_NAMED = 4;

    final JumboSlabs<T> slabs; // (L)
    final PoolCounts counts = new PoolCounts(); // (L)
    int stolen; // (L)
    int low; // (L) the lowest `slabs.freeCount()` since [SlabReclaimer] looked last
    boolean closed; // (L)
    private final JumboOptions options; // (C)
    private final PageTable<T> table; // (C)
    private final Shards shards; // (C)
    private final JumboErrors errors; // (C)
    private final ShortLock lock = new ShortLock();
    private final int[] batch; // (L) scratch
    private long lockHolds; // (L) for tests
    private volatile int used; // (L) pages in service that are not free in their slab
    private volatile int freeCount; // (L) pages that are free in their slab
    private volatile int reclaimable; // (L) slabs that are idle, or leave
    private volatile boolean decayDone; // (L) true if no slab can go by the clock before something changes

    JumboSlabPool(JumboOptions options, PageTable<T> table, Shards shards, JumboErrors errors) {
        this.options = options;
        this.slabs = new JumboSlabs<>(options, table);
        this.table = table;
        this.shards = shards;
        this.errors = errors;
        this.batch = new int[shards.batch()];
    }

    /// Allocates a page that is at home, and moves some more into the magazine of the calling thread, so that it
    /// allocates them in ascending order.
    ///
    /// @param pressure says whether pages may be moved into magazines
    /// @return the handle of the page, or [JumboPage#NONE]
    /// @throws JumboStateException if the pool is closed
    long take(Pressure pressure) {
        lock();
        try {
            checkOpen();
            JumboPage<T> page = slabs.take();
            if (page == null) {
                low = 0;
                return JumboPage.NONE;
            }
            int[] cells = pressure.isPressed() ? null : shards.slots().enter();
            if (cells != null) {
                shards.own(cells, page);
                shards.open(cells);
                if (!pressure.isPressed()) { // looked at in an open slot: see the memory order of Shards
                    fill(cells);
                }
                BiasedSlots.exit(cells);
            }
            low = Math.min(low, slabs.freeCount());
            counts.peak = Math.max(counts.peak, inUse());
            page.touch();
            return page.nextHandle();
        } finally {
            unlock();
        }
    }

    private void fill(int[] cells) {
        int count = 0;
        while (count < batch.length && slabs.freeCount() > 0) {
            JumboPage<T> page = slabs.take();
            if (page != null) {
                page.touch();
                batch[count++] = page.index();
            }
        }
        while (count > 0) {
            int page = batch[--count];
            if (!shards.push(cells, page)) {
                returnToSlab(page);
            }
        }
    }

    /// Takes a free page that found no place in the shard of its thread, and half of that shard's magazine with it.
    ///
    /// @param isAlone true if the magazine stays as it is
    /// @return true if the pool was closed by force, and a slab may have become idle
    boolean give(JumboPage<T> page, boolean isAlone) {
        lock();
        try {
            counts.returned++;
            int[] cells = isAlone ? null : shards.slots().enter();
            if (cells != null) {
                int count = shards.takeOlder(cells, batch.length, batch);
                BiasedSlots.exit(cells);
                for (int i = 0; i < count; i++) {
                    returnToSlab(batch[i]);
                }
            }
            returnToSlab(page.index());
            return closed;
        } finally {
            unlock();
        }
    }

    /// Takes free pages out of a shard: a step of background work.
    ///
    /// @param pages the pages are the first `count` ones
    void giveAll(int[] pages, int count) {
        lockInTurn();
        try {
            for (int i = 0; i < count; i++) {
                returnToSlab(pages[i]);
            }
        } finally {
            unlock();
        }
    }

    private void returnToSlab(int page) {
        slabs.returnToSlab(page);
        noteDecayable();
    }

    /// Says that a slab may be able to go by the clock. Under the lock; the caller asks the arena for a tick after it.
    void noteDecayable() {
        if (decayDone) { // a volatile store costs more than all the rest
            decayDone = false;
        }
    }

    /// {@return true if a page is at home; may be stale}
    boolean isFreeInSlab(int page) {
        lock();
        try {
            return slabs.isFreeInSlab(page);
        } finally {
            unlock();
        }
    }

    /// Notes that a page was stolen, or that the message was freed whose page a consumer has.
    void countStolen(boolean isFlipped) {
        lock();
        try {
            stolen++;
            counts.freedFlipped += isFlipped ? 1 : 0;
            counts.steals += isFlipped ? 0 : 1;
        } finally {
            unlock();
        }
    }

    /// Takes back a page from its owner; it is inactive if another one has its place.
    ///
    /// @param isFree true if the message that it came with was freed before, or there was none
    /// @return true if the pool was closed by force, and a slab may have become idle
    boolean adopt(int page, boolean isFree) {
        lock();
        try {
            counts.adoptions++;
            stolen -= isFree ? 1 : 0;
            if (isFree && room() < 0) {
                slabs.deactivate(page);
                noteDecayable();
            } else if (isFree) {
                returnToSlab(page);
            }
            return isFree && closed;
        } finally {
            unlock();
        }
    }

    /// Puts inactive pages into service if no page is at home: as many as a slab has, at most.
    ///
    /// @return the number of pages at home; or 0 if there is none, and room for one; or [#FULL]
    int activate() {
        lock();
        try {
            checkOpen();
            if (slabs.freeCount() == 0) {
                activateSome();
            }
            return slabs.freeCount() == 0 && room() <= 0 ? FULL : slabs.freeCount();
        } finally {
            unlock();
        }
    }

    /// Puts inactive pages into service within the bound, as many as a slab has at most. Under the lock.
    void activateSome() {
        if (slabs.activate(Math.clamp(room(), 0, options.pagesPerSlab())) > 0) {
            noteDecayable();
        }
    }

    /// Adds a slab and puts as many of its pages into service as the bound allows.
    ///
    /// @param run memory that the pool has from now on; still the caller's if this throws
    void add(JumboMemory.Run run) {
        JumboSlabs.Addition<T> addition = slabs.make(run); // up to 512 objects, so without the lock
        lock();
        try {
            slabs.add(addition);
            noteDecayable();
            activateSome();
            counts.grows++;
        } finally {
            unlock();
        }
    }

    /// {@return true if no slab can go by the clock before something changes} Takes no lock.
    boolean isDecayDone() {
        return decayDone;
    }

    /// Says that no slab can go by the clock now. Under the lock.
    void setDecayDone() {
        decayDone = true;
    }

    /// {@return true if a slab is idle or on its way to the arena} Takes no lock.
    boolean isReclaimable() {
        return reclaimable > 0;
    }

    /// {@return the number of pages that are allocated or in shards} Takes no lock.
    int used() {
        return used;
    }

    /// {@return the number of pages at home} Takes no lock.
    int freeCount() {
        return freeCount;
    }

    int inService() {
        lock();
        try {
            return slabs.inService();
        } finally {
            unlock();
        }
    }

    /// Closes the slab pool: no page is allocated from now on.
    ///
    /// @param isForced true to close it though pages are in use
    /// @return the number of pages that are allocated or stolen
    /// @throws IllegalStateException if pages are in use and it is not forced; nothing is changed then
    int shut(boolean isForced) {
        int out;
        List<JumboPage<T>> first = List.of();
        lock();
        try {
            out = slabs.inService() - slabs.freeCount();
            if (out == 0 || isForced || closed) {
                closed = true;
                table.setGone();
                return out;
            }
            first = slabs.firstInUse(PAGES_NAMED);
        } finally {
            unlock();
        }
        String pages = String.join(" ", first.stream().map(JumboPage::toString).toList());
        throw new IllegalStateException(
                "pool has pages in use: pool=%s, inUse=%d, first=%s".formatted(options.name(), out, pages));
    }

    /// Checks what must always hold, under the lock; exact only while no other thread uses the pool.
    ///
    /// @return the number of pages in each state, by ordinal; free pages count as leased
    int[] checkInvariants(ShardCounts shardCounts) {
        slabs.checkInvariants();
        if (!closed && room() < 0) {
            throw new AssertionError("I1: " + this);
        }
        shardCounts.forEachCached(next -> {
            if (slabs.isFreeInSlab(JumboLayout.page(next))) {
                throw new AssertionError("I2: free in its slab and in a shard: handle=0x%x, %s".formatted(next, this));
            }
        });
        return slabs.countStates();
    }

    /// {@return what was done until now, for tests}
    PageSupply.Work work(long drains) {
        lock.lock();
        try {
            return new PageSupply.Work(drains, lockHolds, slabs.looks());
        } finally {
            lock.unlock();
        }
    }

    /// {@return the number of pages that there is room for; negative if an owner gives a page back that has no place}
    int room() {
        int bound = options.maxPages() == 0 ? JumboLayout.MAX_PAGES : options.maxPages();
        return bound - (slabs.inService() - stolen);
    }

    private int inUse() {
        return slabs.inService() - stolen - slabs.freeCount();
    }

    void lock() {
        lock.lock();
        lockHolds++;
    }

    /// Takes the lock for a step of work that has many steps, behind every thread that waits already.
    ///
    /// A virtual thread does not queue: it may have shut the slots, or have a lock of the arena, and once it is activated
    /// it goes behind every runnable virtual thread.
    void lockInTurn() {
        if (Thread.currentThread().isVirtual()) {
            lock.lock();
        } else {
            lock.lockInTurn();
        }
        lockHolds++;
    }

    /// Publishes the copies, and gives up the lock.
    void unlock() {
        try {
            publish();
        } finally {
            lock.unlock(); // also if there is no room on the stack for the rest
        }
    }

    private void publish() {
        if (used != inUse()) {
            used = inUse();
        }
        if (freeCount != slabs.freeCount()) {
            freeCount = slabs.freeCount();
        }
        if (reclaimable != slabs.idle()) {
            reclaimable = slabs.idle();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw errors.closed();
        }
    }

    @Override
    public String toString() {
        return "JumboSlabPool(%s, stolen=%d, %s)".formatted(options.name(), stolen, slabs);
    }
}
