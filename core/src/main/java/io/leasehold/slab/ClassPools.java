package io.leasehold.slab;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The pools of a heap by size class. A pool is made when its size class is first used: most heaps use a few sizes, and
/// two hundred pools take half a megabyte of Java heap.
///
/// **Threads.** Thread-safe. Pools are made under the monitor of this object. Closing the heap takes the monitor too.
///
/// **Memory order.** A new pool is stored by a release store, after its entries in `slabs` and `magazines`, and read by
/// an acquire load. A thread that has a block of the class reads those entries without the monitor. The hand-over of
/// the block made them visible.
///
/// @param <T> type of the objects that are bound to blocks
final class ClassPools<T> {

    /// Number of larger size classes that an allocation tries before it waits for the lock of its own class, or carves
    /// a slab.
    static final int SIZES_TO_BORROW_FROM = 3;

    private final SlabMemory memory; // (C)
    private final boolean keepsAlignment; // (C)
    private final RetainedSlabs retained; // (C)
    private final MagazineLayout layout; // (C)
    private final HeapChanges changes; // (C)
    private final AtomicReferenceArray<@Nullable ClassPool> pools =
            new AtomicReferenceArray<>(SizeClasses.COUNT); // (A)
    private final @Nullable SlabSet<T>[] slabs = newSets(); // (L) this, or with a block of the class
    private final @Nullable ObjectMagazine<T>[] magazines = newMagazines(); // (L) as `slabs`
    private boolean closed; // (L) this

    ClassPools(SlabMemory memory, SlabHeapOptions options, MagazineLayout layout, HeapChanges changes) {
        this.memory = memory;
        this.keepsAlignment = options.keepsAlignment();
        this.retained = RetainedSlabs.of(options, memory);
        this.layout = layout;
        this.changes = changes;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type cannot be made otherwise
    private static <T> @Nullable SlabSet<T>[] newSets() {
        return new SlabSet[SizeClasses.COUNT];
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // as above
    private static <T> @Nullable ObjectMagazine<T>[] newMagazines() {
        return new ObjectMagazine[SizeClasses.COUNT];
    }

    /// {@return the pool of a size class, which is made if there is none}
    ///
    /// @throws IllegalStateException if there is none and the heap is closed
    ClassPool of(int sizeClass) {
        ClassPool pool = pools.getAcquire(sizeClass);
        return pool != null ? pool : make(sizeClass);
    }

    private synchronized ClassPool make(int sizeClass) {
        ClassPool pool = pools.get(sizeClass);
        if (pool != null) {
            return pool;
        }
        if (closed) {
            throw changes.closed();
        }
        SlabSet<T> set = new SlabSet<>(memory, retained, SizeClasses.byteSize(sizeClass));
        ClassPool made = new ClassPool(set, memory, layout, changes, sizeClass);
        ObjectMagazine<T> magazine = layout.with(set.objects(), sizeClass);
        slabs[sizeClass] = set;
        magazines[sizeClass] = magazine;
        pools.setRelease(sizeClass, made);
        return made;
    }

    /// {@return the pool of a size class, or null if there is none}
    @Nullable ClassPool existing(int sizeClass) {
        return pools.getAcquire(sizeClass);
    }

    /// {@return the number of larger size classes that an allocation may try} While memory is scarce, a longer block
    /// could take the bytes of a later request. So then only small blocks are borrowed, from slabs that stay as they
    /// are, and only while another thread has the lock of the class.
    ///
    /// @param isBusy true if another thread has the lock, false if the class has no free block
    int sizesToBorrowFrom(int sizeClass, boolean isBusy) {
        boolean isShared = sizeClass + SIZES_TO_BORROW_FROM <= SlabHeap.LAST_SHARED_CLASS;
        return (isBusy && isShared) || memory.isPlentiful() ? SIZES_TO_BORROW_FROM : 0;
    }

    /// {@return true if a block of a larger size class can serve a request of `sizeClass`: it is at most 3/8 longer,
    /// and it has the alignment of `sizeClass` if the heap keeps alignments}
    boolean fits(int sizeClass, int larger) {
        if (larger >= SizeClasses.COUNT) {
            return false;
        }
        int byteSize = SizeClasses.byteSize(sizeClass);
        int largerByteSize = SizeClasses.byteSize(larger);
        int alignment = Math.min(Integer.lowestOneBit(byteSize), memory.pageByteSize());
        boolean isAligned = larger > SlabHeap.LAST_SHARED_CLASS || largerByteSize % alignment == 0;
        return 8L * largerByteSize <= 11L * byteSize && (isAligned || !keepsAlignment);
    }

    /// {@return the slabs of a size class that has a pool}
    SlabSet<T> slabs(int sizeClass) {
        return Objects.requireNonNull(slabs[sizeClass]);
    }

    /// {@return the magazines by size class, null for a class without a pool} The fast path reads this array directly.
    @Nullable ObjectMagazine<T>[] magazines() {
        return magazines;
    }

    /// Begins a tick of the decay.
    void beginTick() {
        retained.beginTick();
    }

    /// {@return all pools, in ascending order of their sizes}
    List<ClassPool> all() {
        List<ClassPool> all = new ArrayList<>();
        for (int c = 0; c < SizeClasses.COUNT; c++) {
            ClassPool pool = existing(c);
            if (pool != null) {
                all.add(pool);
            }
        }
        return all;
    }

    /// {@return true if making further pools fails}
    synchronized boolean isClosed() {
        return closed;
    }

    /// Makes the making of further pools fail. The caller holds the monitor of this object.
    void setClosed() {
        closed = true;
    }
}
