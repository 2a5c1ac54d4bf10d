package io.leasehold.slab;

import io.leasehold.error.SystemCallException;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.SizeCount;
import io.leasehold.holder.SourceKind;
import io.leasehold.lease.MemoryOwner;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.EarlyClasses;
import io.leasehold.page.PageArena;
import io.leasehold.page.service.ArenaAccess;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Allocates blocks of memory of every size, each with an object that is bound to it.
///
/// ```text
///   tryAllocate(n) ---> size class ---> magazine of this thread ---> object of the block
///                                          |  empty or full: half a magazine
///                                       depot of the class ---> slabs ---> run of pages, one lease ---> arena
///                                                                             |  not needed for a while: freed
///   free(handle) ---> magazine of the releasing thread
/// ```
///
/// A block and its object are recycled together. The object is dropped when the pages of the block are freed.
///
/// **Ownership.** The caller that allocated a block frees its handle exactly once, from any thread. The object must
/// make sure that its block is freed only once, because the heap does not detect a second free. The caller that opened
/// the heap closes it, before the arena. After a forced close the memory of a block in use stays with its holder,
/// unless the arena is closed by force too. The pages of a slab are freed when the last block of the slab is released.
///
/// **Threads.** Thread-safe. Blocks that fit into the cache of a thread take no lock as a rule. A release waits for the
/// lock of its size class only if no batch for the depot can be made, or after a forced close. A release that empties a
/// slab may take the lock of the arena. Platform threads have a cache of their
/// own, and virtual threads share some. As many threads have a cache as in [PageArena][io.leasehold.page.PageArena].
/// Caches are flushed several times in each decay. So the memory in caches is bounded and does not grow with the number
/// of threads.
///
/// **Invariants.** I1: no two blocks in use overlap. I2: every block is in use, in one magazine, in the depot, or free
/// in its slab.
///
/// **Failures.** If the Java heap is full or the stack is too short, a call throws and has changed nothing, or it
/// succeeds. All objects are made before anything is changed, and slow paths check the stack first
/// ([StackReserve][io.leasehold.memory.StackReserve], `SlabJavaFaultTest`).
///
/// @param <T> type of the objects that are bound to blocks
/// @see <a href="https://www.usenix.org/legacy/event/usenix01/bonwick.html">Bonwick and Adams, "Magazines and Vmem"</a>
public final class SlabHeap<T> implements MemoryOwner, AutoCloseable {

    /// The value that is not the handle of a block.
    public static final long NO_BLOCK = 0;

    /// The length of the largest block, in bytes.
    public static final int MAX_BLOCK_BYTES = SizeClasses.MAX_BYTES;

    /// The length of each block is a multiple of this, and so is its address outside the Java heap.
    public static final int BLOCK_ALIGNMENT = SizeClasses.ALIGNMENT;

    /// The number of size classes.
    public static final int SIZE_CLASSES = SizeClasses.COUNT;

    private static final int CLASS_SHIFT = 32;

    /// Blocks of larger classes are alone in their slabs.
    static final int LAST_SHARED_CLASS = SizeClasses.of(64 << 10);

    private final String name; // (C)
    private final SlabMemory memory; // (C)
    private final PageArena arena; // (C) its maintenance thread runs the decay
    private final MagazineLayout layout; // (C)
    private final BiasedSlots slots; // (C)
    private final HeapChanges changes; // (C)
    private final ClassPools<T> pools; // (C)
    private final @Nullable ObjectMagazine<T>[] magazines; // (A) array of `pools`, read with a block of the class
    private final BlockGrowth<T> growth; // (C)
    private final SlowPath<T> slowPath; // (C)
    private final HeapReclaimer reclaimer; // (C)
    private final HeapCloser closer; // (C)
    private final MemorySource source; // (C)

    private SlabHeap(PageArena arena, SlabMemory memory, SlabHeapOptions options, Binder<T> binder) {
        EarlyClasses.initialize(FreeBlocks.class, HeapChanges.class, MagazineLayout.class, SizeClasses.class);
        this.name = options.name();
        this.arena = arena;
        this.memory = memory;
        this.layout = MagazineLayout.of(options.threadCacheByteSize());
        this.changes = new HeapChanges(name, arena);
        this.slots = BiasedSlots.of(layout.cellCount(), changes.virtualMemory());
        this.pools = new ClassPools<>(memory, options, layout, changes);
        this.magazines = pools.magazines();
        this.growth = new BlockGrowth<>(pools, memory);
        this.reclaimer = new HeapReclaimer(layout, slots, pools, changes, memory);
        this.slowPath = new SlowPath<>(this, binder, layout, slots, changes, pools, reclaimer);
        this.closer = new HeapCloser(pools, memory, slots, changes, reclaimer, this::stats, this::closeMemory);
        this.source = MemorySource.open(
                SourceKind.ALLOCATOR, name, options.tag(), this, SlabHeap<?>::liveBlocksBySize, h -> h.memory.budget());
    }

    /// Opens a heap on the pages of an arena. The limit of the arena is the limit of the heap.
    ///
    /// @param arena arena to allocate from, with pages of at most 64 KiB
    /// @param options options of the heap
    /// @param binder makes the object of each block
    /// @param <T> type of the objects that are bound to blocks
    /// @return the heap, to be closed by the caller before the arena
    /// @throws IllegalArgumentException if the pages of the arena are too large
    /// @throws io.leasehold.page.PageStateException if the arena is closed
    public static <T> SlabHeap<T> open(PageArena arena, SlabHeapOptions options, Binder<T> binder) {
        return register(arena, new ArenaMemory(arena, options.name(), options.allocatorType()), options, binder);
    }

    /// Opens a heap on byte arrays. The size of the Java heap is its limit.
    ///
    /// @param clock arena whose maintenance thread runs the decay, which drops unneeded arrays
    /// @param options options of the heap
    /// @param binder makes the object of each block
    /// @param <T> type of the objects that are bound to blocks
    /// @return the heap, to be closed by the caller
    public static <T> SlabHeap<T> onJavaHeap(PageArena clock, SlabHeapOptions options, Binder<T> binder) {
        return register(clock, new ArrayMemory(options.allocatorType()), options, binder);
    }

    private static <T> SlabHeap<T> register(
            PageArena arena, SlabMemory memory, SlabHeapOptions options, Binder<T> binder) {
        SlabHeap<T> heap = null;
        try {
            SlabHeap<T> made = new SlabHeap<>(arena, memory, options, binder);
            ArenaAccess.of(arena).addReclaimer(made.reclaimer);
            heap = made;
            return made;
        } finally {
            if (heap == null) {
                memory.close(); // the Java heap is full: unregister the owner from the arena
            }
        }
    }

    /// Allocates a block of at least `byteSize` bytes.
    ///
    /// @param byteSize minimum length in bytes, from 0 to [#MAX_BLOCK_BYTES]
    /// @return the object of the block, whose handle the caller frees, or null if the limit of the arena or of its
    ///     budget is reached
    /// @throws IllegalArgumentException if `byteSize` is out of bounds
    /// @throws IllegalStateException if the heap is closed
    public @Nullable T tryAllocate(int byteSize) {
        int sizeClass = SizeClasses.of(byteSize);
        T object = tryAllocateCached(sizeClass);
        return object != null ? object : slowPath.allocate(sizeClass);
    }

    /// Allocates a block from the cache of the calling thread if that takes no more than a few instructions. C2 can
    /// inline this method into its callers, since it calls nothing else.
    ///
    /// @param sizeClass size class from [#sizeClassOf] or [#smallSizeClassOf]
    /// @return the object of the block, whose handle the caller frees, or null. [#tryAllocate] may still succeed then
    public @Nullable T tryAllocateFast(int sizeClass) {
        int[] cells = slots.tryEnterFast();
        return cells == null ? null : popAndExit(cells, sizeClass);
    }

    /// Allocates a block from the cache of the calling thread.
    @Nullable T tryAllocateCached(int sizeClass) {
        int[] cells = slots.enter();
        return cells == null ? null : popAndExit(cells, sizeClass);
    }

    private @Nullable T popAndExit(int[] cells, int sizeClass) {
        try {
            ObjectMagazine<T> magazine = magazines[sizeClass];
            return magazine == null ? null : magazine.pop(cells);
        } finally {
            BiasedSlots.exit(cells);
        }
    }

    /// {@return the size class of the smallest block with at least `byteSize` bytes}
    ///
    /// @param byteSize minimum length in bytes, from 0 to [#MAX_BLOCK_BYTES]
    /// @throws IllegalArgumentException if `byteSize` is out of bounds
    public static int sizeClassOf(int byteSize) {
        return SizeClasses.of(byteSize);
    }

    /// {@return the length in bytes of the smallest block with at least `byteSize` bytes}
    ///
    /// @param byteSize minimum length in bytes, from 0 to [#MAX_BLOCK_BYTES]
    /// @throws IllegalArgumentException if `byteSize` is out of bounds
    public static int blockByteSizeOf(int byteSize) {
        return SizeClasses.byteSize(SizeClasses.of(byteSize));
    }

    /// {@return the size class of the smallest block with at least `byteSize` bytes, or a negative number if `byteSize`
    /// is negative or more than 64 KiB} Shorter code than [#sizeClassOf], for fast paths.
    ///
    /// @param byteSize minimum length in bytes
    public static int smallSizeClassOf(int byteSize) {
        return SizeClasses.ofSmall(byteSize);
    }

    /// Drops the object of a block in use, so that the garbage collector can detect that the holder lost the object.
    /// Release such a block through [#free(long, Object)].
    ///
    /// @param handle handle of a block that the caller holds
    public void unbind(long handle) {
        pools.slabs(sizeClass(handle)).bind((int) handle, null);
    }

    /// Frees a block. Its object stays bound to it.
    ///
    /// @param handle handle of a block that the caller holds
    /// @throws StackOverflowError if the stack is too short; nothing is changed then
    @Override
    public void free(long handle) {
        int[] cells = slots.enter();
        boolean isCached = false;
        if (cells != null) {
            try {
                isCached = tryCache(cells, handle);
            } finally {
                BiasedSlots.exit(cells);
            }
        }
        if (!isCached) {
            freeSlow(handle);
        }
    }

    /// Enters the slot of the calling thread. This is the first step of freeing a block whose object still has to count
    /// itself down. The slot is found before the count, so that the work after the count is short.
    ///
    /// @return the cells of the slot, for [#tryCache], or null if no slot is available now. The caller leaves the slot
    ///     by [BiasedSlots#exit] within a few instructions
    public int @Nullable [] enter() {
        return slots.enter();
    }

    /// Frees a block into the cache of the calling thread. Its object stays bound to it.
    ///
    /// @param cells cells from [#enter]
    /// @param handle handle of a block that the caller holds
    /// @return true if the block is cached; false if the caller must leave the slot and call [#freeSlow]
    public boolean tryCache(int[] cells, long handle) {
        return Objects.requireNonNull(magazines[sizeClass(handle)]).push(cells, (int) handle);
    }

    /// Frees a block for which the cache of the calling thread has no space.
    ///
    /// @param handle handle of a block that the caller holds
    /// @throws StackOverflowError if the stack is too short; nothing is changed then
    public void freeSlow(long handle) {
        slowPath.free(handle);
    }

    /// Binds an object to a block whose object was unbound, and frees the block.
    ///
    /// @param handle handle of a block that the caller holds
    /// @param object object for the next allocation of the block
    public void free(long handle, T object) {
        pools.slabs(sizeClass(handle)).bind((int) handle, object);
        free(handle);
    }

    /// Extends a block in use in place to at least `byteSize` bytes. This needs a block that is alone in its slab, and
    /// free pages behind the slab.
    ///
    /// @param handle handle of a block that the caller holds
    /// @param byteSize new minimum length in bytes, from 0 to [#MAX_BLOCK_BYTES]
    /// @return the new handle of the block, which replaces `handle`, or [#NO_BLOCK] if the block could not be extended
    /// @throws IllegalArgumentException if `byteSize` is out of bounds
    public long tryGrow(long handle, int byteSize) {
        return growth.tryGrow(handle, byteSize);
    }

    /// {@return the length of a block in use, in bytes}
    ///
    /// @param handle handle of a block that the caller holds
    public int byteSize(long handle) {
        return SizeClasses.byteSize(sizeClass(handle));
    }

    /// {@return a snapshot of the statistics; may be stale if other threads use the heap}
    ///
    /// The cost is in proportion to the number of thread caches. The call waits for a flush of the caches that is in
    /// progress.
    public SlabHeapStats stats() {
        List<SlabHeapStats.SizeClass> classes = new ArrayList<>();
        long otherBytes = visit(
                new int[SizeClasses.COUNT],
                (byteSize, slabs, live, cached, free, held) ->
                        classes.add(new SlabHeapStats.SizeClass(byteSize, slabs, live, cached, free, held)));
        return SlabHeapStats.of(name, otherBytes, classes);
    }

    /// Passes the statistics of each size class that has slabs to a visitor, in ascending order. Allocates nothing, and
    /// costs as much as [#stats].
    ///
    /// @param scratch working memory of the call, at least [#SIZE_CLASSES] long
    /// @param visitor receives the numbers
    /// @return bytes of pages that are in no slab, because the kernel does not unlock them
    public long visit(int[] scratch, SizeClassVisitor visitor) {
        reclaimer.lock(); // a flush would move counted blocks to depots that are not counted yet
        try {
            layout.peekDepths(slots, scratch);
            for (int c = 0; c < SizeClasses.COUNT; c++) {
                ClassPool pool = pools.existing(c);
                if (pool != null) {
                    pool.visit(scratch, visitor);
                }
            }
            return (long) memory.givenUpPages() * memory.pageByteSize();
        } finally {
            reclaimer.unlock();
        }
    }

    /// Frees all memory that no block in use needs. The pages are freed to the arena, which gives them back to the
    /// operating system later.
    ///
    /// @return number of bytes that were freed
    public long trim() {
        return (long) reclaimer.trim() * memory.pageByteSize();
    }

    /// Closes the heap and frees all its memory to the arena. Closing a closed heap frees only memory that could not be
    /// freed before.
    ///
    /// @throws IllegalStateException if blocks are in use, with their number and sizes; if a thread stays inside an
    ///     allocation or a release because it has no processor; or if the kernel rejects a memory barrier while threads
    ///     cache blocks. Nothing is changed then
    /// @throws SystemCallException if the kernel fails to unlock pages; the heap allocates nothing any more, and
    ///     closing can be repeated
    @Override
    public void close() {
        HeapCloser.closeAll(List.of(closer), false, () -> {}, null);
    }

    /// Closes the heap although blocks are in use. The heap allocates nothing any more. The slabs of blocks in use keep
    /// their pages, and a slab is freed to the arena when its last block is released. So no other caller gets memory
    /// that the holder of a block may still write to.
    ///
    /// If the kernel rejects a memory barrier, blocks in the caches of threads keep their slabs. The release of a block
    /// in use, or a repeated close, frees these slabs.
    ///
    /// @return number of blocks in use; 0 if the heap was closed before
    /// @throws SystemCallException if the kernel fails to unlock pages; closing can be repeated
    public int closeForcibly() {
        return HeapCloser.closeAll(List.of(closer), true, () -> {}, null);
    }

    /// Closes several heaps, or none of them.
    ///
    /// @param heaps heaps to close, in the same order in every such call
    /// @param check runs while no block of the heaps is allocated, released or moved; if it throws, the heaps stay open
    /// @param own the arena of the heaps if it is to be closed too, else null. The arena allocates nothing any more
    ///     afterwards, and the caller closes it. The heaps stay open if another user has pages of the arena
    /// @throws IllegalStateException if blocks of one of the heaps, or other pages of `own` are in use; nothing is
    ///     changed then
    /// @throws SystemCallException if the kernel fails to unlock pages; closing can be repeated
    public static void closeAll(List<? extends SlabHeap<?>> heaps, Runnable check, @Nullable PageArena own) {
        HeapCloser.closeAll(
                heaps.stream().map((SlabHeap<?> heap) -> heap.closer).toList(), false, check, own);
    }

    /// {@return true if the heap was closed} Blocks may still be in use after a forced close.
    public boolean isClosed() {
        return pools.isClosed();
    }

    private List<SizeCount> liveBlocksBySize() {
        return stats().classes().stream()
                .map(c -> new SizeCount(c.byteSize(), c.liveBlocks()))
                .toList();
    }

    /// {@return the blocks of this heap as a source of memory in reports}
    public MemorySource source() {
        return source;
    }

    /// Closes `memory`, and unregisters the reclaimer from the arena.
    private void closeMemory() {
        source.close();
        memory.close();
        ArenaAccess.of(arena).removeReclaimer(reclaimer);
    }

    /// {@return the counts of the work that the reclaimer did so far}
    ReclaimWork work() {
        return changes.work;
    }

    /// Checks the invariants. The check is exact only while no other thread uses the heap.
    void checkInvariants() {
        int[] inMagazines = layout.peekDepths(slots);
        for (ClassPool pool : pools.all()) {
            pool.checkInvariants(inMagazines);
        }
    }

    static long handle(int sizeClass, int block) {
        return (sizeClass + 1L) << CLASS_SHIFT | block;
    }

    static int sizeClass(long handle) {
        return (int) (handle >>> CLASS_SHIFT) - 1;
    }

    @Override
    public String toString() {
        return "SlabHeap(" + name + ", " + memory + ", " + slots + ")";
    }
}
