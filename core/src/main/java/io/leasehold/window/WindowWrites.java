package io.leasehold.window;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.OffHeap;
import io.leasehold.os.Files;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Writes to files of ours, window by window as the original counts them, through write(2): into the same page cache
/// that the windows show, so they are seen there at once.
///
/// **Threads.** Each method is called by the writer of the file.
final class WindowWrites {

    private final Files files; // (C)
    private final WindowCounts counts; // (C)
    private final StagingRuns staging; // (C)
    private final long windowByteSize; // (C)
    private final long pageByteSize; // (C)
    private final long dirtyByteSize; // (C)

    WindowWrites(Files files, WindowCounts counts, StagingRuns staging, WindowCacheOptions options, long pageByteSize) {
        this.files = files;
        this.counts = counts;
        this.staging = staging;
        this.windowByteSize = options.windowByteSize();
        this.pageByteSize = pageByteSize;
        this.dirtyByteSize = options.dirtyByteSize();
    }

    /// {@return what is to be known of a file that was just opened}
    FileDurability durability(int descriptor) {
        return new FileDurability(files, descriptor, pageByteSize, dirtyByteSize);
    }

    /// Moves what a transfer brings into the file. Growth is seen when all of it is written, and if the transfer fails,
    /// as far as it came or was zeroed.
    ///
    /// @return what went wrong, or null
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
                while (at < end && (failure == null || (faultbusy && !partialOk))) {
                    long windowEnd = Math.min(end, (at | (windowByteSize - 1)) + 1);
                    if (failure == null) {
                        counts.count(faultbusy ? WindowCounts.FAULTBUSY : WindowCounts.BYPASS);
                        failure = moveWindow(file, uio, windowEnd, entered);
                    }
                    if (failure != null && faultbusy) {
                        zero(file, at, windowEnd); // the copied part of it too, as the original does
                    }
                    at = windowEnd;
                }
                isDone = failure == null;
            } finally {
                if (!file.isClosed()) { // by force, while its source blocked
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

    /// Writes zeroes; the file grows if they reach behind its end.
    ///
    /// @throws SystemCallException if the system refuses
    void zerorange(MappedFile file, long from, long end) {
        int entered = file.enter();
        try {
            growing(file, end, () -> {
                prepare(file, from, end);
                zero(file, from, end);
            });
            publish(file, from, end);
        } finally {
            file.leave(entered);
        }
    }

    /// Changes the length of a file.
    ///
    /// @throws SystemCallException if the system refuses; the length is as it was
    void resize(MappedFile file, long oldByteSize, long newByteSize) {
        int entered = file.enter();
        try {
            growing(file, newByteSize, () -> {
                files.truncate(file.descriptor(), newByteSize);
                file.durability.resized(newByteSize);
                zeroTail(file, oldByteSize, newByteSize);
            });
        } finally {
            file.leave(entered);
        }
    }

    /// Does what may make the file longer, up to `end`, or leaves it as long as it was.
    ///
    /// @throws SystemCallException as `step` does, or if the system refuses to undo it
    void growing(MappedFile file, long end, Runnable step) {
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

    /// {@return where the file ends on disk before something is written up to `end`, which may be behind its length
    /// while windows for writing are out}
    ///
    /// @throws SystemCallException if the system refuses to tell
    private long endOnDisk(MappedFile file, long end) {
        long length = file.knownByteSize();
        return end <= length ? length : files.byteSize(file.descriptor());
    }

    /// Undoes growth that was not published, so that who opens the file next does not meet what never came, and gives
    /// disk space back that was reserved for it, of which a full disk gave as much as it had.
    ///
    /// @param end up to where it was to be written
    /// @param before what [#endOnDisk] said
    /// @throws SystemCallException if the system refuses
    private void undoGrowth(MappedFile file, long end, long before) {
        long kept = Math.max(before, file.knownByteSize());
        if (end > kept) {
            files.truncate(file.descriptor(), kept);
            file.durability.resized(kept);
        }
    }

    /// Makes ready for something to be written that may begin or end behind the end. If it grows the file by more than
    /// one transfer moves, disk space is reserved, so that a full disk is told before anything is written. For less
    /// that would cost more than the write itself, which tells as well.
    ///
    /// @throws SystemCallException if there is none
    void prepare(MappedFile file, long from, long end) {
        long length = file.knownByteSize();
        if (from == end) {
            return;
        }
        if (end - Math.max(from, length) > StagingRuns.BYTES) {
            reserve(file, Math.max(from, length), end);
        }
        zeroTail(file, length, from);
    }

    /// Makes growth seen, when all of it is written.
    ///
    /// @throws SystemCallException if the system does not tell the length
    void publish(MappedFile file, long from, long end) {
        if (end > from) {
            boolean isOverHole = from > file.knownByteSize();
            // what could not even be zeroed is not there
            file.publishByteSize(end <= file.knownByteSize() ? end : Math.min(end, files.byteSize(file.descriptor())));
            if (isOverHole) {
                file.durability.grownOverHole();
            }
        }
    }

    /// Takes note of what was stored through a window that is given back.
    ///
    /// @throws SystemCallException if the system does not tell the length
    void stored(MappedFile file, long from, long end, int failuresBefore) {
        file.durability.stored(from, end, failuresBefore);
        publish(file, from, end);
        file.durability.writeBackIfMuch();
    }

    /// Zeroes what somebody may have stored behind the old end, in its last page, through a mapping; the kernel would
    /// show it once the file grows over it.
    void zeroTail(MappedFile file, long oldEnd, long newEnd) {
        long pageEnd = (oldEnd + pageByteSize - 1) & -pageByteSize;
        if (newEnd > oldEnd) {
            zero(file, oldEnd, Math.min(newEnd, pageEnd));
        }
    }

    /// Reserves disk space, where the file system can.
    ///
    /// @throws SystemCallException if there is none
    void reserve(MappedFile file, long from, long end) {
        try {
            files.allocate(file.descriptor(), from, end - from);
        } catch (SystemCallException e) {
            // a file system that cannot reserve says so, and tells of a full disk when it is written
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

    /// Waits for the source outside the file, which may be closed by force meanwhile.
    private static long fill(MappedFile file, Uio uio, MemorySegment staged, int entered) throws IOException {
        file.leave(entered);
        try {
            return uio.fill(staged);
        } finally {
            file.enterAgain();
        }
    }

    private void zero(MappedFile file, long from, long end) {
        if (from >= end) {
            return;
        }
        StagingRuns.Run run = staging.take();
        try {
            MemorySegment zeroes = OffHeap.segment(run.address(), Math.min(end - from, StagingRuns.BYTES));
            zeroes.fill((byte) 0);
            for (long at = from; at < end; ) {
                MemorySegment part = zeroes.asSlice(0, Math.min(end - at, zeroes.byteSize()));
                at += write(file, part, at);
            }
        } finally {
            staging.giveBack(run);
        }
    }

    private long write(MappedFile file, MemorySegment from, long byteOffset) {
        int failures = file.durability.writing(byteOffset, byteOffset + from.byteSize());
        long count = files.write(file.descriptor(), from, byteOffset);
        if (count == 0) {
            // the next byte cannot be written, and the system does not say why
            throw new SystemCallException(
                    "pwrite", "byteOffset=" + byteOffset + ", byteSize=" + from.byteSize(), Errno.EIO);
        }
        file.durability.written(byteOffset, byteOffset + count, failures);
        file.durability.writeBackIfMuch();
        return count;
    }
}
