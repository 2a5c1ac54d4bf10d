package io.leasehold.bench.scenario.server;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.Files;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// A descriptor that keeps the system from reusing the number of its file.
///
/// **Ownership.** The caller of [#open] closes it.
///
/// @param descriptor descriptor of the system
/// @param entry version of the file that the descriptor is open on
record PinnedFile(int descriptor, FileEntry entry) implements AutoCloseable {

    /// Opens the file that is at a path now.
    ///
    /// @throws NoSuchFileException if there is none
    /// @throws AccessDeniedException if this process may not read it
    /// @throws IOException if the system call fails for another reason, or if the system does not report the length of
    ///     the file, as for files of proc and sysfs
    static PinnedFile open(Path path) throws IOException {
        try {
            int descriptor = Files.system().open(path, Files.Access.READ);
            boolean isOpen = false;
            try {
                if (!Files.system().tellsLength(descriptor)) {
                    throw new IOException("length of the file is not reported: file=" + path);
                }
                Files.Status status = Files.system().status(descriptor);
                FileEntry entry = new FileEntry(
                        path,
                        status.byteSize(),
                        status.modifiedNanos(),
                        status.changedNanos(),
                        status.device(),
                        status.inode());
                isOpen = true;
                return new PinnedFile(descriptor, entry);
            } finally {
                if (!isOpen) {
                    Files.system().close(descriptor);
                }
            }
        } catch (SystemCallException e) {
            throw refused(path, e);
        }
    }

    private static IOException refused(Path path, SystemCallException cause) {
        IOException refused = switch (cause.errno()) {
            case Errno.ENOENT -> new NoSuchFileException(path.toString());
            case Errno.EACCES -> new AccessDeniedException(path.toString());
            default -> new IOException("cannot open: file=" + path);
        };
        refused.initCause(cause);
        return refused;
    }

    @Override
    public void close() {
        Files.system().close(descriptor);
    }
}
