package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.os.Files;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// An open file that a [WindowCache] reads, writes and lends windows on: the object behind the windows, with its
/// length.
///
/// ```text
///   0                                byteSize()        end of its last extent
///   |  bytes of the file             | zeroes | faults  |
///                                    ^ never handed out: a copy ends here
/// ```
///
/// **Ownership.** Who opened it closes it, before its cache. Its windows are given back first.
///
/// **Threads.** Thread-safe. One thread at a time writes or changes the length; readers never wait for it. They see a
/// file grow after all of the growth has been written, and never what lies behind the end of a cut.
///
/// **After the end of this process**, however it ends, all is there that a write, a zerorange, a truncate or the
/// release of a window has returned from: it is the kernel's, and other processes see it at once. Of what was under
/// way any part may be there, and the file may be longer by some or all of what was to be added, which reads as what
/// was written or as zero. Only readers of this object see growth whole or not at all.
///
/// **After a power cut** all is there that [#force] has confirmed, and of the rest nothing is promised but this:
///
/// * each sector of the disk, 512 bytes at least, has what it had when it was last forced or at any moment since. Pages
///   are torn, and there is no order: what was written later may be there and what was written earlier not;
/// * where the file was shorter at one of these moments, that is zero. Nothing that was never in this file is seen;
/// * its length is one that it has had since, or on the way from one to the next. What was cut off may be back;
/// * reserved blocks and what was stored through windows that were still out may be there or not.
///
/// **If the disk refuses**, [#force] says so until what was lost is written again, also if it was early write-back that
/// met the refusal. Reads show what is in memory, which may be more than there is on the disk.
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
    private final @Nullable WindowPool pool; // (C) what copies come through, or null for read(2) alone
    private final WindowTable table; // (C) of that pool
    private final FileTrust trust; // (C)
    private final InFlight inFlight = new InFlight(); // (C)
    private final FileLoans loans = new FileLoans(); // (C)
    private final FileLength length; // (C)
    final FileDurability durability; // (C)
    final ReentrantLock writer = new ReentrantLock(); // held by who writes or changes the length

    private volatile long byteSize; // (A) of OWNED files (L) writer to write; of FOREIGN ones as it was last seen
    private volatile long mark; // (A) of OWNED files (L) writer to write; see [#mark]
    private volatile boolean closed; // (L) the cache's, to write: nothing more is done
    private volatile AccessAdvice lastAdvice = AccessAdvice.NORMAL; // (A) what the kernel knows

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

    /// {@return the length of the file in bytes; of a FOREIGN file the system is asked, and where the system does not
    /// tell the truth, as for files of proc and sysfs, the file is read to its end}
    ///
    /// @throws IOException if the system refuses to tell
    /// @throws IllegalStateException if the file is closed
    public long byteSize() throws IOException {
        requireOpen();
        if (trust != FileTrust.FOREIGN && length.isReported()) {
            return byteSize;
        }
        try {
            return length.isReported() ? askByteSize() : length.measure(this);
        } catch (SystemCallException e) {
            throw WindowErrors.failed("ask for the length", this, e);
        }
    }

    /// Cuts the file, or grows it by zeroes; readers that are under way read what is left, and nothing behind it.
    ///
    /// @param newByteSize its length from now on
    /// @throws IOException if the system refuses; the length is as it was
    /// @throws IllegalArgumentException if the length is negative
    /// @throws IllegalStateException if the file is closed or not open for writing, or windows behind the new end are
    ///     out, naming them
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    public void truncate(long newByteSize) throws IOException {
        requireOpen();
        requireWritable();
        if (newByteSize < 0) {
            throw new IllegalArgumentException("length is negative: file=" + path + ", byteSize=" + newByteSize);
        }
        WindowErrors.checkEnd("truncate", this, newByteSize);
        writer.lock();
        try {
            long old = byteSize;
            boolean isDone = false;
            try {
                // a cut is known before it is made, so that who sees zeroes sees that they are behind the end
                byteSize = Math.min(old, newByteSize);
                mark++;
                // also when it grows: a window for writing may reach further, and its file with it
                space.requireNotLent("truncate", this, newByteSize);
                writes.resize(this, old, newByteSize);
                isDone = true;
            } catch (SystemCallException e) {
                throw WindowErrors.failed("truncate to " + newByteSize, this, e);
            } finally {
                mark++;
                byteSize = isDone ? newByteSize : lengthLeft(old);
            }
        } finally {
            writer.unlock();
        }
    }

    /// {@return the length after a truncation that failed: the file may be cut all the same}
    private long lengthLeft(long old) {
        try {
            return Math.min(old, files.byteSize(descriptor));
        } catch (SystemCallException e) {
            return old;
        }
    }

    /// Makes what was written through this object survive a power cut, and its length: all that was returned from
    /// before this is called. Costs no call of the kernel if nothing was written since the last time; else it blocks as
    /// long as the disk takes. What others have written is theirs to force.
    ///
    /// @throws IOException if the disk refuses, now or since the last success, in writing by itself. Then all that was
    ///     not forced is lost as far as anybody knows, and each call for it throws again until it is written again by a
    ///     transfer: the kernel would say success. The message names the ranges
    /// @throws IllegalStateException if the file is closed
    /// @see <a href="https://man7.org/linux/man-pages/man2/fdatasync.2.html">fdatasync(2)</a>
    public void force() throws IOException {
        force(0, Long.MAX_VALUE);
    }

    /// Makes a range survive a power cut: what was written to it, and the length as far as the range reaches. What was
    /// written elsewhere is not waited for, unless the length was changed otherwise than by writing behind the end. A
    /// range that is clean costs no call of the kernel.
    ///
    /// @param byteOffset start of the range; pages that it touches are forced whole
    /// @param byteSize size of the range, which may reach behind the end of the file; an empty one promises nothing
    /// @throws IOException if the disk refuses, as with [#force()], or has refused something of this range that was not
    ///     written again
    /// @throws IllegalArgumentException if the range is not one of a file
    /// @throws IllegalStateException if the file is closed
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

    /// Closes the file; its windows are put over an empty one. Closing twice has no effect.
    ///
    /// @throws IOException if the system refuses; the file is closed all the same
    /// @throws IllegalStateException if windows or private copies are out, or bytes are moved between the file and a
    ///     channel, naming them; nothing is changed then
    @Override
    public void close() throws IOException {
        close(Duration.ZERO);
    }

    /// Closes the file as soon as its windows are back; no more are lent meanwhile.
    ///
    /// @param timeout how long to wait for them, and for transfers between the file and a channel
    /// @throws IOException if the system refuses; the file is closed all the same
    /// @throws IllegalArgumentException if the timeout is longer than 292 years
    /// @throws IllegalStateException if any of them is still out then, naming them; the file is open as before
    public void close(Duration timeout) throws IOException {
        boolean isLast = false;
        try {
            isLast = space.files().remove(this, timeout);
        } catch (SystemCallException e) {
            isLast = true;
            throw WindowErrors.failed("take windows off", this, e);
        } finally {
            if (isLast) {
                closeDescriptor();
            }
        }
    }

    /// Closes the file while windows are out, whose threads are gone for instance. A window keeps its place in memory
    /// until it is released, so no other part of a file is ever seen there. What was stored through it in place is in
    /// the file; a private copy is not written back any more, and its release says so.
    ///
    /// @return how many windows, private copies and transfers of a channel were out
    /// @throws IOException if the system refuses; the file is closed all the same
    public int closeForcibly() throws IOException {
        int out = -1;
        try {
            out = space.files().removeForcibly(this);
        } catch (SystemCallException e) {
            out = 0;
            throw WindowErrors.failed("take windows off", this, e);
        } finally {
            if (out >= 0) {
                closeDescriptor();
            }
        }
        return Math.max(out, 0);
    }

    /// Opens a channel of its own for reading this very file, for what needs one: sendfile(2) is such a call. It is not
    /// guarded as copies are, and an interrupt of a thread that uses it closes it, and nothing else.
    ///
    /// @return the channel, to be closed by the caller
    /// @throws IOException if the system has no way to open the file again, as may be if it has no name any more
    /// @throws IllegalStateException if the file is closed
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

    /// {@return where it was opened}
    public Path path() {
        return path;
    }

    /// {@return who may change its length}
    public FileTrust trust() {
        return trust;
    }

    /// {@return whether it is open for writing}
    public boolean isWritable() {
        return options.writable();
    }

    /// {@return how its bytes are reached: DIRECT, RECYCLED or BYPASS}
    public WindowTier tier() {
        if (direct) {
            return WindowTier.DIRECT;
        }
        return pool == null ? WindowTier.BYPASS : WindowTier.RECYCLED;
    }

    @Override
    public String toString() {
        return "MappedFile(path=%s, trust=%s, tier=%s, byteSize=%d)".formatted(path, trust(), tier(), byteSize);
    }

    boolean isPinnedToTier() {
        return options.tier() != WindowTier.AUTO;
    }

    /// {@return where its windows for copies are, or null if it has none}
    @Nullable WindowPool pool() {
        return pool;
    }

    /// {@return which of its parts have windows there}
    WindowTable table() {
        return table;
    }

    int descriptor() {
        return descriptor;
    }

    WindowTable table(WindowPool pool) {
        return space.pools().isExtents(pool) ? extents : windows;
    }

    /// {@return the length as it is known; of a FOREIGN file it may be another by now}
    long knownByteSize() {
        return byteSize;
    }

    /// {@return the length that the system tells, which is the known one from now on unless only we change it}
    ///
    /// @throws SystemCallException if it refuses
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

    /// {@return true if the system tells the length; else the file ends where read(2) says so}
    boolean isLengthReported() {
        return length.isReported();
    }

    /// {@return what changes with each change of length: of a file of ours a count of its steps, of others the times of
    /// the last change of any kind, of which users can set only one}
    long mark() {
        return mark;
    }

    /// {@return true if the system says that the file reaches up to `end`}
    ///
    /// @throws SystemCallException if the system refuses to tell
    boolean isOnDisk(long end) {
        return askByteSize() >= end;
    }

    /// {@return whether a file of others reaches up to `end` and has not changed since [#mark] was `before`}
    ///
    /// @throws SystemCallException if the system refuses to tell
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

    /// Makes growth visible to readers, once it is all written; by the writer.
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    void publishByteSize(long newByteSize) {
        if (newByteSize > byteSize) {
            mark++; // who read behind the old end while it was written reads again
            byteSize = newByteSize;
        }
    }

    /// Keeps the descriptor open for a system call.
    ///
    /// @return what [#leave] is to be told
    /// @throws IllegalStateException if it is closed
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

    /// Enters again after [#leave], within the same use: what was entered is to be left also if this throws.
    ///
    /// @throws IllegalStateException if it was closed meanwhile, by force; the descriptor is another file's then
    void enterAgain() {
        inFlight.enter();
        requireOpen();
    }

    /// {@return the cache's files and windows}
    WindowSpace space() {
        return space;
    }

    /// @throws IllegalStateException if it is closed
    void requireOpen() {
        if (closed) {
            throw WindowErrors.closed(this);
        }
    }

    /// {@return the private copies that are out, and the threads that close the file}
    FileLoans loans() {
        return loans;
    }

    boolean isClosed() {
        return closed;
    }

    void setClosed() {
        closed = true;
    }

    /// Tells the kernel how the file is read, if that is new; who is inside [#enter].
    void advise(AccessAdvice advice) {
        if (advice == lastAdvice) {
            return;
        }
        lastAdvice = advice;
        try {
            files.advise(descriptor, 0, 0, Files.Advice.valueOf(advice.name()));
        } catch (SystemCallException e) {
            // a file system that takes no advice is read without
        }
    }

    /// Closes the descriptor when nobody uses it any more.
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
