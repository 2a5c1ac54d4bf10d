package io.leasehold.slab;

import io.leasehold.lease.Releaser;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.os.OsException;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.Pace;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageReclaimer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Blocks of memory of every size, each lent as an object that is bound to it.
///
/// ```text
///   tryAllocate(n) ---> size class ---> magazine of this thread ---> its object, lent
///                                          |  empty or full: half a magazine
///                                       depot of the class ---> slabs ---> page run, one lease ---> arena
///                                                                             |  not needed for a while: given back
///   release(token) ---> magazine of the thread that releases
/// ```
///
/// A block and its object are recycled together, and the object is dropped when the block's pages are given back.
///
/// **Ownership.** Who got an object releases its token, once, from any thread; whether it does so once is for the
/// object to see to. Who opened the heap closes it, before the arena.
///
/// **Threads.** Thread-safe. Blocks up to the size of a thread's cache take no lock as a rule. Platform threads have a
/// cache of their own, virtual threads share some; no more threads than eight a processor (at least 64) have one, and
/// caches come home several times in each decay, so what they hold is bounded and does not grow with the threads.
///
/// **Invariants.** I1: no two lent blocks overlap. I2: every block is lent, or in one magazine, or in the depot, or at
/// home in its slab.
///
/// @param <T> what blocks are lent as
/// @see <a href="https://www.usenix.org/legacy/event/usenix01/bonwick.html">Bonwick and Adams, "Magazines and Vmem"</a>
public final class SlabHeap<T> implements Releaser, AutoCloseable {

    /// The token that is no block.
    public static final long NO_BLOCK = 0;

    private static final int CLASS_SHIFT = 32;

    /// The part of the stock of idle slabs that a heap has however little it holds.
    private static final int IDLE_AT_LEAST = 4;

    private final String name; // (C)
    private final Binder<T> binder; // (C)
    private final SlabMemory memory; // (C)
    private final PageArena arena; // (C) whose clock it ages by
    private final PageReclaimer reclaimer = new Reclaimer();
    private final MagazineLayout layout; // (C)
    private final BiasedSlots slots; // (C)
    private final SlabSet<T>[] slabs; // (C) by size class
    private final ClassPool[] pools; // (C) by size class
    private boolean closed; // (L) this

    private SlabHeap(PageArena arena, SlabMemory memory, SlabHeapOptions options, Binder<T> binder) {
        this.name = options.name();
        this.arena = arena;
        this.memory = memory;
        this.binder = binder;
        this.layout = new MagazineLayout(options.threadCacheByteSize());
        this.slots = new BiasedSlots(layout.cellCount(), !VirtualMemory.system().can(Capability.BARRIER));
        this.slabs = newSets();
        this.pools = new ClassPool[SizeClasses.COUNT];
        long mostIdle = options.idleByteSize() / memory.pageByteSize();
        IdleStock stock = new IdleStock(memory.carvesQuickly() ? mostIdle / IDLE_AT_LEAST : mostIdle, mostIdle);
        for (int c = 0; c < pools.length; c++) {
            SlabSet<T> set = new SlabSet<>(memory, stock, SizeClasses.byteSize(c));
            slabs[c] = set;
            pools[c] = new ClassPool(set, memory.canSplit(), layout, c);
        }
    }

    /// Opens a heap on the pages of an arena; it holds at most what the arena may.
    ///
    /// @param arena whose pages, of at most 64 KiB each
    /// @param options what it is like
    /// @param binder makes the objects
    /// @param <T> what blocks are lent as
    /// @return the heap, to be closed by the caller before the arena
    /// @throws IllegalArgumentException if the arena's pages are too large
    /// @throws io.leasehold.page.PageStateException if the arena is closed
    public static <T> SlabHeap<T> open(PageArena arena, SlabHeapOptions options, Binder<T> binder) {
        return new SlabHeap<>(arena, new ArenaMemory(arena, options.name()), options, binder).known();
    }

    /// Opens a heap on byte arrays, as large as the Java heap lets it be.
    ///
    /// @param clock by whose decay unneeded arrays are given to the collector
    /// @param options what it is like
    /// @param binder makes the objects
    /// @param <T> what blocks are lent as
    /// @return the heap, to be closed by the caller
    public static <T> SlabHeap<T> onJavaHeap(PageArena clock, SlabHeapOptions options, Binder<T> binder) {
        return new SlabHeap<>(clock, new ArrayMemory(), options, binder).known();
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type cannot be made otherwise
    private static <T> SlabSet<T>[] newSets() {
        return new SlabSet[SizeClasses.COUNT];
    }

    private SlabHeap<T> known() {
        arena.addReclaimer(reclaimer);
        return this;
    }

    /// Allocates a block of at least `byteSize` bytes.
    ///
    /// @param byteSize from 0 to 15 * 2^27
    /// @return its object, whose token the caller releases, or null if there is no memory within the bound
    /// @throws IllegalArgumentException if `byteSize` is out of its bounds
    /// @throws IllegalStateException if the heap is closed
    public @Nullable T tryAllocate(int byteSize) {
        int sizeClass = SizeClasses.of(byteSize);
        int[] cells = slots.enter();
        if (cells != null) {
            int block = layout.pop(cells, sizeClass);
            BiasedSlots.exit(cells);
            if (block >= 0) {
                T object = slabs[sizeClass].object(block);
                return object != null ? object : bind(sizeClass, block);
            }
        }
        return allocateSlow(sizeClass);
    }

    private @Nullable T allocateSlow(int sizeClass) {
        ClassPool pool = pools[sizeClass];
        int block = pool.take(slots);
        while (block < 0) {
            block = pool.carve(memory, slots);
            if (block < 0) {
                block = pool.take(slots); // blocks may have come home while pages were looked for
                if (block < 0) {
                    return null;
                }
            }
        }
        T object = slabs[sizeClass].object(block);
        return object != null ? object : bind(sizeClass, block);
    }

    private T bind(int sizeClass, int block) {
        SlabSet<T> set = slabs[sizeClass];
        Slab slab = pools[sizeClass].locked(any -> any.slab(block));
        long address = slab.addressOf(set.index(block));
        long token = token(sizeClass, block);
        T object;
        try {
            object = binder.bind(this, token, slab.array(), address, set.shape().byteSize());
        } catch (RuntimeException | Error e) {
            release(token);
            throw e;
        }
        set.bind(block, object);
        return object;
    }

    /// Forgets the object of a lent block, so that the collector can tell when its holder loses it. The block comes
    /// home through [#release(long, Object)].
    ///
    /// @param token of a block that the caller holds
    public void unbind(long token) {
        slabs[sizeClass(token)].bind((int) token, null);
    }

    /// Takes a block back, whose object stays bound to it.
    ///
    /// @param token of a block that the caller holds
    @Override
    public void release(long token) {
        release(enter(), token);
    }

    /// Begins a release whose object still has to be counted down: what is looked up here then does not wait for that
    /// atomic step.
    ///
    /// @return the cells of the calling thread's slot, which it leaves within a few instructions by
    ///     [#release(int\[\], long)] or [BiasedSlots#exit]; or null
    public int @Nullable [] enter() {
        return slots.enter();
    }

    /// Takes a block back, whose object stays bound to it, and leaves a slot.
    ///
    /// @param cells from [#enter]
    /// @param token of a block that the caller holds
    public void release(int @Nullable [] cells, long token) {
        int sizeClass = sizeClass(token);
        boolean kept = false;
        if (cells != null) {
            kept = layout.push(cells, sizeClass, (int) token);
            BiasedSlots.exit(cells);
        }
        if (!kept) {
            pools[sizeClass].give((int) token, slots);
        }
    }

    /// Takes a block back whose object was unbound, and binds `object` to it.
    ///
    /// @param token of a block that the caller holds
    /// @param object what the block is lent as from now on
    public void release(long token, T object) {
        slabs[sizeClass(token)].bind((int) token, object);
        release(token);
    }

    /// Lengthens a lent block in place to at least `byteSize` bytes, if it has its pages to itself and those behind
    /// them are free.
    ///
    /// @param token of a block that the caller holds
    /// @param byteSize up to 15 * 2^27
    /// @return what the block is released as from now on, or [#NO_BLOCK] if it could not be lengthened
    /// @throws IllegalArgumentException if `byteSize` is out of its bounds
    public long tryGrow(long token, int byteSize) {
        int from = sizeClass(token);
        int to = SizeClasses.of(byteSize);
        SlabRun run = pools[from].locked(set -> set.soleRun((int) token));
        SlabShape shape = slabs[to].shape();
        if (run == null || shape.blocks() != 1 || shape.pages() <= run.pages) {
            return NO_BLOCK;
        }
        if (!memory.tryGrow(run, shape.pages() - run.pages)) {
            return NO_BLOCK;
        }
        return move(token, to);
    }

    /// Makes a block that was lengthened one of a larger size. Not while the heap is being closed, or its pages would
    /// be nobody's.
    private synchronized long move(long token, int to) {
        int from = sizeClass(token);
        T object = slabs[from].object((int) token);
        SlabRun run = pools[from].locked(set -> set.detach((int) token)); // with the pages that it is counted with
        run.pages = slabs[to].shape().pages();
        int block = pools[to].locked(set -> set.add(run, false));
        slabs[to].bind(block, object);
        return token(to, block);
    }

    /// {@return how long a lent block is, in bytes}
    ///
    /// @param token of a block that the caller holds
    public int byteSize(long token) {
        return SizeClasses.byteSize(sizeClass(token));
    }

    /// {@return the numbers of one moment; takes time in proportion to the threads' caches}
    public SlabHeapStats stats() {
        int[] inMagazines = layout.peekDepths(slots);
        List<SlabHeapStats.SizeClass> classes = new ArrayList<>();
        for (ClassPool pool : pools) {
            SlabHeapStats.SizeClass stats = pool.stats(inMagazines[pool.sizeClass()], memory.pageByteSize());
            if (stats.slabs() > 0) {
                classes.add(stats);
            }
        }
        return SlabHeapStats.of(name, classes);
    }

    /// Gives back all that no lent block needs: to the arena, which gives it to the system in its own time.
    ///
    /// @return the bytes that went
    public long trim() {
        return (long) reclaimer.shrink() * memory.pageByteSize();
    }

    /// Gives everything back to the arena. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if blocks are lent, naming how many of which size; nothing is changed then
    /// @throws OsException if the kernel refuses to unlock pages; nothing is lent any more, and closing can be repeated
    @Override
    public void close() {
        close(false);
    }

    /// Gives everything back to the arena, whatever is lent: who still writes to such a block writes to memory that
    /// others may have by then.
    ///
    /// @return how many blocks were lent
    public int closeForcibly() {
        return close(true);
    }

    private synchronized int close(boolean force) {
        if (closed) {
            return 0;
        }
        slots.suspend();
        drain();
        for (ClassPool pool : pools) {
            pool.lock(); // nobody else holds two of them
        }
        try {
            SlabHeapStats stats = stats();
            if (stats.liveBlocks() > 0 && !force) {
                slots.resume();
                throw stats.blocksLent();
            }
            ClassPool.closeAll(pools);
            closed = true; // and the slots stay shut
            memory.close();
            return Math.toIntExact(stats.liveBlocks());
        } finally {
            for (ClassPool pool : pools) {
                pool.unlock();
            }
            if (closed) {
                arena.removeReclaimer(reclaimer);
            }
        }
    }

    /// Gives back in the arena's name.
    private final class Reclaimer implements PageReclaimer {

        @Override
        public Progress decay(Pace pace) {
            bringHome();
            for (ClassPool pool : pools) {
                pool.settle();
            }
            return Progress.NEXT_TICK;
        }

        @Override
        public int shrink() {
            bringHome();
            int pages = 0;
            for (ClassPool pool : pools) {
                pages += pool.relinquish();
            }
            return pages;
        }
    }

    /// Empties all magazines.
    private synchronized void bringHome() {
        if (!closed) {
            slots.suspend();
            try {
                drain();
            } finally {
                slots.resume();
            }
        }
    }

    private void drain() {
        if (!BiasedSlots.barrier(VirtualMemory.system())) {
            return; // the blocks come home next time
        }
        slots.visit(slot -> {
            for (ClassPool pool : pools) {
                if (layout.isFilled(slot.cells(), pool.sizeClass())) {
                    pool.drain(slot.cells());
                }
            }
        });
    }

    /// Checks what must always hold; exact only while no other thread uses the heap.
    void checkInvariants() {
        int[] inMagazines = layout.peekDepths(slots);
        for (ClassPool pool : pools) {
            pool.checkInvariants(inMagazines[pool.sizeClass()]);
        }
    }

    private static long token(int sizeClass, int block) {
        return (sizeClass + 1L) << CLASS_SHIFT | block;
    }

    private static int sizeClass(long token) {
        return (int) (token >>> CLASS_SHIFT) - 1;
    }

    @Override
    public String toString() {
        return "SlabHeap(" + name + ", " + memory + ", " + slots + ")";
    }
}
