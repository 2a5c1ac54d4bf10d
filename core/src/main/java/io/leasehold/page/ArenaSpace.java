package io.leasehold.page;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.StateKind;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.Alignment;
import io.leasehold.memory.EarlyClasses;
import io.leasehold.memory.Region;
import io.leasehold.memory.Remnant;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.Words;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Advice;
import io.leasehold.page.service.Pace;
import io.leasehold.page.service.PageFile;
import io.leasehold.page.service.PageReclaimer;
import java.util.BitSet;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The address space of one arena: its pages, and their tables.
///
/// ```text
///   pages    | page 0 | page 1 | ...                          reserved; committed as the frontier moves
///   tables   | used bits | warm bits | stamps | summaries | frames |     committed at once; touched as pages are used
/// ```
///
/// **Ownership.** The arena closes it. If pages are in use then, the space becomes a [Remnant], and the next arena with
/// pages of this size takes it over. That arena does not use these pages and their frames. A stale pointer may write to
/// the pages, and a thread that was preempted in a call may write to the frames.
///
/// **Threads.** Opened and closed by one thread.
final class ArenaSpace {

    /// Bytes of the tables that are touched for one page: 16 B frame, 1 B stamp, two bits, rounded up.
    static final int TABLE_BYTES_PER_PAGE = FrameLayout.FRAME_BYTES + 2;

    /// Maximum alignment of a run in bytes.
    static final long BYTE_ALIGNMENT = 2 << 20;

    /// A remnant that has more than this many times the requested pages is left to a larger arena.
    private static final int MAX_REMNANT_RATIO = 4;

    private static final int MAX_FILE_NAME = 100;
    private static final int REGIONS = 2; // pages and tables
    private static final long LINE = 64;
    private static final int NO_FILE = -1;

    final Region pages; // (C)
    final Region tables; // (C)
    final MemoryBudget budget; // (C)
    final int pageCount; // (C) pages that have addresses, at least as many as the limit
    final BitSet lost; // (C) pages that a previous owner may still write to
    final long usedBits; // (C) addresses
    final long warmBits; // (C)
    final long stamps; // (C)
    final long summaries; // (C)
    final long frames; // (C)
    private final PageArenaOptions options; // (C)
    private final Reservations reservations; // (C)
    private final VirtualMemory memory; // (C)
    private int descriptor = NO_FILE; // (O)
    private boolean isLeft; // (O) the space became a remnant

    private ArenaSpace(
            PageArenaOptions options,
            Region pages,
            Region tables,
            MemoryBudget budget,
            int pageCount,
            BitSet lost,
            Reservations reservations) {
        this.options = options;
        this.pages = pages;
        this.tables = tables;
        this.budget = budget;
        this.pageCount = pageCount;
        this.lost = lost;
        this.reservations = reservations;
        this.memory = pages.memory();
        this.usedBits = tables.address();
        this.warmBits = usedBits + BitmapLayout.byteSize(pageCount);
        this.stamps = warmBits + BitmapLayout.byteSize(pageCount);
        this.summaries = Alignment.up(stamps + pageCount, LINE);
        this.frames = Alignment.up(summaries + FreeMap.summaryByteSize(pageCount), LINE);
    }

    /// Reserves pages and tables, or nothing: several times the limit in addresses, or less if the system fails to
    /// reserve that.
    ///
    /// @throws SystemCallException if a kernel call fails
    /// @throws IllegalStateException if the mapping budget is used up
    static ArenaSpace open(PageArenaOptions options, Reservations reservations, MemoryBudget parent) {
        EarlyClasses.initialize(
                DecommitBatch.class,
                FrameSupply.Shortage.class,
                Pace.class,
                PageFrames.class,
                PageReclaimer.Progress.class,
                PageReclaimers.class,
                StateKind.class,
                Words.class);
        EarlyClasses.resolve("wire", "unwire", "hold", "unhold", "grow", "split");
        long page = options.pageByteSize();
        long most = Math.max(options.byteSize(), PageArenaOptions.MAX_PAGES * page);
        long byteSize = reservations.addressByteSize(options.byteSize(), page, most);
        long byteAlignment = options.byteAlignment(reservations.memory());
        Remnant remnant = reservations.takeRemnant(REGIONS, fit(options, byteAlignment, (int) (byteSize / page)));
        if (remnant != null) {
            return open(options, reservations, parent, remnant);
        }
        while (true) {
            try {
                return open(options, reservations, parent, (int) (byteSize / page));
            } catch (SystemCallException e) {
                if (byteSize == options.byteSize()) {
                    throw e;
                }
                byteSize = Math.max(options.byteSize(), Alignment.down(byteSize / 2, page));
            }
        }
    }

    /// {@return a filter for remnants that are as good as new address space and not much larger}
    private static Predicate<Remnant> fit(PageArenaOptions options, long byteAlignment, int pageCount) {
        int limitPages = (int) (options.byteSize() / options.pageByteSize());
        return remnant -> remnant.pageByteSize() == options.pageByteSize()
                && remnant.isAligned(byteAlignment)
                && remnant.longestClean() >= Math.max(limitPages, pageCount / 2)
                && remnant.pageCount() / MAX_REMNANT_RATIO <= pageCount;
    }

    private static ArenaSpace open(
            PageArenaOptions options, Reservations reservations, MemoryBudget parent, Remnant remnant) {
        List<Region> regions = null;
        MemoryBudget budget = null;
        ArenaSpace space = null;
        try {
            regions = remnant.succeed(options.name());
            Region pages = regions.get(0);
            Region tables = regions.get(1);
            budget = budget(options, parent, tables.byteSize());
            space = new ArenaSpace(options, pages, tables, budget, remnant.pageCount(), remnant.lost(), reservations);
            space.prepare();
            return space;
        } catch (RuntimeException | Error e) {
            undo(e, space, budget, null, null);
            leave(e, reservations, regions, remnant);
            throw e;
        }
    }

    /// Keeps the address space that an arena failed to take over.
    private static void leave(
            Throwable cause, Reservations reservations, @Nullable List<Region> regions, Remnant before) {
        Remnant left = before;
        try {
            if (regions != null) {
                // memory that cannot be given back now is given back by the next owner
                left = before.with(regions);
                regions.forEach(Region::abandon);
            }
        } catch (RuntimeException | Error e) {
            cause.addSuppressed(e);
        } finally {
            reservations.keep(left);
        }
    }

    private static ArenaSpace open(
            PageArenaOptions options, Reservations reservations, MemoryBudget parent, int pageCount) {
        long osPage = reservations.memory().pageSize();
        long tableBytes = tableByteSize(pageCount, osPage);
        MemoryBudget budget = null;
        Region pages = null;
        Region tables = null;
        ArenaSpace space = null;
        try {
            budget = budget(options, parent, tableBytes);
            long byteAlignment = options.byteAlignment(reservations.memory());
            pages = reservations.reserve(options.name(), pageCount * options.pageByteSize(), byteAlignment);
            tables = reservations.reserve(options.name().concat(" tables"), tableBytes, osPage);
            space = new ArenaSpace(options, pages, tables, budget, pageCount, new BitSet(), reservations);
            space.prepare();
            return space;
        } catch (RuntimeException | Error e) {
            undo(e, space, budget, pages, tables);
            throw e;
        }
    }

    /// Closes what an arena that failed to open has opened. Each part is closed even if another one fails.
    private static void undo(
            Throwable cause,
            @Nullable ArenaSpace space,
            @Nullable MemoryBudget budget,
            @Nullable Region pages,
            @Nullable Region tables) {
        close(cause, budget);
        close(cause, tables);
        close(cause, pages);
        try {
            if (space != null) {
                space.closeFile();
            }
        } catch (RuntimeException | Error e) {
            cause.addSuppressed(e);
        }
    }

    private static void close(Throwable cause, @Nullable AutoCloseable part) {
        try {
            if (part != null) {
                part.close();
            }
        } catch (Exception | Error e) {
            cause.addSuppressed(e);
        }
    }

    private static MemoryBudget budget(PageArenaOptions options, MemoryBudget parent, long tableBytes) {
        return parent.child(options.name(), options.byteSize() + tableBytes);
    }

    private static long tableByteSize(int pageCount, long osPageSize) {
        return Alignment.up(
                2 * BitmapLayout.byteSize(pageCount)
                        + (long) pageCount * TABLE_BYTES_PER_PAGE
                        + FreeMap.summaryByteSize(pageCount)
                        + 2 * LINE
                        + FrameLayout.GROUP_PAGES * FrameLayout.FRAME_BYTES,
                osPageSize);
    }

    /// {@return the memory file that backs the pages, or null if they are anonymous}
    @Nullable PageFile file(PageFrames of) {
        if (of.isClosed()) {
            throw of.errors().closed();
        }
        return descriptor == NO_FILE ? null : new PageFile(reservations, descriptor, pages.address());
    }

    /// Gives all memory back. Retains the address space for later arenas, or keeps it as a remnant with the lost pages.
    /// If a kernel call fails, the caller can retry by calling this again.
    ///
    /// @param left pages that stale pointers of this owner may refer to
    /// @throws SystemCallException if a kernel call fails
    void close(BitSet left) {
        Neighbours.ofProcess().remove(budget);
        lost.or(left);
        if (lost.isEmpty()) {
            pages.close();
            tables.close();
        } else {
            pages.abandon();
            tables.abandon();
        }
        budget.release(budget.usedBytes());
        budget.close();
        if (!lost.isEmpty() && !isLeft) {
            reservations.keep(new Remnant(List.of(pages, tables), options.pageByteSize(), pageCount, lost));
            isLeft = true; // last: if the Java heap is full, closing can be repeated
        }
        closeFile();
    }

    /// Maps the memory file if there is one, and commits the tables. The commit is the last step, so that a failure
    /// before it leaves nothing to decommit.
    private void prepare() {
        if (options.memoryFile()) {
            descriptor = memory.createMemory(fileName(options.name()), pages.byteSize());
            pages.mapMemoryFile(descriptor);
        }
        pages.advise(options.hugePages() ? Advice.HUGE_PAGE : Advice.NO_HUGE_PAGE);
        // a huge page would use 2 MiB of memory for the tables of a few pages, without a charge to the budget
        tables.advise(Advice.NO_HUGE_PAGE);
        tables.commit(tables.byteSize());
    }

    /// {@return a name of an arena in the form that the kernel accepts for a memory file}
    private static String fileName(String name) {
        return name.substring(0, Math.min(name.length(), MAX_FILE_NAME)).replaceAll("[^ -~]", "_");
    }

    private void closeFile() {
        if (descriptor != NO_FILE) {
            int closing = descriptor;
            descriptor = NO_FILE; // close(2) closes the descriptor even if it returns an error
            memory.closeMemory(closing);
        }
    }
}
