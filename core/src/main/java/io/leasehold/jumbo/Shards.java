package io.leasehold.jumbo;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.BitSet;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;

/// What each thread keeps of a ring: a stack of free pages, and where others put pages that it lent.
///
/// ```text
///   slot     FIRST | +1    | +2    | +3, +4   | +5    | stack
///            shard | depth | homed | returned | armed | next tokens, oldest ... newest
///
///   push     page of this shard, or of none ---> own stack
///            page of another shard ------------> that shard's RemoteRing
/// ```
///
/// A shard is the home of the pages that it lends until they leave it for the pool, as long as those are no more than
/// its ring has cells (`homed`); other pages, and those lent where a slot has no ring, have none: they go to who frees
/// them, or to the pool.
///
/// **Threads.** The cells belong to who is in the slot, and so does the consumer's side of the slot's ring. Whoever
/// pushes into the ring of another shard is in his own slot meanwhile, so that one who shut all slots and waited
/// knows of every page where it is.
///
/// **Invariants.** I1: a page is in one stack or ring at most. I2: `homed` of a slot is no less than the pages of which
/// its shard is the home, and no more than its ring's capacity. I3: pages in the stack of a slot are of its shard or of
/// none, which their entries tell, and nobody has the tokens there.
final class Shards {

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

    /// What an entry of the stack has besides the token if this shard is the home of the page.
    private static final long HOMED_HERE = Long.MIN_VALUE;

    /// What a stack holds at most: half of it changes hands under one lock.
    private static final int MAX_STACK_BYTES = 1 << 20;

    private static final int MIN_STACK_PAGES = 16;
    private static final int MAX_STACK_PAGES = 64;

    /// Thirty-two kilobytes of tokens.
    private static final int MAX_RING_PAGES = 4096;

    private final JumboSlabs<?> slabs; // (C)
    private final BiasedSlots slots; // (C)
    private final int maxDepth; // (C)
    private final int ringCapacity; // (C)
    private final AtomicReferenceArray<RemoteRing> rings; // (A) by shard, each set once
    private final AtomicInteger claimed = new AtomicInteger(); // (A) shards that have an owner, or had

    Shards(JumboOptions options, JumboSlabs<?> slabs) {
        this.slabs = slabs;
        this.maxDepth = Math.clamp(MAX_STACK_BYTES / options.pageClass().byteSize(), MIN_STACK_PAGES, MAX_STACK_PAGES);
        int bound = options.maxPages() == 0 ? MAX_RING_PAGES : Math.min(options.maxPages(), MAX_RING_PAGES);
        this.ringCapacity = (int) Alignment.powerOfTwoFrom(Math.max(bound, MAX_STACK_PAGES));
        this.rings = new AtomicReferenceArray<>(options.shards() + 1);
        int cells = STACK + 2 * maxDepth - BiasedSlot.FIRST;
        this.slots = new BiasedSlots(cells, !VirtualMemory.system().can(Capability.BARRIER));
    }

    BiasedSlots slots() {
        return slots;
    }

    /// {@return how many pages change hands at a time}
    int batch() {
        return maxDepth / 2;
    }

    /// Lends a page of the stack, without a look at it if its home is this shard.
    ///
    /// @return its token, or [JumboPage#NONE]
    long lend(int[] cells) {
        int depth = cells[DEPTH] - 1;
        if (depth < 0) {
            return JumboPage.NONE;
        }
        cells[DEPTH] = depth;
        long entry = entry(cells[STACK + 2 * depth], cells[STACK + 2 * depth + 1]);
        if (entry >= 0) {
            settleHome(cells, page(JumboLayout.page(entry)));
        }
        return entry & Long.MAX_VALUE;
    }

    private static long entry(int low, int high) {
        return (long) high << Integer.SIZE | Integer.toUnsignedLong(low);
    }

    private JumboPage<?> page(int number) {
        return Objects.requireNonNull(slabs.page(number));
    }

    /// {@return whether there was room in the stack for a free page}
    boolean push(int[] cells, int page) {
        int depth = cells[DEPTH];
        if (depth >= maxDepth) {
            return false;
        }
        push(cells, depth, page(page).nextToken());
        return true;
    }

    private static void push(int[] cells, int depth, long entry) {
        cells[STACK + 2 * depth] = (int) entry;
        cells[STACK + 2 * depth + 1] = (int) (entry >>> Integer.SIZE);
        cells[DEPTH] = depth + 1;
    }

    /// Makes the slot's shard the home of a page that is lent from it now, if there is one and its ring has a cell.
    void settleHome(int[] cells, JumboPage<?> page) {
        if (cells[SHARD] > NO_SHARD && page.home() == NO_SHARD && cells[HOMED] < ringCapacity) {
            cells[HOMED]++;
            page.setHome(cells[SHARD]);
        }
    }

    /// Frees a page whose place is the stack of who frees it, or another shard.
    ///
    /// All that is to be known is read before the compare-and-set that frees it, since what is read after it waits for
    /// it. If the page is not the caller's, what is read may be anything, and the compare-and-set fails.
    ///
    /// @return whether it is free; else nothing has changed, be it that it has no place or may not be freed like this
    boolean tryKeep(int[] cells, long token) {
        JumboPage<?> page = slabs.page(JumboLayout.page(token));
        if (page == null) {
            return false;
        }
        int depth = cells[DEPTH];
        int home = page.home();
        boolean away = isAway(cells, home);
        if ((depth >= maxDepth && !away) || !page.tryFree(token)) {
            return false;
        }
        if (away) {
            rings.getPlain(home).push(JumboLayout.after(token, 1));
        } else {
            push(cells, depth, JumboLayout.after(token, 1) | (home == NO_SHARD ? 0 : HOMED_HERE));
        }
        countReturned(cells, 1);
        return true;
    }

    /// Frees pages, from the first one on that another shard is the home of, as long as they have the same home.
    ///
    /// @return how many
    private int keepAway(int[] cells, long[] tokens, int from, int end) {
        int count = 0;
        int home = NO_SHARD;
        for (int at = from; at < end; at++) {
            JumboPage<?> page = slabs.page(JumboLayout.page(tokens[at]));
            int itsHome = page == null ? NO_SHARD : page.home();
            boolean fits = count == 0 ? isAway(cells, itsHome) : itsHome == home;
            if (page == null || !fits || !page.tryFree(tokens[at])) {
                break;
            }
            home = itsHome;
            count++;
        }
        if (count > 0) {
            rings.getPlain(home).push(tokens, from, count);
            countReturned(cells, count);
        }
        return count;
    }

    /// Frees pages in the order of their tokens, as [#tryKeep(int\[\], long)] does each.
    ///
    /// @return the index of the first that is not free yet
    int tryKeep(int[] cells, long[] tokens, int from, int end) {
        int at = from;
        while (at < end) {
            int away = keepAway(cells, tokens, at, end);
            if (away == 0 && !tryKeep(cells, tokens[at])) {
                return at;
            }
            at += Math.max(1, away);
        }
        return at;
    }

    private static boolean isAway(int[] cells, int home) {
        return home != NO_SHARD && home != cells[SHARD];
    }

    private static void countReturned(int[] cells, int count) {
        int before = cells[RETURNED_LOW];
        cells[RETURNED_LOW] = before + count;
        if (before < 0 && before + count >= 0) {
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
                long next = ring.poll();
                if (next == RemoteRing.NONE) {
                    return;
                }
                push(cells, cells[DEPTH], next | HOMED_HERE);
            }
        }
    }

    /// Takes up to `count` of the pages that have been in a stack the longest.
    ///
    /// @return how many
    int takeOlder(int[] cells, int count, int[] into) {
        int taken = Math.min(count, cells[DEPTH]);
        for (int i = 0; i < taken; i++) {
            into[i] = leave(cells, JumboLayout.page(cells[STACK + 2 * i]));
        }
        System.arraycopy(cells, STACK + 2 * taken, cells, STACK, 2 * (cells[DEPTH] - taken));
        cells[DEPTH] -= taken;
        return taken;
    }

    /// Forgets a page of the slot's stack or ring, which goes to the pool.
    ///
    /// @return the page
    private int leave(int[] cells, int number) {
        JumboPage<?> page = page(number);
        if (page.home() != NO_SHARD) {
            cells[HOMED]--;
            page.setHome(NO_SHARD);
        }
        return number;
    }

    /// Shows every page that is in a stack or ring to `taker`, whose it is then. Under the lock of the slots, and with
    /// the slots suspended.
    void drain(IntConsumer taker) {
        if (!BiasedSlots.barrier(VirtualMemory.system())) {
            return; // the pages come home next time
        }
        slots.visit(slot -> {}); // who is in a slot may be about to push into the ring of another
        slots.visit(slot -> {
            int[] cells = slot.cells();
            while (cells[DEPTH] > 0) {
                int depth = --cells[DEPTH];
                taker.accept(leave(cells, JumboLayout.page(cells[STACK + 2 * depth])));
            }
            if (cells[SHARD] > NO_SHARD) {
                RemoteRing ring = rings.get(cells[SHARD]);
                for (long next = ring.poll(); next != RemoteRing.NONE; next = ring.poll()) {
                    taker.accept(leave(cells, JumboLayout.page(next)));
                }
            }
        });
    }

    /// {@return whether a page is in a stack or ring, of some moment}
    boolean isStocked(int page) {
        boolean[] found = new boolean[1];
        forEachStocked(next -> found[0] |= JumboLayout.page(next) == page);
        return found[0];
    }

    /// Shows the next tokens of all pages in stacks and rings, of some moment.
    void forEachStocked(LongConsumer reader) {
        slots.forEach(slot -> {
            for (int i = Math.min(slot.peek(DEPTH), maxDepth) - 1; i >= 0; i--) {
                reader.accept(entry(slot.peek(STACK + 2 * i), slot.peek(STACK + 2 * i + 1)) & Long.MAX_VALUE);
            }
        });
        for (int shard = 1; shard < rings.length(); shard++) {
            RemoteRing ring = rings.get(shard);
            if (ring != null) {
                ring.forEach(reader);
            }
        }
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
        BitSet stocked = new BitSet();
        forEachStocked(next -> {
            JumboPage<?> page = page(JumboLayout.page(next));
            if (stocked.get(page.index()) || page.word() != JumboLayout.leasedWord(next)) {
                throw new AssertionError("I1, I3: token=0x%x, %s of %s".formatted(next, page, this));
            }
            stocked.set(page.index());
        });
        slots.forEach(slot -> {
            int shard = slot.peek(SHARD);
            int queued = shard > NO_SHARD ? rings.get(shard).size() : 0;
            int homed = slot.peek(HOMED);
            int depth = slot.peek(DEPTH);
            for (int i = 0; i < depth; i++) {
                long entry = entry(slot.peek(STACK + 2 * i), slot.peek(STACK + 2 * i + 1));
                JumboPage<?> page = page(JumboLayout.page(entry));
                if (page.home() != (entry < 0 ? shard : NO_SHARD)) {
                    throw new AssertionError("I3: shard=%d, entry=0x%x, %s".formatted(shard, entry, page));
                }
            }
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
