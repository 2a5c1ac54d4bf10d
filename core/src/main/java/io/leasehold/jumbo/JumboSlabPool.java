package io.leasehold.jumbo;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.ShortLock;
import java.util.List;

/// The pages that all shards share: slabs, the lowest first, and the limit on the number of pages.
///
/// ```text
///   shard          <---- half a magazine, ascending ----  free pages, in slabs  <---- slab ----  arena
///   free, drain    ---- pages, some at a time --------->       ^ inactive pages wait for room within the limit
/// ```
///
/// **Cost.** Each method holds `lock` for as long as it takes to move a batch of pages or slabs. No method calls the
/// arena or the kernel: [SlabReclaimer] and [PageSupply] do that between two calls.
///
/// **Threads.** Thread-safe. Slots may be entered under `lock`, but a thread in a slot never takes `lock`.
///
/// **Memory order.** `used`, `freeCount`, `reclaimable` and `decayDone` are volatile copies for readers without the
/// lock, written before the lock is released. One thread changes the slab pool, then reads the state of [Backpressure]
/// or of the arena clock. Another thread changes that state, then reads a copy. At least one of them sees the change of
/// the other.
///
/// **Invariants.** I1: `inService - stolen <= maxPages`, if there is a limit. I2: a free page is free in its slab, in a
/// shard, or on its way.
///
/// @param <T> the type of the object that stands for a page
final class JumboSlabPool<T> {

    /// Result instead of a number of pages: no page is free in a slab, and the limit is reached.
    static final int FULL = -1;

    private static final int PAGES_NAMED = 4;

    final JumboSlabs<T> slabs; // (L)
    final PoolCounts counts = new PoolCounts(); // (L)
    int stolen; // (L)
    int low; // (L) the lowest `slabs.freeCount()` since the last tick of [SlabReclaimer]
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
    private volatile int reclaimable; // (L) slabs that are idle, or on their way to the arena
    private volatile boolean decayDone; // (L) true if no slab can decay before something changes

    JumboSlabPool(JumboOptions options, PageTable<T> table, Shards shards, JumboErrors errors) {
        this.options = options;
        this.slabs = new JumboSlabs<>(options, table);
        this.table = table;
        this.shards = shards;
        this.errors = errors;
        this.batch = new int[shards.batch()];
    }

    /// Allocates a page that is free in its slab, and moves more pages into the magazine of the calling thread. The
    /// thread then allocates these pages in ascending order.
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
                if (!pressure.isPressed()) { // read in an open slot: see the memory order of Shards
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

    /// Returns to their slabs a page that no shard took, and half of the magazine of the calling thread.
    ///
    /// @param isAlone true to leave the magazine as it is
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

    /// Returns free pages of a shard to their slabs: a step of background work.
    ///
    /// @param pages array whose first `count` elements are the pages
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

    /// Records that a slab may be able to decay. Called under `lock`; the caller requests a decay of the arena
    /// afterwards.
    void noteDecayable() {
        if (decayDone) { // a volatile store costs more than all the rest
            decayDone = false;
        }
    }

    /// {@return true if a page is free in its slab; may be stale}
    boolean isFreeInSlab(int page) {
        lock();
        try {
            return slabs.isFreeInSlab(page);
        } finally {
            unlock();
        }
    }

    /// Counts a page that was stolen, or a message that was freed after its page was flipped.
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

    /// Takes a page back from its owner. The page becomes inactive if the limit is reached.
    ///
    /// @param isFree true if the message of the page was freed before, or there was none
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

    /// Activates inactive pages if no page is free in a slab: at most as many as a slab has.
    ///
    /// @return the number of pages that are free in slabs; 0 if there is none, but room for one; or [#FULL]
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

    /// Activates inactive pages within the limit, at most as many as a slab has. Called under `lock`.
    void activateSome() {
        if (slabs.activate(Math.clamp(room(), 0, options.pagesPerSlab())) > 0) {
            noteDecayable();
        }
    }

    /// Adds a slab and activates as many of its pages as the limit allows.
    ///
    /// @param run memory that belongs to the pool afterwards; it stays with the caller if this throws
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

    /// {@return true if no slab can decay before something changes} Takes no lock.
    boolean isDecayDone() {
        return decayDone;
    }

    /// Records that no slab can decay now. Called under `lock`.
    void setDecayDone() {
        decayDone = true;
    }

    /// {@return true if a slab is idle, or on its way to the arena} Takes no lock.
    boolean isReclaimable() {
        return reclaimable > 0;
    }

    /// {@return the number of pages that are allocated or in shards} Takes no lock.
    int used() {
        return used;
    }

    /// {@return the number of pages that are free in slabs} Takes no lock.
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

    /// Closes the slab pool: no page is allocated afterwards.
    ///
    /// @param isForced true to close it even if pages are in use
    /// @return the number of pages that are allocated or stolen
    /// @throws IllegalStateException if pages are in use and `isForced` is false; nothing is changed then
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
                format("pool has pages in use: pool=%s, inUse=%d, first=%s", options.name(), out, pages));
    }

    /// Checks the invariants, under `lock`. Exact only while no other thread uses the pool.
    ///
    /// @return the number of pages in each state, by ordinal; free pages count as leased
    int[] checkInvariants(ShardCounts shardCounts) {
        slabs.checkInvariants();
        if (!closed && room() < 0) {
            throw new AssertionError("I1: " + this);
        }
        shardCounts.forEachCached(next -> {
            if (slabs.isFreeInSlab(JumboLayout.page(next))) {
                throw new AssertionError(format("I2: free in its slab and in a shard: handle=0x%x, %s", next, this));
            }
        });
        return slabs.countStates();
    }

    /// {@return the work that was done until now, for tests}
    PageSupply.Work work(long drains) {
        lock.lock();
        try {
            return new PageSupply.Work(drains, lockHolds, slabs.looks());
        } finally {
            lock.unlock();
        }
    }

    /// {@return the number of pages that may be added within the limit; negative while an owner gives back a page for
    /// which there is no room}
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

    /// Takes the lock for one step of longer work, behind every thread that waits already.
    ///
    /// A virtual thread does not queue. It may have suspended the slots, or hold a lock of the arena, and once it is
    /// woken it would run after every runnable virtual thread.
    void lockInTurn() {
        if (Thread.currentThread().isVirtual()) {
            lock.lock();
        } else {
            lock.lockInTurn();
        }
        lockHolds++;
    }

    /// Publishes the copies and releases the lock.
    void unlock() {
        try {
            publish();
        } finally {
            lock.unlock(); // also if the stack overflows in publish()
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
        return format("JumboSlabPool(%s, stolen=%d, %s)", options.name(), stolen, slabs);
    }
}
