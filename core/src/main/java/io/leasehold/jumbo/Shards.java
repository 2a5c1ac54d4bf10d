package io.leasehold.jumbo;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.os.VirtualMemory;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// What each thread caches of a pool: a magazine of free pages, and a queue where other threads push pages that its
/// shard owns.
///
/// ```text
///   slot     FIRST | +1    | +2       | +3    | +4, +5   | +6    | magazine
///            shard | depth | capacity | owned | returned | armed | next handles, oldest ... newest
///
///   free     page of this shard, or of no shard ---> magazine of the thread
///            page of another shard ----------------> RemoteFreeQueue of that shard
/// ```
///
/// A shard owns the pages that it allocates until they leave it for the slab pool, but no more pages than its queue has
/// cells (`owned`). Other pages have no owner shard. They go to the magazine of the thread that frees them, or to the
/// slab pool.
///
/// **Shut slots.** The capacity of a new slot, and of a drained slot, is zero. Its thread finds no room for the first
/// page that it frees, neither in its magazine nor in the queue of another shard, and opens the slot ([#open]). A
/// thread that takes pages from the slab pool opens its slot too. Only the thread in an open slot brings a page into a
/// magazine or queue. A [ShardDrain] empties the magazine and the queue of a slot before it shuts the slot. So while no
/// slot is open, there is nothing to drain: no barrier, and no look at any slot.
///
/// **Threads.** The cells belong to the thread that is in the slot, and so does the consumer side of the queue. A
/// thread that pushes into the queue of another shard is in its own slot meanwhile. So a thread that shut all slots and
/// waited knows where every page is.
///
/// **Memory order.** [#open] counts the slot in `openSlots` (atomic) before its thread reads whether pages may be kept
/// (volatile), and before a page is pushed. A drain subtracts slots from `openSlots` after their pages are in the slab
/// pool. So a thread that reads zero finds every page in the slab pool that was freed before. A thread that wants all
/// pages in the slab pool sets a flag first (volatile), then reads `openSlots`. Either it sees that the slot is open
/// and drains it, or the thread in the slot sees that no page may be kept. The arena clock stops resting by the same
/// handshake. `ShutSlotStress` checks it. `unfinished` stands for slots that stayed busy for too long and were not
/// drained.
///
/// **Invariants.** I1: a page is in one magazine or queue at most. I2: `owned` of a slot is no less than the number of
/// pages that its shard owns, and no more than the capacity of its queue. I3: a page in the magazine of a slot has the
/// shard of the slot as its owner, or no owner. Its entry says which, and no caller has its handle. I4: while a page is
/// in a magazine or queue, a slot is open or `unfinished` is set.
final class Shards {

    /// The owner shard of a page that no shard owns.
    static final int NO_SHARD = 0;

    static final int SHARD = BiasedSlot.FIRST;
    static final int DEPTH = SHARD + 1;
    static final int CAPACITY = DEPTH + 1;
    static final int OWNED = CAPACITY + 1;
    static final int RETURNED_LOW = OWNED + 1;
    static final int RETURNED_HIGH = RETURNED_LOW + 1;
    static final int ARMED = RETURNED_HIGH + 1;
    static final int MAGAZINE = ARMED + 1;

    /// In place of a shard: no shard is left.
    private static final int REFUSED = -1;

    /// A bit of a magazine entry beside the handle: this shard owns the page.
    private static final long OWNED_HERE = Long.MIN_VALUE;

    /// Maximum bytes of pages in a magazine. Half of a magazine is moved under one lock.
    private static final int MAX_MAGAZINE_BYTES = 1 << 20;

    private static final int MIN_PAGES = 16;
    private static final int MAX_PAGES = 64;

    /// Maximum capacity of a queue: 32 KiB of handles.
    private static final int MAX_QUEUE_PAGES = 4096;

    private final PageTable<?> table; // (C)
    private final BiasedSlots slots; // (C)
    final int maxDepth; // (C)
    final int queueCapacity; // (C)
    private final AtomicReferenceArray<RemoteFreeQueue> queues; // (A) by shard, each set once
    private final AtomicInteger claimed = new AtomicInteger(); // (A) shards that a slot claimed
    private final AtomicInteger openSlots = new AtomicInteger(); // (A)
    private volatile boolean unfinished; // (O) the draining thread; true if busy slots were not drained
    private volatile int transit; // (O) the draining thread; pages between a slot and the slab pool

    /// @param memory the seam for system calls that a [ShardDrain] uses for its barriers
    Shards(JumboOptions options, PageTable<?> table, VirtualMemory memory) {
        this.table = table;
        this.maxDepth = Math.clamp(MAX_MAGAZINE_BYTES / options.bufferSize().byteSize(), MIN_PAGES, MAX_PAGES);
        int bound = options.maxPages() == 0 ? MAX_QUEUE_PAGES : Math.min(options.maxPages(), MAX_QUEUE_PAGES);
        this.queueCapacity = (int) Alignment.powerOfTwoFrom(Math.max(bound, MAX_PAGES));
        this.queues = new AtomicReferenceArray<>(options.shards() + 1);
        int cells = MAGAZINE + 2 * maxDepth - BiasedSlot.FIRST;
        this.slots = BiasedSlots.of(cells, memory);
    }

    BiasedSlots slots() {
        return slots;
    }

    /// {@return the number of pages that are moved at a time: half a magazine}
    int batch() {
        return maxDepth / 2;
    }

    /// Opens the slot of the calling thread if it is shut.
    ///
    /// @return true if the slot was shut; the caller then requests a decay of the arena, outside of the slot
    boolean open(int[] cells) {
        if (cells[CAPACITY] > 0) {
            return false;
        }
        cells[CAPACITY] = maxDepth;
        openSlots.incrementAndGet();
        return true;
    }

    /// {@return true if a magazine or queue may contain a page}
    boolean areOpen() {
        return openSlots.get() > 0 || unfinished;
    }

    /// Allocates a page of the magazine. Does not read the page if this shard owns it.
    ///
    /// @return the handle of the page, or [JumboPage#NONE]
    long tryAllocate(int[] cells) {
        int depth = cells[DEPTH] - 1;
        if (depth < 0) {
            return JumboPage.NONE;
        }
        long entry = entry(cells[MAGAZINE + 2 * depth], cells[MAGAZINE + 2 * depth + 1]);
        if (entry >= 0) {
            own(cells, page(JumboLayout.page(entry)));
        }
        cells[DEPTH] = depth; // last: a stack overflow before this line leaves the page in the magazine
        return entry & Long.MAX_VALUE;
    }

    static long entry(int low, int high) {
        return (long) high << Integer.SIZE | Integer.toUnsignedLong(low);
    }

    JumboPage<?> page(int number) {
        return Objects.requireNonNull(table.page(number));
    }

    /// Pushes a free page into the magazine of an open slot.
    ///
    /// @return true if there was room
    boolean push(int[] cells, int page) {
        int depth = cells[DEPTH];
        if (depth >= cells[CAPACITY]) {
            return false;
        }
        push(cells, depth, page(page).nextHandle());
        return true;
    }

    private static void push(int[] cells, int depth, long entry) {
        cells[MAGAZINE + 2 * depth] = (int) entry;
        cells[MAGAZINE + 2 * depth + 1] = (int) (entry >>> Integer.SIZE);
        cells[DEPTH] = depth + 1;
    }

    /// Makes the shard of the slot the owner of a page that is being allocated, if the queue of the shard has a spare
    /// cell.
    void own(int[] cells, JumboPage<?> page) {
        if (cells[SHARD] > NO_SHARD && page.ownerShard() == NO_SHARD && cells[OWNED] < queueCapacity) {
            page.setOwnerShard(cells[SHARD]);
            cells[OWNED]++;
        }
    }

    /// Frees a page into the magazine of this slot, or into the queue of its owner shard.
    ///
    /// Everything that is needed is read before the compare-and-set that frees the page, because later reads would wait
    /// for the compare-and-set. If the caller does not have the page, these values may be wrong, and the
    /// compare-and-set fails.
    ///
    /// @return true if the page was freed; false, with nothing changed, if neither the magazine nor a queue can take
    ///     it, or its state forbids this fast path
    boolean tryKeep(int[] cells, long handle) {
        JumboPage<?> page = table.page(JumboLayout.page(handle));
        if (page == null) {
            return false;
        }
        int depth = cells[DEPTH];
        int capacity = cells[CAPACITY];
        int owner = page.ownerShard();
        boolean remote = isRemote(cells, owner);
        if ((remote ? capacity == 0 : depth >= capacity) || !page.tryFree(handle)) {
            return false;
        }
        if (remote) {
            queues.getPlain(owner).push(JumboLayout.after(handle, 1));
        } else {
            push(cells, depth, JumboLayout.after(handle, 1) | (owner == NO_SHARD ? 0 : OWNED_HERE));
        }
        countReturned(cells, 1);
        return true;
    }

    /// Frees a series of pages that one other shard owns, from the first handle on.
    ///
    /// @return the number of pages
    private int tryKeepRemote(int[] cells, long[] handles, int from, int end) {
        int count = 0;
        int owner = NO_SHARD;
        for (int at = from; at < end; at++) {
            JumboPage<?> page = table.page(JumboLayout.page(handles[at]));
            int itsOwner = page == null ? NO_SHARD : page.ownerShard();
            boolean fits = count == 0 ? isRemote(cells, itsOwner) : itsOwner == owner;
            if (page == null || !fits || !page.tryFree(handles[at])) {
                break;
            }
            owner = itsOwner;
            count++;
        }
        if (count > 0) {
            queues.getPlain(owner).push(handles, from, count);
            countReturned(cells, count);
        }
        return count;
    }

    /// Frees pages in the order of their handles, as [#tryKeep(int\[\], long)] frees each.
    ///
    /// @return the index of the first page that is not free yet
    int tryKeep(int[] cells, long[] handles, int from, int end) {
        int at = from;
        while (at < end && cells[CAPACITY] > 0) {
            int remote = tryKeepRemote(cells, handles, at, end);
            if (remote == 0 && !tryKeep(cells, handles[at])) {
                return at;
            }
            at += Math.max(1, remote);
        }
        return at;
    }

    private static boolean isRemote(int[] cells, int owner) {
        return owner != NO_SHARD && owner != cells[SHARD];
    }

    private static void countReturned(int[] cells, int count) {
        int before = cells[RETURNED_LOW];
        cells[RETURNED_LOW] = before + count;
        if (before < 0 && before + count >= 0) {
            cells[RETURNED_HIGH]++;
        }
    }

    /// Adds to the number of armed pages of the slot. Pages may be armed in one slot and received in another one, so
    /// only the sum over all slots is meaningful.
    void countArmed(int[] cells, int change) {
        cells[ARMED] += change;
    }

    /// Removes the owner shard of a page that will not return to that shard.
    void depart(JumboPage<?> page) {
        int owner = page.ownerShard();
        if (owner != NO_SHARD) {
            page.setOwnerShard(NO_SHARD);
            queues.get(owner).depart();
        }
    }

    /// {@return true if the slot should get a queue: it has none, and none was denied}
    static boolean wantsQueue(int[] cells) {
        return cells[SHARD] == NO_SHARD;
    }

    /// {@return a new queue for [#claim], created outside of any slot, or null if all shards are claimed}
    @Nullable RemoteFreeQueue newQueue() {
        return claimed.get() < queues.length() - 1 ? new RemoteFreeQueue(queueCapacity) : null;
    }

    /// Claims a shard and its queue for the slot, if the slot has none and one is left.
    void claim(int[] cells, @Nullable RemoteFreeQueue queue) {
        if (cells[SHARD] == NO_SHARD) {
            int shard = queue == null ? queues.length() : claimed.incrementAndGet();
            if (queue != null && shard < queues.length()) {
                queues.set(shard, queue);
                cells[SHARD] = shard;
            } else {
                cells[SHARD] = REFUSED;
            }
        }
    }

    /// Moves the pages of the queue of the slot into the magazine, and subtracts departed pages.
    void receive(int[] cells) {
        if (cells[SHARD] > NO_SHARD) {
            RemoteFreeQueue queue = queues.getPlain(cells[SHARD]);
            cells[OWNED] -= queue.takeDeparted();
            while (cells[DEPTH] < maxDepth) {
                long next = queue.poll();
                if (next == RemoteFreeQueue.NONE) {
                    return;
                }
                push(cells, cells[DEPTH], next | OWNED_HERE);
            }
        }
    }

    /// Takes up to `count` of the oldest pages of a magazine.
    ///
    /// @return the number of pages
    int takeOlder(int[] cells, int count, int[] into) {
        int taken = Math.min(count, cells[DEPTH]);
        for (int i = 0; i < taken; i++) {
            into[i] = leave(cells, JumboLayout.page(cells[MAGAZINE + 2 * i]));
        }
        System.arraycopy(cells, MAGAZINE + 2 * taken, cells, MAGAZINE, 2 * (cells[DEPTH] - taken));
        cells[DEPTH] -= taken;
        return taken;
    }

    /// Removes the owner shard of a page that goes from the slot to the slab pool.
    ///
    /// @return the number of the page
    private int leave(int[] cells, int number) {
        JumboPage<?> page = page(number);
        if (page.ownerShard() != NO_SHARD) {
            page.setOwnerShard(NO_SHARD);
            cells[OWNED]--;
        }
        return number;
    }

    /// Takes the oldest pages of the queue of the slot.
    ///
    /// @return the number of pages, at most `into.length`
    int takeFromQueue(int[] cells, int[] into) {
        RemoteFreeQueue queue = queues.get(cells[SHARD]);
        int count = 0;
        long next = queue.poll();
        while (next != RemoteFreeQueue.NONE) {
            into[count++] = leave(cells, JumboLayout.page(next));
            next = count < into.length ? queue.poll() : RemoteFreeQueue.NONE;
        }
        return count;
    }

    static int depth(int[] cells) {
        return cells[DEPTH];
    }

    /// {@return the number of pages in the queue of the slot}
    int queueSize(int[] cells) {
        return cells[SHARD] > NO_SHARD ? queues.get(cells[SHARD]).size() : 0;
    }

    /// Sets the number of pages that are leaving a slot for the slab pool. Set before they leave the slot, so that no
    /// reader misses them; set to zero when they are in the slab pool.
    void setTransit(int count) {
        transit = count;
        VarHandle.storeStoreFence();
    }

    /// Shuts a slot that was drained.
    ///
    /// @return true if the slot was open; [#noteDrained] subtracts it from `openSlots`
    static boolean shut(int[] cells) {
        boolean wasOpen = cells[CAPACITY] > 0;
        cells[CAPACITY] = 0;
        return wasOpen;
    }

    /// Subtracts slots from `openSlots` whose pages are in the slab pool now.
    ///
    /// @param shutSlots number of slots that were open
    /// @param isUnfinished true if a slot stayed busy and was not drained
    void noteDrained(int shutSlots, boolean isUnfinished) {
        unfinished = isUnfinished;
        openSlots.addAndGet(-shutSlots);
    }

    /// {@return the number of pages on their way from a slot to the slab pool}
    int transit() {
        return transit;
    }

    int openSlots() {
        return openSlots.get();
    }

    /// {@return the highest shard that may have a queue}
    int lastShard() {
        return Math.min(claimed.get(), queues.length() - 1);
    }

    /// {@return the queue of a shard, or null if the shard has none yet}
    @Nullable RemoteFreeQueue queue(int shard) {
        return queues.get(shard);
    }

    @Override
    public String toString() {
        return format(
                "Shards(claimed=%d, open=%d, maxDepth=%d, queueCapacity=%d, %s)",
                lastShard(), openSlots.get(), maxDepth, queueCapacity, slots);
    }
}
