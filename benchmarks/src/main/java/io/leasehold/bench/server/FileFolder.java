package io.leasehold.bench.server;

import io.leasehold.bench.server.http.RequestTarget;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The files of a folder by the names that requests call them.
///
/// **Nothing else.** A name that leads out of the folder, by dots or by a link, names no file. A process that can put
/// links into the folder while it is served can win a race against this.
///
/// **Threads.** Thread-safe.
final class FileFolder {

    private static final String INDEX = "index.html";
    private static final int MOST_REMEMBERED = 10_000;

    private final Path root; // (C)
    private final boolean remembers; // (C) the user vouches that no file changes
    private final Map<RequestTarget, FileEntry> entries = new ConcurrentHashMap<>(); // (A)

    /// @param root folder of the files
    /// @param remembers true if the system is asked only once for each file
    /// @throws IOException if it is no folder
    FileFolder(Path root, boolean remembers) throws IOException {
        this.root = root.toRealPath();
        this.remembers = remembers;
    }

    /// {@return the file that a request names; of a folder its `index.html`}
    ///
    /// @throws NoSuchFileException if this folder has no such file, also if no file can have such a name
    /// @throws AccessDeniedException if the system does not let this process look
    /// @throws IOException if the system refuses
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
            // too long, a loop of links, a file for a folder: the system cannot have a file of that name
            NoSuchFileException none = new NoSuchFileException(named.toString(), null, e.getMessage());
            none.initCause(e);
            throw none;
        }
    }
}
