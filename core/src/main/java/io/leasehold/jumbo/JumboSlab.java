package io.leasehold.jumbo;

import static io.leasehold.text.Texts.format;

import java.util.BitSet;

/// A run of memory that is split into pages, and which of its pages are free.
///
/// ```text
///   pages    | 0 | 1 | 2 | 3 | 4 | 5 | 6 |  tail      a bit each in one of two sets, or in none:
///              F   F           F   I   I              Free | Inactive, not in service | allocated, stolen, cached
/// ```
///
/// Both sets have at most 512 bits, so a search reads eight words.
///
/// **Threads.** Guarded by the lock of its [JumboSlabPool]. Any thread may read the array of pages. [#deactivateAll]
/// needs no lock, because a slab that left the slab pool has no page that another thread could allocate.
///
/// **Invariants.** I1: a page in `free` is free, a page in `inactive` is INACTIVE, and no page is in both.
///
/// @param <T> the type of the object that stands for a page
final class JumboSlab<T> {

    private final JumboMemory.Run run; // (C)
    private final int position; // (C) index in the arena, in slabs
    private final JumboPage<T>[] pages; // (C)
    private final BitSet free; // (L)
    private final BitSet inactive; // (L)
    private int freeCount; // (L) population of `free`
    private int inactiveCount; // (L) population of `inactive`

    /// Creates a slab of inactive pages.
    JumboSlab(JumboMemory.Run run, int position, int firstPage, JumboOptions options, long firstGeneration) {
        this.run = run;
        this.position = position;
        this.pages = newPages(options.pagesPerSlab());
        this.free = new BitSet(pages.length);
        this.inactive = new BitSet(pages.length);
        for (int i = 0; i < pages.length; i++) {
            long address = run.address() + (long) i * options.bufferSize().byteSize();
            pages[i] = new JumboPage<>(firstPage + i, address, firstGeneration);
        }
        inactive.set(0, pages.length);
        inactiveCount = pages.length;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type cannot be created otherwise
    private static <T> JumboPage<T>[] newPages(int count) {
        return new JumboPage[count];
    }

    JumboMemory.Run run() {
        return run;
    }

    int position() {
        return position;
    }

    JumboPage<T>[] pages() {
        return pages;
    }

    /// Allocates the lowest free page. The slab must have one.
    JumboPage<T> take() {
        int index = free.nextSetBit(0);
        free.clear(index);
        freeCount--;
        return pages[index];
    }

    /// Makes a page free in this slab.
    void returnToSlab(int index) {
        assert !free.get(index) && !inactive.get(index) : "page was returned twice: index=" + index + " of " + this;
        free.set(index);
        freeCount++;
    }

    /// Activates up to `count` inactive pages, the lowest first.
    ///
    /// @return the number of pages
    int activate(int count) {
        int activated = 0;
        for (int index = inactive.nextSetBit(0); index >= 0 && activated < count; index = inactive.nextSetBit(index)) {
            inactive.clear(index);
            inactiveCount--;
            pages[index].setInService(true);
            returnToSlab(index);
            activated++;
        }
        return activated;
    }

    /// Makes a page inactive that is not free in this slab.
    void deactivate(int index) {
        pages[index].setInService(false);
        inactive.set(index);
        inactiveCount++;
    }

    /// Makes all pages inactive. Each page is free or inactive, and the slab has left the slab pool.
    ///
    /// @return a generation that no handle for a page of this slab has
    int deactivateAll() {
        long last = 0;
        for (JumboPage<T> page : pages) {
            page.setInService(false);
            last = Math.max(last, JumboLayout.generation(page.word()));
        }
        return (int) last;
    }

    /// Records in the sets that all pages are inactive, for a slab that comes back after [#deactivateAll].
    void noteAllInactive() {
        free.clear();
        freeCount = 0;
        inactive.set(0, pages.length);
        inactiveCount = pages.length;
    }

    boolean isFreeInSlab(int index) {
        return free.get(index);
    }

    int freeCount() {
        return freeCount;
    }

    boolean hasInactive() {
        return inactiveCount > 0;
    }

    int inactive() {
        return inactiveCount;
    }

    /// {@return the number of pages that are not inactive}
    int inService() {
        return pages.length - inactiveCount;
    }

    /// {@return true if every page is free or inactive}
    boolean isIdle() {
        return freeCount + inactiveCount == pages.length;
    }

    void checkInvariants() {
        for (int i = 0; i < pages.length; i++) {
            JumboState state = JumboLayout.state(pages[i].word());
            boolean wrong =
                    (free.get(i) && !pages[i].isFreeOrLeased()) || inactive.get(i) != (state == JumboState.INACTIVE);
            if (wrong) {
                throw new AssertionError(format("I1: %s of %s", pages[i], this));
            }
        }
        if (free.cardinality() != freeCount || inactive.cardinality() != inactiveCount) {
            throw new AssertionError(
                    format("I1: free=%d, inactive=%d of %s", free.cardinality(), inactive.cardinality(), this));
        }
    }

    @Override
    public String toString() {
        return format(
                "JumboSlab(position=%d, pages=%d, freeCount=%d, inactive=%d)",
                position, pages.length, freeCount, inactiveCount);
    }
}
