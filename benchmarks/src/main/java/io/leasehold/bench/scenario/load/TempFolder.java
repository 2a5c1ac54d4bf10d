package io.leasehold.bench.scenario.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// A folder for temporary files and for empty subfolders. It is deleted with them when it is closed, at the latest when
/// this JVM ends.
///
/// **Ownership.** The creator closes it.
public final class TempFolder implements AutoCloseable {

    private final Path path; // (C)
    private final Thread atExit = new Thread(this::delete, "end of a folder"); // (C)

    /// Creates an empty folder.
    ///
    /// @throws IOException if it cannot be created
    public TempFolder() throws IOException {
        path = Files.createTempDirectory("bench");
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /// {@return the path of the folder}
    public Path path() {
        return path;
    }

    private void delete() {
        try (Stream<Path> files = Files.list(path)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete: folder=" + path, e);
        }
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            return; // the JVM is ending, so the hook runs
        }
        delete();
    }
}
