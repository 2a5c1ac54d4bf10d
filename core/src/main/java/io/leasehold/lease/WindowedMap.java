package io.leasehold.lease;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.SystemCallException;
import io.leasehold.lease.WindowWaiters.Waiter;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.StackReserve;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.service.PageFile;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntBinaryOperator;

/// The engine with windows: a bounded number of windows is mapped onto pages as leases need them.
///
/// It models a machine whose pages have no permanent address (i386).
///
/// ```text
///   windows   | slot 0 | slot 1 | slot 2 | ...      address space, reserved once
///                 |        |
///                 v        v     one mapping call per miss, none per hit
///   pages     | .. | p3 | .. | p9 | .. | ..         memory file of the arena
/// ```
///
/// A window keeps its mapping after its last lease, as on i386, so the next lease on its page is a hit. The least
/// recently released window is recycled first.
///
/// **Threads.** Thread-safe. A hit takes no lock. A release takes no lock, with one exception: the last release of a
/// window that is not in the release order tries the lock of [WindowClaims], without waiting for it. A miss takes that
/// lock for a few steps before and after its mapping call, and makes the call without it. Two misses on one page never
/// map it twice, because the second thread finds the window that is being mapped. The original has this race. A waiting
/// thread parks, so a virtual thread leaves its carrier.
///
/// **Invariants.** I4: `used + free == slots`, where used windows have leases. The invariants of waiters are in
/// [WindowClaims].
///
/// **Memory order.** See [WindowSlots] and [WindowClaims].
///
/// @see <a href="https://man.freebsd.org/cgi/man.cgi?query=sf_buf&sektion=9">sf_buf(9)</a>; lazy queueing: DragonFly
///     BSD, 2004
final class WindowedMap implements PageMap {

    /// Layers of a check of the stack: this map, its claims with trees of waiters, and the mapping call.
    private static final int LAYERS = 4;

    /// Allocated once, so that the peak can be raised when the Java heap is full.
    private static final IntBinaryOperator MAX = Math::max;

    private static final int SEQUENCE_BITS = 28;
    private static final long SEQUENCE_MASK = (1L << SEQUENCE_BITS) - 1;

    /// Number of polls for the end of a mapping by another thread, before the polling thread yields its processor.
    private static final int LOOKS = 60;

    /// Number of yields before the polling thread gives up or parks. This takes some milliseconds, in case the mapping
    /// thread lost its processor during the mapping call.
    private static final int YIELDS = 1_000;

    private final MappingBudget mappings; // (C)
    private final WindowRegion region; // (C)
    private final long base; // (C) address of slot 0
    private final int windowPower; // (C) log2 of the bytes of a window
    private final int windowPages; // (C)
    private final WindowSlots slots; // (C)
    private final Stripes stripes; // (C)
    private final WindowClaims claims; // (C)
    private final AtomicInteger peak = new AtomicInteger(); // (A)

    private WindowedMap(
            LeasePoolOptions options,
            MappingBudget mappings,
            WindowRegion region,
            int windowPower,
            Stripes stripes,
            LeaseErrors errors) {
        this.mappings = mappings;
        this.region = region;
        this.base = region.address();
        this.windowPower = windowPower;
        this.windowPages = options.windowPages();
        this.slots = new WindowSlots(options.slots());
        this.claims = new WindowClaims(slots, errors);
        this.stripes = stripes;
    }

    /// Reserves the address space of the windows and charges their mappings. If this fails, nothing is changed.
    ///
    /// @throws IllegalStateException if the windows exceed the limit of the [MappingBudget]
    /// @throws SystemCallException if the kernel refuses
    static WindowedMap open(
            LeasePoolOptions options, PageFile file, long pageByteSize, Stripes stripes, LeaseErrors errors) {
        int windowPower = Long.SIZE - Long.numberOfLeadingZeros(options.windowPages() * pageByteSize - 1);
        MappingBudget mappings = file.reservations().mappings();
        mappings.charge(options.name(), options.slots());
        WindowRegion region = null;
        WindowedMap map = null;
        try {
            region = WindowRegion.open(options.name(), file, options.slots(), 1L << windowPower);
            map = new WindowedMap(options, mappings, region, windowPower, stripes, errors);
            return map;
        } finally {
            if (map == null) {
                mappings.credit(options.slots());
                if (region != null) {
                    region.close(new BitSet());
                }
            }
        }
    }

    @Override
    public long look(long direct) {
        int slot = slots.find(direct);
        return slot == WindowSlots.NO_SLOT ? NONE : address(slot);
    }

    @Override
    public boolean join(long address, long direct, Stripe stripe) {
        int leases = slots.tryJoin(slot(address), direct);
        if (leases > 0) {
            count(leases, stripe);
        }
        return leases > 0;
    }

    @Override
    public long acquire(long direct, int flags) {
        StackReserve.ensure(LAYERS); // a window that is claimed and not returned would be lost
        int claim = claim(direct, flags);
        if (claim == WindowClaims.NONE) {
            return NONE;
        }
        int slot = WindowClaims.slot(claim);
        boolean isMiss = (claim & WindowClaims.TO_MAP) != 0;
        if (isMiss) {
            map(slot, direct);
        }

        boolean isDropped = (claim & WindowClaims.TO_DROP) != 0;
        Stripe stripe = stripes.enter();
        boolean queue = false;
        if (isDropped) {
            queue = release(address(slot), stripe);
        } else {
            // a miss is counted in the stripe of this thread's hits; otherwise the peak of one thread would be missed
            count(isMiss || (claim & WindowClaims.WAS_IDLE) != 0 ? 1 : 2, stripe);
        }
        stripe.exit();
        if (queue) {
            claims.queue(slot);
        }
        if (isMiss && peak.get() < slots.count()) {
            raisePeak(stripes.used());
        }
        return isDropped ? NONE : address(slot);
    }

    /// Claims a window for a page. May wait.
    ///
    /// @return a slot, with a flag for what the caller must do, or [WindowClaims#NONE]
    private int claim(long direct, int flags) {
        boolean catches = LeaseFlag.has(flags, LeaseFlag.CATCH);
        boolean isNowait = LeaseFlag.has(flags, LeaseFlag.NOWAIT);
        boolean hasWatched = false;
        boolean wasInterrupted = false;
        Waiter self = null;
        try {
            while (true) {
                boolean mayWait =
                        !isNowait && !(catches && Thread.currentThread().isInterrupted());
                int claim = claims.look(direct, mayWait, self);
                if (claim >= WindowClaims.NONE) {
                    return claim;
                } else if (claim == WindowClaims.AGAIN) {
                    claims.goOn();
                } else if (claim == WindowClaims.BEING_MAPPED && !hasWatched) {
                    hasWatched = true;
                    watch(direct);
                } else if (claim == WindowClaims.BEING_MAPPED && !mayWait) {
                    return claims.giveUp(null);
                } else if (self == null) {
                    self = new Waiter(direct); // allocated without the lock
                } else {
                    LockSupport.park(this);
                    wasInterrupted |= !catches && Thread.interrupted();
                    // gives up even if a window is free now, because trying again might sleep again
                    if (catches && Thread.currentThread().isInterrupted()) {
                        return claims.giveUp(self);
                    }
                    if (self.isServed()) {
                        return self.slot();
                    }
                }
            }
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Polls for the end of a mapping by another thread, which is in a system call.
    private void watch(long direct) {
        for (int yield = 0; yield < YIELDS; yield++) {
            for (int look = 0; look < LOOKS; look++) {
                int slot = slots.find(direct);
                if (slot == WindowSlots.NO_SLOT || !WindowSlots.isBusy(slots.word(slot))) {
                    return;
                }
                Thread.onSpinWait();
            }
            VirtualMemory.system().yieldProcessor();
        }
    }

    @Override
    public int layers() {
        return LAYERS + 1; // the pool itself
    }

    /// {@inheritDoc}
    ///
    /// A release of a slot that is QUEUED needs no [#queue]. A slot is in use, and not QUEUED, only after a search has
    /// removed it.
    @Override
    public void checkStackForRelease(long address) {
        int slot = slot(address);
        if (slot < 0 || slot >= slots.count() || !WindowSlots.isQueued(slots.word(slot))) {
            StackReserve.ensure(LAYERS);
        }
    }

    @Override
    public boolean release(long address, Stripe stripe) {
        long word = slots.leave(slot(address), claims.misses() << SEQUENCE_BITS | (stripe.tick() & SEQUENCE_MASK));
        if (WindowSlots.isInUse(word)) {
            return false;
        }
        stripe.idled();
        return !WindowSlots.isQueued(word);
    }

    @Override
    public void queue(long address) {
        claims.queue(slot(address));
    }

    @Override
    public int maxPages() {
        return windowPages;
    }

    @Override
    public LeasePoolStats stats(int leases) {
        int used = Math.clamp(stripes.used(), 0, slots.count());
        long missed = claims.misses();
        long waited = claims.waited(); // read before the sleeps, so that waited <= waits
        long hits = Math.max(0, stripes.uses() - missed);
        return new LeasePoolStats(
                slots.count(), used, raisePeak(used), hits, missed, claims.waits(), waited, claims.failures(), leases);
    }

    @Override
    public void close(boolean force) {
        claims.close(force, () -> {
            region.close(slots.inUse());
            mappings.credit(slots.count());
        });
    }

    @Override
    public void checkInvariants() {
        claims.checkInvariants();
        int used = 0;
        for (int slot = 0; slot < slots.count(); slot++) {
            used += WindowSlots.isInUse(slots.word(slot)) ? 1 : 0;
        }
        if (used != stripes.used()) {
            throw new AssertionError("I4: used=" + used + ", counted=" + stripes.used());
        }
    }

    @Override
    public String toString() {
        return format("WindowedMap(slots=%d, windowByteSize=%d, address=0x%x)", slots.count(), 1L << windowPower, base);
    }

    /// Maps a claimed slot. Afterwards the caller has a lease of it.
    private void map(int slot, long direct) {
        boolean isMapped = false;
        try {
            region.map(slot, direct);
            isMapped = true;
        } finally {
            if (!isMapped) {
                claims.refuse(slot, direct);
            }
        }
        claims.finish(slot, direct);
    }

    private void count(int leases, Stripe stripe) {
        if (leases > 1) {
            stripe.rejoined();
        } else if (stripe.activated()) {
            // if the peak is at its maximum, the sum over all stripes is not needed
            int top = peak.get();
            int used = top < slots.count() ? (int) stripes.used() : 0;
            stripe.allow(Math.max(top, raisePeak(used)) - used);
        }
    }

    private int raisePeak(long used) {
        return peak.accumulateAndGet((int) Math.min(used, slots.count()), MAX);
    }

    private long address(int slot) {
        return base + ((long) slot << windowPower);
    }

    private int slot(long address) {
        return (int) ((address - base) >>> windowPower);
    }
}
