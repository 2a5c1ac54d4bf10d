package io.leasehold.bench.scenario.server;

import io.leasehold.bench.scenario.server.http.RequestTarget;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Finds the files of a folder by the names in requests.
///
/// **Nothing outside the folder.** A name that leads out of the folder, by dots or by a link, names no file. A process
/// that can create links in the folder while it is served could win a race against this check.
///
/// **Threads.** Thread-safe.
final class FileFolder {

    private static final String INDEX = "index.html";
    private static final int MOST_REMEMBERED = 10_000;

    private final Path root; // (C)
    private final boolean remembers; // (C) the user guarantees that no file changes
    private final Map<RequestTarget, FileEntry> entries = new ConcurrentHashMap<>(); // (A)

    /// Creates a folder.
    ///
    /// @param root folder of the files
    /// @param remembers true if the system is asked only once for each file
    /// @throws IOException if `root` is not a folder
    FileFolder(Path root, boolean remembers) throws IOException {
        this.root = root.toRealPath();
        this.remembers = remembers;
    }

    /// {@return the file that a request names; for a folder its `index.html`}
    ///
    /// @throws NoSuchFileException if this folder has no such file, also if no file can have such a name
    /// @throws AccessDeniedException if the system denies access
    /// @throws IOException if another system call fails
    FileEntry find(RequestTarget target) throws IOException {
        FileEntry entry = entries.get(target);
        if (entry == null) {
            entry = FileEntry.of(look(target));
            if (remembers && entries.size() < MOST_REMEMBERED) {
                entries.put(target, entry);
            }
        }
        return entry;
    }

    private Path look(RequestTarget target) throws IOException {
        Path named = root;
        try {
            for (String segment : target.segments()) {
                if (segment.equals("..") || segment.indexOf('/') >= 0 || segment.indexOf('\\') >= 0) {
                    throw new NoSuchFileException(segment);
                }
                named = named.resolve(segment);
            }
            Path real = (target.isFolder() ? named.resolve(INDEX) : named).toRealPath();
            if (!real.startsWith(root)) {
                throw new NoSuchFileException(named.toString());
            }
            return real;
        } catch (AccessDeniedException e) {
            throw e;
        } catch (FileSystemException | InvalidPathException e) {
            // too long, a loop of links, a file in place of a folder: no file can have this name
            NoSuchFileException none = new NoSuchFileException(named.toString(), null, e.getMessage());
            none.initCause(e);
            throw none;
        }
    }
}
