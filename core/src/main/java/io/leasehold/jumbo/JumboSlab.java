package io.leasehold.jumbo;

import java.util.BitSet;

/// A run of memory cut into pages, and which of them are at home.
///
/// ```text
///   pages    | 0 | 1 | 2 | 3 | 4 | 5 | 6 |  tail      a bit each in one of two sets, or in none:
///              H   H           H   D   D              at Home | Dormant, not in service | out, stolen, or in a stock
/// ```
///
/// **Threads.** Guarded by the lock of its [JumboPool]; the array of pages may be read by anybody.
///
/// **Invariants.** I1: a page at home is free, a dormant one is retired, and none is both.
///
/// @param <T> what pages are lent as
final class JumboSlab<T> {

    private final JumboMemory.Run run; // (C)
    private final int position; // (C) place in the arena, in slabs
    private final JumboPage<T>[] pages; // (C)
    private final BitSet home; // (L)
    private final BitSet dormant; // (L)
    private int atHome; // (L) population of `home`

    /// Makes a slab of pages that are all dormant.
    ///
    /// @param firstLife what no page at this place was ever known by
    JumboSlab(JumboMemory.Run run, int position, int firstPage, JumboOptions options, long firstLife) {
        this.run = run;
        this.position = position;
        this.pages = newPages(options.pagesPerSlab());
        this.home = new BitSet(pages.length);
        this.dormant = new BitSet(pages.length);
        for (int i = 0; i < pages.length; i++) {
            long address = run.address() + (long) i * options.pageClass().byteSize();
            pages[i] = new JumboPage<>(firstPage + i, address, firstLife);
        }
        dormant.set(0, pages.length);
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type cannot be made otherwise
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

    /// Takes the lowest page that is at home, of which there is one.
    JumboPage<T> take() {
        int index = home.nextSetBit(0);
        home.clear(index);
        atHome--;
        return pages[index];
    }

    /// Notes that a page is home.
    void comeHome(int index) {
        assert !home.get(index) && !dormant.get(index) : "came home twice: index=" + index + " of " + this;
        home.set(index);
        atHome++;
    }

    /// Puts up to `count` dormant pages into service, the lowest first.
    ///
    /// @return how many
    int wake(int count) {
        int woken = 0;
        for (int index = dormant.nextSetBit(0); index >= 0 && woken < count; index = dormant.nextSetBit(index)) {
            dormant.clear(index);
            pages[index].setInService(true);
            comeHome(index);
            woken++;
        }
        return woken;
    }

    /// Takes a page that is not at home out of service.
    void retire(int index) {
        pages[index].setInService(false);
        dormant.set(index);
    }

    /// Takes all pages out of service, which are at home or dormant.
    ///
    /// @return a generation that no token has, of any of them
    int retireAll() {
        long last = 0;
        for (JumboPage<T> page : pages) {
            page.setInService(false);
            last = Math.max(last, JumboLayout.generation(page.word()));
        }
        return (int) last;
    }

    boolean isAtHome(int index) {
        return home.get(index);
    }

    int atHome() {
        return atHome;
    }

    boolean hasDormant() {
        return !dormant.isEmpty();
    }

    int dormant() {
        return dormant.cardinality();
    }

    /// {@return whether every page is at home or dormant}
    boolean isIdle() {
        return atHome + dormant.cardinality() == pages.length;
    }

    void checkInvariants() {
        for (int i = 0; i < pages.length; i++) {
            JumboState state = JumboLayout.state(pages[i].word());
            boolean wrong =
                    (home.get(i) && !pages[i].isFreeOrLeased()) || dormant.get(i) != (state == JumboState.RETIRED);
            if (wrong) {
                throw new AssertionError("I1: %s of %s".formatted(pages[i], this));
            }
        }
        if (home.cardinality() != atHome) {
            throw new AssertionError("I1: population=" + home.cardinality() + " of " + this);
        }
    }

    @Override
    public String toString() {
        return "JumboSlab(position=%d, pages=%d, atHome=%d, dormant=%d)"
                .formatted(position, pages.length, atHome, dormant());
    }
}
