package io.leasehold.window;

import io.leasehold.error.SystemCallException;
import io.leasehold.memory.EarlyClasses;
import io.leasehold.memory.Reservations;
import io.leasehold.os.Files;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// A cache of windows on files, and the one way to move bytes through them that survives whatever happens to the files.
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
/// | ubc_alloc | [#alloc], [#tryAlloc] |
/// | ubc_release | [#release], [Window#close] |
/// | ubc_uiomove | [#uiomove]; [#read] for one that cannot fail half-way |
/// | ubc_zerorange | [#zerorange] |
/// | ubc_purge | [#purge] |
///
/// **Errors.** Whatever is done to a file, by whomever, a transfer gives right bytes or an [IOException] that names
/// file, offset and length. [InternalError], which the JVM throws for a mapping without a file behind it, never leaves
/// this class. One thing is as with read(2): who cuts a file of others within a page, and writes that page again while
/// it is copied, can have the zeroes in between seen; so can who changes it during each of 64 reads in a row. In a file
/// of ours none are.
///
/// **Ownership.** Who opened it closes it, after the windows and before the arena. It owns its address space, its
/// files' descriptors, and the pages it takes from the arena.
///
/// **Threads.** Thread-safe. A transfer through a window takes no lock; mapping and recycling take one, but not over
/// their calls of the kernel. Threads that wait for a window get one in the order in which they came.
///
/// @see <a href="https://man.netbsd.org/ubc.9">ubc(9)</a>; Silvers, UBC: An Efficient Unified I/O and Memory Caching
///     Subsystem for NetBSD, FREENIX 2000
public final class WindowCache implements AutoCloseable {

    private static final int TRANSFER_FLAGS = WindowFlag.FAULTBUSY | WindowFlag.UNMAP | WindowFlag.PARTIALOK;
    private static final int ALLOC_FLAGS = WindowFlag.FAULTBUSY | WindowFlag.NOWAIT;

    /// When nothing is out, only a kernel that refuses a barrier for a moment keeps a file open.
    private static final Duration SHUT_TIMEOUT = Duration.ofSeconds(10);

    private final WindowCacheOptions options; // (C)
    private final Files files; // (C)
    private final WindowCounts counts = new WindowCounts(); // (C)
    private final WindowSpace space; // (C)
    private final StagingRuns staging; // (C)
    private final WindowReads reads; // (C)
    private final WindowWrites writes; // (C)
    private final FileChecksum checksums; // (C)
    private final WindowLoans loans; // (C)
    private final AtomicBoolean isClosed = new AtomicBoolean(); // (A)

    private WindowCache(PageArena arena, WindowCacheOptions options, Files files, Reservations reservations) {
        VirtualMemory memory = reservations.memory();
        boolean canMap = files.can(Files.Capability.MAP) && memory.can(VirtualMemory.Capability.MAP);
        this.options = options;
        this.files = files;
        this.staging = new StagingRuns(arena, options.name());
        this.space = openSpace(reservations, canMap);
        this.reads = new WindowReads(space, files, counts, staging, memory.pageSize());
        this.writes = new WindowWrites(files, counts, staging, options, memory.pageSize());
        this.checksums = new FileChecksum(reads, staging);
        this.loans = new WindowLoans(this, space, counts, files, memory, reads, writes, staging);
    }

    private WindowSpace openSpace(Reservations reservations, boolean canMap) {
        WindowPools pools = null;
        WindowSpace opened = null;
        try {
            pools = WindowPools.open(reservations, options, canMap);
            opened = new WindowSpace(options, counts, pools);
            return opened;
        } finally {
            if (opened == null) {
                if (pools != null) {
                    pools.close();
                }
                staging.close();
            }
        }
    }

    /// Opens a cache. Where native access or memfd_create(2) is refused it has no windows, and does all else.
    ///
    /// @param arena for the pages that bytes pass through and private copies live in, a few for each processor; the
    ///     caller closes it after the cache
    /// @param options its sizes
    /// @return the cache, to be closed by the caller
    /// @throws IllegalArgumentException if a window is smaller than an OS page
    /// @throws IllegalStateException if the mapping account of the process has no room for the windows
    public static WindowCache open(PageArena arena, WindowCacheOptions options) {
        return open(arena, options, Files.system(), Reservations.system());
    }

    /// Opens a cache over other kernel seams, for tests.
    static WindowCache open(PageArena arena, WindowCacheOptions options, Files files, Reservations reservations) {
        EarlyClasses.initialize(
                AccessAdvice.class,
                ByteRanges.class,
                FileDurability.class,
                FileTrust.class,
                InFlight.class,
                MappedFile.class,
                MappedFileOptions.class,
                StagingRuns.Run.class,
                Uio.class,
                Window.class,
                Window.Loan.class,
                WindowErrors.class,
                WindowFlag.class,
                WindowLoans.Request.class,
                WindowTable.class,
                WindowTier.class,
                WindowWaiters.Waiter.class);
        if (options.windowByteSize() < reservations.memory().pageSize()) {
            throw new IllegalArgumentException(
                    "window is smaller than an OS page: windowByteSize=" + options.windowByteSize() + ", page="
                            + reservations.memory().pageSize());
        }
        return new WindowCache(arena, options, files, reservations);
    }

    /// Opens a file.
    ///
    /// @param path a regular file of the default file system
    /// @param fileOptions who may change it, and how it is reached
    /// @return the file, to be closed by the caller
    /// @throws NoSuchFileException if there is no file and none is to be made
    /// @throws IOException if the system refuses, or does not tell the length of a file that is to be OWNED
    /// @throws IllegalStateException if the cache is closed
    public MappedFile open(Path path, MappedFileOptions fileOptions) throws IOException {
        Files.Access access = fileOptions.create()
                ? Files.Access.CREATE
                : fileOptions.writable() ? Files.Access.READ_WRITE : Files.Access.READ;
        space.files().requireOpen(); // before a file is made
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

    /// Fills memory from a file (ubc_uiomove with UBC_READ), as far as the file goes.
    ///
    /// @param file what to read
    /// @param byteOffset where it begins in the file
    /// @param to memory to fill, native or an array's
    /// @return how many bytes were copied; fewer than `to` holds mean that the file ends there
    /// @throws IOException if the file was cut while it was read, or the system refuses; what `to` holds is undefined
    ///     then
    /// @throws IllegalStateException if the file is closed
    public long read(MappedFile file, long byteOffset, MemorySegment to) throws IOException {
        if (file.space() != space) {
            throw WindowErrors.ofAnotherCache(file, this);
        }
        return reads.read(file, byteOffset, to);
    }

    /// Moves bytes between a file and memory or a channel (ubc_uiomove), through as many windows as it takes.
    ///
    /// A read ends where the file does. A write makes the file longer, which readers see when it is over. If it fails,
    /// it is over: with FAULTBUSY all that was not written from the failing window on reads as zero, as in the
    /// original, and that window's first part too, although it counts as moved; with PARTIALOK only that window does.
    ///
    /// @param file the file
    /// @param uio what to move; it says afterwards how far it came, also after an exception
    /// @param advice how the file is being read; of no matter for a write
    /// @param flags READ or WRITE, which is the direction of `uio`; FAULTBUSY, UNMAP, PARTIALOK
    /// @return how many bytes this call moved
    /// @throws IOException if that failed; with PARTIALOK only if nothing was moved
    /// @throws IllegalArgumentException if the flags do not go with the transfer
    /// @throws IllegalStateException if the file is closed, or is to be written and not open for that
    public long uiomove(MappedFile file, Uio uio, AccessAdvice advice, int flags) throws IOException {
        WindowFlag.checkTransfer(flags, TRANSFER_FLAGS);
        if (uio.writes() != WindowFlag.has(flags, WindowFlag.WRITE)) {
            throw new IllegalArgumentException("flags have another direction: 0x%x, %s".formatted(flags, uio));
        }
        requireOfThisCache(file);
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

    /// Sets a range of a file to zero (ubc_zerorange); it grows if the range reaches behind its end.
    ///
    /// @param file a file that is open for writing
    /// @param byteOffset start of the range
    /// @param byteSize size of the range
    /// @param flags UNMAP or none
    /// @throws IOException if the system refuses
    /// @throws IllegalStateException if the file is closed or not open for writing
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

    /// Lends a part of a file in place (ubc_alloc), waiting as long as there is no window.
    ///
    /// @param file the file; of a FOREIGN one the window is a private copy
    /// @param byteOffset where it begins in the file
    /// @param byteSize how much is wanted; the window may have less
    /// @param advice how it will be read
    /// @param flags READ or WRITE; FAULTBUSY; NOWAIT
    /// @return the window, to be released by the caller; null if there is none and the flags say NOWAIT
    /// @throws IOException if the system refuses, or a window for reading would begin behind the end of the file
    /// @throws IllegalStateException if the file is closed, or is to be written and not open for that
    public @Nullable Window alloc(MappedFile file, long byteOffset, long byteSize, AccessAdvice advice, int flags)
            throws IOException {
        return lend(file, byteOffset, byteSize, advice, flags, Long.MAX_VALUE);
    }

    /// Lends a part of a file in place (ubc_alloc), waiting for a window until a deadline.
    ///
    /// @param file the file; of a FOREIGN one the window is a private copy
    /// @param byteOffset where it begins in the file
    /// @param byteSize how much is wanted; the window may have less
    /// @param advice how it will be read
    /// @param flags READ or WRITE; FAULTBUSY; NOWAIT
    /// @param timeout how long to wait at most
    /// @return the window, to be released by the caller; null if there is none by then
    /// @throws IOException if the system refuses, or a window for reading would begin behind the end of the file
    /// @throws IllegalStateException if the file is closed, or is to be written and not open for that
    public @Nullable Window tryAlloc(
            MappedFile file, long byteOffset, long byteSize, AccessAdvice advice, int flags, Duration timeout)
            throws IOException {
        return lend(file, byteOffset, byteSize, advice, flags, System.nanoTime() + WindowErrors.nanos(timeout));
    }

    /// Takes a window back (ubc_release). It stays mapped for the next access, and is recycled after the windows that
    /// were left alone for longer, about; with UNMAP it is the next to be recycled. Growth that was written through it
    /// is seen from now on.
    ///
    /// @param window what [#alloc] lent
    /// @param flags UNMAP or none
    /// @throws IOException if what was written to a private copy cannot be written to the file; it is released all the
    ///     same
    /// @throws IllegalArgumentException if another cache lent it
    /// @throws IllegalStateException if it is released already
    public void release(Window window, int flags) throws IOException {
        WindowFlag.checkRelease(flags, WindowFlag.UNMAP);
        loans.end(window, flags);
    }

    /// Takes all windows off an empty file (ubc_purge). They are free afterwards.
    ///
    /// @param file a file of no bytes
    /// @throws IOException if the system refuses
    /// @throws IllegalStateException if it has bytes or windows are out; nothing is changed then
    public void purge(MappedFile file) throws IOException {
        requireOfThisCache(file);
        long byteSize = file.byteSize();
        if (byteSize != 0) {
            throw new IllegalStateException(
                    "cannot purge, file is not empty: file=" + file.path() + ", byteSize=" + byteSize);
        }
        try {
            space.purge(file);
        } catch (SystemCallException e) {
            throw WindowErrors.failed("purge", file, e);
        }
    }

    /// {@return the CRC-32C of a range, computed on copied blocks: over a window it would end the process if the file
    /// were cut}
    ///
    /// @param file the file
    /// @param byteOffset start of the range
    /// @param byteSize size of the range
    /// @throws EOFException if the file ends within it
    /// @throws IOException if the file is cut meanwhile, or the system refuses
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

    /// {@return what it has done since it was opened}
    public WindowCacheStats stats() {
        return counts.stats();
    }

    /// {@return what it was opened with}
    public WindowCacheOptions options() {
        return options;
    }

    /// Closes the cache and its files. Closing twice has no effect.
    ///
    /// @throws IOException if the system refuses to close a file; it is closed all the same
    /// @throws IllegalStateException if windows or private copies are out, or bytes are moved between a file and a
    ///     channel, naming them; nothing is changed then
    @Override
    public void close() throws IOException {
        if (!isClosed.get()) {
            List<MappedFile> open = space.files().shut();
            closeAll(open, file -> {
                file.close(SHUT_TIMEOUT);
                return 0;
            });
        }
    }

    /// Closes the cache and its files while windows are out, whose threads are gone for instance. What they lead to
    /// reads as zero from then on, or stays what it was if it is a copy, and no other owner ever gets these addresses
    /// before the window is released. Closing twice has no effect.
    ///
    /// @return how many windows, private copies and transfers of a channel were out
    /// @throws IOException if the system refuses to close a file; it is closed all the same
    public int closeForcibly() throws IOException {
        return isClosed.get() ? 0 : closeAll(space.files().shutForcibly(), MappedFile::closeForcibly);
    }

    /// How a file is closed.
    private interface FileCloser {
        /// {@return how much was out}
        int close(MappedFile file) throws IOException;
    }

    private int closeAll(List<MappedFile> open, FileCloser closer) throws IOException {
        if (!isClosed.compareAndSet(false, true)) {
            return 0;
        }
        IOException refusal = null;
        int out = 0;
        boolean isDone = false;
        try {
            for (MappedFile file : open) {
                try {
                    out += closer.close(file);
                } catch (IOException e) {
                    refusal = e;
                } catch (IllegalStateException e) { // the kernel did not say what is pinned; the pool is abandoned then
                    refusal = new IOException("cannot close: file=" + file.path(), e);
                }
            }
            try {
                space.files().close();
            } finally {
                staging.close();
            }
            isDone = true;
        } finally {
            isClosed.set(isDone); // so that closing can be repeated
        }
        if (refusal != null) {
            throw refusal;
        }
        return out;
    }

    @Override
    public String toString() {
        return "WindowCache(" + options.name() + ", " + space + ")";
    }

    /// {@return the extents and windows, for tests that count work}
    WindowPools pools() {
        return space.pools();
    }

    void checkInvariants() {
        space.checkInvariants();
    }

    /// @throws IllegalArgumentException if a file is of another cache
    /// @throws IllegalStateException if it is closed
    private void requireOfThisCache(MappedFile file) {
        if (file.space() != space) {
            throw WindowErrors.ofAnotherCache(file, this);
        }
        file.requireOpen();
    }

    /// Moves bytes of a channel, which may block as long as it likes: a thread that closes the file is told so.
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
