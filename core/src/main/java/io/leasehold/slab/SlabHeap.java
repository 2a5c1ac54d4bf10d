package io.leasehold.slab;

import io.leasehold.error.SystemCallException;
import io.leasehold.lease.Releaser;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.EarlyClasses;
import io.leasehold.memory.StackReserve;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.PageArena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Blocks of memory of every size, each lent as an object that is bound to it.
///
/// ```text
///   tryAllocate(n) ---> size class ---> magazine of this thread ---> its object, lent
///                                          |  empty or full: half a magazine
///                                       depot of the class ---> slabs ---> page run, one lease ---> arena
///                                                                             |  not needed for a while: given back
///   release(handle) ---> magazine of the thread that releases
/// ```
///
/// A block and its object are recycled together, and the object is dropped when the pages of the block are given back.
///
/// **Ownership.** The thread that got an object releases its handle, once, from any thread; the object has to see to it
/// that this happens once. The opener of the heap closes it, before the arena. A forced close leaves the memory of a
/// lent block to its holder: the pages of its slab go back when the last block of that slab is released.
///
/// **Threads.** Thread-safe. Blocks up to the size of a thread's cache take no lock as a rule, and a release never
/// waits for one. Platform threads have a cache of their own, virtual threads share some; no more threads than eight a
/// processor (at least 64) have one, and caches are flushed several times in each decay, so what they hold is bounded
/// and does not grow with the threads.
///
/// **Invariants.** I1: no two lent blocks overlap. I2: every block is lent, or in one magazine, or in the depot, or
/// free in its slab.
///
/// **Failures.** Where the Java heap is full or the stack is too short, a call throws and nothing has changed, or it
/// succeeds. Objects are made before anything is taken, and slow paths ask for stack first
/// ([StackReserve][io.leasehold.memory.StackReserve], `SlabJavaFaultTest`).
///
/// @param <T> what blocks are lent as
/// @see <a href="https://www.usenix.org/legacy/event/usenix01/bonwick.html">Bonwick and Adams, "Magazines and Vmem"</a>
public final class SlabHeap<T> implements Releaser, AutoCloseable {

    /// The handle that is no block.
    public static final long NO_BLOCK = 0;

    /// The length of the longest block, in bytes.
    public static final int MAX_BLOCK_BYTES = SizeClasses.MAX_BYTES;

    private static final int CLASS_SHIFT = 32;

    /// The part of the limit of retained slabs that a heap has however little it holds.
    private static final int MIN_RETAINED_PARTS = 4;

    /// Larger sizes that an allocation looks into before it waits for the lock of its own.
    private static final int SIZES_TO_BORROW_FROM = 3;

    private final String name; // (C)
    private final Binder<T> binder; // (C)
    private final SlabMemory memory; // (C)
    private final PageArena arena; // (C) by whose clock it decays
    private final MagazineLayout layout; // (C)
    private final BiasedSlots slots; // (C)
    private final HeapChanges changes; // (C)
    private final ClassPools<T> pools; // (C)
    private final @Nullable BlockObjects<T>[] objects; // (A) of `pools`, read by threads that have a block of the class
    private final HeapReclaimer reclaimer; // (C)
    private final HeapCloser closer; // (C)

    private SlabHeap(PageArena arena, SlabMemory memory, SlabHeapOptions options, Binder<T> binder) {
        EarlyClasses.initialize(FreeBlocks.class, HeapChanges.class, MagazineLayout.class, SizeClasses.class);
        this.name = options.name();
        this.arena = arena;
        this.memory = memory;
        this.binder = binder;
        this.layout = MagazineLayout.of(options.threadCacheByteSize());
        this.slots = new BiasedSlots(layout.cellCount(), !VirtualMemory.system().can(Capability.BARRIER));
        this.changes = new HeapChanges(name, arena);
        long maxRetained = options.idleByteSize() / memory.pageByteSize();
        RetainedSlabs retained =
                new RetainedSlabs(memory.carvesQuickly() ? maxRetained / MIN_RETAINED_PARTS : maxRetained, maxRetained);
        this.pools = new ClassPools<>(memory, retained, layout, changes);
        this.objects = pools.objects();
        this.reclaimer = new HeapReclaimer(layout, slots, pools, changes);
        this.closer = new HeapCloser(pools, slots, changes, reclaimer, this::stats, this::closeMemory);
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
        return register(arena, new ArenaMemory(arena, options.name()), options, binder);
    }

    /// Opens a heap on byte arrays, as large as the Java heap lets it be.
    ///
    /// @param clock by whose decay unneeded arrays are given to the collector
    /// @param options what it is like
    /// @param binder makes the objects
    /// @param <T> what blocks are lent as
    /// @return the heap, to be closed by the caller
    public static <T> SlabHeap<T> onJavaHeap(PageArena clock, SlabHeapOptions options, Binder<T> binder) {
        return register(clock, new ArrayMemory(), options, binder);
    }

    private static <T> SlabHeap<T> register(
            PageArena arena, SlabMemory memory, SlabHeapOptions options, Binder<T> binder) {
        SlabHeap<T> heap = null;
        try {
            SlabHeap<T> made = new SlabHeap<>(arena, memory, options, binder);
            arena.addReclaimer(made.reclaimer);
            heap = made;
            return made;
        } finally {
            if (heap == null) {
                memory.close(); // no room on the Java heap: the arena forgets the owner
            }
        }
    }

    /// Allocates a block of at least `byteSize` bytes.
    ///
    /// @param byteSize from 0 to [#MAX_BLOCK_BYTES]
    /// @return its object, whose handle the caller releases, or null if there is no memory within the bound
    /// @throws IllegalArgumentException if `byteSize` is out of its bounds
    /// @throws IllegalStateException if the heap is closed
    public @Nullable T tryAllocate(int byteSize) {
        int sizeClass = SizeClasses.of(byteSize);
        T object = tryAllocateCached(sizeClass);
        return object != null ? object : allocateSlow(sizeClass);
    }

    /// Allocates a block from the cache of the calling thread, without a lock.
    ///
    /// @param sizeClass from [#sizeClassOf]
    /// @return its object, whose handle the caller releases, or null if the cache has none: then [#tryAllocate] may
    ///     find one elsewhere
    public @Nullable T tryAllocateCached(int sizeClass) {
        int[] cells = slots.enter();
        T object = null;
        if (cells != null) {
            try {
                object = popBound(cells, sizeClass);
            } finally {
                BiasedSlots.exit(cells);
            }
        }
        return object;
    }

    /// {@return the size class of the smallest block that has at least `byteSize` bytes}
    ///
    /// @param byteSize from 0 to [#MAX_BLOCK_BYTES]
    /// @throws IllegalArgumentException if `byteSize` is out of its bounds
    public static int sizeClassOf(int byteSize) {
        return SizeClasses.of(byteSize);
    }

    /// Takes the newest block of a magazine if it has an object. The block is taken last: a stack that overflows before
    /// leaves it in the magazine.
    private @Nullable T popBound(int[] cells, int sizeClass) {
        int block = layout.peek(cells, sizeClass);
        if (block < 0) {
            return null;
        }
        T object = Objects.requireNonNull(objects[sizeClass]).object(block);
        if (object != null) {
            layout.drop(cells, sizeClass);
        }
        return object;
    }

    private int pop(int sizeClass) {
        int[] cells = slots.enter();
        if (cells == null) {
            return MagazineLayout.NONE;
        }
        int block = layout.peek(cells, sizeClass);
        if (block >= 0) {
            layout.drop(cells, sizeClass);
        }
        BiasedSlots.exit(cells);
        return block;
    }

    private @Nullable T allocateSlow(int sizeClass) {
        StackReserve.ensure(2);
        int cached = pop(sizeClass);
        if (cached >= 0) {
            return object(sizeClass, cached);
        }
        ClassPool pool = pools.of(sizeClass);
        int block = pool.tryTake(slots);
        for (int more = 1; block == ClassPool.BUSY && more <= SIZES_TO_BORROW_FROM; more++) {
            ClassPool larger = sizeClass + more < SizeClasses.COUNT ? pools.existing(sizeClass + more) : null;
            int borrowed = larger == null ? MagazineLayout.NONE : larger.tryTake(slots);
            if (borrowed >= 0) {
                return object(sizeClass + more, borrowed);
            }
        }
        if (block == ClassPool.BUSY) {
            block = pool.take(slots);
        }
        if (block < 0) {
            block = pool.carve(slots);
        }
        if (block < 0) {
            block = pool.take(slots); // blocks may have been freed while pages were looked for
        }
        return block < 0 ? null : object(sizeClass, block);
    }

    private T object(int sizeClass, int block) {
        SlabSet<T> set = pools.slabs(sizeClass);
        T object = set.objects().object(block);
        return object != null ? object : bind(set, sizeClass, block);
    }

    private T bind(SlabSet<T> set, int sizeClass, int block) {
        Slab slab = set.slabIfThere(block);
        if (slab == null) {
            throw changes.closed(); // by force, since the block was taken
        }
        long address = slab.addressOf(set.index(block));
        long handle = handle(sizeClass, block);
        T object;
        try {
            object =
                    binder.bind(this, handle, slab.array(), address, set.shape().byteSize());
        } catch (RuntimeException | Error e) {
            release(handle);
            throw e;
        }
        set.bind(block, object);
        return object;
    }

    /// Forgets the object of a lent block, so that the collector can tell when its holder loses it. The block comes
    /// home through [#release(long, Object)].
    ///
    /// @param handle of a block that the caller holds
    public void unbind(long handle) {
        pools.slabs(sizeClass(handle)).bind((int) handle, null);
    }

    /// Frees a block. Its object stays bound to it.
    ///
    /// @param handle of a block that the caller holds
    /// @throws StackOverflowError if the stack has too little room for it; nothing is changed then
    @Override
    public void release(long handle) {
        int[] cells = slots.enter();
        boolean isCached = false;
        try {
            isCached = tryCache(cells, handle);
        } finally {
            if (cells != null) {
                BiasedSlots.exit(cells);
            }
        }
        if (!isCached) {
            releaseSlow(handle);
        }
    }

    /// Begins to free a block whose object still has to be counted down: this finds the slot, so that what follows the
    /// count does not wait for it.
    ///
    /// @return the cells of the slot of the calling thread, for [#tryCache], which the caller leaves by
    ///     [BiasedSlots#exit] within a few instructions; or null
    public int @Nullable [] enter() {
        return slots.enter();
    }

    /// Frees a block into the cache of the calling thread. Its object stays bound to it.
    ///
    /// @param cells from [#enter]
    /// @param handle of a block that the caller holds
    /// @return true if the cache has the block; false if the caller must leave the slot and call [#releaseSlow]
    public boolean tryCache(int @Nullable [] cells, long handle) {
        return cells != null && layout.push(cells, sizeClass(handle), (int) handle);
    }

    /// Frees a block which the cache of the calling thread had no room for.
    ///
    /// @param handle of a block that the caller holds
    /// @throws StackOverflowError if the stack has too little room for it; nothing is changed then
    public void releaseSlow(long handle) {
        StackReserve.ensure(2);
        pools.of(sizeClass(handle)).free((int) handle, slots);
    }

    /// Takes a block back whose object was unbound, and binds `object` to it.
    ///
    /// @param handle of a block that the caller holds
    /// @param object what the block is lent as from now on
    public void release(long handle, T object) {
        pools.slabs(sizeClass(handle)).bind((int) handle, object);
        release(handle);
    }

    /// Lengthens a lent block in place to at least `byteSize` bytes, if it has its pages to itself and those behind
    /// them are free.
    ///
    /// @param handle of a block that the caller holds
    /// @param byteSize up to [#MAX_BLOCK_BYTES]
    /// @return what the block is released as from now on, or [#NO_BLOCK] if it could not be lengthened
    /// @throws IllegalArgumentException if `byteSize` is out of its bounds
    public long tryGrow(long handle, int byteSize) {
        int from = sizeClass(handle);
        int to = SizeClasses.of(byteSize);
        SlabRun run = pools.slabs(from).soleRun((int) handle);
        SlabShape shape = SlabShape.of(SizeClasses.byteSize(to), memory.pageByteSize());
        if (run == null || shape.blocks() != 1 || shape.pages() <= run.pages) {
            return NO_BLOCK;
        }
        StackReserve.ensure(2);
        return tryGrow(handle, run, to, shape.pages());
    }

    /// Lengthens a run, and makes its block one of a larger size. Not while the heap is being closed, or no slab would
    /// have its pages. The slab of the larger size is made first, since there may be no room for it on the Java heap.
    private long tryGrow(long handle, SlabRun run, int to, int pages) {
        synchronized (pools) {
            int from = sizeClass(handle);
            T object = pools.slabs(from).objects().object((int) handle);
            SlabRun longer = new SlabRun(run.array, run.address, run.page, run.lease, pages);
            int block = pools.of(to).addAllocated(longer);
            boolean isGrown = false;
            try {
                isGrown = memory.tryGrow(run, pages - run.pages);
            } finally {
                if (isGrown) {
                    pools.slabs(to).bind(block, object);
                    pools.of(from).detach((int) handle);
                } else {
                    pools.of(to).detach(block);
                }
            }
            return isGrown ? handle(to, block) : NO_BLOCK;
        }
    }

    /// {@return how long a lent block is, in bytes}
    ///
    /// @param handle of a block that the caller holds
    public int byteSize(long handle) {
        return SizeClasses.byteSize(sizeClass(handle));
    }

    /// {@return a snapshot of the numbers. What other threads do meanwhile may be missing in it. Takes time in
    /// proportion to the caches of threads, and waits for a flush of them.}
    public SlabHeapStats stats() {
        reclaimer.lock(); // a flush moves blocks from what was counted to what will be
        try {
            int[] inMagazines = layout.peekDepths(slots);
            List<SlabHeapStats.SizeClass> classes = new ArrayList<>();
            for (ClassPool pool : pools.all()) {
                SlabHeapStats.SizeClass stats = pool.stats(inMagazines);
                if (stats.slabs() > 0) {
                    classes.add(stats);
                }
            }
            return SlabHeapStats.of(name, classes);
        } finally {
            reclaimer.unlock();
        }
    }

    /// Gives back everything that no lent block needs: to the arena, which gives it to the system in its own time.
    ///
    /// @return the bytes that went
    public long trim() {
        return (long) reclaimer.trim() * memory.pageByteSize();
    }

    /// Gives everything back to the arena. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if blocks are lent, naming how many of which size, or a thread that takes or
    ///     releases one has no processor for long; nothing is changed then
    /// @throws SystemCallException if the kernel refuses to unlock pages; nothing is lent any more, and closing can be
    ///     repeated
    @Override
    public void close() {
        HeapCloser.closeAll(List.of(closer), false, () -> {});
    }

    /// Closes the heap while blocks are lent. It lends nothing any more. The slabs of lent blocks keep their pages,
    /// which go back to the arena as soon as all blocks of a slab are released, so that no other caller gets memory
    /// that the holder of a block may still write to.
    ///
    /// @return number of blocks that are lent
    /// @throws SystemCallException if the kernel refuses to unlock pages; closing can be repeated
    public int closeForcibly() {
        return HeapCloser.closeAll(List.of(closer), true, () -> {});
    }

    /// Closes several heaps, or none of them.
    ///
    /// @param heaps heaps that no other call closes in another order
    /// @param check runs while no block of the heaps is taken, released or given back; what it throws leaves them open
    /// @throws IllegalStateException if blocks of one of them are lent; nothing is changed then
    /// @throws SystemCallException if the kernel refuses to unlock pages; nothing is lent any more, and closing can be
    ///     repeated
    public static void closeAll(List<? extends SlabHeap<?>> heaps, Runnable check) {
        List<HeapCloser> closers = new ArrayList<>();
        for (SlabHeap<?> heap : heaps) {
            closers.add(heap.closer);
        }
        HeapCloser.closeAll(closers, false, check);
    }

    /// Ends the use of what the heap was opened on.
    private void closeMemory() {
        memory.close();
        arena.removeReclaimer(reclaimer);
    }

    /// {@return the work that reclaiming did so far}
    ReclaimWork work() {
        return changes.work;
    }

    /// Checks what must always hold; exact only while no other thread uses the heap.
    void checkInvariants() {
        int[] inMagazines = layout.peekDepths(slots);
        for (ClassPool pool : pools.all()) {
            pool.checkInvariants(inMagazines);
        }
    }

    private static long handle(int sizeClass, int block) {
        return (sizeClass + 1L) << CLASS_SHIFT | block;
    }

    private static int sizeClass(long handle) {
        return (int) (handle >>> CLASS_SHIFT) - 1;
    }

    @Override
    public String toString() {
        return "SlabHeap(" + name + ", " + memory + ", " + slots + ")";
    }
}
