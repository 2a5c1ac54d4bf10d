package io.leasehold.jumbo;

import static io.leasehold.text.Texts.format;

import io.leasehold.page.PageArena;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The pages of a pool by number and by address. Both follow from the position of the slab in the arena, counted in
/// slabs.
///
/// ```text
///   page      | position | index |               rows[position][index] is the page
///   address   base + position * slab + index * page, and back
/// ```
///
/// **Cost.** The table has room for the highest position that was used, rounded up to a power of two. So the table of a
/// small pool in a large arena is small.
///
/// **Threads.** Any thread may call [#page], [#pageOf] and [#addressOf]. The other methods are guarded by the lock of
/// the [JumboSlabPool], except [#firstGeneration] and [#larger], which are called by the one thread that adds a slab.
///
/// **Memory order.** A thread with a handle reads the row of its slab without the lock: the slab was added before the
/// handle was created. Larger rows are filled, then fenced, then published, and their readers depend on the reference.
/// A thread without a handle may see no row, or a row without pages, and treats both as no page.
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
    private volatile boolean gone; // (A) set once, when the memory belongs to the arena again

    /// @throws IllegalArgumentException if the arena has room for more pages than can be numbered
    PageTable(PageArena arena, JumboOptions options, int tag) {
        this.options = options;
        this.base = arena.baseAddress();
        this.perSlab = options.pagesPerSlab();
        this.indexBits = Integer.SIZE - Integer.numberOfLeadingZeros(perSlab - 1);
        long slabsThatFit = arena.byteSize() / options.slabByteSize();
        if (slabsThatFit << indexBits > JumboLayout.MAX_PAGES) {
            throw new IllegalArgumentException(
                    "arena has room for too many pages: pool=" + options.name() + ", byteSize="
                            + arena.byteSize() + ", slabs=" + slabsThatFit + ", pagesPerSlab=" + perSlab + ", max="
                            + JumboLayout.MAX_PAGES + "; choose larger pages");
        }
        long positionsThatFit = arena.addressByteSize() / options.slabByteSize();
        this.positions = (int) Math.min(positionsThatFit, JumboLayout.MAX_PAGES >>> indexBits);
        this.tag = tag;
    }

    /// {@return true if the pages of a slab at this address have numbers} An arena may have more addresses than there
    /// are numbers. Its first-fit search then chooses an address with numbers as long as there is room.
    boolean hasNumbers(long address) {
        return address - base < (long) positions * options.slabByteSize();
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type cannot be created otherwise
    private static <T> JumboPage<T>[] @Nullable [] newRows(int count) {
        return new JumboPage[count][];
    }

    /// {@return the page of a number, or null if there is none}
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

    /// {@return the number of the page that contains a byte, or [JumboPool#FOREIGN], [JumboPool#NOT_IN_SERVICE] or
    /// [JumboPool#PADDING]}
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

    /// {@return the address of the first byte of a page, or [JumboPool#FOREIGN] or [JumboPool#NOT_IN_SERVICE]}
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
        int[] all = generations; // may be shorter than the rows that the caller read
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

    /// {@return the generation and tag with which the pages at a position begin} The slab that was there before has
    /// been removed, because its run came back through the arena.
    long firstGeneration(int position) {
        return JumboLayout.generationAndTag(tag, Math.max(1, generation(position)));
    }

    /// {@return the length of arrays that have room for a position}
    int lengthFor(int position) {
        int length = Math.max(MIN_POSITIONS, Integer.highestOneBit(position) << 1);
        return position < rows.length ? rows.length : Math.min(length, positions);
    }

    /// Larger arrays of rows and generations.
    static final class Larger<T> {
        private final JumboPage<T>[] @Nullable [] rows; // (C)
        private final int[] generations; // (C)

        private Larger(int length) {
            rows = newRows(length);
            generations = new int[length];
        }
    }

    /// {@return the argument of [#grow] that makes room for a position, or null if there is room}
    @Nullable Larger<T> larger(int position) {
        return position < rows.length ? null : new Larger<>(lengthFor(position));
    }

    /// Replaces the arrays with larger ones.
    void grow(Larger<T> larger) {
        System.arraycopy(rows, 0, larger.rows, 0, rows.length);
        System.arraycopy(generations, 0, larger.generations, 0, generations.length);
        generations = larger.generations;
        VarHandle.storeStoreFence(); // a reader of the new reference sees the copied elements
        rows = larger.rows;
    }

    /// Adds the pages of a slab.
    void add(JumboSlab<T> slab) {
        int position = slab.position();
        rows[position] = slab.pages();
        generations[position] = Math.max(1, generations[position]);
    }

    /// Removes the pages of a slab.
    ///
    /// @param generation a generation that no handle for a page of the slab has
    void remove(JumboSlab<T> slab, int generation) {
        generations[slab.position()] = Math.max(1, generation);
        rows[slab.position()] = null;
    }

    boolean has(JumboSlab<T> slab) {
        return Arrays.equals(rows[slab.position()], slab.pages());
    }

    /// Records that the memory of all pages belongs to the arena again.
    void setGone() {
        gone = true;
    }

    boolean isGone() {
        return gone;
    }

    @Override
    public String toString() {
        return format("PageTable(positions=%d of %d, perSlab=%d)", rows.length, positions, perSlab);
    }
}
