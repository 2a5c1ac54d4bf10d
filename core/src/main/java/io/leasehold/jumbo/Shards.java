package io.leasehold.jumbo;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.os.OsException;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntConsumer;

/// What each thread keeps of a ring: a stack of free pages, and where others put pages that it lent.
///
/// ```text
///   slot     FIRST | +1    | +2    | +3, +4   | +5    | stack
///            shard | depth | homed | returned | armed | oldest ... newest
///
///   push     page of this shard, or of none ---> own stack
///            page of another shard ------------> that shard's RemoteRing
/// ```
///
/// A page that a shard lends goes home to it, as long as no more pages are on their way than its ring has cells
/// (`homed`); beyond that, and where a slot has no ring, it goes home to nobody: to who frees it, or to the pool.
///
/// **Threads.** The cells belong to who is in the slot, and so does the consumer's side of the slot's ring. Whoever
/// pushes into the ring of another shard is in his own slot meanwhile, so that one who shut all slots and waited
/// knows of every page where it is.
///
/// **Invariants.** I1: a page is in one stack or ring at most. I2: `homed` of a slot is no less than the pages on their
/// way to its ring, and no more than its capacity.
final class Shards {

    /// No page.
    static final int NONE = RemoteRing.NONE;

    /// The shard of a page that goes home to nobody.
    static final int NO_SHARD = 0;

    private static final int SHARD = BiasedSlot.FIRST;
    private static final int DEPTH = SHARD + 1;
    private static final int HOMED = DEPTH + 1;
    private static final int RETURNED_LOW = HOMED + 1;
    private static final int RETURNED_HIGH = RETURNED_LOW + 1;
    private static final int ARMED = RETURNED_HIGH + 1;
    private static final int STACK = ARMED + 1;

    /// In place of a shard: there is none left.
    private static final int REFUSED = -1;

    /// What a stack holds at most: half of it changes hands under one lock.
    private static final int MAX_STACK_BYTES = 1 << 20;

    private static final int MIN_STACK_PAGES = 16;
    private static final int MAX_STACK_PAGES = 64;

    /// Sixteen kilobytes of ints.
    private static final int MAX_RING_PAGES = 4096;

    private final BiasedSlots slots; // (C)
    private final int maxDepth; // (C)
    private final int ringCapacity; // (C)
    private final AtomicReferenceArray<RemoteRing> rings; // (A) by shard, each set once
    private final AtomicInteger claimed = new AtomicInteger(); // (A) shards that have an owner, or had

    Shards(JumboOptions options) {
        this.maxDepth = Math.clamp(MAX_STACK_BYTES / options.pageClass().byteSize(), MIN_STACK_PAGES, MAX_STACK_PAGES);
        int bound = options.maxPages() == 0 ? MAX_RING_PAGES : Math.min(options.maxPages(), MAX_RING_PAGES);
        this.ringCapacity = (int) Alignment.powerOfTwoFrom(Math.max(bound, MAX_STACK_PAGES));
        this.rings = new AtomicReferenceArray<>(options.shards() + 1);
        int cells = STACK + maxDepth - BiasedSlot.FIRST;
        this.slots = new BiasedSlots(cells, !VirtualMemory.system().can(Capability.BARRIER));
    }

    BiasedSlots slots() {
        return slots;
    }

    /// {@return how many pages change hands at a time}
    int batch() {
        return maxDepth / 2;
    }

    /// {@return a page of the stack, or [#NONE]}
    int pop(int[] cells) {
        int depth = cells[DEPTH] - 1;
        if (depth < 0) {
            return NONE;
        }
        cells[DEPTH] = depth;
        return cells[STACK + depth];
    }

    /// {@return whether there was room in the stack}
    boolean push(int[] cells, int page) {
        int depth = cells[DEPTH];
        if (depth >= maxDepth) {
            return false;
        }
        cells[STACK + depth] = page;
        cells[DEPTH] = depth + 1;
        return true;
    }

    /// {@return whether [#keep] finds a place for any page}
    boolean hasPlace(int[] cells) {
        return cells[DEPTH] < maxDepth;
    }

    /// {@return where a page goes home that is lent from this slot now}
    int home(int[] cells) {
        int homed = cells[HOMED];
        if (cells[SHARD] <= NO_SHARD || homed >= ringCapacity) {
            return NO_SHARD;
        }
        cells[HOMED] = homed + 1;
        return cells[SHARD];
    }

    /// Takes a page that was freed by who is in the slot.
    ///
    /// @return whether it found a place; else the page goes to the pool, and if its home is another shard departs
    boolean keep(int[] cells, JumboPage<?> page) {
        int home = page.home();
        if (home != NO_SHARD) {
            if (home != cells[SHARD]) {
                rings.getPlain(home).push(page.index());
                countReturned(cells);
                return true;
            }
            cells[HOMED]--;
            page.setHome(NO_SHARD);
        }
        if (!push(cells, page.index())) {
            return false;
        }
        countReturned(cells);
        return true;
    }

    private static void countReturned(int[] cells) {
        if (++cells[RETURNED_LOW] == 0) {
            cells[RETURNED_HIGH]++;
        }
    }

    /// Counts what is armed here less what is received here, of which only the sum over all slots means something.
    void countArmed(int[] cells, int change) {
        cells[ARMED] += change;
    }

    /// {@return how many pages are armed, but for those that were counted outside of slots; of some moment}
    int armed() {
        int[] sum = new int[1];
        slots.forEach(slot -> sum[0] += slot.peek(ARMED));
        return sum[0];
    }

    /// Notes that a page will not come back to the shard that it has for a home.
    void depart(JumboPage<?> page) {
        int home = page.home();
        if (home != NO_SHARD) {
            page.setHome(NO_SHARD);
            rings.get(home).depart();
        }
    }

    /// Gives the slot a ring, if it has none and there is one left, and forgets pages that departed.
    void settle(int[] cells) {
        if (cells[SHARD] == NO_SHARD) {
            cells[SHARD] = claim();
        }
        if (cells[SHARD] > NO_SHARD) {
            cells[HOMED] -= rings.get(cells[SHARD]).takeDeparted();
        }
    }

    private int claim() {
        if (claimed.get() >= rings.length() - 1) {
            return REFUSED;
        }
        int shard = claimed.incrementAndGet();
        if (shard >= rings.length()) {
            return REFUSED;
        }
        rings.set(shard, new RemoteRing(ringCapacity));
        return shard;
    }

    /// Takes the pages of the slot's ring into its stack.
    void receive(int[] cells) {
        if (cells[SHARD] > NO_SHARD) {
            RemoteRing ring = rings.getPlain(cells[SHARD]);
            while (cells[DEPTH] < maxDepth) {
                int page = ring.poll();
                if (page == NONE) {
                    return;
                }
                cells[HOMED]--;
                push(cells, page);
            }
        }
    }

    /// Takes up to `count` of the pages that have been in a stack the longest.
    ///
    /// @return how many
    int takeOlder(int[] cells, int count, int[] into) {
        int taken = Math.min(count, cells[DEPTH]);
        System.arraycopy(cells, STACK, into, 0, taken);
        System.arraycopy(cells, STACK + taken, cells, STACK, cells[DEPTH] - taken);
        cells[DEPTH] -= taken;
        return taken;
    }

    /// Shows every page that is in a stack or ring to `taker`, whose it is then. Under the lock of the slots, and with
    /// the slots suspended.
    void drain(IntConsumer taker) {
        VirtualMemory system = VirtualMemory.system();
        try {
            if (system.can(Capability.BARRIER)) {
                system.barrier();
            }
        } catch (OsException e) {
            return; // without the barrier no slot may be touched; its pages come home next time
        }
        slots.visit(slot -> {}); // who is in a slot may be about to push into the ring of another
        slots.visit(slot -> {
            int[] cells = slot.cells();
            for (int page = pop(cells); page != NONE; page = pop(cells)) {
                taker.accept(page);
            }
            if (cells[SHARD] > NO_SHARD) {
                RemoteRing ring = rings.get(cells[SHARD]);
                for (int page = ring.poll(); page != NONE; page = ring.poll()) {
                    cells[HOMED]--;
                    taker.accept(page);
                }
            }
        });
    }

    /// {@return how many pages are in stacks and rings, of some moment}
    int stock() {
        int[] sum = new int[1];
        slots.forEach(slot -> sum[0] += slot.peek(DEPTH));
        for (int shard = 1; shard < rings.length(); shard++) {
            RemoteRing ring = rings.get(shard);
            sum[0] += ring == null ? 0 : ring.size();
        }
        return sum[0];
    }

    /// {@return how many pages were freed into stacks and rings, of some moment}
    long returned() {
        long[] sum = new long[1];
        slots.forEach(slot -> sum[0] +=
                (long) slot.peek(RETURNED_HIGH) << Integer.SIZE | Integer.toUnsignedLong(slot.peek(RETURNED_LOW)));
        return sum[0];
    }

    /// Checks what must always hold; exact only while no other thread uses the ring.
    void checkInvariants() {
        slots.forEach(slot -> {
            int shard = slot.peek(SHARD);
            int queued = shard > NO_SHARD ? rings.get(shard).size() : 0;
            int homed = slot.peek(HOMED);
            int depth = slot.peek(DEPTH);
            if (homed < queued || homed > ringCapacity || depth < 0 || depth > maxDepth) {
                throw new AssertionError("I2: shard=%d, homed=%d, queued=%d, depth=%d of %s"
                        .formatted(shard, homed, queued, depth, this));
            }
        });
    }

    @Override
    public String toString() {
        return "Shards(claimed=%d, maxDepth=%d, ringCapacity=%d, %s)"
                .formatted(Math.min(claimed.get(), rings.length() - 1), maxDepth, ringCapacity, slots);
    }
}
