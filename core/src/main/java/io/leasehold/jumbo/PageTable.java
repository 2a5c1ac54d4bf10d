package io.leasehold.jumbo;

import io.leasehold.page.PageArena;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The pages of a pool by number and by address. Both follow from the place of a page's slab in the arena.
///
/// ```text
///   page      | position | index |               rows[position][index] is the page
///   address   base + position * slab + index * page, and back
/// ```
///
/// **Cost.** There is room for the highest position that was used, rounded up to a power of two, so the table of a
/// small pool in a large arena is small.
///
/// **Threads.** Any thread may call [#page], [#pageOf] and [#addressOf]. The rest is guarded by the lock of the pool's
/// [JumboSlabPool], but for [#firstLife] and [#larger], which are called by the one thread that adds a slab.
///
/// **Memory order.** A thread with a handle reads the row of the handle's slab without the lock: the addition of that
/// slab happened before. Larger rows are filled, then fenced, then published, and their readers depend on the
/// reference. A thread without a handle may see no row, or a row without pages, and takes both for none.
///
/// @param <T> the type of the object that stands for a page
final class PageTable<T> {

    private static final int MIN_POSITIONS = 16;

    private final JumboOptions options; // (C)
    private final long base; // (C) address of position 0, a multiple of the slab's size
    private final int positions; // (C)
    private final int perSlab; // (C)
    private final int indexBits; // (C)
    private final int tag; // (C)
    private JumboPage<T>[] @Nullable [] rows = newRows(0); // (L), and see memory order
    private int[] generations = new int[0]; // (L) the next one at each position; 0 if there never was a slab
    private volatile boolean gone; // (A) set once, when the memory is the arena's again

    /// @throws IllegalArgumentException if the arena has room for more pages than can be numbered
    PageTable(PageArena arena, JumboOptions options, int tag) {
        this.options = options;
        this.base = arena.baseAddress();
        this.perSlab = options.pagesPerSlab();
        this.indexBits = Integer.SIZE - Integer.numberOfLeadingZeros(perSlab - 1);
        long slabsThatFit = arena.byteSize() / options.slabByteSize();
        if (slabsThatFit << indexBits > JumboLayout.MAX_PAGES) {
            throw new IllegalArgumentException("arena is too large for the pool's pages: byteSize="
                    + arena.byteSize() + ", slabs=" + slabsThatFit + ", pages=" + perSlab + " each, max="
                    + JumboLayout.MAX_PAGES + "; choose larger pages");
        }
        long positionsThatFit = arena.addressByteSize() / options.slabByteSize();
        this.positions = (int) Math.min(positionsThatFit, JumboLayout.MAX_PAGES >>> indexBits);
        this.tag = tag;
    }

    /// {@return true if the pages of a slab at this address have numbers} Where an arena has more addresses than there
    /// are numbers, its first fit keeps slabs within the numbers as long as it has room there.
    boolean hasNumbers(long address) {
        return address - base < (long) positions * options.slabByteSize();
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // arrays of generic types cannot be made otherwise
    private static <T> JumboPage<T>[] @Nullable [] newRows(int count) {
        return new JumboPage[count][];
    }

    /// {@return a page, or null if there is none of that number}
    @Nullable JumboPage<T> page(int page) {
        JumboPage<T>[] @Nullable [] all = rows;
        int position = page >>> indexBits;
        if (Integer.compareUnsigned(position, all.length) >= 0) {
            return null;
        }
        JumboPage<T> @Nullable [] row = all[position];
        int index = page & (1 << indexBits) - 1;
        return row == null || Integer.compareUnsigned(index, row.length) >= 0 ? null : row[index];
    }

    /// {@return the page that a byte belongs to, or [JumboPool#FOREIGN], [JumboPool#NOT_IN_SERVICE] or [JumboPool#PADDING]}
    int pageOf(long address) {
        long offset = address - base;
        long position = offset / options.slabByteSize();
        if (offset < 0 || position >= positions) {
            return JumboPool.FOREIGN;
        }
        int first = first((int) position);
        int index =
                (int) (offset % options.slabByteSize()) / options.bufferSize().byteSize();
        if (index >= perSlab) {
            return page(first) == null ? missing((int) position) : JumboPool.PADDING;
        }
        return isInService(page(first | index)) ? first | index : missing((int) position);
    }

    /// {@return the address where a page begins, or [JumboPool#FOREIGN] or [JumboPool#NOT_IN_SERVICE]}
    long addressOf(int page) {
        int position = position(page);
        int index = index(page);
        if (page < 0 || position >= positions || index >= perSlab) {
            return JumboPool.FOREIGN;
        }
        long address = base
                + (long) position * options.slabByteSize()
                + (long) index * options.bufferSize().byteSize();
        return isInService(page(page)) ? address : missing(position);
    }

    private boolean isInService(@Nullable JumboPage<T> page) {
        return page != null && !gone && !JumboLayout.is(page.word(), JumboLayout.INACTIVE);
    }

    private int missing(int position) {
        return generation(position) == 0 ? JumboPool.FOREIGN : JumboPool.NOT_IN_SERVICE;
    }

    private int generation(int position) {
        int[] all = generations; // not necessarily as long as the rows that the caller saw
        return position < all.length ? all[position] : 0;
    }

    int position(int page) {
        return page >>> indexBits;
    }

    int index(int page) {
        return page & (1 << indexBits) - 1;
    }

    /// {@return the position of a run of the arena}
    int position(JumboMemory.Run run) {
        return (int) ((run.address() - base) / options.slabByteSize());
    }

    /// {@return the number of the first page at a position}
    int first(int position) {
        return position << indexBits;
    }

    /// {@return the life with which pages at a position begin} The slab that was there before is forgotten: its run
    /// came back through the arena.
    long firstLife(int position) {
        return JumboLayout.life(tag, Math.max(1, generation(position)));
    }

    /// {@return the length of arrays that have room for a position}
    int lengthFor(int position) {
        int length = Math.max(MIN_POSITIONS, Integer.highestOneBit(position) << 1);
        return position < rows.length ? rows.length : Math.min(length, positions);
    }

    /// Rows and generations that have room for a position which the table has no room for.
    static final class Larger<T> {
        private final JumboPage<T>[] @Nullable [] rows; // (C)
        private final int[] generations; // (C)

        private Larger(int length) {
            rows = newRows(length);
            generations = new int[length];
        }
    }

    /// {@return what [#grow] needs to make room for a position, or null if there is room}
    @Nullable Larger<T> larger(int position) {
        return position < rows.length ? null : new Larger<>(lengthFor(position));
    }

    /// Makes room for more positions.
    void grow(Larger<T> larger) {
        System.arraycopy(rows, 0, larger.rows, 0, rows.length);
        System.arraycopy(generations, 0, larger.generations, 0, generations.length);
        generations = larger.generations;
        VarHandle.storeStoreFence(); // a reader of the new reference sees what was copied
        rows = larger.rows;
    }

    /// Adds the pages of a slab.
    void add(JumboSlab<T> slab) {
        int position = slab.position();
        rows[position] = slab.pages();
        generations[position] = Math.max(1, generations[position]);
    }

    /// Forgets the pages of a slab.
    ///
    /// @param generation one that no handle for a page of the slab has
    void remove(JumboSlab<T> slab, int generation) {
        generations[slab.position()] = Math.max(1, generation);
        rows[slab.position()] = null;
    }

    boolean has(JumboSlab<T> slab) {
        return Arrays.equals(rows[slab.position()], slab.pages());
    }

    /// Says that the memory of all pages is the arena's again.
    void setGone() {
        gone = true;
    }

    boolean isGone() {
        return gone;
    }

    @Override
    public String toString() {
        return "PageTable(positions=%d of %d, perSlab=%d)".formatted(rows.length, positions, perSlab);
    }
}
