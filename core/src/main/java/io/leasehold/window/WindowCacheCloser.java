package io.leasehold.window;

import io.leasehold.holder.MemorySource;
import io.leasehold.holder.SourceKind;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// Closes a cache: its files, then the address space and the staging pages. Also registers the cache in the reports of
/// memory in use, from its opening until its close.
///
/// ```text
///   close           ---> OpenFiles: is a loan outstanding?  yes: throw, nothing is changed
///                          | no: nothing is lent any more
///   closeForcibly   ---> close each file ---> release the address space ---> free the staging pages
///                          | fails                | one of them fails: closing can be repeated
///                          +--> close the rest, throw at the end
/// ```
///
/// **Threads.** Thread-safe. Of several threads that close a cache, one does it.
final class WindowCacheCloser {

    /// How long to retry the close of a file. Since no loan is outstanding, only a kernel that rejects a barrier for a
    /// while keeps the file open.
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final OpenFiles files; // (C)
    private final StagingRuns staging; // (C)
    private final MemorySource source; // (C)
    private final AtomicBoolean isClosed = new AtomicBoolean(); // (A)

    /// Registers a cache that has all its other parts.
    WindowCacheCloser(WindowCache cache, OpenFiles files, StagingRuns staging) {
        WindowCacheOptions options = cache.options();
        this.files = files;
        this.staging = staging;
        this.source = MemorySource.open(
                SourceKind.WINDOW_CACHE,
                options.name(),
                options.tag(),
                cache,
                opened -> opened.pools().mapped(),
                opened -> null);
    }

    /// How a file is closed.
    interface FileCloser {
        /// {@return number of outstanding loans}
        int close(MappedFile file) throws IOException;
    }

    /// Closes the cache. Closing a closed cache frees only staging pages that could not be freed before.
    ///
    /// @throws IOException if the system call to close a file fails; the cache is closed even so
    /// @throws IllegalStateException if a loan is outstanding; nothing is changed then
    /// @throws io.leasehold.error.SystemCallException if the kernel fails to release the address space or to unlock
    ///     pages; closing can be repeated
    void close() throws IOException {
        if (isClosed.get()) {
            staging.freeGivenUp();
        } else {
            List<MappedFile> open = files.shut();
            closeAll(open, file -> {
                file.close(TIMEOUT);
                return 0;
            });
        }
    }

    /// Closes the cache while loans are outstanding. Closing a closed cache frees only staging pages that could not be
    /// freed before.
    ///
    /// @return number of loans that were outstanding
    /// @throws IOException if the system call to close a file fails; the cache is closed even so
    /// @throws io.leasehold.error.SystemCallException if the kernel fails to release the address space or to unlock
    ///     pages; closing can be repeated
    int closeForcibly() throws IOException {
        if (isClosed.get()) {
            staging.freeGivenUp();
            return 0;
        }
        return closeAll(files.shutForcibly(), MappedFile::closeForcibly);
    }

    private int closeAll(List<MappedFile> open, FileCloser closer) throws IOException {
        if (!isClosed.compareAndSet(false, true)) {
            return 0;
        }
        IOException failure = null;
        int out = 0;
        boolean isDone = false;
        try {
            for (MappedFile file : open) {
                try {
                    out += closer.close(file);
                } catch (IOException e) {
                    failure = e;
                } catch (IllegalStateException e) { // pin counts could not be collected; the pool is abandoned
                    failure = new IOException("cannot close: file=" + file.path(), e);
                }
            }
            try {
                files.close();
            } finally {
                staging.close();
            }
            source.close();
            isDone = true;
        } finally {
            isClosed.set(isDone); // if it failed, closing can be repeated
        }
        if (failure != null) {
            throw failure;
        }
        return out;
    }
}
