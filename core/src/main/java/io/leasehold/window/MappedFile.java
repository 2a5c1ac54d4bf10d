package io.leasehold.window;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.Files;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// An open file that a [WindowCache] reads, writes and lends windows on. It knows the length of the file.
///
/// ```text
///   0                                byteSize()        end of its last extent
///   |  bytes of the file             | zeroes | faults  |
///                                    ^ never returned: a copy ends here
/// ```
///
/// **Ownership.** The caller that opens a file closes it, before its cache and after its windows are released.
///
/// **Threads.** Thread-safe. One thread at a time writes or changes the length, and readers never wait for it. Readers
/// see growth after all of it has been written. They never see what lies behind the end of a truncated file.
///
/// **After the end of this process**, however it ends, the file contains everything that a write, a zerorange, a
/// truncate or the release of a window has returned from. The bytes belong to the kernel, and other processes see them
/// at once. Of a call in flight, any part may be there. The file may then be longer by some or all of the intended
/// growth, which reads as the written bytes or as zero. Only readers through this object see growth as a whole or not
/// at all.
///
/// **After a power failure** everything is there that [#force] has confirmed. For the rest only this holds:
///
/// * Each sector of the disk, 512 bytes at least, has the content of its last force or of any time since. Pages can be
///   torn, and there is no order: a later write may be there and an earlier one not.
/// * If the file did not reach a sector at such a time, the sector reads as zero. Bytes that were never in this file
///   are not seen.
/// * The file length is some value it had since the last successful force, or an intermediate value of a resize in
///   progress. Truncated bytes may be back.
/// * Reserved blocks, and stores through windows that were still lent, may be there or not.
///
/// **If a write to the disk fails**, [#force] throws until the failed ranges are written again. This includes failures
/// of early write-back. An error of the JVM in a force or a write-back, such as a full Java heap, counts as a failed
/// write. Reads show the content of memory, which may be newer than the content of the disk.
///
/// @see <a href="https://man.netbsd.org/uvm.9">uvm(9)</a>, struct uvm_object
public final class MappedFile implements AutoCloseable {

    private final WindowSpace space; // (C)
    private final WindowWrites writes; // (C)
    private final Path path; // (C)
    private final MappedFileOptions options; // (C)
    private final Files files; // (C)
    private final int descriptor; // (C)
    private final boolean direct; // (C) through extents
    private final WindowTable extents = new WindowTable(); // (C)
    private final WindowTable windows = new WindowTable(); // (C)
    private final @Nullable WindowPool pool; // (C) for copies; null if they only use read(2)
    private final WindowTable table; // (C) of that pool
    private final FileTrust trust; // (C)
    private final InFlight inFlight = new InFlight(); // (C)
    private final FileLoans loans = new FileLoans(); // (C)
    private final FileLength length; // (C)
    private final Object key; // (C) see [#key]
    final FileDurability durability; // (C)
    final WriterLock writer = new WriterLock(); // held to write, and to change the length
    private long busyEnd; // (L) writer; see [#busyEnd]

    private volatile long byteSize; // (A) OWNED: (L) writer to write; else the length last seen
    private volatile long mark; // (A) OWNED: (L) writer to write; see [#mark]
    private volatile boolean closed; // (L) OpenFiles.lock to write
    private volatile AccessAdvice lastAdvice = AccessAdvice.NORMAL; // (A) last advice given to the kernel

    MappedFile(
            WindowSpace space, WindowWrites writes, Files files, Path path, MappedFileOptions options, int descriptor) {
        this.space = space;
        this.writes = writes;
        this.files = files;
        this.path = path;
        this.options = options;
        this.descriptor = descriptor;
        this.durability = writes.durability(descriptor);
        Files.Status status = files.status(descriptor);
        this.length = new FileLength(files, descriptor);
        boolean isWriter = options.writable() && status.inode() != 0;
        this.key = isWriter ? new OpenFiles.WriterKey(status.device(), status.inode()) : this;
        this.byteSize = length.isReported() ? status.byteSize() : 0;
        this.mark = options.trust() == FileTrust.OWNED ? 0 : status.changeMark();
        boolean isDirect = space.isDirect(options.tier(), byteSize);
        WindowPool wanted = space.pools().poolOf(options.tier(), isDirect);
        boolean isMapped = wanted != null && length.isReported() && files.canMap(descriptor, options.writable());
        this.direct = isDirect && isMapped;
        this.pool = isMapped ? wanted : null;
        this.table = direct ? extents : windows;
        this.trust = options.trust();
    }

    /// {@return the length of the file in bytes}
    ///
    /// The length of a FOREIGN file is queried from the system. If the system does not report it, as for files of proc
    /// and sysfs, the file is read to its end.
    ///
    /// @throws IOException if the system call fails, or if the file is read to its end and has more than 64 MiB
    /// @throws WindowStateException if the file is closed
    public long byteSize() throws IOException {
        requireOpen();
        if (trust != FileTrust.FOREIGN && length.isReported()) {
            return byteSize;
        }
        try {
            long now = length.isReported() ? askByteSize() : 0;
            return now > 0 || isEmpty() ? now : length.measure(this);
        } catch (SystemCallException e) {
            throw WindowErrors.failed("query the length", this, e);
        }
    }

    /// Truncates the file, or extends it with zeroes. Readers in progress read up to the new end, and nothing behind
    /// it.
    ///
    /// @param newByteSize new length in bytes
    /// @throws IOException if the system call fails; [#byteSize] is then the length that the file has. It is also
    ///     thrown if another process has truncated the file to less than `newByteSize`; nothing is changed then
    /// @throws IllegalArgumentException if the length is negative
    /// @throws WindowStateException if the file is closed or not open for writing. Also if loans are outstanding:
    ///     private copies for writing, or windows whose slot ends behind the new end; the message names them
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    public void truncate(long newByteSize) throws IOException {
        requireOpen();
        requireWritable();
        if (newByteSize < 0) {
            throw new IllegalArgumentException("bad length: file=" + path + ", byteSize=" + newByteSize + ", min=0");
        }
        WindowErrors.checkEnd("truncate", this, newByteSize);
        writer.lock();
        try {
            long old = byteSize;
            boolean isDone = false;
            try {
                // published before the truncation, so that a reader of zeroes sees that they are behind the end
                byteSize = Math.min(old, newByteSize);
                mark++;
                // also for growth: a window for writing may reach further, and has extended the file on disk
                space.requireNotLent("truncate", this, newByteSize);
                writes.resize(this, old, newByteSize);
                isDone = true;
            } catch (SystemCallException e) {
                throw WindowErrors.failed("truncate to " + newByteSize, this, e);
            } finally {
                mark++;
                byteSize = isDone ? newByteSize : lengthLeft(old, newByteSize);
            }
        } finally {
            writer.unlock();
        }
    }

    /// {@return the length after a failed truncation, which may have truncated the file even so}
    ///
    /// If the file has neither length, another process has truncated it. The known length stays, so that readers are
    /// told.
    private long lengthLeft(long old, long newByteSize) {
        try {
            return files.byteSize(descriptor) == newByteSize ? Math.min(old, newByteSize) : old;
        } catch (SystemCallException e) {
            return old;
        }
    }

    /// Makes all writes through this object, and the length, durable: they survive a power failure.
    ///
    /// This covers every call that returned before this one begins. If nothing was written since the last force, no
    /// system call is made; otherwise it blocks until the disk has confirmed. Writes of other processes are not
    /// covered.
    ///
    /// @throws IOException if the disk reports a failure, now or since the last success, also from early write-back.
    ///     All data that was not forced then counts as failed. Each call that covers such data throws again until a
    ///     transfer writes the data again, since the kernel would report success. The message names the ranges
    /// @throws WindowStateException if the file is closed
    /// @see <a href="https://man7.org/linux/man-pages/man2/fdatasync.2.html">fdatasync(2)</a>
    public void force() throws IOException {
        force(0, Long.MAX_VALUE);
    }

    /// Makes the writes to a range durable, and the length as far as the range reaches.
    ///
    /// Writes outside the range are not waited for, unless the length was changed by a call other than a write, or by a
    /// write that began behind the end. If the range is clean and the length was not so changed, no system call is
    /// made.
    ///
    /// @param byteOffset start of the range; the pages that it touches are forced whole
    /// @param byteSize size of the range, which may reach behind the end of the file; 0 promises nothing
    /// @throws IOException if the disk reports a failure, as with [#force()], or reported one for a part of this range
    ///     that was not written again
    /// @throws IllegalArgumentException if an argument is negative or the range ends behind [Long#MAX_VALUE]
    /// @throws WindowStateException if the file is closed
    /// @see <a href="https://man7.org/linux/man-pages/man2/msync.2.html">msync(2)</a>
    public void force(long byteOffset, long byteSize) throws IOException {
        WindowErrors.checkRange(byteOffset, byteSize);
        int entered = enter();
        try {
            durability.force(byteOffset, byteOffset + byteSize, knownByteSize());
        } catch (SystemCallException e) {
            ByteRanges failed = durability.failedRanges(byteOffset, byteOffset + byteSize);
            throw WindowErrors.failed("force, failed=" + failed, this, byteOffset, byteSize, e);
        } finally {
            leave(entered);
        }
    }

    /// Closes the file and frees its slots. Closing twice has no effect.
    ///
    /// @throws IOException if the system call fails; the file is closed even so
    /// @throws IllegalStateException if windows or private copies are outstanding, or bytes are being moved between the
    ///     file and a channel; the message names them, and the file stays open
    @Override
    public void close() throws IOException {
        close(Duration.ZERO);
    }

    /// Closes the file as soon as its windows are released. No windows are lent meanwhile.
    ///
    /// @param timeout maximum time to wait for windows, and for transfers between the file and a channel; zero or less
    ///     does not wait
    /// @throws IOException if the system call fails; the file is closed even so
    /// @throws IllegalArgumentException if the timeout is longer than 292 years
    /// @throws IllegalStateException if a loan or transfer is still outstanding at the end; the message names it, and
    ///     the file is open as before
    public void close(Duration timeout) throws IOException {
        space.files().close(this, timeout);
    }

    /// Closes the file while windows are outstanding, for example because their threads have ended.
    ///
    /// A window keeps its addresses until it is released, so no other part of a file is ever seen there. Bytes that
    /// were stored through a window in place are in the file. A private copy is no longer written back. The release of
    /// a window for writing throws an [IOException].
    ///
    /// @return number of windows, private copies and channel transfers that were outstanding
    /// @throws IOException if the system call fails; the file is closed even so
    public int closeForcibly() throws IOException {
        return space.files().closeForcibly(this);
    }

    /// Opens a separate channel for reading this file, for calls that need one, such as sendfile(2).
    ///
    /// The channel is not guarded as copies are. An interrupt of a thread that uses the channel closes the channel, and
    /// nothing else.
    ///
    /// @return the channel, to be closed by the caller
    /// @throws IOException if the system cannot open the file again, for example because it has no name any more, or
    ///     does not report the length of the file
    /// @throws WindowStateException if the file is closed
    public FileChannel openChannel() throws IOException {
        if (!length.isReported()) {
            throw WindowErrors.lengthUnknown("open a channel", this);
        }
        int entered = enter();
        try {
            return files.openChannel(descriptor);
        } catch (SystemCallException e) {
            throw WindowErrors.failed("open a channel", this, e);
        } finally {
            leave(entered);
        }
    }

    /// {@return the path that the file was opened with}
    public Path path() {
        return path;
    }

    /// {@return the trust in the file: which processes may change its length}
    public FileTrust trust() {
        return trust;
    }

    /// {@return true if the file is open for writing}
    public boolean isWritable() {
        return options.writable();
    }

    /// {@return the tier that is used: DIRECT, RECYCLED or BYPASS}
    public WindowTier tier() {
        if (direct) {
            return WindowTier.DIRECT;
        }
        return pool == null ? WindowTier.BYPASS : WindowTier.RECYCLED;
    }

    @Override
    public String toString() {
        return format("MappedFile(path=%s, trust=%s, tier=%s, byteSize=%d)", path, trust(), tier(), byteSize);
    }

    /// {@return a key that all objects that write the same file have in common; other objects are their own key}
    Object key() {
        return key;
    }

    /// {@return true if the options name a tier other than AUTO}
    boolean isPinnedToTier() {
        return options.tier() != WindowTier.AUTO;
    }

    /// {@return the pool of its windows for copies, or null if copies use read(2) only}
    @Nullable WindowPool pool() {
        return pool;
    }

    /// {@return the table of its parts in [#pool]}
    WindowTable table() {
        return table;
    }

    int descriptor() {
        return descriptor;
    }

    WindowTable table(WindowPool pool) {
        return space.pools().isExtents(pool) ? extents : windows;
    }

    /// {@return the known length; that of a FOREIGN file may be stale}
    long knownByteSize() {
        return byteSize;
    }

    /// {@return the length that the system reports; unless the file is OWNED it becomes the known one}
    ///
    /// @throws SystemCallException if the system call fails
    long askByteSize() {
        int entered = enter();
        try {
            long now = files.byteSize(descriptor);
            if (trust != FileTrust.OWNED) {
                byteSize = now;
            }
            return now;
        } finally {
            leave(entered);
        }
    }

    /// {@return true if the system reports the length; else the file ends where read(2) returns nothing}
    boolean isLengthReported() {
        return length.isReported();
    }

    /// {@return true if the file is empty, and not only reported to be}
    ///
    /// @throws SystemCallException if the system call fails
    boolean isEmpty() {
        return length.isReported() && length.examineEmpty(this);
    }

    /// {@return a value that changes with each change of the length}
    ///
    /// For an OWNED file it counts the steps of such changes. For other files it is derived from the times of the last
    /// change of any kind, of which users can set only one.
    long mark() {
        return mark;
    }

    /// {@return true if the system reports that the file reaches up to `end`}
    ///
    /// @throws SystemCallException if the system call fails
    boolean isOnDisk(long end) {
        return askByteSize() >= end;
    }

    /// {@return true if a file that is not OWNED reaches up to `end` and has not changed since [#mark] was `before`}
    ///
    /// @throws SystemCallException if the system call fails
    boolean isUnchanged(long before, long end) {
        int entered = enter();
        try {
            Files.Status now = files.status(descriptor);
            byteSize = now.byteSize();
            mark = now.changeMark();
            return now.changeMark() == before && end <= now.byteSize();
        } finally {
            leave(entered);
        }
    }

    /// Makes growth visible to readers, after all of it is written; called by the writer.
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    void publishByteSize(long newByteSize) {
        if (newByteSize > byteSize) {
            mark++; // a reader that read behind the old end meanwhile reads again
            byteSize = newByteSize;
        }
    }

    /// {@return the end of the last range behind the known length that is lent for writing or being written; if there
    /// is none, any value up to the known length} Called by the writer.
    long busyEnd() {
        return busyEnd;
    }

    /// Sets [#busyEnd]; called by the writer.
    void setBusyEnd(long end) {
        busyEnd = end;
    }

    /// Keeps the descriptor open during a system call.
    ///
    /// @return the argument for [#leave]
    /// @throws WindowStateException if the file is closed
    int enter() {
        int entered = inFlight.enter();
        if (closed) {
            inFlight.leave(entered);
            throw WindowErrors.closed(this);
        }
        return entered;
    }

    void leave(int entered) {
        inFlight.leave(entered);
    }

    /// Enters again after [#leave], within the same use. [#leave] is due even if this throws.
    ///
    /// @throws IllegalStateException if the file was closed by force meanwhile; its descriptor may belong to another
    ///     file then
    void enterAgain() {
        inFlight.enter();
        requireOpen();
    }

    /// {@return the files and windows of the cache}
    WindowSpace space() {
        return space;
    }

    /// @throws WindowStateException if the file is closed
    void requireOpen() {
        if (closed) {
            throw WindowErrors.closed(this);
        }
    }

    /// {@return the loans that no slot counts, and the threads that close the file}
    FileLoans loans() {
        return loans;
    }

    boolean isClosed() {
        return closed;
    }

    void setClosed() {
        closed = true;
    }

    /// Advises the kernel how the file is read, if the advice has changed. The caller is inside [#enter].
    void advise(AccessAdvice advice) {
        if (advice == lastAdvice) {
            return;
        }
        lastAdvice = advice;
        try {
            files.advise(descriptor, 0, 0, Files.Advice.valueOf(advice.name()));
        } catch (SystemCallException e) {
            // the advice is only for speed: the file is read without it
        }
    }

    /// Closes the descriptor after the last system call on it has returned.
    void closeDescriptor() throws IOException {
        inFlight.awaitEmpty();
        try {
            files.close(descriptor);
        } catch (SystemCallException e) {
            throw WindowErrors.failed("close", this, e);
        }
    }

    void requireWritable() {
        if (!options.writable()) {
            throw WindowErrors.notWritable(this);
        }
    }
}
