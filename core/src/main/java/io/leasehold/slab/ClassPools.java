package io.leasehold.slab;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// The pools of a heap by size class, each made when its size is first asked for: most heaps use a few sizes, and two
/// hundred pools are half a megabyte of Java heap.
///
/// **Threads.** Thread-safe. Pools are made under the lock of this object, which closing the heap takes too.
///
/// @param <T> what blocks are lent as
final class ClassPools<T> {

    private final SlabMemory memory; // (C)
    private final RetainedSlabs retained; // (C)
    private final MagazineLayout layout; // (C)
    private final HeapChanges changes; // (C)
    private final AtomicReferenceArray<@Nullable ClassPool> pools =
            new AtomicReferenceArray<>(SizeClasses.COUNT); // (A)
    private final @Nullable SlabSet<T>[] slabs = newSets(); // (L) this; read by threads that have a block of the class
    private final @Nullable BlockObjects<T>[] objects = newObjects(); // as `slabs`, whose objects these are
    private boolean closed; // (L) this

    ClassPools(SlabMemory memory, RetainedSlabs retained, MagazineLayout layout, HeapChanges changes) {
        this.memory = memory;
        this.retained = retained;
        this.layout = layout;
        this.changes = changes;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type cannot be made otherwise
    private static <T> @Nullable SlabSet<T>[] newSets() {
        return new SlabSet[SizeClasses.COUNT];
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // as above
    private static <T> @Nullable BlockObjects<T>[] newObjects() {
        return new BlockObjects[SizeClasses.COUNT];
    }

    /// {@return the pool of a size class}
    ///
    /// @throws IllegalStateException if there is none yet and the heap is closed
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
        slabs[sizeClass] = set;
        objects[sizeClass] = set.objects();
        pools.setRelease(sizeClass, made);
        return made;
    }

    /// {@return the pool of a size class, or null if the size was never asked for}
    @Nullable ClassPool existing(int sizeClass) {
        return pools.getAcquire(sizeClass);
    }

    /// {@return the slabs of a size class that has a pool}
    SlabSet<T> slabs(int sizeClass) {
        return Objects.requireNonNull(slabs[sizeClass]);
    }

    /// {@return the objects of the blocks by size class, null for a size without a pool: the fast path reads this array
    /// without a detour}
    @Nullable BlockObjects<T>[] objects() {
        return objects;
    }

    /// {@return the pools that were made so far, the smallest size first}
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

    /// Makes no more pools from now on, or goes on making them. The caller holds the lock of this object while it
    /// decides.
    void setClosed(boolean isClosed) {
        closed = isClosed;
    }
}
