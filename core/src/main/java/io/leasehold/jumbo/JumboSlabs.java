package io.leasehold.jumbo;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.IndexSet;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The slabs of a pool, in sets by their state.
///
/// ```text
///   add ---> idle <---> busy          idle ---> leaving ---> removed, its run goes to the arena
///            every page is free                          \---> idle again, if the kernel fails
///            or inactive
/// ```
///
/// **Cost.** Each search uses an [IndexSet] of the slabs that it looks for. So no change of a slab costs more because
/// there are more slabs.
///
/// **Threads.** Guarded by the lock of its [JumboSlabPool], except [#make], which is called by the one thread that adds
/// a slab.
///
/// **Invariants.** I1: `inService` and `freeCount` are sums over the slabs. I2: `withFree` contains exactly the slabs
/// with a free page, `withInactive` those with an inactive page, `idle` those of which every page is free or inactive,
/// and `busy` the others. I3: the table contains the pages of all slabs.
///
/// @param <T> the type of the object that stands for a page
final class JumboSlabs<T> {

    /// Maximum number of idle slabs that [#findIdle] reads. All slabs without inactive pages have the same number of
    /// pages, so either the first one fits, or hardly any does.
    private static final int MAX_LOOKS = 16;

    private final JumboOptions options; // (C)
    private final PageTable<T> table; // (C)
    private @Nullable JumboSlab<T>[] slabs = newSlabs(0); // (L) by position
    private final IndexSet idle = new IndexSet(); // (L)
    private final IndexSet busy = new IndexSet(); // (L)
    private final IndexSet withFree = new IndexSet(); // (L)
    private final IndexSet withInactive = new IndexSet(); // (L)
    private int leaving; // (L) slabs in none of the sets, which are soon removed or put back
    private int inService; // (L)
    private int freeCount; // (L)
    private long looks; // (L) slabs that searches and counts read, for tests

    JumboSlabs(JumboOptions options, PageTable<T> table) {
        this.options = options;
        this.table = table;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type cannot be created otherwise
    private static <T> @Nullable JumboSlab<T>[] newSlabs(int count) {
        return new JumboSlab[count];
    }

    /// A slab that is not in the pool yet, and arrays with room for it.
    static final class Addition<T> {
        private final JumboSlab<T> slab; // (C)
        private final PageTable.@Nullable Larger<T> largerTable; // (C)
        private final @Nullable JumboSlab<T>[] slabs; // (C) empty if there is room

        private Addition(JumboSlab<T> slab, PageTable.@Nullable Larger<T> largerTable, int length) {
            this.slab = slab;
            this.largerTable = largerTable;
            this.slabs = newSlabs(length);
        }
    }

    /// Creates a slab of inactive pages, without the lock.
    ///
    /// @return the argument of [#add]
    Addition<T> make(JumboMemory.Run run) {
        int position = table.position(run);
        JumboSlab<T> slab =
                new JumboSlab<>(run, position, table.first(position), options, table.firstGeneration(position));
        return new Addition<>(slab, table.larger(position), position < slabs.length ? 0 : table.lengthFor(position));
    }

    /// Adds a slab. If the Java heap is full, this throws and nothing has changed.
    void add(Addition<T> addition) {
        JumboSlab<T> slab = addition.slab;
        int position = slab.position();
        idle.ensureCapacity(position + 1);
        busy.ensureCapacity(position + 1);
        withFree.ensureCapacity(position + 1);
        withInactive.ensureCapacity(position + 1);
        if (addition.largerTable != null) {
            table.grow(addition.largerTable);
        }
        if (position >= slabs.length) {
            System.arraycopy(slabs, 0, addition.slabs, 0, slabs.length);
            slabs = addition.slabs;
        }

        slabs[position] = slab;
        table.add(slab);
        idle.add(position);
        withInactive.add(position);
    }

    /// Activates up to `count` inactive pages, those of the lowest slabs first.
    ///
    /// @return the number of pages
    int activate(int count) {
        int activated = 0;
        int position = withInactive.first();
        while (position >= 0 && activated < count) {
            JumboSlab<T> slab = at(position);
            activated += slab.activate(count - activated);
            withFree.add(position);
            withInactive.set(position, slab.hasInactive());
            position = withInactive.first();
        }
        inService += activated;
        freeCount += activated;
        return activated;
    }

    /// Allocates the lowest free page.
    ///
    /// @return the page, or null if no page is free in a slab
    @Nullable JumboPage<T> take() {
        int position = withFree.first();
        if (position < 0) {
            return null;
        }
        JumboSlab<T> slab = at(position);
        boolean wasIdle = slab.isIdle();
        JumboPage<T> page = slab.take();
        freeCount--;
        if (slab.freeCount() == 0) {
            withFree.remove(position);
        }
        if (wasIdle) {
            idle.remove(position);
            busy.add(position);
        }
        return page;
    }

    boolean isFreeInSlab(int page) {
        int position = table.position(page);
        JumboSlab<T> slab = position < slabs.length ? slabs[position] : null;
        return slab != null && slab.isFreeInSlab(table.index(page));
    }

    void returnToSlab(int page) {
        JumboSlab<T> slab = at(table.position(page));
        slab.returnToSlab(table.index(page));
        freeCount++;
        if (slab.freeCount() == 1) {
            withFree.add(slab.position());
        }
        noteIdle(slab);
    }

    /// Makes a page inactive that is not free in its slab.
    void deactivate(int page) {
        JumboSlab<T> slab = at(table.position(page));
        slab.deactivate(table.index(page));
        inService--;
        withInactive.add(slab.position());
        noteIdle(slab);
    }

    private void noteIdle(JumboSlab<T> slab) {
        if (slab.isIdle()) {
            busy.remove(slab.position());
            idle.add(slab.position());
        }
    }

    /// {@return an idle slab with at most `surplus` free pages, the highest of those that were read, or null}
    @Nullable JumboSlab<T> findIdle(int surplus) {
        int position = idle.last();
        for (int i = 0; position >= 0 && i < MAX_LOOKS; i++) {
            JumboSlab<T> slab = at(position);
            looks++;
            if (slab.freeCount() <= surplus) {
                return slab;
            }
            position = idle.previous(position - 1);
        }
        return null;
    }

    /// Removes an idle slab from all sets, so that no thread finds a page of it.
    void leave(JumboSlab<T> slab) {
        int position = slab.position();
        idle.remove(position);
        withFree.remove(position);
        withInactive.remove(position);
        inService -= slab.inService();
        freeCount -= slab.freeCount();
        leaving++;
    }

    /// Adds a slab again that could not leave. All its pages are inactive.
    void putBack(JumboSlab<T> slab) {
        slab.noteAllInactive();
        idle.add(slab.position());
        withInactive.add(slab.position());
        leaving--;
    }

    /// Removes a slab that left.
    ///
    /// @param generation the result of [JumboSlab#deactivateAll]
    void forget(JumboSlab<T> slab, int generation) {
        slabs[slab.position()] = null;
        table.remove(slab, generation);
        leaving--;
    }

    int inService() {
        return inService;
    }

    int freeCount() {
        return freeCount;
    }

    int count() {
        return idle.size() + busy.size() + leaving;
    }

    /// {@return the number of slabs that can be given back, or are being given back}
    int idle() {
        return idle.size() + leaving;
    }

    /// {@return the number of slabs with a page that is neither free in the slab nor inactive}
    int pinned() {
        return busy.size();
    }

    /// {@return the number of inactive pages}
    int inactive() {
        return (idle.size() + busy.size()) * options.pagesPerSlab() - inService;
    }

    /// {@return the number of slabs that searches and counts read, for tests}
    long looks() {
        return looks;
    }

    /// {@return the first pages that are neither free in their slab nor inactive}
    List<JumboPage<T>> firstInUse(int count) {
        List<JumboPage<T>> pages = new ArrayList<>();
        int position = busy.first();
        while (position >= 0 && pages.size() < count) { // a busy slab has at least one such page
            for (JumboPage<T> page : at(position).pages()) {
                boolean isUsable = !isFreeInSlab(page.index()) && !JumboLayout.is(page.word(), JumboLayout.INACTIVE);
                if (pages.size() < count && isUsable) {
                    pages.add(page);
                }
            }
            position = busy.next(position + 1);
        }
        return pages;
    }

    /// {@return the number of pages in each state, by ordinal; free pages count as leased} Reads every page.
    int[] countStates() {
        int[] pages = new int[JumboState.values().length];
        forEach(slab -> {
            looks++;
            for (JumboPage<T> page : slab.pages()) {
                pages[JumboLayout.state(page.word()).ordinal()]++;
            }
        });
        return pages;
    }

    private void forEach(Consumer<JumboSlab<T>> visitor) {
        for (JumboSlab<T> slab : slabs) {
            if (slab != null) {
                visitor.accept(slab);
            }
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
        int[] sums = new int[3];
        forEach(slab -> {
            slab.checkInvariants();
            int position = slab.position();
            sums[0]++;
            sums[1] += slab.inService();
            sums[2] += slab.freeCount();
            boolean isIdle = slab.isIdle();
            boolean isRight = idle.contains(position) == isIdle
                    && busy.contains(position) != isIdle
                    && withFree.contains(position) == slab.freeCount() > 0
                    && withInactive.contains(position) == slab.hasInactive();
            if (!isRight || !table.has(slab)) {
                throw new AssertionError("I2, I3: " + slab + " of " + this);
            }
        });
        boolean areAll = withFree.size() <= sums[0] && withInactive.size() <= sums[0] && sums[0] == count();
        if (!areAll || leaving != 0 || sums[1] != inService || sums[2] != freeCount) {
            throw new AssertionError(format(
                    "I1: slabs=%d, in service=%d, free=%d, leaving=%d of %s",
                    sums[0], sums[1], sums[2], leaving, this));
        }
    }

    @Override
    public String toString() {
        return format("JumboSlabs(slabs=%d, inService=%d, freeCount=%d)", count(), inService, freeCount);
    }
}
