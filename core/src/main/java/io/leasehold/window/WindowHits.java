package io.leasehold.window;

import io.leasehold.memory.OffHeap;
import io.leasehold.os.FaultPoll;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// Copies out of windows that are mapped: optimistic, and guarded against whatever happens to the file meanwhile.
///
/// ```text
///   word of the slot -> copy -> poll for a fault -> same word? -> is the end still within the file? -> DONE
///                                     |                | no              | no
///                                     |                RECYCLED          |
///                                     +----------------------------------+----------> UNSOUND
/// ```
///
/// What is here is on the way of every hit, so methods are small enough that the compiler makes one piece of them, in
/// which nothing is allocated: with the whole of [WindowReads] it did not, and a hit took thrice the time.
///
/// **Threads.** Thread-safe; takes no lock and writes to nothing shared but its counters.
final class WindowHits {

    /// The copy is the file's.
    static final int DONE = 0;

    /// The window was taken for another part; nothing is known of the file.
    static final int RECYCLED = 1;

    /// A fault, or a file that has changed; read(2) tells which.
    static final int UNSOUND = 2;

    private final WindowCounts counts; // (C)
    private final long pageByteSize; // (C)

    WindowHits(WindowCounts counts, long pageByteSize) {
        this.counts = counts;
        this.pageByteSize = pageByteSize;
    }

    /// Fills memory from a file, if all of it lies within the file and one window that is mapped.
    ///
    /// @return whether it did; if not, what `to` holds is undefined and nothing is known of the file
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

    /// {@return whether a range lies within a file, as far as is known, and within one window if it has any}
    static boolean isOnePiece(MappedFile file, long byteOffset, long byteSize) {
        if (byteOffset < 0 || byteSize == 0 || byteSize > file.knownByteSize() - byteOffset) {
            return false;
        }
        WindowPool pool = file.pool();
        return pool == null || (byteOffset ^ (byteOffset + byteSize - 1)) >>> pool.power() == 0;
    }

    /// Fills memory from a slot that a part of a file was found in.
    ///
    /// @param to no longer than the part from `byteOffset` on
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

    /// {@return whether all of the copy was there}
    private static boolean copy(long address, MemorySegment to) {
        try {
            OffHeap.copyToSegment(address, to);
            FaultPoll.poll();
            return true;
        } catch (InternalError e) {
            return false; // a fault of this copy, or of the memory it was copied to, which read(2) will tell
        }
    }

    /// {@return whether all of a copy lay within the file while it was made}
    ///
    /// What makes that wrong is somebody who stores behind the end through a mapping of his own, or who cuts within a
    /// page and writes that page again, both while it is copied.
    private boolean isWithin(MappedFile file, long mark, long byteOffset, MemorySegment copied) {
        long end = byteOffset + copied.byteSize();
        boolean mayBeTruncated = mayBeTruncated(byteOffset, copied, copied.byteSize());
        if (file.trust() == FileTrust.OWNED) {
            return mark == file.mark() && end <= file.knownByteSize() && (!mayBeTruncated || file.isOnDisk(end));
        }
        return !mayBeTruncated || file.isUnchanged(mark, end);
    }

    /// {@return whether the file may have been cut while this was copied from it}
    ///
    /// A cut zeroes the rest of its page, and of the pages that the kernel keeps together with it, without a fault. So
    /// if the last byte of no page is zero none was cut, and that needs no system call.
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
