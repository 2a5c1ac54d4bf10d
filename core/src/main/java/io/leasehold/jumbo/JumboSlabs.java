package io.leasehold.jumbo;

import io.leasehold.os.OsException;
import io.leasehold.page.PageArena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The slabs of a ring by their place in the arena, which is where a page's number and its address come from.
///
/// ```text
///   page      | position | index |               rows[position][index] is the page
///   address   base + position * slab + index * page, and back
/// ```
///
/// **Threads.** Guarded by the lock of its [JumboPool]; [#page], [#pageOf] and [#addressOf] by anybody.
///
/// **Memory order.** A row is read without the lock by whoever has a token, to whom the lock under which the slab was
/// added happened before. Who merely guesses may see no row, or one without pages, and takes both for none.
///
/// **Invariants.** I1: `inService` and `atHome` are sums over the slabs. I2: `withHome` has just the slabs with a page
/// at home. I3: `inUse`, slabs and rows are of the same positions.
///
/// @param <T> what pages are lent as
final class JumboSlabs<T> {

    private final JumboOptions options; // (C)
    private final long base; // (C) address of position 0, a multiple of the slab's size
    private final int positions; // (C)
    private final int perSlab; // (C)
    private final int indexBits; // (C)
    private final int tag; // (C)
    private @Nullable JumboSlab<T>[] slabs = newSlabs(0); // (L)
    private JumboPage<T>[] @Nullable [] rows = newRows(0); // (L), and see memory order
    private int[] generations = new int[0]; // (L) the next one at each position; 0 if there never was a slab
    private final BitSet inUse = new BitSet(); // (L)
    private final BitSet withHome = new BitSet(); // (L)
    private int inService; // (L)
    private int atHome; // (L)
    private volatile boolean gone; // (A) set once, when the memory is nobody's any more

    /// @throws IllegalArgumentException if the arena has room for more pages than can be numbered
    JumboSlabs(PageArena arena, JumboOptions options, int tag) {
        this.options = options;
        this.base = arena.baseAddress();
        this.perSlab = options.pagesPerSlab();
        this.indexBits = Integer.SIZE - Integer.numberOfLeadingZeros(perSlab - 1);
        long slabsThatFit = arena.options().byteSize() / options.slabByteSize();
        if (slabsThatFit << indexBits > JumboLayout.MAX_PAGES) {
            throw new IllegalArgumentException("arena is too large for the ring's pages: byteSize="
                    + arena.options().byteSize() + ", slabs=" + slabsThatFit + ", pages=" + perSlab + " each, bound="
                    + JumboLayout.MAX_PAGES + "; choose larger pages");
        }
        this.positions = (int) slabsThatFit;
        this.tag = tag;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // arrays of generic types cannot be made otherwise
    private static <T> @Nullable JumboSlab<T>[] newSlabs(int count) {
        return new JumboSlab[count];
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static <T> JumboPage<T>[] @Nullable [] newRows(int count) {
        return new JumboPage[count][];
    }

    /// Makes room for all the slabs that there can be, once.
    void open() {
        if (slabs.length < positions) {
            generations = new int[positions];
            slabs = newSlabs(positions);
            rows = newRows(positions);
        }
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

    /// {@return the page that a byte belongs to, or [JumboRing#FOREIGN], [JumboRing#RETIRED] or [JumboRing#PADDING]}
    int pageOf(long address) {
        long offset = address - base;
        long position = offset / options.slabByteSize();
        if (offset < 0 || position >= rows.length) {
            return JumboRing.FOREIGN;
        }
        int index =
                (int) (offset % options.slabByteSize()) / options.pageClass().byteSize();
        if (index >= perSlab) {
            return rows[(int) position] == null ? missing((int) position) : JumboRing.PADDING;
        }
        int page = (int) position << indexBits | index;
        return isInService(page(page)) ? page : missing((int) position);
    }

    /// {@return where a page begins, or [JumboRing#FOREIGN] or [JumboRing#RETIRED]}
    long addressOf(int page) {
        int position = page >>> indexBits;
        int index = page & (1 << indexBits) - 1;
        if (page < 0 || position >= rows.length || index >= perSlab) {
            return JumboRing.FOREIGN;
        }
        long address = base
                + (long) position * options.slabByteSize()
                + (long) index * options.pageClass().byteSize();
        return isInService(page(page)) ? address : missing(position);
    }

    private boolean isInService(@Nullable JumboPage<T> page) {
        return page != null && !gone && !JumboLayout.is(page.word(), JumboLayout.RETIRED);
    }

    private int missing(int position) {
        return generations[position] == 0 ? JumboRing.FOREIGN : JumboRing.RETIRED;
    }

    /// Adds a slab of pages that are not in service yet.
    void add(JumboMemory.Run run) {
        int position = (int) ((run.address() - base) / options.slabByteSize());
        long first = JumboLayout.life(tag, Math.max(1, generations[position]));
        JumboSlab<T> slab = new JumboSlab<>(run, position, position << indexBits, options, first);
        slabs[position] = slab;
        rows[position] = slab.pages();
        generations[position] = Math.max(1, generations[position]);
        inUse.set(position);
    }

    /// Puts up to `count` dormant pages into service.
    ///
    /// @return how many
    int wake(int count) {
        int woken = 0;
        for (int p = inUse.nextSetBit(0); p >= 0 && woken < count; p = inUse.nextSetBit(p + 1)) {
            JumboSlab<T> slab = at(p);
            if (slab.hasDormant()) {
                int more = slab.wake(count - woken);
                woken += more;
                withHome.set(p);
            }
        }
        inService += woken;
        atHome += woken;
        return woken;
    }

    /// {@return the lowest page that is at home, taken, or null}
    @Nullable JumboPage<T> take() {
        int position = withHome.nextSetBit(0);
        if (position < 0) {
            return null;
        }
        JumboSlab<T> slab = at(position);
        JumboPage<T> page = slab.take();
        atHome--;
        if (slab.atHome() == 0) {
            withHome.clear(position);
        }
        return page;
    }

    boolean isAtHome(int page) {
        JumboSlab<T> slab = slabs[page >>> indexBits];
        return slab != null && slab.isAtHome(page & (1 << indexBits) - 1);
    }

    void comeHome(int page) {
        int position = page >>> indexBits;
        at(position).comeHome(page & (1 << indexBits) - 1);
        withHome.set(position);
        atHome++;
    }

    /// Takes a page that is not at home out of service.
    void retire(int page) {
        at(page >>> indexBits).retire(page & (1 << indexBits) - 1);
        inService--;
    }

    /// Gives back slabs without a page that is out, the highest first, as long as no more than `surplus` pages that are
    /// in service go with them.
    ///
    /// @return how many slabs
    int giveBack(JumboMemory memory, int surplus) {
        int given = 0;
        int left = surplus;
        for (int p = inUse.length() - 1; p >= 0; p = inUse.previousSetBit(p - 1)) {
            JumboSlab<T> slab = at(p);
            int pages = slab.atHome();
            if (pages <= left && slab.isIdle()) {
                try {
                    remove(memory, slab);
                } catch (OsException e) {
                    return given; // the kernel does not let go of it now
                }
                left -= pages;
                given++;
            }
        }
        return given;
    }

    private void remove(JumboMemory memory, JumboSlab<T> slab) {
        memory.free(slab.run());
        int position = slab.position();
        inService -= slab.atHome();
        atHome -= slab.atHome();
        generations[position] = slab.retireAll();
        forget(position);
        rows[position] = null;
    }

    private void forget(int position) {
        slabs[position] = null;
        inUse.clear(position);
        withHome.clear(position);
    }

    /// Gives everything back, whatever is out. Pages that are out stay known, so that whoever frees them is told from
    /// whoever frees them twice.
    ///
    /// @throws OsException if the kernel refuses; calling this again goes on
    void clear(JumboMemory memory) {
        gone = true;
        for (int p = inUse.nextSetBit(0); p >= 0; p = inUse.nextSetBit(p + 1)) {
            JumboSlab<T> slab = at(p);
            if (slab.isIdle()) {
                remove(memory, slab);
            } else {
                memory.free(slab.run());
                inService -= slab.pages().length - slab.dormant();
                atHome -= slab.atHome();
                forget(p);
            }
        }
    }

    boolean isGone() {
        return gone;
    }

    int inService() {
        return inService;
    }

    int atHome() {
        return atHome;
    }

    int count() {
        return inUse.cardinality();
    }

    /// {@return how many slabs have a page that is not at home}
    int pinned() {
        int[] pinned = new int[1];
        forEach(slab -> pinned[0] += slab.isIdle() ? 0 : 1);
        return pinned[0];
    }

    /// {@return how many pages have each state, by ordinal; those that are free count as leased}
    int[] census() {
        int[] pages = new int[JumboState.values().length];
        forEach(slab -> {
            for (JumboPage<T> page : slab.pages()) {
                pages[JumboLayout.state(page.word()).ordinal()]++;
            }
        });
        return pages;
    }

    /// {@return the first pages that are neither at home nor retired, in words}
    List<String> firstOut(int count) {
        List<String> named = new ArrayList<>();
        forEach(slab -> {
            for (JumboPage<T> page : slab.pages()) {
                boolean isOut = !isAtHome(page.index()) && !JumboLayout.is(page.word(), JumboLayout.RETIRED);
                if (named.size() < count && isOut) {
                    named.add(page.toString());
                }
            }
        });
        return named;
    }

    private void forEach(Consumer<JumboSlab<T>> visitor) {
        for (int p = inUse.nextSetBit(0); p >= 0; p = inUse.nextSetBit(p + 1)) {
            visitor.accept(at(p));
        }
    }

    private JumboSlab<T> at(int position) {
        JumboSlab<T> slab = slabs[position];
        if (slab == null) {
            throw new AssertionError("I3: no slab at " + position + " of " + this);
        }
        return slab;
    }

    void checkInvariants() {
        int[] sums = new int[2];
        for (int p = 0; p < slabs.length; p++) {
            JumboSlab<T> slab = slabs[p];
            if (slab == null) {
                if (inUse.get(p) || withHome.get(p)) {
                    throw new AssertionError("I3: no slab at " + p + " of " + this);
                }
                continue;
            }
            slab.checkInvariants();
            sums[0] += slab.pages().length - slab.dormant();
            sums[1] += slab.atHome();
            if (!inUse.get(p) || !Arrays.equals(rows[p], slab.pages()) || withHome.get(p) != (slab.atHome() > 0)) {
                throw new AssertionError("I2, I3: " + slab + " of " + this);
            }
        }
        if (sums[0] != inService || sums[1] != atHome) {
            throw new AssertionError("I1: in service %d, at home %d of %s".formatted(sums[0], sums[1], this));
        }
    }

    @Override
    public String toString() {
        return "JumboSlabs(slabs=%d, inService=%d, atHome=%d)".formatted(count(), inService, atHome);
    }
}
