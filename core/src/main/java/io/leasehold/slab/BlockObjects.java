package io.leasehold.slab;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The objects that the blocks of one size are lent as, found by block with two dependent loads.
///
/// ```text
///   rows     | slab 0 | slab 1 | ...                 row     | Slab | object of block 0 | of block 1 | ...
///                 |                                              null: not lent yet, or lent by an unbound object
///                 +---> row
/// ```
///
/// **Growth.** The array of rows is doubled while slabs are added, some entries at a time, so that no single addition
/// copies all of it under the lock: one of 262,144 slabs has a megabyte of rows.
///
/// **Threads.** Guarded by the lock of the [ClassPool], except [#object], [#slab] and [#bind], by the thread that has
/// the block.
///
/// **Memory order.** A row is read without the lock by a thread that has one of its blocks. The lock under which the
/// row was set, and every hand-over of the block since, happened before.
///
/// @param <T> what blocks are lent as
final class BlockObjects<T> {

    private static final int MIN_ROWS = 8;

    /// Entries that each addition copies: the new array is full in time if it is begun a quarter before it is needed.
    private static final int COPIED_AT_A_TIME = 16;

    private final int indexBits; // (C)
    private final int indexMask; // (C)
    private @Nullable Object[] @Nullable [] rows = new Object[0][]; // (L), and see memory order
    private @Nullable Object @Nullable [] @Nullable [] next; // (L) the larger array, while it is being filled
    private int copied; // (L) entries of it that are up to date

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

    /// {@return the slab of a block, or null if it has gone}
    @Nullable Slab slab(int block) {
        int slab = block >>> indexBits;
        @Nullable Object @Nullable [] row = slab < rows.length ? rows[slab] : null;
        return row == null ? null : (Slab) row[0];
    }

    /// Binds an object to a block, or none.
    void bind(int block, @Nullable T object) {
        @Nullable Object @Nullable [] row = rows[block >>> indexBits];
        if (row != null) {
            row[1 + (block & indexMask)] = object;
        }
    }

    /// {@return the length of the array that will soon be needed for [#grow], or 0} May be stale without the lock.
    int wantedRows(int slab) {
        int length = rows.length;
        return length > 0 && next == null && slab >= length - length / 4 ? 2 * length : 0;
    }

    /// Begins to move to a larger array, unless that was begun already.
    ///
    /// @param larger an array of [#wantedRows], which is made without the lock since its zeroes take a while
    void grow(@Nullable Object[] @Nullable [] larger) {
        if (next == null && larger.length > rows.length) {
            next = larger;
            copied = 0;
        }
    }

    /// Makes sure that there is room for the row of a slab, so that [#add] cannot fail.
    void prepare(int slab) {
        if (slab >= rows.length) {
            rows = Arrays.copyOf(rows, Math.max(MIN_ROWS, 2 * slab));
            next = null;
        }
    }

    /// Adds the row of a slab, for which there is room.
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
