package io.leasehold.bench.server;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The files of a folder by what requests call them.
///
/// **Nothing else.** A name that leads out of the folder, by dots or by a link, is one of no file. Who can put links
/// into the folder while it is served can win a race against this, and nobody else.
///
/// **Threads.** Thread-safe.
final class FileFolder {

    private static final String INDEX = "index.html";
    private static final int MOST_REMEMBERED = 10_000;

    private final Path root; // (C)
    private final boolean remembers; // (C) the user vouches that no file changes
    private final Map<String, FileEntry> entries = new ConcurrentHashMap<>(); // (A)

    /// @param root of the files
    /// @param remembers whether a file is looked at once only
    /// @throws IOException if it is no folder
    FileFolder(Path root, boolean remembers) throws IOException {
        this.root = root.toRealPath();
        this.remembers = remembers;
    }

    /// {@return the file that a request names; of a folder its `index.html`}
    ///
    /// @throws NoSuchFileException if there is none in this folder
    /// @throws IOException if the system refuses
    FileEntry find(String uri) throws IOException {
        FileEntry entry = entries.get(uri);
        if (entry == null) {
            entry = look(uri);
            if (remembers && entries.size() < MOST_REMEMBERED) {
                entries.put(uri, entry);
            }
        }
        return entry;
    }

    private FileEntry look(String uri) throws IOException {
        try {
            String name = new URI(uri).getPath();
            if (name == null || !name.startsWith("/") || name.indexOf('\\') >= 0) {
                throw new NoSuchFileException(uri);
            }
            Path path = root.resolve(name.substring(1));
            Path named = (name.endsWith("/") ? path.resolve(INDEX) : path).normalize();
            if (!named.startsWith(root)) {
                throw new NoSuchFileException(uri);
            }
            Path real = named.toRealPath();
            if (!real.startsWith(root)) {
                throw new NoSuchFileException(uri);
            }
            return FileEntry.of(real);
        } catch (URISyntaxException | InvalidPathException e) {
            throw new NoSuchFileException(uri, null, e.getMessage());
        }
    }
}
