package io.leasehold.slab;

import io.leasehold.memory.BiasedSlots;
import io.leasehold.os.OsException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The free blocks of one size that threads share: a depot between the magazines, and the slabs behind it.
///
/// ```text
///   magazine of a thread  <---- half a magazine ---->  depot  <---- block ---->  slabs, the lowest first
///        (no lock)                                       (under the lock)
/// ```
///
/// **Threads.** Thread-safe. Slots may be entered under the lock, but it is never taken in a slot. Memory is given back
/// under it, never asked for.
///
/// **Invariants.** I1: blocks at home, in the depot and in magazines are at most all that there are.
final class ClassPool {

    /// What a depot holds at most: the blocks in it keep their slabs from going, and each size has one.
    private static final int MAX_DEPOT_BYTES = 32 << 10;

    private static final int MAX_DEPOT_MAGAZINES = 2;

    private static final int SLABS_AT_A_TIME = 256;

    /// A refill takes this part of what a slot has room for, so that one size does not crowd out the others.
    private static final int REFILLS_PER_SLOT = 4;

    /// How often a thread looks for the lock before it sleeps: it is held for some hundred nanoseconds, and waking up
    /// takes many times that.
    private static final int SPINS = 60;

    private final MagazineLayout layout; // (C)
    private final int sizeClass; // (C)
    private final boolean thins; // (C) whether parts of slabs can go

    /// Threads that look for pages for this size. What comes home meanwhile is what they look for: it stays, though its
    /// pages could go.
    private final AtomicInteger seekers = new AtomicInteger(); // (A)

    private final ReentrantLock lock = new ReentrantLock();
    private final SlabSet<?> slabs; // (L)
    private final int[] depot; // (L)
    private final int[] scratch; // (L) half a magazine
    private int inDepot; // (L)
    private boolean closed; // (L)
    private int low; // (L) the fewest free blocks since the last [#settle]

    ClassPool(SlabSet<?> slabs, boolean thins, MagazineLayout layout, int sizeClass) {
        this.slabs = slabs;
        this.thins = thins;
        this.layout = layout;
        this.sizeClass = sizeClass;
        int fit = MAX_DEPOT_BYTES / slabs.shape().byteSize();
        this.depot = new int[Math.min(MAX_DEPOT_MAGAZINES * layout.depth(sizeClass), fit)];
        this.scratch = new int[layout.depth(sizeClass)];
    }

    int sizeClass() {
        return sizeClass;
    }

    /// Takes a block that is free, and up to half a magazine for the calling thread with it.
    ///
    /// @return the block, or [MagazineLayout#NONE]
    /// @throws IllegalStateException if the pool is closed
    int take(BiasedSlots slots) {
        lock();
        try {
            checkOpen();
            int block = takeOne();
            if (block >= 0) {
                refill(slots);
            }
            low = Math.min(low, inDepot + slabs.home());
            return block;
        } finally {
            lock.unlock();
        }
    }

    /// Takes a block of a new slab: of a whole one, or, where free pages are too scattered for that, of the pages of a
    /// single block.
    ///
    /// @return the block, or [MagazineLayout#NONE]
    /// @throws IllegalStateException if the pool is closed
    int carve(SlabMemory memory, BiasedSlots slots) {
        SlabShape shape = slabs.shape();
        int least = Math.ceilDiv(shape.byteSize(), memory.pageByteSize());
        SlabRun run;
        seekers.incrementAndGet();
        try {
            run = memory.carve(shape.pages());
            if (run == null && least < shape.pages()) {
                run = memory.carve(least);
            }
        } finally {
            seekers.decrementAndGet();
        }
        if (run == null) {
            return MagazineLayout.NONE;
        }
        try {
            return add(run, slots);
        } catch (IllegalStateException e) {
            memory.free(run); // closed meanwhile
            throw e;
        }
    }

    /// Adds a slab, and takes a block from it as [#take] does.
    int add(SlabRun run, BiasedSlots slots) {
        lock();
        try {
            checkOpen();
            slabs.add(run, true);
            return take(slots);
        } finally {
            lock.unlock();
        }
    }

    /// Takes back a block that the magazine of the calling thread had no room for, and half of that magazine with it.
    void give(int block, BiasedSlots slots) {
        lock();
        try {
            if (closed) {
                return; // closed by force meanwhile: the block is gone with the heap
            }
            int[] cells = slots.enter();
            boolean kept = false;
            if (cells != null) {
                giveOlderHalf(cells);
                kept = layout.push(cells, sizeClass, block);
                BiasedSlots.exit(cells);
            }
            if (!kept) {
                giveOne(block);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Takes back all that a magazine holds, whose cells nobody else touches now.
    void drain(int[] cells) {
        lock();
        try {
            for (int block = layout.pop(cells, sizeClass); block >= 0; block = layout.pop(cells, sizeClass)) {
                giveOne(block);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Gives back the slabs that were not needed since the last call, the highest first; and if a quarter of all blocks
    /// was not, the pages without a lent block inside the others.
    ///
    /// @return how many pages
    int settle() {
        int surplus;
        boolean thin;
        lock();
        try {
            empty(inDepot);
            surplus = Math.min(low, slabs.home());
            low = slabs.home();
            thin = thins && surplus >= slabs.present() / 4;
        } finally {
            lock.unlock();
        }
        return giveBack(surplus, thin);
    }

    /// Gives back all that no lent block needs.
    ///
    /// @return how many pages
    int relinquish() {
        int surplus;
        lock();
        try {
            empty(inDepot);
            surplus = slabs.home();
        } finally {
            lock.unlock();
        }
        return giveBack(surplus, thins && seekers.get() == 0);
    }

    /// Looks at the slabs from the highest down, some at a time, so that nobody waits long for the lock.
    private int giveBack(int surplus, boolean thin) {
        int pages = 0;
        int left = surplus;
        int index = Integer.MAX_VALUE;
        while (left > 0 && index >= 0) {
            lock.lock();
            try {
                int before = slabs.pages();
                index = slabs.previousWithBlocks(index);
                for (int looked = 0; left > 0 && index >= 0 && looked < SLABS_AT_A_TIME; looked++) {
                    left -= slabs.giveBack(index, left, thin);
                    index = slabs.previousWithBlocks(index - 1);
                }
                low = Math.min(low, inDepot + slabs.home());
                pages += before - slabs.pages();
            } finally {
                lock.unlock();
            }
        }
        return pages;
    }

    /// Works on the slabs while nobody else does.
    ///
    /// @throws IllegalStateException if the pool is closed
    <R extends @Nullable Object> R locked(Function<SlabSet<?>, R> work) {
        lock();
        try {
            checkOpen();
            return work.apply(slabs);
        } finally {
            lock.unlock();
        }
    }

    /// Keeps every thread out until [#unlock].
    void lock() {
        for (int i = 0; i < SPINS; i++) {
            if (lock.tryLock()) {
                return;
            }
            Thread.onSpinWait();
        }
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    /// Gives everything back, whatever is lent, for ever.
    ///
    /// @throws OsException if the kernel refuses; the pool is closed, and closing it can be repeated
    void close() {
        lock();
        try {
            closed = true;
            empty(inDepot);
            slabs.clear();
        } finally {
            lock.unlock();
        }
    }

    /// Closes them all, also if one of them is refused.
    static void closeAll(ClassPool[] pools) {
        OsException refusal = null;
        for (ClassPool pool : pools) {
            try {
                pool.close();
            } catch (OsException e) {
                refusal = e;
            }
        }
        if (refusal != null) {
            throw refusal;
        }
    }

    /// {@return the numbers of one moment}
    ///
    /// @param inMagazines how many blocks magazines hold
    SlabHeapStats.SizeClass stats(int inMagazines, int pageByteSize) {
        lock();
        try {
            int cached = inMagazines + inDepot;
            int lent = Math.max(0, slabs.present() - slabs.home() - cached);
            long held = (long) slabs.pages() * pageByteSize;
            int byteSize = slabs.shape().byteSize();
            return new SlabHeapStats.SizeClass(byteSize, slabs.slabCount(), lent, cached, slabs.home(), held);
        } finally {
            lock.unlock();
        }
    }

    /// Checks what must always hold.
    ///
    /// @param inMagazines how many blocks magazines hold
    void checkInvariants(int inMagazines) {
        lock();
        try {
            slabs.checkInvariants();
            if (slabs.home() + inDepot + inMagazines > slabs.present() || inDepot > depot.length) {
                throw new AssertionError("I1: depot=%d, magazines=%d, %s".formatted(inDepot, inMagazines, slabs));
            }
        } finally {
            lock.unlock();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("heap of blocks is closed");
        }
    }

    private int takeOne() {
        return inDepot > 0 ? depot[--inDepot] : slabs.take();
    }

    private void giveOne(int block) {
        if (inDepot == depot.length) {
            empty((inDepot + 1) / 2);
        }
        if (inDepot < depot.length) {
            depot[inDepot++] = block;
        } else {
            slabs.comeHome(block);
        }
    }

    /// Sends the `count` blocks home that have been in the depot the longest.
    private void empty(int count) {
        for (int i = 0; i < count; i++) {
            slabs.comeHome(depot[i]);
        }
        System.arraycopy(depot, count, depot, 0, inDepot - count);
        inDepot -= count;
    }

    private void refill(BiasedSlots slots) {
        int half = layout.depth(sizeClass) / 2;
        int[] cells = half > 0 ? slots.enter() : null;
        if (cells == null) {
            return;
        }
        int share = layout.room(cells) / REFILLS_PER_SLOT;
        int want = Math.min(half, share / slabs.shape().byteSize());
        int block = takeOne();
        while (block >= 0 && want-- > 0 && layout.push(cells, sizeClass, block)) {
            block = takeOne();
        }
        BiasedSlots.exit(cells);
        if (block >= 0) {
            giveOne(block);
        }
    }

    private void giveOlderHalf(int[] cells) {
        int count = layout.takeOlderHalf(cells, sizeClass, scratch);
        for (int i = 0; i < count; i++) {
            giveOne(scratch[i]);
        }
    }

    @Override
    public String toString() {
        return "ClassPool(" + slabs + ", depot=" + inDepot + ")";
    }
}
