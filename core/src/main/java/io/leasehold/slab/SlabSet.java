package io.leasehold.slab;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.IndexSet;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The slabs of one size class, and the sets of slabs with free blocks, empty slabs, and slabs that may be purged.
///
/// ```text
///   a block is an int   | number of its slab | index in the slab |
///
///   withFree    slabs with a free block; the lowest allocates first
///   empty       slabs with no taken block; the highest is removed first
///   purgeable   other slabs that may have pages to free: slabs to which a block was freed since their last purge, and
///               slabs that were never purged
///   vacant      numbers below `end` that no slab has; the lowest is used first
/// ```
///
/// A block is *taken* if it is not free in its slab: it is in use, in a magazine or in the depot.
///
/// **Cost.** Taking or freeing a block, and adding or finding a slab, takes some steps, whatever the number of slabs.
/// Slabs that did not change are not visited, except by [#checkInvariants].
///
/// **Threads.** Guarded by the lock of its [ClassPool]. [#objects], [#bind] and [#slabIfThere] are called without the
/// lock, by the thread that has the block.
///
/// **Invariants.** I1: `free`, `present` and `pages` are sums over the slabs. I2: the four sets agree with the state of
/// the slabs.
///
/// @param <T> type of the objects that are bound to blocks
final class SlabSet<T> {

    private final SlabMemory memory; // (C)
    private final RetainedSlabs retained; // (C)
    private final SlabShape shape; // (C)
    private final int indexBits; // (C)
    private final int indexMask; // (C)
    private final boolean purges; // (C) true if single pages of a slab can be freed
    private final BlockObjects<T> objects; // (L), and see its memory order
    private final FreeBlocks blocks; // (L)
    private final IndexSet withFree = new IndexSet(); // (L)
    private final IndexSet empty = new IndexSet(); // (L)
    private final IndexSet purgeable = new IndexSet(); // (L)
    private final IndexSet vacant = new IndexSet(); // (L)
    private int end; // (L) all slabs have lower numbers
    private int free; // (L)
    private int present; // (L) blocks that have memory
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

    /// Binds an object to a block, or none if `object` is null.
    void bind(int block, @Nullable T object) {
        objects.bind(block, object);
    }

    /// {@return the slab of a block, or null if no slab has the block} The caller has the block, and reads only its
    /// place.
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

    /// Takes a block from the lowest slab that has a free one.
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

    /// Frees a taken block.
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

    /// {@return true if the highest empty slab exceeds the limit for retained slabs} The only empty slab of its size
    /// class stays if it is small or costly to make: one slab of each class up to 64 KiB is a megabyte in all. One
    /// large empty slab stays over all size classes.
    boolean hasExcess() {
        int number = empty.last();
        if (number < 0) {
            return false;
        }
        Slab slab = slab(number << indexBits);
        boolean mayStay = empty.size() == 1 && (!slab.isLarge() || !memory.carvesQuickly() || retained.hasOneLarge());
        return !mayStay && retained.isFull(slab.isLarge());
    }

    /// Removes the highest empty slab if it has at most `most` blocks.
    ///
    /// @return the slab, whose runs the caller frees without the lock, or null
    @Nullable Slab removeEmpty(int most) {
        int number = empty.last();
        return number < 0 || slab(number << indexBits).present() > most ? null : tryRemove(number);
    }

    /// {@return the removed slab, or null if the kernel fails to unlock its pages; the slab stays then}
    private @Nullable Slab tryRemove(int number) {
        try {
            unwire(number);
            return remove(number);
        } catch (SystemCallException e) {
            return null;
        }
    }

    /// Removes the highest slab.
    ///
    /// @param keepsInUse true if slabs with a taken block stay
    /// @return the slab, whose runs the caller frees, or null if there is none
    /// @throws SystemCallException if the kernel fails to unlock its pages; the slab stays then
    @Nullable Slab removeAny(boolean keepsInUse) {
        int number = keepsInUse ? empty.last() : last();
        if (number < 0) {
            return null;
        }
        unwire(number);
        return remove(number);
    }

    /// {@return the highest number of a slab, or -1}
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

    /// Adds a slab.
    ///
    /// @param isFree true if all its blocks are free, false if all are taken
    /// @return the first block of the slab
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

    /// {@return the length of an array that [#grow] will soon need, or 0} May be stale if the caller has no lock.
    int wantedRows() {
        return objects.wantedRows(end);
    }

    /// Begins to use a larger array of rows ([BlockObjects]).
    ///
    /// @param rows array of length [#wantedRows]
    void grow(@Nullable Object[] @Nullable [] rows) {
        objects.grow(rows);
    }

    /// Reserves capacity for a slab, so that the steps after this cannot fail if the Java heap is full.
    private void prepare(int number) {
        blocks.prepare(number);
        objects.prepare(number);
        withFree.ensureCapacity(number + 1);
        empty.ensureCapacity(number + 1);
        purgeable.ensureCapacity(number + 1);
        vacant.ensureCapacity(number + 1);
    }

    /// Removes the slab of a block that is alone in its slab. The run of the slab is not freed.
    void detach(int block) {
        remove(block >>> indexBits);
    }

    /// {@return the run of a block that is alone in its slab, or null} For the thread that has the block.
    @Nullable SlabRun soleRun(int block) {
        return shape.blocks() == 1 ? slab(block).runs().getFirst() : null;
    }

    /// Visits one purgeable slab, and begins its purge if it has pages that no taken block needs. The blocks of these
    /// pages are absent as soon as this returns.
    ///
    /// @return the purge, whose pages the caller frees without the lock, or null if no page of the slab can be freed
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

    /// Ends a purge after its pages were freed.
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

    /// {@return number of blocks that have memory}
    int present() {
        return present;
    }

    int pages() {
        return pages;
    }

    /// {@return true if a slab that is not empty may have pages to free}
    boolean hasPurgeable() {
        return !purgeable.isEmpty();
    }

    /// {@return true if a slab is empty}
    boolean hasEmpty() {
        return !empty.isEmpty();
    }

    /// {@return true if a slab is empty or may have pages to free}
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
        return format(
                "SlabSet(byteSize=%d, slabs=%d, free=%d, present=%d, pages=%d)",
                shape.byteSize(), slabCount(), free, present, pages);
    }
}
