package io.leasehold.window;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.Errno;
import io.leasehold.error.StateKind;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.EarlyClasses;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.StackReserve;
import io.leasehold.os.FaultPoll;
import io.leasehold.os.Files;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A cache of windows on files, and the API to move bytes through them that survives truncation and disk errors.
///
/// ```text
///   uiomove, read ---> DIRECT     extents over the whole file           ---+
///                 ---> RECYCLED   windows, mapped at the second touch   ---+---> page cache
///                 ---> BYPASS     read(2), for all else                 ---+
///   alloc         ---> a pinned extent or window, or a private copy
/// ```
///
/// | ubc(9) | here |
/// |---|---|
/// | ubc_alloc | [#lend], [#alloc], [#tryAlloc] |
/// | ubc_release | [#release], [Window#close] |
/// | ubc_uiomove | [#read], [#write], [#uiomove] |
/// | ubc_zerorange | [#zerorange] |
/// | ubc_purge | [#purge] |
///
/// **Errors.** Whatever other processes do to a file, a transfer gives right bytes or an [IOException] that names file,
/// offset and length. [InternalError], which the JVM throws for a mapping without a file behind it, never leaves this
/// class. A call that needs staging pages or a private copy throws [io.leasehold.page.PageExhaustedException] if the
/// arena has no pages left.
///
/// There is one limit, which read(2) has too. A FOREIGN file may be truncated inside a page, and the page rewritten,
/// during a copy. Then the copy may show the intermediate zeroes. A copy that looks truncated is retried up to 64
/// times, so a file that changes during each of 64 reads in a row can show them as well. OWNED files never show them,
/// as long as other processes only truncate them.
///
/// **Ownership.** The caller that opens a cache closes it, after its windows and before the arena. The cache owns its
/// address space, the descriptors of its files, and the pages that it allocates from the arena.
///
/// **Threads.** Thread-safe. A transfer through a window takes no lock. Mapping and recycling take one, but not during
/// their calls of the kernel. Threads that wait for a window get one in the order of their arrival.
///
/// @see <a href="https://man.netbsd.org/ubc.9">ubc(9)</a>; Silvers, UBC: An Efficient Unified I/O and Memory Caching
///     Subsystem for NetBSD, FREENIX 2000
public final class WindowCache implements AutoCloseable {

    private static final int TRANSFER_FLAGS = WindowFlag.FAULTBUSY | WindowFlag.UNMAP | WindowFlag.PARTIALOK;
    private static final int ALLOC_FLAGS = WindowFlag.FAULTBUSY | WindowFlag.NOWAIT;

    /// Layers whose stack must be free before a cache is opened, because one that is half open is closed again.
    private static final int OPENING_LAYERS = 3;

    private final WindowCacheOptions options; // (C)
    private final Files files; // (C)
    private final WindowCounts counts; // (C)
    private final WindowSpace space; // (C)
    private final WindowReads reads; // (C)
    private final WindowWrites writes; // (C)
    private final FileChecksum checksums; // (C)
    private final WindowLoans loans; // (C)
    private final WindowCacheCloser closer; // (C)

    private WindowCache(
            WindowCacheOptions options,
            Files files,
            VirtualMemory memory,
            WindowCounts counts,
            WindowSpace space,
            StagingRuns staging) {
        this.options = options;
        this.files = files;
        this.counts = counts;
        this.space = space;
        this.reads = new WindowReads(space, files, counts, staging, memory.pageSize());
        this.writes = new WindowWrites(files, counts, staging, options, memory.pageSize());
        this.checksums = new FileChecksum(reads, staging);
        this.loans = new WindowLoans(this, space, counts, files, memory, reads, writes, staging);
        this.closer = new WindowCacheCloser(this, space.files(), staging); // last: it registers this cache
    }

    /// Opens a cache. If native access or memfd_create(2) is denied, the cache has no windows, and every call works
    /// without them.
    ///
    /// @param arena for staging pages and private copies, a few pages for each processor; the caller closes it after
    ///     the cache
    /// @param options sizes of the cache
    /// @return the cache, to be closed by the caller
    /// @throws IllegalArgumentException if a window is smaller than an OS page
    /// @throws IllegalStateException if the mapping budget of the process has too few mappings left for the windows,
    ///     see [WindowCacheOptions]
    /// @throws io.leasehold.page.PageStateException if the arena is closed
    /// @throws SystemCallException if the kernel refuses the address space
    public static WindowCache open(PageArena arena, WindowCacheOptions options) {
        return open(arena, options, Files.system(), Reservations.system());
    }

    /// Opens a cache over other kernel seams, for tests.
    static WindowCache open(PageArena arena, WindowCacheOptions options, Files files, Reservations reservations) {
        EarlyClasses.initialize(
                AccessAdvice.class,
                ByteRanges.class,
                Errno.class,
                FaultPoll.class,
                FileDurability.class,
                FileTrust.class,
                Files.Access.class,
                Files.Advice.class,
                InFlight.class,
                MappedFile.class,
                MappedFileOptions.class,
                OpenFiles.WriterKey.class,
                StagingRuns.Run.class,
                SystemCallException.class,
                Uio.class,
                Window.class,
                Window.Loan.class,
                WindowCacheCloser.FileCloser.class,
                WindowErrors.class,
                WindowFlag.class,
                WindowLoans.Request.class,
                WindowPools.Freed.class,
                WindowPools.Loan.class,
                WindowReclaim.LoanReader.class,
                WindowStateException.class,
                WindowTable.class,
                WindowTier.class,
                WindowWaiters.Waiter.class,
                WindowWrites.Step.class,
                WriterLock.class);
        if (options.windowByteSize() < reservations.memory().pageSize()) {
            throw new IllegalArgumentException(
                    "window is smaller than an OS page: windowByteSize=" + options.windowByteSize() + ", min="
                            + reservations.memory().pageSize());
        }
        StackReserve.ensure(OPENING_LAYERS);
        VirtualMemory memory = reservations.memory();
        boolean canMap = files.can(Files.Capability.MAP) && memory.can(VirtualMemory.Capability.MAP);
        WindowCounts counts = new WindowCounts();
        StagingRuns staging = new StagingRuns(arena, options.name());
        WindowPools pools = null;
        WindowCache cache = null;
        try {
            pools = WindowPools.open(reservations, options, canMap);
            WindowSpace space = new WindowSpace(options, counts, pools);
            cache = new WindowCache(options, files, memory, counts, space, staging);
            return cache;
        } finally {
            if (cache == null) {
                try {
                    if (pools != null) {
                        pools.close();
                    }
                } finally {
                    staging.close();
                }
            }
        }
    }

    /// Opens a file.
    ///
    /// @param path a regular file of the default file system
    /// @param fileOptions trust, access and tier of the file
    /// @return the file, to be closed by the caller
    /// @throws NoSuchFileException if the file does not exist and `fileOptions` do not create it
    /// @throws AccessDeniedException if the system denies access
    /// @throws IOException if the system call fails, or if the system does not report the length of a file that is to
    ///     be OWNED
    /// @throws WindowStateException if the cache is closed, or if the file is to be written and the cache has it open
    ///     for writing already, also under another path
    public MappedFile open(Path path, MappedFileOptions fileOptions) throws IOException {
        Files.Access access = fileOptions.create()
                ? Files.Access.CREATE
                : fileOptions.writable() ? Files.Access.READ_WRITE : Files.Access.READ;
        space.files().requireOpen(); // before a file is created
        try {
            int descriptor = files.open(path, access);
            boolean isOpen = false;
            try {
                MappedFile file = new MappedFile(space, writes, files, path, fileOptions, descriptor);
                if (fileOptions.trust() == FileTrust.OWNED && !file.isLengthReported()) {
                    throw WindowErrors.lengthUnknown("open", file);
                }
                space.files().add(file);
                isOpen = true;
                return file;
            } finally {
                if (!isOpen) {
                    files.close(descriptor);
                }
            }
        } catch (SystemCallException e) {
            throw WindowErrors.cannotOpen(path, e);
        }
    }

    /// Reads from a file into memory, up to the end of the file.
    ///
    /// @param file the file
    /// @param byteOffset offset of the first byte in the file
    /// @param to memory to fill, native or of an array
    /// @return number of bytes copied; if less than the size of `to`, the file ends there
    /// @throws IOException if the file was truncated during the read, or the system call fails; the content of `to` is
    ///     undefined then
    /// @throws IllegalArgumentException if the range is not between 0 and [Long#MAX_VALUE], or the file belongs to
    ///     another cache
    /// @throws java.nio.ReadOnlyBufferException if `to` is read-only
    /// @throws WindowStateException if the file is closed
    /// @see <a href="https://man.netbsd.org/ubc.9">ubc_uiomove(9) with UBC_READ</a>
    public long read(MappedFile file, long byteOffset, MemorySegment to) throws IOException {
        if (file.space() != space) {
            throw WindowErrors.ofAnotherCache(file, this);
        }
        return reads.read(file, byteOffset, to);
    }

    /// Writes memory to a file, which grows if the range ends behind its end.
    ///
    /// @param file a file that is open for writing
    /// @param byteOffset offset of the first byte in the file
    /// @param from memory to write, native or of an array
    /// @throws IOException if another process has truncated the file, or the system call fails; a part of the range may
    ///     be written then
    /// @throws IllegalArgumentException if the range is not between 0 and [Long#MAX_VALUE], or the file belongs to
    ///     another cache
    /// @throws WindowStateException if the file is closed, or not open for writing
    /// @see <a href="https://man.netbsd.org/ubc.9">ubc_uiomove(9) with UBC_WRITE</a>
    public void write(MappedFile file, long byteOffset, MemorySegment from) throws IOException {
        uiomove(file, Uio.writing(byteOffset, from), AccessAdvice.NORMAL, WindowFlag.WRITE);
    }

    /// Moves bytes between a file and memory or a channel (ubc_uiomove), through one or more windows.
    ///
    /// A read ends at the end of the file. A write may extend the file, and readers see the growth when the write is
    /// over.
    ///
    /// If a write fails, it ends there. With FAULTBUSY the whole failing window and everything after it reads as
    /// zero, as in NetBSD. That includes the first part of the window, which was written and counts as moved.
    /// With PARTIALOK only that window reads as zero.
    ///
    /// @param file the file
    /// @param uio the transfer; its progress is valid after an exception too
    /// @param advice how the file is being read; ignored for a write
    /// @param flags READ or WRITE, which must match `uio`; optionally FAULTBUSY, UNMAP, PARTIALOK
    /// @return number of bytes that this call moved
    /// @throws IOException if the transfer failed; with PARTIALOK only if nothing was moved
    /// @throws IllegalArgumentException if the flags are not allowed or do not match the transfer, or the file belongs
    ///     to another cache
    /// @throws IllegalBlockingModeException if the source of a write is a channel in non-blocking mode
    /// @throws WindowStateException if the file is closed, or if it is to be written and not open for writing
    public long uiomove(MappedFile file, Uio uio, AccessAdvice advice, int flags) throws IOException {
        WindowFlag.checkTransfer(flags, TRANSFER_FLAGS);
        if (uio.writes() != WindowFlag.has(flags, WindowFlag.WRITE)) {
            throw new IllegalArgumentException(
                    format("flags and transfer have different directions: flags=0x%x, transfer=%s", flags, uio));
        }
        requireOfThisCache(file);
        uio.requireBlocking();
        long from = uio.byteOffset();
        long before = uio.moved();
        IOException failure =
                uio.memory() != null ? moveUncounted(file, uio, advice, flags) : moveCounted(file, uio, advice, flags);
        if (WindowFlag.has(flags, WindowFlag.UNMAP)) {
            space.unmap(file, from, uio.byteOffset());
        }
        long moved = uio.moved() - before;
        if (failure != null && (moved == 0 || !WindowFlag.has(flags, WindowFlag.PARTIALOK))) {
            throw failure;
        }
        return moved;
    }

    /// Sets a range of a file to zero (ubc_zerorange); the file grows if the range reaches behind its end.
    ///
    /// Disk space is reserved for growth by more than 64 KiB. If the file system cannot reserve it, growth by more than
    /// 64 MiB leaves a hole in the file, which reads as zero.
    ///
    /// @param file a file that is open for writing
    /// @param byteOffset start of the range
    /// @param byteSize size of the range
    /// @param flags UNMAP or none
    /// @throws IOException if another process has truncated the file, or the system call fails
    /// @throws IllegalArgumentException if other flags are set, the range is not between 0 and [Long#MAX_VALUE], or the
    ///     file belongs to another cache
    /// @throws WindowStateException if the file is closed or not open for writing
    public void zerorange(MappedFile file, long byteOffset, long byteSize, int flags) throws IOException {
        WindowFlag.checkRelease(flags, WindowFlag.UNMAP);
        WindowErrors.checkRange(byteOffset, byteSize);
        requireOfThisCache(file);
        file.requireWritable();
        WindowErrors.checkEnd("zero", file, byteOffset + byteSize);
        file.writer.lock();
        try {
            writes.zerorange(file, byteOffset, byteOffset + byteSize);
        } catch (SystemCallException e) {
            throw WindowErrors.failed("zero", file, byteOffset, byteSize, e);
        } finally {
            file.writer.unlock();
        }
        if (WindowFlag.has(flags, WindowFlag.UNMAP)) {
            space.unmap(file, byteOffset, byteOffset + byteSize);
        }
    }

    /// Lends a part of a file for reading, in place if it can; waits without a limit until a window is free. An
    /// interrupt does not end the wait.
    ///
    /// @param file the file; if it is FOREIGN the window is a private copy
    /// @param byteOffset offset of the first byte in the file
    /// @param byteSize number of bytes wanted; the window may have fewer
    /// @return the window, to be closed by the caller
    /// @throws IOException if the system call fails, or the window would begin behind the end of the file
    /// @throws IllegalArgumentException if the range is empty or not between 0 and [Long#MAX_VALUE], or the file
    ///     belongs to another cache
    /// @throws WindowStateException if the file is closed
    /// @see <a href="https://man.netbsd.org/ubc.9">ubc_alloc(9) with UBC_READ</a>
    public Window lend(MappedFile file, long byteOffset, long byteSize) throws IOException {
        return Objects.requireNonNull(
                alloc(file, byteOffset, byteSize, AccessAdvice.NORMAL, WindowFlag.READ), "waits without a limit");
    }

    /// Lends a part of a file (ubc_alloc), in place unless the file is FOREIGN; waits without a limit until a window is
    /// free.
    ///
    /// @param file the file; if it is FOREIGN the window is a private copy
    /// @param byteOffset offset of the first byte in the file
    /// @param byteSize number of bytes wanted; the window may have fewer
    /// @param advice how the window will be read
    /// @param flags READ or WRITE; optionally FAULTBUSY, NOWAIT
    /// @return the window, to be released by the caller; null if the flags contain NOWAIT, and no window is free or,
    ///     with WRITE, another thread is writing the file
    /// @throws IOException if the system call fails, or a window for reading would begin behind the end of the file
    /// @throws IllegalArgumentException if the range is empty or not between 0 and [Long#MAX_VALUE], the flags are not
    ///     allowed, or the file belongs to another cache
    /// @throws WindowStateException if the file is closed, or if it is to be written and not open for writing
    public @Nullable Window alloc(MappedFile file, long byteOffset, long byteSize, AccessAdvice advice, int flags)
            throws IOException {
        return lend(file, byteOffset, byteSize, advice, flags, Long.MAX_VALUE);
    }

    /// Lends a part of a file (ubc_alloc), in place unless the file is FOREIGN; waits until a deadline for a window.
    ///
    /// @param file the file; if it is FOREIGN the window is a private copy
    /// @param byteOffset offset of the first byte in the file
    /// @param byteSize number of bytes wanted; the window may have fewer
    /// @param advice how the window will be read
    /// @param flags READ or WRITE; optionally FAULTBUSY, NOWAIT
    /// @param timeout maximum time to wait; an interrupt does not end the wait
    /// @return the window, to be released by the caller; null if none was free by the deadline or, with WRITE, another
    ///     thread was writing the file until then
    /// @throws IOException if the system call fails, or a window for reading would begin behind the end of the file
    /// @throws IllegalArgumentException if the range is empty or not between 0 and [Long#MAX_VALUE], the flags are not
    ///     allowed, the timeout is longer than 292 years, or the file belongs to another cache
    /// @throws WindowStateException if the file is closed, or if it is to be written and not open for writing
    public @Nullable Window tryAlloc(
            MappedFile file, long byteOffset, long byteSize, AccessAdvice advice, int flags, Duration timeout)
            throws IOException {
        return lend(file, byteOffset, byteSize, advice, flags, System.nanoTime() + WindowErrors.nanos(timeout));
    }

    /// Releases a window (ubc_release). It stays mapped for the next access, and is recycled after the windows that
    /// were used less recently, approximately. With UNMAP it is the next to be recycled. Growth that was written
    /// through the window becomes visible to readers. The release of a window for writing waits while another thread
    /// writes the file, but not while that thread waits for the source of its transfer.
    ///
    /// @param window a window that [#alloc] or [#tryAlloc] lent
    /// @param flags UNMAP or none
    /// @throws IOException if the window was allocated for writing, and its private copy cannot be written to the file,
    ///     another process has truncated the file within it, or the file was closed by force. The window is released
    ///     even so
    /// @throws IllegalArgumentException if other flags are set, or the window belongs to another cache
    /// @throws WindowStateException if the window is already released
    public void release(Window window, int flags) throws IOException {
        WindowFlag.checkRelease(flags, WindowFlag.UNMAP);
        loans.end(window, flags);
    }

    /// Frees all windows of an empty file (ubc_purge).
    ///
    /// @param file a file of 0 bytes
    /// @throws IOException if the system call fails
    /// @throws IllegalArgumentException if the file belongs to another cache
    /// @throws WindowStateException if the file is closed or has bytes, or if windows or private copies of it are
    ///     outstanding; its other windows are freed even so
    public void purge(MappedFile file) throws IOException {
        requireOfThisCache(file);
        long byteSize = file.byteSize();
        if (byteSize != 0) {
            throw new WindowStateException(
                    StateKind.IN_USE,
                    "cannot purge, file is not empty: file=" + file.path() + ", byteSize=" + byteSize + ", max=0");
        }
        try {
            space.purge(file);
        } catch (SystemCallException e) {
            throw WindowErrors.failed("purge", file, e);
        }
    }

    /// {@return the CRC-32C of a range}
    ///
    /// It is computed on copied blocks. Computed over a window, it would end the process if the file were truncated.
    ///
    /// @param file the file
    /// @param byteOffset start of the range
    /// @param byteSize size of the range
    /// @throws EOFException if the file ends within the range
    /// @throws IOException if the file is truncated meanwhile, or the system call fails
    /// @throws IllegalArgumentException if the range is not between 0 and [Long#MAX_VALUE], or the file belongs to
    ///     another cache
    /// @throws WindowStateException if the file is closed
    public long checksum(MappedFile file, long byteOffset, long byteSize) throws IOException {
        WindowErrors.checkRange(byteOffset, byteSize);
        requireOfThisCache(file);
        file.loans().beginTransfer(file);
        try {
            return checksums.of(file, byteOffset, byteSize);
        } finally {
            file.loans().endTransfer();
        }
    }

    /// {@return the counters since the cache was opened; a snapshot, may be stale}
    public WindowCacheStats stats() {
        return counts.stats();
    }

    /// {@return the options that the cache was opened with}
    public WindowCacheOptions options() {
        return options;
    }

    /// Closes the cache and its files. Closing twice has no effect.
    ///
    /// @throws IOException if the system call to close a file fails; the cache is closed even so
    /// @throws IllegalStateException if windows or private copies are outstanding, or bytes are being moved between a
    ///     file and a channel; the message names them, and nothing is changed
    /// @throws SystemCallException if the kernel fails to release the address space or to unlock pages; closing can be
    ///     repeated then
    @Override
    public void close() throws IOException {
        closer.close();
    }

    /// Closes the cache and its files while windows are outstanding, for example because their threads have ended.
    ///
    /// The memory of such a window reads as zero afterwards, or keeps its content if it is a private copy. Its
    /// addresses are not reused before the window is released. Closing twice has no effect.
    ///
    /// @return number of windows, private copies and channel transfers that were outstanding
    /// @throws IOException if the system call to close a file fails; the cache is closed even so
    /// @throws SystemCallException if the kernel fails to release the address space or to unlock pages; closing can be
    ///     repeated then
    public int closeForcibly() throws IOException {
        return closer.closeForcibly();
    }

    @Override
    public String toString() {
        return "WindowCache(" + options.name() + ", " + space + ")";
    }

    /// {@return the extents and windows}
    WindowPools pools() {
        return space.pools();
    }

    void checkInvariants() {
        space.checkInvariants();
    }

    /// Checks that a file belongs to this cache and is open.
    ///
    /// @throws IllegalArgumentException if the file belongs to another cache
    /// @throws WindowStateException if the file is closed
    private void requireOfThisCache(MappedFile file) {
        if (file.space() != space) {
            throw WindowErrors.ofAnotherCache(file, this);
        }
        file.requireOpen();
    }

    /// Moves bytes of a channel, which may block without a limit. The transfer is counted, so a thread that closes the
    /// file gets an exception that names the transfer.
    private @Nullable IOException moveCounted(MappedFile file, Uio uio, AccessAdvice advice, int flags)
            throws IOException {
        file.loans().beginTransfer(file);
        try {
            return moveUncounted(file, uio, advice, flags);
        } finally {
            file.loans().endTransfer();
        }
    }

    private @Nullable IOException moveUncounted(MappedFile file, Uio uio, AccessAdvice advice, int flags)
            throws IOException {
        return uio.writes() ? write(file, uio, flags) : reads.move(file, uio, advice);
    }

    private @Nullable IOException write(MappedFile file, Uio uio, int flags) throws IOException {
        file.requireWritable();
        file.writer.lock();
        try {
            return writes.move(file, uio, flags);
        } finally {
            file.writer.unlock();
        }
    }

    private @Nullable Window lend(
            MappedFile file, long byteOffset, long byteSize, AccessAdvice advice, int flags, long deadlineNanos)
            throws IOException {
        WindowFlag.checkTransfer(flags, ALLOC_FLAGS);
        WindowErrors.checkRange(byteOffset, byteSize);
        if (byteSize == 0) {
            throw new IllegalArgumentException("window is empty: byteOffset=" + byteOffset + ", byteSize=0");
        }
        requireOfThisCache(file);
        return loans.lend(file, new WindowLoans.Request(byteOffset, byteSize, advice, flags, deadlineNanos));
    }
}
