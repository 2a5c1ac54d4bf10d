package io.leasehold.slab;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The objects of the blocks of one size class. Each is found by its block number with two dependent loads.
///
/// ```text
///   rows     | slab 0 | slab 1 | ...                 row     | Slab | object of block 0 | of block 1 | ...
///                 |                                              null: never allocated, or the object is unbound
///                 +---> row
/// ```
///
/// **Growth.** The array of rows is doubled while slabs are added. Each addition copies some entries, so no single
/// addition copies all of them under the lock: the array for 262,144 slabs has a megabyte.
///
/// **Threads.** Guarded by the lock of the [ClassPool]. [#object], [#slab] and [#bind] are called without the lock, by
/// the thread that has the block.
///
/// **Memory order.** A thread that has a block reads its row without the lock. The row was set under the lock before
/// the block was allocated for the first time. Every hand-over of the block since then is a release and an acquire, so
/// the row is visible (`SlabRowStress`).
///
/// @param <T> type of the objects that are bound to blocks
final class BlockObjects<T> {

    private static final int MIN_ROWS = 8;

    /// Number of entries that each addition copies. The copy is complete in time if it begins while a quarter of the
    /// array is unused.
    private static final int COPIED_AT_A_TIME = 16;

    private final int indexBits; // (C)
    private final int indexMask; // (C)
    private @Nullable Object[] @Nullable [] rows = new Object[0][]; // (L), and see the memory order
    private @Nullable Object @Nullable [] @Nullable [] next; // (L) the larger array, while it is being filled
    private int copied; // (L) number of entries of `next` that are up to date

    BlockObjects(int indexBits) {
        this.indexBits = indexBits;
        this.indexMask = (1 << indexBits) - 1;
    }

    /// {@return the object of a block, or null if it has none}
    @SuppressWarnings("unchecked") // rows hold what bind put there
    @Nullable T object(int block) {
        @Nullable Object @Nullable [] row = rows[block >>> indexBits];
        return row == null ? null : (T) row[1 + (block & indexMask)];
    }

    /// {@return the slab of a block, or null if no slab has the block}
    @Nullable Slab slab(int block) {
        int slab = block >>> indexBits;
        @Nullable Object @Nullable [] row = slab < rows.length ? rows[slab] : null;
        return row == null ? null : (Slab) row[0];
    }

    /// Binds an object to a block, or none if `object` is null.
    void bind(int block, @Nullable T object) {
        @Nullable Object @Nullable [] row = rows[block >>> indexBits];
        if (row != null) {
            row[1 + (block & indexMask)] = object;
        }
    }

    /// {@return the length of an array that [#grow] will soon need, or 0} May be stale if the caller has no lock.
    int wantedRows(int slab) {
        int length = rows.length;
        return length > 0 && next == null && slab >= length - length / 4 ? 2 * length : 0;
    }

    /// Begins to copy the rows to a larger array, unless such a copy is in progress.
    ///
    /// @param larger array of length [#wantedRows]; it is made without the lock, because zeroing it takes long
    void grow(@Nullable Object[] @Nullable [] larger) {
        if (next == null && larger.length > rows.length) {
            next = larger;
            copied = 0;
        }
    }

    /// Reserves capacity for the row of a slab, so that [#add] cannot fail.
    void prepare(int slab) {
        if (slab >= rows.length) {
            rows = Arrays.copyOf(rows, Math.max(MIN_ROWS, 2 * slab));
            next = null;
        }
    }

    /// Adds the row of a slab, for which [#prepare] reserved the capacity.
    void add(int slab, @Nullable Object[] row) {
        set(slab, row);
        copySome();
    }

    void remove(int slab) {
        set(slab, null);
    }

    private void set(int slab, @Nullable Object @Nullable [] row) {
        rows[slab] = row;
        if (next != null && slab < copied) {
            next[slab] = row;
        }
    }

    private void copySome() {
        if (next != null) {
            int end = Math.min(copied + COPIED_AT_A_TIME, rows.length);
            System.arraycopy(rows, copied, next, copied, end - copied);
            copied = end;
            if (copied == rows.length) {
                rows = next;
                next = null;
            }
        }
    }
}
