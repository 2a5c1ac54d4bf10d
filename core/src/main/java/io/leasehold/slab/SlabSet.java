package io.leasehold.slab;

import io.leasehold.os.OsException;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// The slabs of one size, and the objects that their blocks are lent as.
///
/// ```text
///   a block is an int   | slab | index in it |          rows[slab][index] is its object, once it was lent
/// ```
///
/// **Threads.** Guarded by the lock of its [ClassPool], except [#object], [#bind] and [#index], by whoever has the
/// block.
///
/// **Memory order.** A row is read without the lock by a thread that has one of its blocks, so the lock under which the
/// slab was added, and every hand-over since, happened before.
///
/// **Invariants.** I1: `home`, `present`, `pages` and `idle` are sums over the slabs. I2: `withBlocks` has just the
/// slabs that have a block at home, none of them below `firstWithBlocks`.
///
/// @param <T> what blocks are lent as
final class SlabSet<T> {

    private static final int MIN_SLABS = 8;

    private final SlabMemory memory; // (C)
    private final IdleStock stock; // (C)
    private final SlabShape shape; // (C)
    private final int indexBits; // (C)
    private final int indexMask; // (C)
    private @Nullable Object[] @Nullable [] rows = new Object[0][]; // (L), and see memory order
    private @Nullable Slab[] slabs = new Slab[0]; // (L)
    private final BitSet inUse = new BitSet(); // (L)
    private final BitSet withBlocks = new BitSet(); // (L)
    private int firstWithBlocks; // (L)
    private int home; // (L) blocks that are in slabs
    private int present; // (L) blocks that there are
    private int pages; // (L)
    private int idle; // (L) slabs without a lent block

    SlabSet(SlabMemory memory, IdleStock stock, int byteSize) {
        this.memory = memory;
        this.shape = SlabShape.of(byteSize, memory.pageByteSize());
        this.indexBits = shape.indexBits();
        this.indexMask = (1 << indexBits) - 1;
        this.stock = stock;
    }

    /// {@return the object of a block, or null if it has none}
    @SuppressWarnings("unchecked") // rows hold what bind put there
    @Nullable T object(int block) {
        @Nullable Object @Nullable [] row = rows[block >>> indexBits];
        return row == null ? null : (T) row[block & indexMask];
    }

    /// Binds an object to a block, or none.
    void bind(int block, @Nullable T object) {
        @Nullable Object @Nullable [] row = rows[block >>> indexBits];
        if (row != null) {
            row[block & indexMask] = object;
        }
    }

    /// Takes a block from the lowest slab that has one.
    ///
    /// @return the block, or [MagazineLayout#NONE]
    int take() {
        int index = withBlocks.nextSetBit(firstWithBlocks);
        if (index < 0) {
            return MagazineLayout.NONE;
        }
        firstWithBlocks = index;
        Slab slab = at(index);
        countIdle(slab, -1);
        int block = slab.take();
        home--;
        if (slab.home() == 0) {
            withBlocks.clear(index);
        }
        return index << indexBits | block;
    }

    /// Notes that a block is home again. A slab that is idle then is given back if the stock of idle slabs is full,
    /// unless it is the only one of its size, and small, costly to make or the only large one of any size: one of each
    /// size up to 64 KiB is a megabyte, one of each up to 1 MiB is eleven.
    void comeHome(int block) {
        int index = block >>> indexBits;
        Slab slab = at(index);
        slab.comeHome(block & indexMask);
        home++;
        withBlocks.set(index);
        firstWithBlocks = Math.min(firstWithBlocks, index);
        countIdle(slab, 1);
        if (slab.isIdle() && stock.isFull() && (idle > 1 || !mayWaitAlone(slab))) {
            giveBack(index, slab.home(), false);
        }
    }

    private boolean mayWaitAlone(Slab slab) {
        return !isLarge(slab) || !memory.carvesQuickly() || stock.hasOneLarge();
    }

    /// Adds a slab.
    ///
    /// @return its first block
    int add(SlabRun run, boolean isHome) {
        Slab slab = new Slab(shape, run, memory.pageByteSize(), isHome);
        int index = inUse.nextClearBit(0);
        if (index == slabs.length) {
            int length = Math.max(MIN_SLABS, 2 * index);
            slabs = Arrays.copyOf(slabs, length);
            rows = Arrays.copyOf(rows, length);
        }
        slabs[index] = slab;
        rows[index] = new Object[shape.blocks()];
        inUse.set(index);
        withBlocks.set(index, isHome);
        firstWithBlocks = Math.min(firstWithBlocks, index);
        count(slab, 1);
        return index << indexBits;
    }

    /// Takes out the slab of a block that has it to itself, which keeps its run.
    SlabRun detach(int block) {
        return remove(block >>> indexBits).runs().getFirst();
    }

    /// {@return the run of a block that has a slab to itself, or null}
    @Nullable SlabRun soleRun(int block) {
        return shape.blocks() == 1 ? at(block >>> indexBits).runs().getFirst() : null;
    }

    /// {@return the slab of a block, of which the caller may read where it lies}
    Slab slab(int block) {
        return at(block >>> indexBits);
    }

    /// {@return the index of a block in its slab}
    int index(int block) {
        return block & indexMask;
    }

    /// {@return the highest slab up to `index` that has a block at home, or -1}
    int previousWithBlocks(int index) {
        return index < 0 ? -1 : withBlocks.previousSetBit(Math.min(index, withBlocks.length()));
    }

    /// Gives a slab back that has no block out, or, if that is asked for, its pages that no block needs. A slab that
    /// the kernel does not let go of stays as it is.
    ///
    /// @param surplus how many blocks at home may go with it
    /// @return how many went
    int giveBack(int index, int surplus, boolean thin) {
        Slab slab = at(index);
        int before = slab.home();
        if (!slab.isIdle()) {
            return thin ? before - thinOut(index, slab) : 0;
        }
        if (before > surplus) {
            return 0;
        }
        try {
            free(index);
        } catch (OsException e) {
            return 0;
        }
        return before;
    }

    private int thinOut(int index, Slab slab) {
        count(slab, -1);
        slab.thinOut(memory);
        count(slab, 1);
        withBlocks.set(index, slab.home() > 0);
        for (int block = 0; block < shape.blocks(); block++) {
            if (!slab.isLent(block)) {
                bind(index << indexBits | block, null);
            }
        }
        return slab.home();
    }

    /// Gives every slab back, whatever is lent.
    ///
    /// @throws OsException if the kernel does not let go of one; it can be tried again
    void clear() {
        for (int index = inUse.nextSetBit(0); index >= 0; index = inUse.nextSetBit(index + 1)) {
            free(index);
        }
    }

    private void free(int index) {
        at(index).runs().forEach(memory::free);
        remove(index);
    }

    private Slab remove(int index) {
        Slab slab = at(index);
        slabs[index] = null;
        rows[index] = null;
        inUse.clear(index);
        withBlocks.clear(index);
        count(slab, -1);
        return slab;
    }

    private void count(Slab slab, int sign) {
        home += sign * slab.home();
        present += sign * slab.present();
        pages += sign * slab.pages();
        stock.hold(sign * slab.pages());
        countIdle(slab, sign);
    }

    private void countIdle(Slab slab, int sign) {
        if (slab.isIdle()) {
            idle += sign;
            stock.idle(sign * slab.pages());
            if (isLarge(slab)) {
                stock.idleLarge(sign);
            }
        }
    }

    private static boolean isLarge(Slab slab) {
        return slab.pages() > SlabShape.MAX_PAGES;
    }

    SlabShape shape() {
        return shape;
    }

    int slabCount() {
        return inUse.cardinality();
    }

    /// {@return how many blocks are in slabs}
    int home() {
        return home;
    }

    /// {@return how many blocks there are}
    int present() {
        return present;
    }

    int pages() {
        return pages;
    }

    void checkInvariants() {
        int[] sums = new int[4];
        for (int index = inUse.nextSetBit(0); index >= 0; index = inUse.nextSetBit(index + 1)) {
            Slab slab = at(index);
            slab.checkInvariants();
            sums[0] += slab.home();
            sums[1] += slab.present();
            sums[2] += slab.pages();
            sums[3] += slab.isIdle() ? 1 : 0;
            if (withBlocks.get(index) != slab.home() > 0 || (slab.home() > 0 && index < firstWithBlocks)) {
                throw new AssertionError("I2: index=" + index + ", " + slab);
            }
        }
        if (sums[0] != home || sums[1] != present || sums[2] != pages || sums[3] != idle) {
            throw new AssertionError("I1: sums=" + Arrays.toString(sums) + " of " + this);
        }
    }

    private Slab at(int index) {
        Slab slab = index < slabs.length ? slabs[index] : null;
        if (slab == null) {
            throw unknown(index);
        }
        return slab;
    }

    private IllegalStateException unknown(int index) {
        return new IllegalStateException("no slab has this block: byteSize=" + shape.byteSize() + ", slab=" + index);
    }

    @Override
    public String toString() {
        return "SlabSet(byteSize=%d, slabs=%d, home=%d, present=%d, pages=%d)"
                .formatted(shape.byteSize(), slabCount(), home, present, pages);
    }
}
