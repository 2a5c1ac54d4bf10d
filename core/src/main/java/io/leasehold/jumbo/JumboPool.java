package io.leasehold.jumbo;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.os.OsException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The pages that shards share: slabs, the lowest first, and how many pages there may be.
///
/// ```text
///   shard      <---- half a stack, ascending ----  pages at home, in slabs  <---- slab ----  arena
///   who frees   ---- page, or a shard's stock --->        ^ dormant pages wait for room within the bound
/// ```
///
/// **Threads.** Thread-safe. Slots may be entered under the lock, but it is never taken in a slot. Memory is given back
/// under it, never asked for.
///
/// **Invariants.** I1: `inService - stolen <= maxPages`, if there is a bound. I2: a page that is free is at home or in
/// the stock of a shard.
///
/// @param <T> what pages are lent as
final class JumboPool<T> {

    /// How often a thread looks for the lock before it sleeps: it is held for some hundred nanoseconds, and waking up
    /// takes many times that.
    private static final int SPINS = 60;

    private static final int PAGES_NAMED = 4;

    private final JumboOptions options; // (C)
    private final JumboSlabs<T> slabs; // (L)
    private final Shards shards; // (C)
    private final JumboErrors errors; // (C)
    private final ReentrantLock lock = new ReentrantLock();
    private final int[] batch; // (L) scratch
    private int stolen; // (L)
    private int low; // (L) the fewest pages at home since the last [#settle]
    private int peak; // (L)
    private boolean closed; // (L)
    private long grows; // (L)
    private long shrinks; // (L)
    private long retiredPages; // (L)
    private long returned; // (L) pages freed past the shards
    private long freedFlipped; // (L)
    private long steals; // (L)
    private long adoptions; // (L)

    JumboPool(JumboOptions options, JumboSlabs<T> slabs, Shards shards, JumboErrors errors) {
        this.options = options;
        this.slabs = slabs;
        this.shards = shards;
        this.errors = errors;
        this.batch = new int[shards.batch()];
    }

    /// Lends a page that is at home, and puts some into the stock of the calling thread, so that it lends them in
    /// ascending order.
    ///
    /// @param alone whether nothing goes into stock
    /// @return the token of the page, or [JumboPage#NONE]
    /// @throws JumboStateException if the ring is closed
    long take(boolean alone) {
        lock();
        try {
            checkOpen();
            JumboPage<T> page = slabs.take();
            if (page == null) {
                low = 0;
                return JumboPage.NONE;
            }
            int[] cells = alone ? null : shards.slots().enter();
            if (cells != null) {
                shards.settle(cells);
                shards.settleHome(cells, page);
                stock(cells);
                BiasedSlots.exit(cells);
            }
            low = Math.min(low, slabs.atHome());
            peak = Math.max(peak, inUse());
            page.touch();
            return page.nextToken();
        } finally {
            lock.unlock();
        }
    }

    private void stock(int[] cells) {
        int count = 0;
        while (count < batch.length && slabs.atHome() > 0) {
            JumboPage<T> page = slabs.take();
            if (page != null) {
                page.touch();
                batch[count++] = page.index();
            }
        }
        while (count > 0) {
            int page = batch[--count];
            if (!shards.push(cells, page)) {
                slabs.comeHome(page);
            }
        }
    }

    /// Takes back a page that found no place in the shard of who freed it, and half of that shard's stock with it.
    ///
    /// @param alone whether the stock stays as it is
    void give(JumboPage<T> page, boolean alone) {
        lock();
        try {
            returned++;
            if (closed) {
                return; // closed by force meanwhile: the page is gone with the ring
            }
            int[] cells = alone ? null : shards.slots().enter();
            if (cells != null) {
                int count = shards.takeOlder(cells, batch.length, batch);
                BiasedSlots.exit(cells);
                for (int i = 0; i < count; i++) {
                    slabs.comeHome(batch[i]);
                }
            }
            slabs.comeHome(page.index());
        } finally {
            lock.unlock();
        }
    }

    /// Takes home a page out of the stock of a shard.
    void giveStock(int page) {
        lock();
        try {
            slabs.comeHome(page);
        } finally {
            lock.unlock();
        }
    }

    /// {@return whether a page that is neither armed, stolen, flipped nor held is free, of some moment}
    ///
    /// Of a page that a forced close took from its holder this cannot be known; it is never lent again.
    boolean isFree(int page) {
        lock();
        try {
            return closed || slabs.isAtHome(page) || shards.isStocked(page);
        } finally {
            lock.unlock();
        }
    }

    /// Notes that a page was stolen, or that the message was freed whose page a consumer has.
    void countStolen(boolean flipped) {
        lock();
        try {
            stolen++;
            if (flipped) {
                freedFlipped++;
            } else {
                steals++;
            }
        } finally {
            lock.unlock();
        }
    }

    /// Takes back a page from its owner; it is dormant if another one has its place.
    ///
    /// @param isFree whether the message that it came with was freed before, or there was none
    void adopt(int page, boolean isFree) {
        lock();
        try {
            adoptions++;
            stolen -= isFree ? 1 : 0;
            if (!isFree || closed) {
                return; // closed by force meanwhile: the page is gone with the ring
            }
            if (room() < 0) {
                slabs.retire(page);
            } else {
                slabs.comeHome(page);
            }
        } finally {
            lock.unlock();
        }
    }

    /// {@return whether there are pages at home, if need be after dormant ones were put into service}
    boolean wake() {
        lock();
        try {
            checkOpen();
            return slabs.atHome() > 0 || slabs.wake(Math.max(0, room())) > 0;
        } finally {
            lock.unlock();
        }
    }

    /// {@return whether the bound leaves room for one more page}
    boolean hasRoom() {
        lock();
        try {
            return room() > 0;
        } finally {
            lock.unlock();
        }
    }

    /// Makes room for slabs, as many as the arena can have.
    void open() {
        lock();
        try {
            slabs.open();
        } finally {
            lock.unlock();
        }
    }

    /// Adds a slab and puts as many of its pages into service as the bound allows.
    void add(JumboMemory.Run run) {
        lock();
        try {
            slabs.add(run);
            slabs.wake(Math.max(0, room()));
            grows++;
        } finally {
            lock.unlock();
        }
    }

    /// Gives back the slabs that were not needed since the last call, but not the initial ones.
    void settle(JumboMemory memory) {
        lock();
        try {
            int spare = slabs.inService() - stolen - options.initialPages();
            giveBack(memory, Math.min(Math.min(low, slabs.atHome()), spare));
            low = slabs.atHome();
        } finally {
            lock.unlock();
        }
    }

    /// Gives back every slab that no page is out of.
    ///
    /// @return how many
    int relinquish(JumboMemory memory) {
        lock();
        try {
            int given = giveBack(memory, Integer.MAX_VALUE);
            low = Math.min(low, slabs.atHome());
            return given;
        } finally {
            lock.unlock();
        }
    }

    private int giveBack(JumboMemory memory, int surplus) {
        int before = slabs.inService();
        int given = surplus < 0 ? 0 : slabs.giveBack(memory, surplus);
        shrinks += given;
        retiredPages += before - slabs.inService();
        return given;
    }

    /// {@return how many pages are out, or in the stock of shards}
    int used() {
        lock();
        try {
            return inUse();
        } finally {
            lock.unlock();
        }
    }

    int inService() {
        lock();
        try {
            return slabs.inService();
        } finally {
            lock.unlock();
        }
    }

    /// Gives everything back.
    ///
    /// @param memory whose slabs they are, null if there are none
    /// @param force whatever is out
    /// @return how many pages were out or stolen
    /// @throws IllegalStateException if pages are out and it is not forced; nothing is changed then
    /// @throws OsException if the kernel refuses; the ring is closed, and closing it can be repeated
    int close(@Nullable JumboMemory memory, boolean force) {
        lock();
        try {
            int out = slabs.inService() - slabs.atHome();
            if (out > 0 && !force && !closed) {
                throw pagesOut(out);
            }
            closed = true;
            if (memory != null) {
                slabs.clear(memory);
            }
            return out;
        } finally {
            lock.unlock();
        }
    }

    /// {@return the numbers of one moment}
    JumboStats stats(long fallbacks, long refusals, PageExchange.Counts exchanged) {
        long freed = shards.returned();
        lock();
        try {
            JumboStats.Pages pages = pages();
            long live =
                    (long) (pages.out() + pages.stolen()) * options.pageClass().byteSize();
            long slab = options.slabByteSize();
            return new JumboStats(
                    options.name(),
                    pages,
                    new JumboStats.Bytes(live, slabs.pinned() * slab, slabs.count() * slab),
                    new JumboStats.Slabs(grows, shrinks, retiredPages, refusals),
                    new JumboStats.Traffic(
                            fallbacks,
                            returned + freed,
                            freedFlipped,
                            exchanged.flips(),
                            exchanged.copies(),
                            steals,
                            adoptions));
        } finally {
            lock.unlock();
        }
    }

    /// Checks what must always hold; exact only while no other thread uses the ring.
    void checkInvariants() {
        shards.checkInvariants();
        lock();
        try {
            slabs.checkInvariants();
            JumboStats.Pages pages = pages();
            if (!closed && (pages.stolen() != stolen || room() < 0)) {
                throw new AssertionError("I1: %s of %s".formatted(pages, this));
            }
            shards.forEachStocked(next -> {
                if (slabs.isAtHome(JumboLayout.page(next))) {
                    throw new AssertionError("at home and in stock: token=0x%x, %s, %s".formatted(next, this, shards));
                }
            });
        } finally {
            lock.unlock();
        }
    }

    private JumboStats.Pages pages() {
        int[] census = slabs.census();
        return JumboStats.Pages.of(census, slabs.atHome() + shards.stock(), peak);
    }

    /// {@return how many more pages there may be; negative if an owner wants to give one back that has no place}
    private int room() {
        int bound = options.maxPages() == 0 ? JumboLayout.MAX_PAGES : options.maxPages();
        return bound - (slabs.inService() - stolen);
    }

    private int inUse() {
        return slabs.inService() - stolen - slabs.atHome();
    }

    private void lock() {
        for (int i = 0; i < SPINS; i++) {
            if (lock.tryLock()) {
                return;
            }
            Thread.onSpinWait();
        }
        lock.lock();
    }

    private void checkOpen() {
        if (closed) {
            throw errors.closed();
        }
    }

    private IllegalStateException pagesOut(int out) {
        return new IllegalStateException("ring has pages out: ring=%s, out=%d, the first of them: %s"
                .formatted(options.name(), out, String.join(" ", slabs.firstOut(PAGES_NAMED))));
    }

    @Override
    public String toString() {
        return "JumboPool(%s, stolen=%d, %s)".formatted(options.name(), stolen, slabs);
    }
}
