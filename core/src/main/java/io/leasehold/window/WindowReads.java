package io.leasehold.window;

import io.leasehold.memory.OffHeap;
import io.leasehold.os.FaultPoll;
import io.leasehold.os.Files;
import io.leasehold.os.OsException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// Copies out of files: through a window where there is one, through read(2) where there is not, and where the window
/// turns out not to be what it was.
///
/// ```text
///   word of the slot -> copy -> poll for a fault -> same word? -> is the end still within the file? -> done
///                                     |                | no              | no
///                                     +----------------+-----------------+----------> read(2) decides
/// ```
///
/// A failed guard never decides anything by itself: read(2) then says how many bytes there are, or what is wrong.
///
/// **Threads.** Thread-safe; a hit takes no lock and writes to nothing shared but its counters.
final class WindowReads {

    /// How often a window is looked for again that was recycled in between.
    private static final int ATTEMPTS = 3;

    private final WindowSpace space; // (C)
    private final Files files; // (C)
    private final WindowCounts counts; // (C)
    private final StagingRuns staging; // (C)
    private final long pageByteSize; // (C)
    private final Admission admission = new Admission(); // (C)

    WindowReads(WindowSpace space, Files files, WindowCounts counts, StagingRuns staging, long pageByteSize) {
        this.space = space;
        this.files = files;
        this.counts = counts;
        this.staging = staging;
        this.pageByteSize = pageByteSize;
    }

    /// {@return how much of a range lies within the file, as far as is known}
    ///
    /// @throws OsException if the system refuses to tell
    long clip(MappedFile file, long byteOffset, long byteSize) {
        long length = file.knownByteSize();
        if (byteSize > length - byteOffset && file.trust() != FileTrust.OWNED) {
            length = file.askByteSize();
        }
        return Math.clamp(length - byteOffset, 0, byteSize);
    }

    /// Copies one piece, at most as much as one window holds.
    ///
    /// @return how many bytes were copied, at least one unless the file ends there
    /// @throws OsException if the system refuses
    long piece(MappedFile file, long byteOffset, MemorySegment to, AccessAdvice advice) {
        WindowPool pool = space.pools().poolOf(file);
        if (pool == null) {
            return bypass(file, byteOffset, to, advice);
        }
        long rest = (1L << pool.power()) - (byteOffset & ((1L << pool.power()) - 1));
        MemorySegment piece = to.byteSize() <= rest ? to : to.asSlice(0, rest);
        long part = byteOffset >>> pool.power();
        WindowTable table = file.table(pool);
        int slot = WindowTable.reaches(part) ? table.slot(part) : WindowPool.NO_SLOT;
        counts.count(slot == WindowPool.NO_SLOT ? WindowCounts.MISS : WindowCounts.HIT);
        long mappedAt = 0;
        if (slot == WindowPool.NO_SLOT && isAdmitted(file, table, part, advice)) {
            mappedAt = System.nanoTime();
            slot = space.tryMap(file, pool, part, advice);
        }
        for (int attempt = 0; slot != WindowPool.NO_SLOT && attempt < ATTEMPTS; attempt++) {
            long word = pool.word(slot);
            if (!WindowPool.isBusy(word) && table.slot(part) == slot) {
                long mark = file.mark();
                boolean isSound = copy(pool.address(slot) + byteOffset - (part << pool.power()), piece);
                VarHandle.acquireFence();
                if (WindowPool.isSameMapping(word, pool.word(slot))) {
                    if (isSound && isWithin(file, mark, byteOffset, piece)) {
                        pool.touched(slot, space.stamp());
                        if (mappedAt != 0) {
                            admission.mapped(System.nanoTime() - mappedAt);
                        }
                        return piece.byteSize();
                    }
                    break;
                }
            }
            slot = table.slot(part);
        }
        return bypass(file, byteOffset, piece, advice);
    }

    /// {@return whether all of the copy was there}
    private static boolean copy(long address, MemorySegment to) {
        try {
            MemorySegment.copy(OffHeap.segment(address, to.byteSize()), 0, to, 0, to.byteSize());
            FaultPoll.poll();
            return true;
        } catch (InternalError e) {
            return false; // a fault of this copy, or of the memory it was copied to, which read(2) will tell
        }
    }

    /// {@return whether all of a copy lay within the file while it was made}
    ///
    /// A cut zeroes the rest of its page, without a fault; the pages behind it fault. So a page whose last byte is not
    /// zero was not cut, and what ends so everywhere needs no system call. Otherwise the file must not have changed
    /// since before the copy. What makes that wrong is somebody who stores behind the end through a mapping of his
    /// own, or who cuts within a page and writes that page again, both while it is copied. The latter was seen to fool
    /// read(2) alike.
    private boolean isWithin(MappedFile file, long mark, long byteOffset, MemorySegment copied) {
        long end = byteOffset + copied.byteSize();
        if (file.trust() == FileTrust.OWNED) {
            return mark == file.mark() && end <= file.knownByteSize();
        }
        for (long last = byteOffset | (pageByteSize - 1); last < end - 1; last += pageByteSize) {
            if (copied.get(ValueLayout.JAVA_BYTE, last - byteOffset) == 0) {
                return file.isUnchanged(mark, end);
            }
        }
        return copied.get(ValueLayout.JAVA_BYTE, copied.byteSize() - 1) != 0 || file.isUnchanged(mark, end);
    }

    private boolean isAdmitted(MappedFile file, WindowTable table, long part, AccessAdvice advice) {
        if (!WindowTable.reaches(part)) {
            return false;
        }
        if (file.isPinnedToTier()) {
            return true;
        }
        return advice != AccessAdvice.SEQUENTIAL && table.touch(part) && admission.tryPay();
    }

    /// Reads without a window.
    private long bypass(MappedFile file, long byteOffset, MemorySegment to, AccessAdvice advice) {
        boolean isTimed = counts.count(WindowCounts.BYPASS) % Admission.SAMPLING == 0;
        long start = isTimed ? System.nanoTime() : 0;
        int entered = file.enter();
        try {
            file.advise(advice);
            boolean isOwned = file.trust() == FileTrust.OWNED;
            while (true) {
                long mark = file.mark();
                long count = to.isNative()
                        ? files.read(file.descriptor(), to, byteOffset)
                        : throughStaging(file, byteOffset, to);
                if (!isOwned) {
                    return count;
                }
                // growth that is not all written yet lies behind the end
                count = clip(file, byteOffset, count);
                if (mark == file.mark()) {
                    return count;
                }
            }
        } finally {
            file.leave(entered);
            if (isTimed) {
                admission.bypassed(System.nanoTime() - start);
            }
        }
    }

    private long throughStaging(MappedFile file, long byteOffset, MemorySegment to) {
        StagingRuns.Run run = staging.take();
        try {
            long wanted = Math.min(to.byteSize(), StagingRuns.BYTES);
            MemorySegment staged = OffHeap.segment(run.address(), wanted);
            long count = files.read(file.descriptor(), staged, byteOffset);
            MemorySegment.copy(staged, 0, to, 0, count);
            return count;
        } finally {
            staging.giveBack(run);
        }
    }

    /// Moves what a transfer asks for, out of the file.
    ///
    /// @return what went wrong, or null
    @Nullable IOException move(MappedFile file, Uio uio, AccessAdvice advice) {
        long byteOffset = uio.byteOffset();
        long byteSize = uio.residual();
        long mark = file.mark();
        try {
            long end = byteOffset + clip(file, byteOffset, byteSize);
            MemorySegment memory = uio.memory();
            while (uio.byteOffset() < end) {
                long rest = end - uio.byteOffset();
                long before = uio.moved();
                long count = memory != null
                        ? moveToMemory(file, uio, memory.asSlice(before, rest), advice)
                        : moveToChannel(file, uio, rest, advice);
                if (count == 0) {
                    return ended(file, mark, byteOffset, end);
                }
                if (uio.moved() - before < count) {
                    return null; // the channel takes no more
                }
            }
            return null;
        } catch (OsException e) {
            return WindowErrors.refused("read", file, byteOffset, byteSize, e);
        } catch (IOException e) {
            return e;
        }
    }

    private long moveToMemory(MappedFile file, Uio uio, MemorySegment to, AccessAdvice advice) {
        long count = piece(file, uio.byteOffset(), to, advice);
        uio.advance(count);
        return count;
    }

    /// {@return how many bytes the file gave, of which the channel may have taken fewer}
    private long moveToChannel(MappedFile file, Uio uio, long rest, AccessAdvice advice) throws IOException {
        StagingRuns.Run run = staging.take();
        try {
            MemorySegment staged = OffHeap.segment(run.address(), Math.min(rest, StagingRuns.BYTES));
            long count = piece(file, uio.byteOffset(), staged, advice);
            uio.drain(staged.asSlice(0, count));
            return count;
        } finally {
            staging.giveBack(run);
        }
    }

    /// {@return what it means that there was nothing to read before the known end}
    private @Nullable IOException ended(MappedFile file, long mark, long byteOffset, long end) {
        counts.count(WindowCounts.TRUNCATED);
        long now = file.askByteSize();
        if (file.trust() == FileTrust.OWNED && mark != file.mark()) {
            return null; // cut by us: an honest end
        }
        return WindowErrors.truncated(file, byteOffset, end - byteOffset, now);
    }
}
