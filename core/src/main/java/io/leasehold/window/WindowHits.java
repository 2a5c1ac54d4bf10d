package io.leasehold.window;

import io.leasehold.memory.OffHeap;
import io.leasehold.os.FaultPoll;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Copies out of mapped windows: optimistic, and guarded against recycling, faults and truncation.
///
/// ```text
///   word of the slot -> copy -> poll for a fault -> same word? -> copy still within the file? -> DONE
///                                     |                | no              | no
///                                     |                RECYCLED          |
///                                     +----------------------------------+----------> UNSOUND
/// ```
///
/// Each hit runs this code, so its methods are small enough for C2 to inline them as one unit, in which nothing is
/// allocated. As a part of [WindowReads] they were not inlined, and a hit took three times as long.
///
/// **Threads.** Thread-safe; takes no lock and writes to nothing shared but its counters.
final class WindowHits {

    /// The copy is valid.
    static final int DONE = 0;

    /// The slot was recycled for another part; nothing is known of the file.
    static final int RECYCLED = 1;

    /// There was a fault, or the file has changed; read(2) shows which.
    static final int UNSOUND = 2;

    private final WindowCounts counts; // (C)
    private final long pageByteSize; // (C)

    WindowHits(WindowCounts counts, long pageByteSize) {
        this.counts = counts;
        this.pageByteSize = pageByteSize;
    }

    /// Reads from a file into memory, if all of it lies within the file and within one mapped window.
    ///
    /// @return true if all was read; if not, the content of `to` is undefined and nothing is known of the file
    boolean tryRead(MappedFile file, long byteOffset, MemorySegment to) {
        WindowPool pool = file.pool();
        if (pool == null || !isOnePiece(file, byteOffset, to.byteSize())) {
            return false;
        }
        long part = byteOffset >>> pool.power();
        if (!WindowTable.reaches(part)) {
            return false;
        }
        int slot = file.table().slot(part);
        if (slot == WindowPool.NO_SLOT || copy(file, pool, slot, byteOffset, to) != DONE) {
            return false;
        }
        counts.count(WindowCounts.HIT);
        return true;
    }

    /// {@return true if a range lies within the known length of a file, and within one window if the file has any}
    static boolean isOnePiece(MappedFile file, long byteOffset, long byteSize) {
        if (byteOffset < 0 || byteSize == 0 || byteSize > file.knownByteSize() - byteOffset) {
            return false;
        }
        WindowPool pool = file.pool();
        return pool == null || (byteOffset ^ (byteOffset + byteSize - 1)) >>> pool.power() == 0;
    }

    /// Copies from a slot that contains a part of a file.
    ///
    /// @param to memory to fill, no longer than the part from `byteOffset` on
    /// @return DONE, RECYCLED or UNSOUND
    int copy(MappedFile file, WindowPool pool, int slot, long byteOffset, MemorySegment to) {
        long part = byteOffset >>> pool.power();
        SlotWords words = pool.words();
        long word = words.word(slot);
        if (SlotWords.isBusy(word) || !words.has(slot, file.table(), part)) {
            return RECYCLED;
        }
        long mark = file.mark();
        boolean isSound = copy(pool.address(slot) + byteOffset - (part << pool.power()), to);
        VarHandle.acquireFence();
        if (!SlotWords.isSameMapping(word, words.word(slot))) {
            return RECYCLED;
        }
        if (!isSound || !isWithin(file, mark, byteOffset, to)) {
            return UNSOUND;
        }
        words.touched(slot);
        return DONE;
    }

    /// {@return true if the copy ended without a fault}
    private static boolean copy(long address, MemorySegment to) {
        try {
            OffHeap.copyToSegment(address, to);
            FaultPoll.poll();
            return true;
        } catch (InternalError e) {
            return false; // a fault of the window, or of the memory `to`; read(2) shows which
        }
    }

    /// {@return true if all of a copy lay within the file while it was made}
    ///
    /// Two cases are not detected, both during the copy: another process stores behind the end through a mapping of its
    /// own, or it truncates within a page and rewrites that page.
    private boolean isWithin(MappedFile file, long mark, long byteOffset, MemorySegment copied) {
        long end = byteOffset + copied.byteSize();
        boolean mayBeTruncated = mayBeTruncated(byteOffset, copied, copied.byteSize());
        if (file.trust() == FileTrust.OWNED) {
            return mark == file.mark() && end <= file.knownByteSize() && (!mayBeTruncated || file.isOnDisk(end));
        }
        return !mayBeTruncated || file.isUnchanged(mark, end);
    }

    /// {@return true if the file may have been truncated during this copy}
    ///
    /// A truncation zeroes the rest of its page, and of the other pages of the folio, without a fault. If the last byte
    /// of every page is not zero, no page was truncated, and no system call is needed.
    boolean mayBeTruncated(long byteOffset, MemorySegment copied, long byteSize) {
        long end = byteOffset + byteSize;
        for (long last = byteOffset | (pageByteSize - 1); last < end - 1; last += pageByteSize) {
            if (copied.get(ValueLayout.JAVA_BYTE, last - byteOffset) == 0) {
                return true;
            }
        }
        return byteSize > 0 && copied.get(ValueLayout.JAVA_BYTE, byteSize - 1) == 0;
    }
}
