package io.leasehold.page;

import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Words;
import java.util.BitSet;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// The frame table: what is known of each page of an arena, sixteen bytes off the heap for each.
///
/// An allocation, one page or a run, is known by its first frame. Its word holds generation, state, wire count and hold
/// count together, so that freeing, wiring and holding exclude each other with one compare-and-set.
///
/// ```text
///            claim                      wire, hold
///   FREE ------------> FrameLayout.LIVE 0 wires 0 holds <------> FrameLayout.LIVE w wires h holds
///    ^  generation g     |                  unwire, unhold
///    +-------------------+
///      free: generation g+1
/// ```
///
/// **Ownership.** Who allocated a page frees it; wirings and holds are given up by who took them. A wired page stays
/// resident where the arena locks its wired pages, a held page merely stays allocated (vm_page_hold(9)).
///
/// **Threads.** Thread-safe and lock-free, except that wiring takes a lock where wired pages are locked in memory.
///
/// **Memory order.** `claim` stores the word with release; every other transition is a compare-and-set of that word. A
/// handle reaches another thread through the caller's own publication.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=vm_page_wire&sektion=9">vm_page_wire(9)</a>
public final class PageFrames {

    private final String arena; // (C)
    private final long frames; // (C) address of the table
    private final long pages; // (C) address of page 0
    private final int pageCount; // (C)
    private final int pageSizePower; // (C)
    private final BitSet lost; // (C) pages whose frames an arena before may still write to
    private volatile int tag; // (A) CLOSED_TAG once the arena is closed
    private final PageOwners owners; // (C)
    private final FrameErrors errors; // (C)
    private final @Nullable PageLocks locks; // (C) null where wired pages are not locked

    PageFrames(
            String arena,
            int tag,
            long frames,
            long pages,
            int pageCount,
            int pageSizePower,
            BitSet lost,
            @Nullable PageLocks locks) {
        this.arena = arena;
        this.tag = tag;
        this.frames = frames;
        this.pages = pages;
        this.pageCount = pageCount;
        this.pageSizePower = pageSizePower;
        this.lost = lost;
        this.locks = locks;
        this.owners = new PageOwners(arena);
        this.errors = new FrameErrors(this, arena);
    }

    /// Makes the free run at `index` live.
    ///
    /// @return its handle
    long claim(int index) {
        long frame = frame(index);
        long word = OffHeap.getLong(frame);
        assert (word & ~FrameLayout.GENERATION_MASK) == 0 : "claimed a frame in use: index=" + index;
        Words.setLongRelease(frame, word | FrameLayout.LIVE);
        return FrameLayout.handle(tag, word, index);
    }

    /// Ends the life of an allocation, of which exactly one of any number of callers succeeds.
    ///
    /// @return its length in pages
    /// @throws PageStateException if the handle is stale or foreign, or the page is wired or held
    int retire(long page) {
        int index = checkTag(page);
        long idle = FrameLayout.idleWord(page);
        long frame = frame(index);
        while (!Words.compareAndSetLong(frame, idle, idle - FrameLayout.LIVE + FrameLayout.ONE_GENERATION)) {
            requireIdle("free", page, idle);
        }
        long use = OffHeap.getLong(frame + FrameLayout.USE_OFFSET);
        int count = FrameLayout.run(use);
        if (use != count) {
            owners.add(FrameLayout.owner(use), -count);
            setRun(index, count);
        }
        return count;
    }

    /// {@return the length of an allocation in pages} Any number, if the handle is stale.
    ///
    /// @throws PageStateException if the handle is foreign
    int peekRun(long page) {
        return run(checkTag(page));
    }

    /// Says how long the allocation that begins at `index` is, and that nobody owns it.
    void setRun(int index, int count) {
        OffHeap.putLong(frame(index) + FrameLayout.USE_OFFSET, count);
    }

    /// Changes how long a pinned allocation is, and what its owner is said to hold.
    void lengthen(int index, int by) {
        int owner = FrameLayout.owner(use(index));
        OffHeap.putLong(frame(index) + FrameLayout.USE_OFFSET, FrameLayout.use(owner, run(index) + by));
        owners.add(owner, by);
    }

    int run(int index) {
        return FrameLayout.run(use(index));
    }

    /// Holds a page that nobody else wired or held, so that its run can be changed.
    void pin(String purpose, long page) {
        int index = checkTag(page);
        long idle = FrameLayout.idleWord(page);
        while (!Words.compareAndSetLong(frame(index), idle, idle + FrameLayout.ONE_HOLD)) {
            requireIdle(purpose, page, idle);
        }
    }

    /// Wires a page once more: it cannot be freed, and stays resident where the arena locks its wired pages.
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign, or the page is wired 65,535 times
    public void wire(long page) {
        if (locks == null) {
            change("wire", page, FrameLayout.ONE_WIRE, 1);
        } else {
            locks.wire(this, page);
        }
    }

    /// Gives up one wiring. It frees nothing.
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign, or the page is not wired
    public void unwire(long page) {
        if (locks == null) {
            change("unwire", page, FrameLayout.ONE_WIRE, -1);
        } else {
            locks.unwire(this, page);
        }
    }

    /// Holds a page once more: it cannot be freed.
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign, or the page is held 65,535 times
    public void hold(long page) {
        change("hold", page, FrameLayout.ONE_HOLD, 1);
    }

    /// Gives up one hold. It frees nothing.
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign, or the page is not held
    public void unhold(long page) {
        change("unhold", page, FrameLayout.ONE_HOLD, -1);
    }

    /// Makes somebody known who holds pages.
    ///
    /// @param name what the owner is called in messages and statistics
    /// @return the owner, for [#own]
    /// @throws IllegalStateException if 254 owners are registered
    public PageOwner register(String name) {
        return owners.register(name);
    }

    /// Ends what [#register] began. Pages that the owner still has, among the first `upTo`, are `left behind` then.
    void unregister(PageOwner owner, int upTo) {
        if (!owners.knows(owner)) {
            return;
        }
        owner.setGone();
        if (owner.pageCount() != 0) {
            forEachLive(upTo, page -> disown(FrameLayout.index(page), owner));
        }
        owners.unregister(owner);
    }

    private void disown(int index, PageOwner owner) {
        long use = use(index);
        boolean isIts = FrameLayout.owner(use) >>> FrameLayout.OWNER_ID_SHIFT == owner.id();
        // a page that is freed meanwhile has no owner any more
        int leftBehind = FrameLayout.LEFT_BEHIND << FrameLayout.OWNER_ID_SHIFT;
        long next = FrameLayout.use(leftBehind, FrameLayout.run(use));
        if (isIts && Words.compareAndSetLong(useAddress(index), use, next)) {
            owner.add(-FrameLayout.run(use));
            owners.leftBehind().add(FrameLayout.run(use));
        }
    }

    /// Says whose a page is and which of that owner's things it belongs to, as the object and index of vm_page(9). Only
    /// the page's allocator may call it, before it shares the page.
    ///
    /// @param index from 0 to 2^24 - 1
    /// @param page the handle of a page or run
    /// @param owner the owner that has it from now on; none, if it was unregistered
    /// @throws PageStateException if the handle is stale or foreign
    /// @throws IndexOutOfBoundsException if the index does not fit
    /// @throws IllegalArgumentException if the owner is registered with another arena
    public void own(long page, PageOwner owner, int index) {
        if (index < 0 || index > FrameLayout.MAX_OWNER_INDEX) {
            throw new IndexOutOfBoundsException("owner index: " + index + ", bound=" + FrameLayout.MAX_OWNER_INDEX);
        }
        int count = pageCount(page);
        if (!owners.knows(owner)) {
            if (owner.isGone()) {
                return; // unregistered, perhaps just now
            }
            throw new IllegalArgumentException("owner is of another arena: owner=" + owner + ", arena=" + arena);
        }
        owners.add(FrameLayout.owner(use(FrameLayout.index(page))), -count);
        long use = FrameLayout.use(owner.id() << FrameLayout.OWNER_ID_SHIFT | index, count);
        OffHeap.putLong(frame(FrameLayout.index(page)) + FrameLayout.USE_OFFSET, use);
        owner.add(count);
    }

    /// {@return whose the page is, or null if nobody said}
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign
    public @Nullable PageOwner owner(long page) {
        word(page);
        return owners.of(FrameLayout.owner(use(FrameLayout.index(page))));
    }

    /// {@return the index given with [#own], or 0}
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign
    public int ownerIndex(long page) {
        word(page);
        return FrameLayout.owner(use(FrameLayout.index(page))) & FrameLayout.MAX_OWNER_INDEX;
    }

    /// {@return the address of the page's first byte, a multiple of the page size}
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign
    public long address(long page) {
        word(page);
        return addressOf(FrameLayout.index(page));
    }

    /// {@return the address of the first byte of a page that is wired, a multiple of the page size}
    ///
    /// @param page the handle of a page or run
    /// @param maxPages the most pages that the allocation may have
    /// @throws PageStateException if the handle is stale or foreign, or the page is not wired
    /// @throws IllegalArgumentException if the allocation is longer
    public long wiredAddress(long page, int maxPages) {
        int index = checkTag(page);
        long word = wordAt(index);
        if (!FrameLayout.isWired(word, page) || run(index) > maxPages) {
            throw errors.unfit(page, word, maxPages);
        }
        return addressOf(index);
    }

    /// {@return how many pages the allocation has}
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign
    public int pageCount(long page) {
        word(page);
        return run(FrameLayout.index(page));
    }

    /// {@return how often the page is wired now}
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign
    public int wireCount(long page) {
        return FrameLayout.wires(word(page));
    }

    /// {@return how often the page is held now}
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign
    public int holdCount(long page) {
        return FrameLayout.holds(word(page));
    }

    /// {@return whether the handle is of a live page of this arena}
    ///
    /// @param page the handle of a page or run
    public boolean isLive(long page) {
        return FrameLayout.tag(page) == tag
                && FrameLayout.index(page) < pageCount
                && FrameLayout.isSameLife(Words.getLongAcquire(frame(FrameLayout.index(page))), page);
    }

    /// {@return the handle of the live allocation that an address lies in}
    ///
    /// Takes one step for a single page and up to a step a page inside a run.
    ///
    /// @param address any address
    /// @throws PageStateException if the address is not of this arena, or its page is not allocated
    public long pageAt(long address) {
        if (tag == FrameLayout.CLOSED_TAG) {
            throw errors.closed();
        }
        if (address < pages || address - pages >= (long) pageCount << pageSizePower) {
            throw errors.foreignAddress(address);
        }
        int index = (int) ((address - pages) >>> pageSizePower);
        int first = index;
        while (first > 0 && !beginsLive(first)) {
            first--;
        }
        if (beginsLive(first) && first + run(first) > index) {
            return FrameLayout.handle(tag, wordAt(first), first);
        }
        throw errors.notAllocated(index);
    }

    /// Visits the handle of every live allocation among the first `upTo` pages.
    void forEachLive(int upTo, LongConsumer visitor) {
        for (int index = 0; index < upTo; index++) {
            long word = wordAt(index);
            if (FrameLayout.isLive(word) && !lost.get(index)) {
                visitor.accept(FrameLayout.handle(tag, word, index));
                index += run(index) - 1;
            }
        }
    }

    private boolean beginsLive(int index) {
        return FrameLayout.isLive(wordAt(index)) && !lost.get(index);
    }

    /// {@return the word of the allocation that begins at `index`}
    long wordAt(int index) {
        return Words.getLongAcquire(frame(index));
    }

    PageOwners owners() {
        return owners;
    }

    long addressOf(int index) {
        return pages + ((long) index << pageSizePower);
    }

    int pageSizePower() {
        return pageSizePower;
    }

    /// Unlocks what the first `upTo` pages keep locked in memory, so that it can be given back.
    void unwireLocked(int upTo) {
        if (locks != null) {
            forEachLive(upTo, page -> {
                while (wireCount(page) > 0) {
                    unwire(page);
                }
            });
        }
    }

    /// Makes every handle foreign.
    void close() {
        tag = FrameLayout.CLOSED_TAG;
    }

    /// Adds or takes away one wiring or hold.
    void change(String what, long page, long one, int by) {
        long frame = frame(checkTag(page));
        long word;
        do {
            word = Words.getLongAcquire(frame);
            if (!FrameLayout.isSameLife(word, page)) {
                throw errors.refused(what, page, word);
            }
            int count = one == FrameLayout.ONE_WIRE ? FrameLayout.wires(word) : FrameLayout.holds(word);
            if (count == (by > 0 ? FrameLayout.MAX_COUNT : 0)) {
                throw errors.uncountable(what, page, count);
            }
        } while (!Words.compareAndSetLong(frame, word, word + by * one));
    }

    /// Returns if whoever was in the way is gone by now, and the step can be tried again.
    private void requireIdle(String what, long page, long idle) {
        long word = wordAt(FrameLayout.index(page));
        if (word != idle) {
            throw errors.refused(what, page, word);
        }
    }

    private long word(long page) {
        long word = Words.getLongAcquire(frame(checkTag(page)));
        if (!FrameLayout.isSameLife(word, page)) {
            throw errors.refused("use", page, word);
        }
        return word;
    }

    private int checkTag(long page) {
        int index = FrameLayout.index(page);
        if (FrameLayout.tag(page) != tag || index >= pageCount) {
            throw errors.foreign(page);
        }
        return index;
    }

    /// {@return the second word of a frame: owner and run}
    long use(int index) {
        return OffHeap.getLong(useAddress(index));
    }

    private long useAddress(int index) {
        return frame(index) + FrameLayout.USE_OFFSET;
    }

    private long frame(int index) {
        return frames + FrameLayout.frameOffset(index);
    }

    @Override
    public String toString() {
        return "PageFrames(arena=%s, address=0x%x, pageCount=%d, pageByteSize=%d)"
                .formatted(arena, pages, pageCount, 1L << pageSizePower);
    }

    boolean isClosed() {
        return tag == FrameLayout.CLOSED_TAG;
    }

    FrameErrors errors() {
        return errors;
    }
}
