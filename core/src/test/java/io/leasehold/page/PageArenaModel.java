package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.StateKind;
import io.leasehold.memory.OffHeap;
import io.leasehold.page.service.PageOwner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// The simplest model of an arena: the allocation of each page, and its content.
///
/// **Threads.** Confined to one thread.
final class PageArenaModel {

    /// A tick before all ticks, for pages that were never freed.
    private static final int NEVER = Integer.MIN_VALUE / 2;

    /// An allocation as its owner sees it.
    static final class Run {
        final long page;
        final int index;
        int pages;
        int wires;
        int holds;

        @Nullable PageOwner owner;

        int ownerIndex;
        final long pattern;
        int place; // position in `live`

        Run(long page, int pages, long pattern) {
            this.page = page;
            this.index = FrameLayout.index(page);
            this.pages = pages;
            this.pattern = pattern;
        }

        boolean isPinned() {
            return wires + holds > 0;
        }

        @Override
        public String toString() {
            return "Run(index=%d, pages=%d, wires=%d, holds=%d)".formatted(index, pages, wires, holds);
        }
    }

    private final PageArena arena;
    private final MemoryBudget parent;
    private final long pageBytes;
    private final long fixedBytes; // tables that are charged when the arena opens
    private final int framePages; // pages that are decommitted together
    private final boolean decommits;
    private final @Nullable Run[] at; // by page
    private final boolean[] dirty; // by page: true if written since its memory was last seen to be decommitted
    private final int[] freedAt; // by page: the tick of its last free, at most that of its stamp
    private final List<Run> live = new ArrayList<>();
    private int livePages;

    PageArenaModel(PageArena arena, MemoryBudget parent, boolean decommits, int framePages) {
        this.arena = arena;
        this.parent = parent;
        this.pageBytes = arena.options().pageByteSize();
        this.fixedBytes = arena.stats().committedBytes();
        this.framePages = framePages;
        this.decommits = decommits;
        int pageCount = (int) (arena.options().byteSize() / pageBytes);
        this.at = new @Nullable Run[pageCount];
        this.dirty = new boolean[pageCount];
        this.freedAt = new int[pageCount];
        Arrays.fill(freedAt, NEVER);
    }

    int pageCount() {
        return at.length;
    }

    int livePages() {
        return livePages;
    }

    int freePages() {
        return at.length - livePages;
    }

    List<Run> live() {
        return live;
    }

    @Nullable Run at(int index) {
        return at[index];
    }

    Run any(SplittableRandom random) {
        return live.get(random.nextInt(live.size()));
    }

    /// {@return true if the pages from `index` on exist and are free}
    boolean isFree(int index, int pages) {
        if (index + pages > at.length) {
            return false;
        }
        for (int i = index; i < index + pages; i++) {
            if (at[i] != null) {
                return false;
            }
        }
        return true;
    }

    /// {@return the lowest adjacent free pages at a multiple of `align` from an aligned start, or -1}
    int firstFit(int pages, int align) {
        int index = 0;
        while (index + pages <= at.length) {
            int taken = index + pages - 1;
            while (taken >= index && at[taken] == null) {
                taken--;
            }
            if (taken < index) {
                return index;
            }
            index = (taken / align + 1) * align;
        }
        return -1;
    }

    /// {@return true if the parent budget has space for `pages` cold pages at `index` after a decommit of all idle
    /// pages}
    boolean isAffordable(int index, int pages) {
        int step = (int) Math.max(1, FrameSupply.STEP_BYTES / pageBytes);
        long frontier = arena.stats().accessiblePages();
        long needed = Math.min(at.length, (long) Math.ceilDiv(index + pages, step) * step);
        long tables = Math.max(frontier, needed) * ArenaSpace.TABLE_BYTES_PER_PAGE;
        return fixedBytes + tables + (livePages + pages) * pageBytes <= parent.byteLimit();
    }

    /// Adds an allocation. It must consist of free pages, and must read as zero if it was not written.
    Run allocated(long page, int pages, int align, long pattern) {
        Run run = new Run(page, pages, pattern);
        assertThat(isFree(run.index, pages)).as("pages of %s are free", run).isTrue();
        assertThat(run.index % align).as("alignment of %s", run).isZero();
        run.place = live.size();
        live.add(run);
        take(run, run.index, pages);
        return run;
    }

    void grown(Run run, int by) {
        int end = run.index + run.pages;
        assertThat(isFree(end, by)).as("pages behind %s are free", run).isTrue();
        run.pages += by;
        take(run, end, by);
    }

    Run split(Run run, int keep, long rest) {
        Run second = new Run(rest, run.pages - keep, run.pattern);
        assertThat(second.index).isEqualTo(run.index + keep);
        run.pages = keep;
        for (int i = second.index; i < second.index + second.pages; i++) {
            at[i] = second;
        }
        second.place = live.size();
        live.add(second);
        return second;
    }

    void freed(Run run, int tick) {
        Run last = live.removeLast();
        if (last != run) {
            live.set(run.place, last);
            last.place = run.place;
        }
        livePages -= run.pages;
        boolean cleared = arena.options().zeroOnFree();
        for (int i = run.index; i < run.index + run.pages; i++) {
            at[i] = null;
            dirty[i] = !cleared;
            freedAt[i] = tick;
        }
    }

    /// Records that all free pages were decommitted, except huge frames that are partly in use.
    void trimmed(int tick) {
        for (int frame = 0; decommits && frame < at.length; frame += framePages) {
            int end = Math.min(at.length, frame + framePages); // the last frame may be cut
            if (isFree(frame, end - frame)) {
                Arrays.fill(dirty, frame, end, false);
                Arrays.fill(freedAt, frame, end, tick);
            }
        }
    }

    /// {@return number of free pages that may be old enough at `tick` for a decommit}
    int pagesIdleFor(int ticks, int tick) {
        int count = 0;
        for (int i = 0; i < at.length; i++) {
            count += at[i] == null && tick - freedAt[i] >= ticks ? 1 : 0;
        }
        return count;
    }

    /// {@return the kind of error for a handle that was freed}
    StateKind refusalOf(long freed) {
        Run run = at[FrameLayout.index(freed)];
        return run == null || run.index != FrameLayout.index(freed) ? StateKind.FREED : StateKind.STALE;
    }

    /// Checks the content that the owner wrote into an allocation.
    void checkContent(Run run) {
        for (int i = run.index; i < run.index + run.pages; i++) {
            long address = arena.frames().addressOf(i);
            checkWord(run, i, address);
            checkWord(run, i, address + pageBytes - Long.BYTES);
        }
    }

    void checkAllContent() {
        live.forEach(this::checkContent);
    }

    /// Compares the statistics of the arena with the model.
    PageArenaStats checkStats() {
        PageArenaStats stats = arena.stats();
        int wired = 0;
        int held = 0;
        for (Run run : live) {
            wired += run.wires > 0 ? run.pages : 0;
            held += run.holds > 0 ? run.pages : 0;
        }
        check("livePages", stats.livePages(), livePages);
        check("freePages", stats.freePages(), freePages());
        check("reservedPages", stats.reservedPages(), at.length);
        check("wiredPages", stats.wiredPages(), wired);
        check("heldPages", stats.heldPages(), held);
        check("transitPages", stats.transitPages(), 0);
        long warm = (long) livePages + stats.cachedPages() + stats.idlePages();
        long tables = fixedBytes + stats.tableBytes();
        check("committedBytes", stats.committedBytes(), tables + warm * pageBytes);
        check("bytes charged above", parent.usedBytes(), stats.committedBytes());
        if (stats.peakUsedPages() < livePages) {
            throw new AssertionError("peakUsedPages: " + stats + ", live=" + livePages);
        }
        return stats;
    }

    private void take(Run run, int from, int pages) {
        livePages += pages;
        for (int i = from; i < from + pages; i++) {
            at[i] = run;
            long address = arena.frames().addressOf(i);
            if (!dirty[i]) {
                checkZero(i, address);
                checkZero(i, address + pageBytes / 2);
                checkZero(i, address + pageBytes - Long.BYTES);
            }
            dirty[i] = true;
            OffHeap.putLong(address, word(run, i));
            OffHeap.putLong(address + pageBytes / 2, word(run, i));
            OffHeap.putLong(address + pageBytes - Long.BYTES, word(run, i));
        }
    }

    private static long word(Run run, int index) {
        return run.pattern ^ index * 0x9E3779B97F4A7C15L;
    }

    private static void checkZero(int index, long address) {
        long word = OffHeap.getLong(address);
        if (word != 0) {
            throw new AssertionError("page is not zero: index=%d, word=%x".formatted(index, word));
        }
    }

    private static void checkWord(Run run, int index, long address) {
        long word = OffHeap.getLong(address);
        if (word != word(run, index)) {
            throw new AssertionError("page was overwritten: index=%d, %s, word=%x".formatted(index, run, word));
        }
    }

    private static void check(String what, long seen, long expected) {
        if (seen != expected) {
            throw new AssertionError("%s: arena=%d, model=%d".formatted(what, seen, expected));
        }
    }
}
