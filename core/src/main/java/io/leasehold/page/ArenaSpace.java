package io.leasehold.page;

import io.leasehold.memory.Alignment;
import io.leasehold.memory.MemoryBudget;
import io.leasehold.memory.Region;
import io.leasehold.memory.Reservations;
import io.leasehold.os.OsException;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Advice;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// The address space of one arena: its pages, and the tables about them.
///
/// ```text
///   pages    | page 0 | page 1 | ...                          reserved, committed as the frontier moves
///   tables   | used bits | warm bits | stamps | summaries | frames |     committed at once, touched as pages are
/// ```
///
/// **Ownership.** The arena closes it. After a forced close the address space is kept for ever, since pointers into it
/// may be left.
///
/// **Threads.** Opened and closed by one thread.
final class ArenaSpace {

    /// What the tables touch for one page: 16 B frame, 1 B stamp, two bits, rounded up.
    static final int TABLE_BYTES_PER_PAGE = FrameLayout.FRAME_BYTES + 2;

    /// Runs can be aligned up to this.
    static final long BYTE_ALIGNMENT = 2 << 20;

    private static final long LINE = 64;
    private static final int NO_FILE = -1;

    final Region pages; // (C)
    final Region tables; // (C)
    final MemoryBudget budget; // (C)
    final long usedBits; // (C) addresses
    final long warmBits; // (C)
    final long stamps; // (C)
    final long summaries; // (C)
    final long frames; // (C)
    private final Reservations reservations; // (C)
    private final VirtualMemory memory; // (C)
    private int descriptor = NO_FILE; // (O)

    private ArenaSpace(Region pages, Region tables, MemoryBudget budget, int pageCount, Reservations reservations) {
        this.pages = pages;
        this.tables = tables;
        this.budget = budget;
        this.reservations = reservations;
        this.memory = pages.memory();
        this.usedBits = tables.address();
        this.warmBits = usedBits + BitmapLayout.byteSize(pageCount);
        this.stamps = warmBits + BitmapLayout.byteSize(pageCount);
        this.summaries = Alignment.up(stamps + pageCount, LINE);
        this.frames = Alignment.up(summaries + FreeMap.summaryByteSize(pageCount), LINE);
    }

    /// Reserves everything, or nothing.
    ///
    /// @throws OsException if the kernel refuses
    /// @throws IllegalStateException if the mapping account is used up
    static ArenaSpace open(PageArenaOptions options, Reservations reservations, MemoryBudget parent, int pageCount) {
        long tableBytes = Alignment.up(
                2 * BitmapLayout.byteSize(pageCount)
                        + (long) pageCount * TABLE_BYTES_PER_PAGE
                        + FreeMap.summaryByteSize(pageCount)
                        + 2 * LINE
                        + FrameLayout.GROUP_PAGES * FrameLayout.FRAME_BYTES,
                reservations.memory().pageSize());
        MemoryBudget budget = parent.child(options.name(), options.byteSize() + tableBytes);
        Deque<AutoCloseable> undo = new ArrayDeque<>();
        undo.push(budget);
        try {
            Region pages = reservations.reserve(options.name(), options.byteSize(), BYTE_ALIGNMENT);
            undo.push(pages);
            Region tables = reservations.reserve(
                    options.name() + " tables",
                    tableBytes,
                    reservations.memory().pageSize());
            undo.push(tables);
            ArenaSpace space = new ArenaSpace(pages, tables, budget, pageCount, reservations);
            undo.push(space::closeFile);
            space.prepare(options);
            return space;
        } catch (RuntimeException e) {
            undo(undo, e);
            throw e;
        }
    }

    /// {@return the file under the pages, or null if they are anonymous}
    @Nullable PageFile file(PageFrames of) {
        if (of.isClosed()) {
            throw of.errors().closed();
        }
        return descriptor == NO_FILE ? null : new PageFile(reservations, descriptor, pages.address());
    }

    /// Gives all memory back and parks the address space, or keeps it for ever if pointers into it may be left. What
    /// the kernel refused can be tried again by calling this again.
    ///
    /// @throws OsException if the kernel refuses
    void close(boolean pointersLeft) {
        for (Region region : new Region[] {pages, tables}) {
            if (pointersLeft) {
                region.abandon();
            } else {
                region.close();
            }
        }
        budget.release(budget.usedBytes());
        budget.close();
        closeFile();
    }

    /// The commit of the tables comes last: whatever fails before it has left nothing to give back.
    private void prepare(PageArenaOptions options) {
        if (options.memoryFile()) {
            descriptor = memory.createMemory(options.name(), pages.byteSize());
            pages.mapMemoryFile(descriptor);
        }
        pages.advise(options.hugePages() ? Advice.HUGE_PAGE : Advice.NO_HUGE_PAGE);
        tables.commit(tables.byteSize());
    }

    private void closeFile() {
        if (descriptor != NO_FILE) {
            int closing = descriptor;
            descriptor = NO_FILE; // close(2) ends the descriptor even where it reports an error
            memory.closeMemory(closing);
        }
    }

    private static void undo(Deque<AutoCloseable> steps, RuntimeException cause) {
        for (AutoCloseable step : steps) {
            try {
                step.close();
            } catch (Exception e) {
                cause.addSuppressed(e);
            }
        }
    }
}
