package io.leasehold.bench.scenario.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.leasehold.bench.scenario.server.http.RequestTarget;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
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
    private static final int LAST_ASCII = 0x7f;
    private static final HexFormat HEX = HexFormat.of();

    private final Path root; // (C)
    private final String rootUri; // (C) ends with a slash
    private final boolean remembers; // (C) the user guarantees that no file changes
    private final Map<RequestTarget, FileEntry> entries = new ConcurrentHashMap<>(); // (A)

    /// Creates a folder.
    ///
    /// @param root folder of the files
    /// @param remembers true if the system is asked only once for each file
    /// @throws IOException if `root` is not a folder
    FileFolder(Path root, boolean remembers) throws IOException {
        this.root = root.toRealPath();
        this.rootUri = this.root.toUri().toString();
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
        try {
            Path real = named(target).toRealPath();
            if (!real.startsWith(root)) {
                throw new NoSuchFileException(real.toString());
            }
            return real;
        } catch (AccessDeniedException e) {
            throw e;
        } catch (FileSystemException | InvalidPathException e) {
            // too long, a loop of links, a file in place of a folder: no file can have this name
            NoSuchFileException none = new NoSuchFileException(target.toString(), null, e.getMessage());
            none.initCause(e);
            throw none;
        }
    }

    private Path named(RequestTarget target) throws NoSuchFileException {
        Path named = root;
        for (String segment : target.segments()) {
            if (segment.equals("..") || segment.indexOf('/') >= 0 || segment.indexOf('\\') >= 0) {
                throw new NoSuchFileException(segment);
            }
            named = named.resolve(name(segment));
        }
        return target.isFolder() ? named.resolve(INDEX) : named;
    }

    /// {@return a name as UTF-8 bytes} In a locale that lacks a letter of the name, only a URI can name these bytes.
    private Path name(String segment) {
        if (segment.chars().allMatch(c -> c <= LAST_ASCII)) {
            return Path.of(segment);
        }
        StringBuilder uri = new StringBuilder(rootUri);
        for (byte b : segment.getBytes(UTF_8)) {
            uri.append('%').append(HEX.toHexDigits(b));
        }
        return Path.of(URI.create(uri.toString())).getFileName();
    }
}
