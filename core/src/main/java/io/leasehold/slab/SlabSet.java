package io.leasehold.slab;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.IndexSet;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The slabs of one size: which of them have free blocks, are empty, or may have pages to give back.
///
/// ```text
///   a block is an int   | number of its slab | index in the slab |
///
///   withFree    slabs with a free block, the lowest lends first
///   empty       slabs without a block that is out, the highest goes first
///   purgeable   other slabs that got a block back since they were last purged, or never were, and have pages that
///               could go by themselves
///   vacant      numbers below `end` that no slab has, the lowest is given first
/// ```
///
/// **Cost.** Taking, freeing, adding and finding slabs takes some steps whatever the number of slabs. Nothing looks at
/// slabs that did not change, except checks.
///
/// **Threads.** Guarded by the lock of its [ClassPool], except [#objects], [#bind] and [#slabIfThere], which a thread
/// that has the block calls without it.
///
/// **Invariants.** I1: `free`, `present` and `pages` are sums over the slabs. I2: the four sets are what the slabs say.
///
/// @param <T> what blocks are lent as
final class SlabSet<T> {

    private final SlabMemory memory; // (C)
    private final RetainedSlabs retained; // (C)
    private final SlabShape shape; // (C)
    private final int indexBits; // (C)
    private final int indexMask; // (C)
    private final boolean purges; // (C) pages of a slab can be given back one by one
    private final BlockObjects<T> objects; // (L), and see there
    private final FreeBlocks blocks; // (L)
    private final IndexSet withFree = new IndexSet(); // (L)
    private final IndexSet empty = new IndexSet(); // (L)
    private final IndexSet purgeable = new IndexSet(); // (L)
    private final IndexSet vacant = new IndexSet(); // (L)
    private int end; // (L) no slab has a number from here on
    private int free; // (L)
    private int present; // (L) blocks that there are
    private int pages; // (L)

    SlabSet(SlabMemory memory, RetainedSlabs retained, int byteSize) {
        this.memory = memory;
        this.retained = retained;
        this.shape = SlabShape.of(byteSize, memory.pageByteSize());
        this.indexBits = shape.indexBits();
        this.indexMask = (1 << indexBits) - 1;
        this.purges = memory.canSplit() && shape.blocks() > 1 && shape.pages() > 1;
        this.objects = new BlockObjects<>(indexBits);
        this.blocks = new FreeBlocks(shape.blocks());
    }

    /// {@return the objects of the blocks}
    BlockObjects<T> objects() {
        return objects;
    }

    /// Binds an object to a block, or none.
    void bind(int block, @Nullable T object) {
        objects.bind(block, object);
    }

    /// {@return the slab of a block, of which the caller may read where it lies, or null if no slab has the block}
    @Nullable Slab slabIfThere(int block) {
        return objects.slab(block);
    }

    private Slab slab(int block) {
        Slab slab = objects.slab(block);
        if (slab == null) {
            throw unknown(block);
        }
        return slab;
    }

    /// {@return the index of a block in its slab}
    int index(int block) {
        return block & indexMask;
    }

    /// Takes a block from the lowest slab that has one.
    ///
    /// @return the block, or [MagazineLayout#NONE]
    int take() {
        int number = withFree.first();
        if (number < 0) {
            return MagazineLayout.NONE;
        }
        if (empty.contains(number)) {
            leaveEmpty(number);
            purgeable.set(number, purges);
        }
        int index = blocks.take(number);
        free--;
        if (!blocks.hasFree(number)) {
            withFree.remove(number);
        }
        return number << indexBits | index;
    }

    /// Takes a block back.
    ///
    /// @throws IllegalStateException if no slab has the block
    void put(int block) {
        int number = block >>> indexBits;
        if (number >= end || vacant.contains(number)) {
            throw unknown(block);
        }
        int taken = blocks.put(number, block & indexMask);
        free++;
        withFree.add(number);
        if (taken == 0) {
            becomeEmpty(number);
        } else if (purges) {
            purgeable.add(number);
        }
    }

    private void becomeEmpty(int number) {
        Slab slab = slab(number << indexBits);
        if (!slab.isPurging()) {
            purgeable.remove(number);
            empty.add(number);
            retained.add(slab.pages(), slab.isLarge());
        }
    }

    private void leaveEmpty(int number) {
        Slab slab = slab(number << indexBits);
        empty.remove(number);
        retained.remove(slab.pages(), slab.isLarge());
    }

    /// Takes out an empty slab that there is no room to retain. The only one of its size stays if it is small or costly
    /// to make, since one of each size up to 64 KiB is a megabyte; and one large slab stays over all sizes.
    ///
    /// @return the slab, whose runs the caller frees without the lock, or null
    @Nullable Slab evict() {
        int number = empty.last();
        if (number < 0) {
            return null;
        }
        Slab slab = slab(number << indexBits);
        boolean mayStay = empty.size() == 1 && (!slab.isLarge() || !memory.carvesQuickly() || retained.hasOneLarge());
        return mayStay || !retained.isFull(slab.isLarge()) ? null : tryRemove(number);
    }

    /// Takes out the highest empty slab, if it has no more than `most` blocks.
    ///
    /// @return the slab, whose runs the caller frees without the lock, or null
    @Nullable Slab removeEmpty(int most) {
        int number = empty.last();
        return number < 0 || slab(number << indexBits).present() > most ? null : tryRemove(number);
    }

    /// {@return the slab, or null if the kernel does not let go of it, in which case it stays}
    private @Nullable Slab tryRemove(int number) {
        try {
            unwire(number);
            return remove(number);
        } catch (SystemCallException e) {
            return null;
        }
    }

    /// Takes out any slab.
    ///
    /// @param keepsInUse true if slabs stay of which a block is out
    /// @return the slab, whose runs the caller frees, or null if there is none
    /// @throws SystemCallException if the kernel does not let go of it; it stays then
    @Nullable Slab removeAny(boolean keepsInUse) {
        int number = keepsInUse ? empty.last() : last();
        if (number < 0) {
            return null;
        }
        unwire(number);
        return remove(number);
    }

    /// {@return the highest number that a slab has, or -1}
    private int last() {
        while (end > 0 && vacant.contains(end - 1)) {
            vacant.remove(--end);
        }
        return end - 1;
    }

    private void unwire(int number) {
        List<SlabRun> runs = slab(number << indexBits).runs();
        for (int i = 0; i < runs.size(); i++) {
            memory.unwire(runs.get(i));
        }
    }

    private Slab remove(int number) {
        Slab slab = slab(number << indexBits);
        vacant.add(number);
        if (empty.contains(number)) {
            leaveEmpty(number);
        }
        count(slab, -1, blocks.free(number));
        withFree.remove(number);
        purgeable.remove(number);
        objects.remove(number);
        return slab;
    }

    /// Adds a slab whose blocks are all free, or all out.
    ///
    /// @return its first block
    int add(SlabRun run, boolean isFree) {
        Slab slab = new Slab(shape, run, memory.pageByteSize());
        int number = vacant.isEmpty() ? end : vacant.first();
        @Nullable Object[] row = new Object[1 + shape.blocks()];
        prepare(number);
        row[0] = slab;

        vacant.remove(number);
        end = Math.max(end, number + 1);
        int count = slab.present();
        blocks.begin(number, isFree ? count : 0, isFree ? 0 : count);
        objects.add(number, row);
        count(slab, 1, isFree ? count : 0);
        withFree.set(number, isFree);
        if (isFree) {
            becomeEmpty(number);
        }
        return number << indexBits;
    }

    /// {@return the length of an array that [#grow] soon needs, or 0} May be stale without the lock.
    int wantedRows() {
        return objects.wantedRows(end);
    }

    /// Makes room for many slabs.
    ///
    /// @param rows an array of [#wantedRows]
    void grow(@Nullable Object[] @Nullable [] rows) {
        objects.grow(rows);
    }

    /// Makes room for a slab, so that what follows cannot fail for want of Java heap.
    private void prepare(int number) {
        blocks.prepare(number);
        objects.prepare(number);
        withFree.ensureCapacity(number + 1);
        empty.ensureCapacity(number + 1);
        purgeable.ensureCapacity(number + 1);
        vacant.ensureCapacity(number + 1);
    }

    /// Takes out the slab of a block that has the slab to itself, without freeing its run.
    void detach(int block) {
        remove(block >>> indexBits);
    }

    /// {@return the run of a block that has a slab to itself, or null} For the thread that has the block.
    @Nullable SlabRun soleRun(int block) {
        return shape.blocks() == 1 ? slab(block).runs().getFirst() : null;
    }

    /// Looks at one purgeable slab, and begins its purge if it has pages that nothing needs: the blocks of those pages
    /// are gone from now on.
    ///
    /// @return the purge, whose pages the caller frees without the lock, or null if the slab has no page to give back
    @Nullable SlabPurge beginPurge() {
        int number = purgeable.last();
        Slab slab = slab(number << indexBits);
        BitSet keep = slab.pagesToKeep(blocks, number, memory.pageByteSize());
        if (keep == null) {
            purgeable.remove(number);
            return null;
        }
        SlabPurge purge = new SlabPurge(number, slab, keep, memory.pageByteSize());
        BitSet absent = slab.absentWithout(blocks, number, keep, memory.pageByteSize());

        purgeable.remove(number);
        int removed = slab.beginPurge(absent);
        blocks.removeAll(number, absent);
        free -= removed;
        present -= removed;
        withFree.set(number, blocks.hasFree(number));
        for (int index = 0; index < shape.blocks(); index++) {
            if (slab.isAbsent(index)) {
                bind(number << indexBits | index, null);
            }
        }
        return purge;
    }

    /// Ends a purge, whose pages are freed.
    void endPurge(SlabPurge purge) {
        Slab slab = purge.slab();
        int before = slab.pages();
        slab.endPurge(purge.left());
        pages += slab.pages() - before;
        retained.hold(slab.pages() - before);
        if (blocks.taken(purge.number()) == 0) {
            becomeEmpty(purge.number());
        }
    }

    private void count(Slab slab, int sign, int freeBlocks) {
        free += sign * freeBlocks;
        present += sign * slab.present();
        pages += sign * slab.pages();
        retained.hold(sign * slab.pages());
    }

    SlabShape shape() {
        return shape;
    }

    int slabCount() {
        return end - vacant.size();
    }

    /// {@return number of blocks that are free in slabs}
    int free() {
        return free;
    }

    /// {@return number of blocks that there are}
    int present() {
        return present;
    }

    int pages() {
        return pages;
    }

    /// {@return true if a slab may have pages to give back that is not empty}
    boolean hasPurgeable() {
        return !purgeable.isEmpty();
    }

    /// {@return true if a slab is empty}
    boolean hasEmpty() {
        return !empty.isEmpty();
    }

    /// {@return true if a slab is empty, or may have pages to give back}
    boolean isReclaimable() {
        return !empty.isEmpty() || !purgeable.isEmpty();
    }

    void checkInvariants() {
        int[] sums = new int[3];
        for (int number = 0; number < end; number++) {
            if (vacant.contains(number)) {
                require(!withFree.contains(number) && !empty.contains(number), "I2: vacant", number);
                require(!purgeable.contains(number) && objects.slab(number << indexBits) == null, "I2: vacant", number);
                continue;
            }
            Slab slab = slab(number << indexBits);
            int freeHere = blocks.free(number);
            int taken = blocks.taken(number);
            require(freeHere + taken == slab.present(), "I1: blocks", number);
            require(withFree.contains(number) == freeHere > 0, "I2: with free", number);
            require(empty.contains(number) == (taken == 0), "I2: empty", number);
            require(!purgeable.contains(number) || taken > 0, "I2: purgeable", number);
            sums[0] += freeHere;
            sums[1] += slab.present();
            sums[2] += slab.pages();
        }
        require(sums[0] == free && sums[1] == present && sums[2] == pages, "I1: sums", sums[0]);
    }

    private void require(boolean holds, String what, int number) {
        if (!holds) {
            throw new AssertionError(what + ", number=" + number + " of " + this);
        }
    }

    private IllegalStateException unknown(int block) {
        return new IllegalStateException(
                "no slab has this block: byteSize=" + shape.byteSize() + ", slab=" + (block >>> indexBits));
    }

    @Override
    public String toString() {
        return "SlabSet(byteSize=%d, slabs=%d, free=%d, present=%d, pages=%d)"
                .formatted(shape.byteSize(), slabCount(), free, present, pages);
    }
}
