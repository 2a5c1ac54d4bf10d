package io.leasehold.page;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Words;
import io.leasehold.page.service.PageOwner;
import java.util.BitSet;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// The frame table: the state of each page of an arena, sixteen bytes of off-heap memory for each page.
///
/// An allocation is one page or a run, and is identified by its first frame. The word of that frame holds generation,
/// state, wire count and hold count together. So freeing, wiring and holding exclude each other with one
/// compare-and-set.
///
/// ```text
///            claim                         wire, hold
///   FREE ------------> LIVE 0 wires 0 holds <------> LIVE w wires h holds
///    ^  generation g     |                unwire, unhold
///    +-------------------+
///      free: generation g+1
/// ```
///
/// **Ownership.** The caller that allocated a page frees it. The caller that wired or held a page unwires or unholds
/// it. A wired page stays resident if the arena locks wired pages. A held page only stays allocated (vm_page_hold(9)).
///
/// **Threads.** Thread-safe and lock-free, except that wiring takes a lock if wired pages are locked in memory.
///
/// **Errors.** After the arena was closed, every method with a handle or an address throws [PageStateException], except
/// [#isLive], which returns false.
///
/// **Memory order.** `claim` stores the word with release. Every other transition is a compare-and-set of that word.
/// The caller publishes the handle to other threads. `PageFreeStress` checks that of two conflicting transitions one
/// fails.
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=vm_page_wire&sektion=9">vm_page_wire(9)</a>
public final class PageFrames {

    private final String arena; // (C)
    private final long frames; // (C) address of the table
    private final long pages; // (C) address of page 0
    private final int pageCount; // (C)
    private final int pageSizePower; // (C)
    private final BitSet lost; // (C) pages whose frames a thread in a closed arena may still write to
    private volatile int tag; // (A) CLOSED_TAG once the arena is closed
    private final PageOwners owners; // (C)
    private final FrameErrors errors; // (C)
    private final @Nullable PageLocks locks; // (C) null if wired pages are not locked

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

    /// Marks the free run that begins at `index` as live.
    ///
    /// @return the handle of the run
    long claim(int index) {
        long frame = frame(index);
        long word = OffHeap.getLong(frame);
        assert (word & ~FrameLayout.GENERATION_MASK) == 0 : "claimed a frame in use: index=" + index;
        Words.setLongRelease(frame, word | FrameLayout.LIVE);
        return FrameLayout.handle(tag, word, index);
    }

    /// Marks an allocation as free. If several callers use the same handle, exactly one of them succeeds.
    ///
    /// @return length of the allocation in pages
    /// @throws PageStateException if the handle is stale or foreign, or the page is wired or held
    int free(long page) {
        int index = checkTag(page);
        long idle = FrameLayout.idleWord(page);
        long frame = frame(index);
        long useAddress = useAddress(index); // early: later calls must be no deeper than the compare-and-set
        while (!Words.compareAndSetLong(frame, idle, idle - FrameLayout.LIVE + FrameLayout.ONE_GENERATION)) {
            requireIdle("free", page, idle);
        }
        long use = OffHeap.getLong(useAddress);
        int count = FrameLayout.run(use);
        while (use != count && !Words.compareAndSetLong(useAddress, use, count)) {
            use = OffHeap.getLong(useAddress); // the page was left behind meanwhile
        }
        if (use != count) {
            owners.add(FrameLayout.owner(use), -count);
        }
        return count;
    }

    /// Sets the length of the allocation that begins at `index`, and clears its owner.
    void setRun(int index, int count) {
        OffHeap.putLong(frame(index) + FrameLayout.USE_OFFSET, count);
    }

    /// Adds `by` pages to a pinned allocation, and to the page count of its owner.
    void lengthen(int index, int by) {
        long use;
        long next;
        do {
            use = use(index);
            next = FrameLayout.use(FrameLayout.owner(use), FrameLayout.run(use) + by);
        } while (!Words.compareAndSetLong(useAddress(index), use, next));
        owners.add(FrameLayout.owner(use), by);
    }

    int run(int index) {
        return FrameLayout.run(use(index));
    }

    /// Holds a page that is neither wired nor held, so that the caller can change its run.
    void pin(String purpose, long page) {
        int index = checkTag(page);
        long idle = FrameLayout.idleWord(page);
        while (!Words.compareAndSetLong(frame(index), idle, idle + FrameLayout.ONE_HOLD)) {
            requireIdle(purpose, page, idle);
        }
    }

    /// Adds a wiring to a page: the page cannot be freed, and stays resident if the arena locks wired pages.
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign, or the page is wired 65,535 times
    /// @throws io.leasehold.error.SystemCallException if the arena locks wired pages and the kernel refuses; the page
    ///     is not wired then
    /// @throws IllegalStateException if the arena locks wired pages and the mappings of the process are used up; the
    ///     page is not wired then
    public void wire(long page) {
        if (locks == null) {
            change("wire", page, FrameLayout.ONE_WIRE, 1);
        } else {
            locks.wire(this, page);
        }
    }

    /// Removes one wiring from a page. Frees nothing.
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign, or the page is not wired
    /// @throws io.leasehold.error.SystemCallException if the kernel fails to unlock the page, which stays wired then
    public void unwire(long page) {
        if (locks == null) {
            change("unwire", page, FrameLayout.ONE_WIRE, -1);
        } else {
            locks.unwire(this, page);
        }
    }

    /// Adds a hold to a page: the page cannot be freed.
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign, or the page is held 65,535 times
    public void hold(long page) {
        change("hold", page, FrameLayout.ONE_HOLD, 1);
    }

    /// Removes one hold from a page. Frees nothing.
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign, or the page is not held
    public void unhold(long page) {
        change("unhold", page, FrameLayout.ONE_HOLD, -1);
    }

    /// Registers an owner of pages.
    ///
    /// @param name name of the owner in messages and statistics
    /// @return the owner, for [#own]
    /// @throws IllegalStateException if 254 owners are registered
    PageOwner register(String name) {
        return owners.register(name);
    }

    /// Unregisters an owner. Pages that the owner still has, among the first `upTo` pages, become `left behind`.
    void unregister(PageOwner owner, int upTo) {
        if (!owners.knows(owner)) {
            return;
        }
        owner.setGone();
        if (owner.pageCount() != 0) {
            forEachLive(upTo, page -> owners.leaveBehind(useAddress(FrameLayout.index(page)), owner));
        }
        owners.unregister(owner);
    }

    /// Sets the owner of a page, and the index of the owner's object that the page belongs to, as the object and index
    /// of vm_page(9). Only the caller that allocated the page may call this, before it shares the page.
    ///
    /// @param index number of the owner's object, from 0 to 2^24 - 1
    /// @param page the handle of a page or run
    /// @param owner the new owner. If it was unregistered, this call has no effect
    /// @throws PageStateException if the handle is stale or foreign
    /// @throws IndexOutOfBoundsException if the index is out of range
    /// @throws IllegalArgumentException if the owner is registered with another arena
    void own(long page, PageOwner owner, int index) {
        if (index < 0 || index > FrameLayout.MAX_OWNER_INDEX) {
            throw new IndexOutOfBoundsException("owner index is out of range: arena=" + arena + ", index=" + index
                    + ", min=0, max=" + FrameLayout.MAX_OWNER_INDEX);
        }
        int count = pageCount(page);
        if (!owners.knows(owner)) {
            if (owner.isGone()) {
                return; // unregistered, perhaps just now
            }
            throw new IllegalArgumentException(
                    "owner is registered with another arena: owner=" + owner + ", arena=" + arena);
        }
        owners.add(FrameLayout.owner(use(FrameLayout.index(page))), -count);
        long use = FrameLayout.use(owner.id() << FrameLayout.OWNER_ID_SHIFT | index, count);
        OffHeap.putLong(frame(FrameLayout.index(page)) + FrameLayout.USE_OFFSET, use);
        owner.add(count);
    }

    /// {@return the owner of the page, or null if none was set}
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign
    @Nullable PageOwner owner(long page) {
        word(page);
        return owners.of(FrameLayout.owner(use(FrameLayout.index(page))));
    }

    /// {@return the index that was set with [#own], or 0}
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign
    int ownerIndex(long page) {
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

    /// {@return the address of the first byte of a wired page, a multiple of the page size}
    ///
    /// @param page the handle of a page or run
    /// @param maxPages maximum length of the allocation in pages
    /// @throws PageStateException if the handle is stale or foreign, or the page is not wired
    /// @throws IllegalArgumentException if the allocation is longer
    public long wiredAddress(long page, int maxPages) {
        int index = checkTag(page);
        long word = wordAt(index);
        if (!FrameLayout.isWired(word, page) || run(index) > maxPages) {
            throw errors.notLeasable(page, word, maxPages);
        }
        return addressOf(index);
    }

    /// {@return number of pages of the allocation}
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign
    public int pageCount(long page) {
        word(page);
        return run(FrameLayout.index(page));
    }

    /// {@return number of wirings of the page}
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign
    public int wireCount(long page) {
        return FrameLayout.wires(word(page));
    }

    /// {@return number of holds of the page}
    ///
    /// @param page the handle of a page or run
    /// @throws PageStateException if the handle is stale or foreign
    public int holdCount(long page) {
        return FrameLayout.holds(word(page));
    }

    /// {@return true if the handle is that of a live page of this arena}
    ///
    /// @param page the handle of a page or run
    public boolean isLive(long page) {
        return FrameLayout.tag(page) == tag
                && FrameLayout.index(page) < pageCount
                && FrameLayout.isCurrent(Words.getLongAcquire(frame(FrameLayout.index(page))), page);
    }

    /// {@return the handle of the live allocation that contains an address}
    ///
    /// Takes one step for a single page, and up to one step for each page of a run.
    ///
    /// @param address any address
    /// @throws PageStateException if the address is outside this arena, or its page is not allocated
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

    /// {@return the first word of the frame at `index`}
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

    /// Closes the table: every later call with a handle fails. Unlocks all locked pages among the first `upTo` pages.
    /// If a kernel call fails, this can be repeated.
    void close(int upTo) {
        if (locks == null) {
            shut();
        } else {
            locks.close(this, upTo);
        }
    }

    /// Makes every later call with a handle fail.
    void shut() {
        tag = FrameLayout.CLOSED_TAG;
    }

    /// Removes all wirings of a page of a closed table.
    void dropWires(int index) {
        long word;
        do {
            word = wordAt(index);
        } while (!Words.compareAndSetLong(frame(index), word, FrameLayout.withoutWires(word)));
    }

    /// Changes the wire count or the hold count of a page by `by`.
    void change(String what, long page, long one, int by) {
        long frame = frame(checkTag(page));
        long word;
        do {
            word = Words.getLongAcquire(frame);
            if (!FrameLayout.isCurrent(word, page)) {
                throw errors.rejected(what, page, word);
            }
            int count = one == FrameLayout.ONE_WIRE ? FrameLayout.wires(word) : FrameLayout.holds(word);
            if (count == (by > 0 ? FrameLayout.MAX_COUNT : 0)) {
                throw errors.countExceeded(what, page, count);
            }
        } while (!Words.compareAndSetLong(frame, word, word + by * one));
    }

    /// Throws if the page is wired, held, or not live under this handle. Returns if the word became `idle` meanwhile,
    /// so that the caller can retry.
    private void requireIdle(String what, long page, long idle) {
        long word = wordAt(FrameLayout.index(page));
        if (word != idle) {
            throw errors.rejected(what, page, word);
        }
    }

    private long word(long page) {
        long word = Words.getLongAcquire(frame(checkTag(page)));
        if (!FrameLayout.isCurrent(word, page)) {
            throw errors.rejected("use", page, word);
        }
        return word;
    }

    private int checkTag(long page) {
        int index = FrameLayout.index(page);
        if (FrameLayout.tag(page) != tag || index >= pageCount) {
            throw errors.foreignHandle(page);
        }
        return index;
    }

    /// {@return the second word of a frame: owner and run length}
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
        return format(
                "PageFrames(arena=%s, address=0x%x, pageCount=%d, pageByteSize=%d)",
                arena, pages, pageCount, 1L << pageSizePower);
    }

    boolean isClosed() {
        return tag == FrameLayout.CLOSED_TAG;
    }

    FrameErrors errors() {
        return errors;
    }
}
