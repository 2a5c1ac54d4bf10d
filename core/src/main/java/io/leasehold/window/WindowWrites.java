package io.leasehold.window;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.OffHeap;
import io.leasehold.os.Files;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Writes to OWNED files with write(2), into the same page cache that the windows show, so readers see the bytes at
/// once. A transfer is divided at window boundaries, since ubc(9) defines failures and counts by window.
///
/// Before each write(2) the system is asked for the length. If another process has truncated the file, a write behind
/// the new end would fill the gap with zeroes, and readers would take them for content.
///
/// **Threads.** Each method is called by the writer of the file.
final class WindowWrites {

    /// Maximum number of zeroes in bytes that are written behind the end of a file: 64 MiB.
    private static final long MAX_ZEROES_BEHIND_END = 64L << 20;

    private final Files files; // (C)
    private final WindowCounts counts; // (C)
    private final StagingRuns staging; // (C)
    private final long windowByteSize; // (C)
    private final long pageByteSize; // (C)
    private final long dirtyByteSize; // (C)
    private final SystemCallException lostReport; // (C) made early, because a full Java heap has no space for it
    private final MemorySegment zeroes; // (C) a page, so that the release of a window needs none of the arena

    /// A step of a write.
    interface Step {
        void run() throws IOException;
    }

    WindowWrites(Files files, WindowCounts counts, StagingRuns staging, WindowCacheOptions options, long pageByteSize) {
        this.files = files;
        this.counts = counts;
        this.staging = staging;
        this.windowByteSize = options.windowByteSize();
        this.pageByteSize = pageByteSize;
        this.dirtyByteSize = options.dirtyByteSize();
        this.zeroes = Arena.ofAuto().allocate(pageByteSize);
        this.lostReport = new SystemCallException(
                "fdatasync", "file of cache " + options.name(), Errno.EIO, "or an error of the JVM hid the answer");
    }

    /// {@return the durability state of a file that was just opened}
    FileDurability durability(int descriptor) {
        return new FileDurability(files, descriptor, pageByteSize, dirtyByteSize, lostReport);
    }

    /// Moves the bytes of a transfer into a file. Growth becomes visible when all of it is written; after a failure, as
    /// far as bytes were written or zeroed.
    ///
    /// @return the failure, or null
    @Nullable IOException move(MappedFile file, Uio uio, int flags) throws IOException {
        WindowErrors.checkEnd("write", file, uio.byteOffset() + uio.residual());
        long from = uio.byteOffset();
        long end = from + uio.residual();
        boolean faultbusy = WindowFlag.has(flags, WindowFlag.FAULTBUSY);
        boolean partialOk = WindowFlag.has(flags, WindowFlag.PARTIALOK);
        int entered = file.enter();
        try {
            long before = endOnDisk(file, end);
            IOException failure = null;
            boolean isDone = false;
            long at = from;
            try {
                prepare(file, from, end);
                while (at < end && failure == null) {
                    long movedEnd = Math.min(end, (at | (windowByteSize - 1)) + 1);
                    counts.count(faultbusy ? WindowCounts.FAULTBUSY : WindowCounts.BYPASS);
                    failure = moveWindow(file, uio, movedEnd, entered);
                    if (failure != null && faultbusy) {
                        movedEnd = partialOk ? movedEnd : end;
                        zeroOrExtend(file, at, movedEnd); // including its copied part, as in the original
                    }
                    at = movedEnd;
                }
                isDone = failure == null;
            } finally {
                if (!file.isClosed()) { // a forced close may come while the source blocks
                    publish(file, from, Math.max(uio.byteOffset(), faultbusy ? at : from));
                    if (!isDone) {
                        undoGrowth(file, end, before);
                    }
                }
            }
            return failure;
        } catch (SystemCallException e) {
            return WindowErrors.failed("write", file, from, end - from, e);
        } finally {
            file.leave(entered);
        }
    }

    /// Writes zeroes; the file grows if the range reaches behind its end.
    ///
    /// @throws IOException if another process has truncated the file
    /// @throws SystemCallException if a system call fails
    void zerorange(MappedFile file, long from, long end) throws IOException {
        int entered = file.enter();
        try {
            growing(file, end, () -> {
                prepare(file, from, end);
                zeroOrExtend(file, from, end);
            });
            publish(file, from, end);
        } finally {
            file.leave(entered);
        }
    }

    /// Changes the length of a file.
    ///
    /// @throws IOException if another process has truncated the file to less than the new length
    /// @throws SystemCallException if a system call fails; the length is unchanged
    void resize(MappedFile file, long oldByteSize, long newByteSize) throws IOException {
        int entered = file.enter();
        try {
            growing(file, newByteSize, () -> {
                files.truncate(file.descriptor(), newByteSize);
                file.durability.resized(newByteSize);
                zeroTail(file, oldByteSize, newByteSize);
            });
            file.setBusyEnd(Math.min(file.busyEnd(), newByteSize));
        } finally {
            file.leave(entered);
        }
    }

    /// Runs a step that may extend the file up to `end`. If the step fails, the length is restored.
    ///
    /// @throws IOException if another process has truncated the file
    /// @throws SystemCallException if a system call of `step` or of the undo fails
    void growing(MappedFile file, long end, Step step) throws IOException {
        requireWhole(file, file.knownByteSize());
        long before = endOnDisk(file, end);
        boolean isDone = false;
        try {
            step.run();
            isDone = true;
        } finally {
            if (!isDone) {
                undoGrowth(file, end, before);
            }
        }
    }

    /// {@return the end of the file on disk before a write up to `end`; it may be behind the known length while windows
    /// for writing are outstanding}
    ///
    /// @throws SystemCallException if the system call fails
    private long endOnDisk(MappedFile file, long end) {
        long length = file.knownByteSize();
        return end <= length ? length : files.byteSize(file.descriptor());
    }

    /// Undoes growth that was not published. The next process that opens the file must not see it, and disk space that
    /// was reserved for it is released: a full disk may have granted a part of it. A file that another process has
    /// truncated meanwhile is not extended.
    ///
    /// @param end intended end of the write
    /// @param before result of [#endOnDisk]
    /// @throws SystemCallException if a system call fails
    private void undoGrowth(MappedFile file, long end, long before) {
        long kept = Math.max(before, file.knownByteSize());
        if (end > kept) {
            kept = Math.min(kept, files.byteSize(file.descriptor()));
            files.truncate(file.descriptor(), kept);
            file.durability.resized(kept);
            file.setBusyEnd(Math.min(file.busyEnd(), kept));
        }
    }

    /// Prepares a write that may begin or end behind the end of the file. If it extends the file by more than one
    /// transfer moves, disk space is reserved, so that a full disk is reported before anything is written. For less,
    /// the reservation would cost more than the write, which reports a full disk too.
    ///
    /// @throws IOException if another process has truncated the file
    /// @throws SystemCallException if there is no disk space
    void prepare(MappedFile file, long from, long end) throws IOException {
        long length = file.knownByteSize();
        if (from == end) {
            return;
        }
        if (end - Math.max(from, length) > StagingRuns.BYTES) {
            reserve(file, Math.max(from, length), end);
        }
        zeroTail(file, length, from);
    }

    /// Makes growth visible to readers, after all of it is written.
    ///
    /// @throws SystemCallException if the length cannot be queried
    void publish(MappedFile file, long from, long end) {
        if (end > from) {
            boolean isOverHole = from > file.knownByteSize();
            // after a failed zeroing the file may end before `end`
            file.publishByteSize(end <= file.knownByteSize() ? end : Math.min(end, files.byteSize(file.descriptor())));
            if (isOverHole) {
                file.durability.grownOverHole();
            }
        }
    }

    /// Records stores through a window that is being released.
    ///
    /// @throws IOException if another process has truncated the file, so that stores may be lost
    /// @throws SystemCallException if the length cannot be queried
    void stored(MappedFile file, long from, long end, int failuresBefore) throws IOException {
        file.durability.stored(from, end, failuresBefore);
        requireWhole(file, end);
        publish(file, from, end);
        file.durability.writeBackIfMuch();
    }

    /// Zeroes the rest of the last page behind the old end. A store through a mapping may have changed it, and the
    /// kernel would show that when the file grows. Bytes that are lent, or are being written, stay: they were zeroed
    /// before.
    void zeroTail(MappedFile file, long oldEnd, long newEnd) throws IOException {
        long from = Math.max(oldEnd, file.busyEnd());
        long pageEnd = (from + pageByteSize - 1) & -pageByteSize;
        zero(file, from, Math.min(newEnd, pageEnd));
    }

    /// Reserves disk space, if the file system supports it.
    ///
    /// @throws SystemCallException if there is no disk space
    void reserve(MappedFile file, long from, long end) {
        try {
            files.allocate(file.descriptor(), from, end - from);
        } catch (SystemCallException e) {
            // without support for reservations, the write reports a full disk
            if (!WindowErrors.isUnsupported(e)) {
                throw e;
            }
        }
    }

    private @Nullable IOException moveWindow(MappedFile file, Uio uio, long windowEnd, int entered) {
        MemorySegment memory = uio.memory();
        long from = uio.byteOffset();
        try {
            while (uio.byteOffset() < windowEnd) {
                long rest = windowEnd - uio.byteOffset();
                if (memory != null && memory.isNative()) {
                    MemorySegment part = memory.asSlice(uio.moved(), rest);
                    uio.advance(write(file, part, uio.byteOffset()));
                } else {
                    moveStaged(file, uio, Math.min(rest, StagingRuns.BYTES), entered);
                }
            }
            return null;
        } catch (SystemCallException e) {
            return WindowErrors.failed("write", file, from, windowEnd - from, e);
        } catch (IOException e) {
            return e;
        }
    }

    private void moveStaged(MappedFile file, Uio uio, long byteSize, int entered) throws IOException {
        StagingRuns.Run run = staging.take();
        try {
            MemorySegment staged = OffHeap.segment(run.address(), byteSize);
            MemorySegment memory = uio.memory();
            long count = byteSize;
            if (memory != null) {
                MemorySegment.copy(memory, uio.moved(), staged, 0, byteSize);
            } else {
                count = fill(file, uio, staged, entered);
            }
            for (long done = 0; done < count; ) {
                long written = write(file, staged.asSlice(done, count - done), uio.byteOffset());
                uio.advance(written);
                done += written;
            }
        } finally {
            staging.giveBack(run);
        }
    }

    /// Reads from the source while the file is not entered, since it may be closed by force meanwhile. Windows for
    /// writing may be released meanwhile too.
    private static long fill(MappedFile file, Uio uio, MemorySegment staged, int entered) throws IOException {
        file.setBusyEnd(Math.max(file.busyEnd(), uio.byteOffset()));
        file.leave(entered);
        file.writer.pause();
        try {
            return uio.fill(staged);
        } finally {
            file.writer.resume();
            file.enterAgain();
        }
    }

    /// Writes zeroes, or extends the file by a hole if there are many behind its end. That happens only if disk space
    /// was not reserved. Zeroes up to an end that no file can have would fill the disk before the system refuses it.
    private void zeroOrExtend(MappedFile file, long from, long end) throws IOException {
        long present = Math.max(from, files.byteSize(file.descriptor()));
        if (end - present <= MAX_ZEROES_BEHIND_END) {
            zero(file, from, end);
            return;
        }
        files.truncate(file.descriptor(), end); // first: if the system refuses the end, no byte is changed
        file.durability.resized(end);
        zero(file, from, present);
        zeroTail(file, present, end);
    }

    private void zero(MappedFile file, long from, long end) throws IOException {
        if (end - from <= zeroes.byteSize()) {
            zero(file, from, end, zeroes);
            return;
        }
        StagingRuns.Run run = staging.take();
        try {
            MemorySegment many = OffHeap.segment(run.address(), Math.min(end - from, StagingRuns.BYTES));
            zero(file, from, end, many.fill((byte) 0));
        } finally {
            staging.giveBack(run);
        }
    }

    private void zero(MappedFile file, long from, long end, MemorySegment source) throws IOException {
        for (long at = from; at < end; ) {
            at += write(file, source.asSlice(0, Math.min(end - at, source.byteSize())), at);
        }
    }

    private long write(MappedFile file, MemorySegment from, long byteOffset) throws IOException {
        requireWhole(file, file.knownByteSize());
        int failures = file.durability.writing(byteOffset, byteOffset + from.byteSize());
        long count = files.write(file.descriptor(), from, byteOffset);
        if (count == 0) {
            // the next byte cannot be written, and the system reports no reason
            throw new SystemCallException(
                    "pwrite", "byteOffset=" + byteOffset + ", byteSize=" + from.byteSize(), Errno.EIO);
        }
        file.durability.written(byteOffset, byteOffset + count, failures);
        file.durability.writeBackIfMuch();
        return count;
    }

    /// Checks that the file on disk reaches up to `end`. It does, unless another process has truncated it, or this
    /// process has through another object.
    private void requireWhole(MappedFile file, long end) throws IOException {
        long now = files.byteSize(file.descriptor());
        if (now < end) {
            counts.count(WindowCounts.TRUNCATED);
            throw WindowErrors.truncatedByOthers(file, end, now);
        }
    }
}
