package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.OffHeap;
import io.leasehold.os.Files;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ReadOnlyBufferException;
import org.jspecify.annotations.Nullable;

/// Copies out of files: through a window if the part has one, else through read(2). read(2) also decides if a copy out
/// of a window fails its checks.
///
/// ```text
///   read ---> all of it in one window: WindowHits ---> done
///     |
///   move ---> a piece: a window, perhaps mapped now ---> WindowHits ---> done
///                | none                                      | recycled 3 times, or unsound
///                +-------------------------------------------+-----------> read(2) decides
/// ```
///
/// A failed guard decides nothing by itself: read(2) then reports the number of bytes, or the error.
///
/// **Threads.** Thread-safe; a hit takes no lock.
final class WindowReads {

    /// Maximum number of copies out of windows, for a part whose window is recycled during the copy.
    private static final int ATTEMPTS = 3;

    /// Maximum number of reads of a range that looks truncated, in a file that changes all the time.
    private static final int MAX_READS = 64;

    private final WindowSpace space; // (C)
    private final Files files; // (C)
    private final WindowCounts counts; // (C)
    private final StagingRuns staging; // (C)
    private final WindowHits hits; // (C)
    private final Admission admission = new Admission(); // (C)

    WindowReads(WindowSpace space, Files files, WindowCounts counts, StagingRuns staging, long pageByteSize) {
        this.space = space;
        this.files = files;
        this.counts = counts;
        this.staging = staging;
        this.hits = new WindowHits(counts, pageByteSize);
    }

    /// {@return number of bytes of a range that lie within the known length of the file; all of it if the system does
    /// not report the length}
    ///
    /// @throws SystemCallException if the system call fails
    long clip(MappedFile file, long byteOffset, long byteSize) {
        return clip(file, file.knownByteSize(), byteOffset, byteSize);
    }

    private static long clip(MappedFile file, long knownByteSize, long byteOffset, long byteSize) {
        long length = knownByteSize;
        if (!file.isLengthReported()) {
            return byteSize;
        }
        if (byteSize > length - byteOffset && file.trust() != FileTrust.OWNED) {
            length = file.askByteSize();
            if (length == 0 && !file.isEmpty()) {
                return byteSize;
            }
        }
        return Math.clamp(length - byteOffset, 0, byteSize);
    }

    /// Copies one piece, at most as much as one window holds.
    ///
    /// @return number of bytes copied, at least 1 unless the file ends there
    /// @throws SystemCallException if the system call fails
    long piece(MappedFile file, long byteOffset, MemorySegment to, AccessAdvice advice) {
        WindowPool pool = file.pool();
        if (pool == null) {
            return bypass(file, byteOffset, to, advice);
        }
        long rest = (1L << pool.power()) - (byteOffset & ((1L << pool.power()) - 1));
        MemorySegment piece = to.byteSize() <= rest ? to : to.asSlice(0, rest);
        long part = byteOffset >>> pool.power();
        WindowTable table = file.table();
        int slot = WindowTable.reaches(part) ? table.slot(part) : WindowPool.NO_SLOT;
        counts.count(slot == WindowPool.NO_SLOT ? WindowCounts.MISS : WindowCounts.HIT);
        long mappedAt = 0;
        if (slot == WindowPool.NO_SLOT && isAdmitted(file, table, part, advice)) {
            mappedAt = System.nanoTime();
            slot = space.tryMap(file, pool, part, advice);
        }
        for (int attempt = 0; slot != WindowPool.NO_SLOT && attempt < ATTEMPTS; attempt++) {
            int outcome = hits.copy(file, pool, slot, byteOffset, piece);
            if (outcome == WindowHits.DONE) {
                if (mappedAt != 0) {
                    admission.recordMapping(System.nanoTime() - mappedAt);
                }
                return piece.byteSize();
            }
            if (outcome == WindowHits.UNSOUND) {
                break;
            }
            slot = table.slot(part);
        }
        return bypass(file, byteOffset, piece, advice);
    }

    private boolean isAdmitted(MappedFile file, WindowTable table, long part, AccessAdvice advice) {
        if (!WindowTable.reaches(part)) {
            return false;
        }
        if (file.isPinnedToTier()) {
            return true;
        }
        return advice != AccessAdvice.SEQUENTIAL && table.touch(part) && admission.trySpend();
    }

    /// Reads without a window.
    private long bypass(MappedFile file, long byteOffset, MemorySegment to, AccessAdvice advice) {
        boolean isTimed = counts.count(WindowCounts.BYPASS) % Admission.SAMPLING == 0;
        long start = isTimed ? System.nanoTime() : 0;
        int entered = file.enter();
        try {
            file.advise(advice);
            return file.trust() == FileTrust.OWNED
                    ? readOwned(file, byteOffset, to)
                    : readForeign(file, byteOffset, to);
        } finally {
            file.leave(entered);
            if (isTimed) {
                admission.recordRead(System.nanoTime() - start);
            }
        }
    }

    private long readOwned(MappedFile file, long byteOffset, MemorySegment to) {
        for (int attempt = 1; ; attempt++) {
            long mark = file.mark();
            // growth that is not completely written lies behind the known end
            long count = clip(file, byteOffset, readOnce(file, byteOffset, to));
            boolean isSteady = mark == file.mark();
            // another process may truncate the file although it is OWNED
            if (isSteady
                    && (!hits.mayBeTruncated(byteOffset, to, count)
                            || attempt >= MAX_READS
                            || file.isOnDisk(byteOffset + count))) {
                return count;
            }
        }
    }

    /// Reads a file that another process may truncate during the read. The kernel then zeroes the page that it copies
    /// from, and read(2) returns the zeroes as content. So bytes that look truncated count only if the file is known
    /// not to have changed meanwhile.
    private long readForeign(MappedFile file, long byteOffset, MemorySegment to) {
        for (int attempt = 1; ; attempt++) {
            long mark = file.mark();
            long count = readOnce(file, byteOffset, to);
            if (!file.isLengthReported()
                    || !hits.mayBeTruncated(byteOffset, to, count)
                    || attempt == MAX_READS
                    || file.isUnchanged(mark, byteOffset + count)) {
                return count;
            }
        }
    }

    /// Reads once. A file whose length is not reported is generated, and the kernel allocates memory for the size of
    /// the read: from 4 MiB on it refuses with ENOMEM.
    private long readOnce(MappedFile file, long byteOffset, MemorySegment to) {
        if (!to.isNative()) {
            return throughStaging(file, byteOffset, to);
        }
        boolean isWhole = file.isLengthReported() || to.byteSize() <= StagingRuns.BYTES;
        return files.read(file.descriptor(), isWhole ? to : to.asSlice(0, StagingRuns.BYTES), byteOffset);
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

    /// Reads from a file into memory, up to the end of the file.
    ///
    /// @return number of bytes copied
    /// @throws IOException if the file was truncated meanwhile, or the system call fails
    long read(MappedFile file, long byteOffset, MemorySegment to) throws IOException {
        if (to.isReadOnly()) {
            throw new ReadOnlyBufferException(); // checked here, since native copies would write to it
        }
        long mark = file.mark();
        long knownByteSize = file.knownByteSize();
        if (tryRead(file, byteOffset, to)) {
            return to.byteSize();
        }
        // the failed guard may have stored the new length, so the length from before is used to detect a truncation
        Uio uio = Uio.reading(byteOffset, to);
        IOException failure = move(file, uio, AccessAdvice.NORMAL, mark, knownByteSize);
        if (failure != null) {
            throw failure;
        }
        return uio.moved();
    }

    /// Reads from a file into memory by one hit or one read(2). These are the common cases, and nothing is allocated
    /// for them.
    ///
    /// @return true if all was read; if not, the content of `to` is undefined
    private boolean tryRead(MappedFile file, long byteOffset, MemorySegment to) throws IOException {
        try {
            return hits.tryRead(file, byteOffset, to)
                    || (to.isNative()
                            && WindowHits.isOnePiece(file, byteOffset, to.byteSize())
                            && piece(file, byteOffset, to, AccessAdvice.NORMAL) == to.byteSize());
        } catch (SystemCallException e) {
            throw WindowErrors.failed("read", file, byteOffset, to.byteSize(), e);
        }
    }

    /// Moves the bytes of a transfer out of a file.
    ///
    /// @return the failure, or null
    @Nullable IOException move(MappedFile file, Uio uio, AccessAdvice advice) {
        return move(file, uio, advice, file.mark(), file.knownByteSize());
    }

    /// @param mark mark of the file when its length was `knownByteSize`
    private @Nullable IOException move(MappedFile file, Uio uio, AccessAdvice advice, long mark, long knownByteSize) {
        file.requireOpen();
        long byteOffset = uio.byteOffset();
        long byteSize = uio.residual();
        try {
            long end = byteOffset + clip(file, knownByteSize, byteOffset, byteSize);
            MemorySegment memory = uio.memory();
            while (uio.byteOffset() < end) {
                long rest = end - uio.byteOffset();
                long before = uio.moved();
                long count = memory != null
                        ? moveToMemory(file, uio, memory.asSlice(before, rest), advice)
                        : moveToChannel(file, uio, rest, advice);
                if (count == 0) {
                    return prematureEnd(file, mark, byteOffset, end);
                }
                if (uio.moved() - before < count) {
                    return null; // the channel accepts no more
                }
            }
            return null;
        } catch (SystemCallException e) {
            return WindowErrors.failed("read", file, byteOffset, byteSize, e);
        } catch (IOException e) {
            return e;
        }
    }

    private long moveToMemory(MappedFile file, Uio uio, MemorySegment to, AccessAdvice advice) {
        long count = piece(file, uio.byteOffset(), to, advice);
        uio.advance(count);
        return count;
    }

    /// {@return number of bytes that the file gave, of which the channel may have accepted fewer}
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

    /// {@return the exception for an end of file before the known end, or null if this process truncated the file}
    private @Nullable IOException prematureEnd(MappedFile file, long mark, long byteOffset, long end) {
        if (!file.isLengthReported()) {
            return null;
        }
        counts.count(WindowCounts.TRUNCATED);
        long now = file.askByteSize();
        if (file.trust() == FileTrust.OWNED && mark != file.mark()) {
            return null; // truncated by this process: a regular end
        }
        return WindowErrors.truncated(file, byteOffset, end - byteOffset, now);
    }
}
