package io.leasehold.bench.subject;

import io.leasehold.os.Files;
import java.io.IOException;
import java.nio.file.Path;

/// A file without a name on a real file system. The file is opened through the descriptors of this process, and
/// disappears when this process ends for any reason.
///
/// The file is in the folder for temporary files, or in the folder of `-Dbench.dir`.
///
/// @param descriptor of the kernel
/// @param fileSystem type of its file system, for example `ext4`
public record UnnamedFile(int descriptor, String fileSystem) implements AutoCloseable {

    /// The property with the folder.
    public static final String FOLDER = "bench.dir";

    /// Creates an empty file in the folder of [#FOLDER], or in the folder for temporary files.
    ///
    /// @return the file, to be closed by the caller
    /// @throws IOException if the file cannot be created in the folder
    public static UnnamedFile create() throws IOException {
        String chosen = System.getProperty(FOLDER, "");
        return create(Path.of(chosen.isEmpty() ? System.getProperty("java.io.tmpdir") : chosen));
    }

    /// Creates an empty file.
    ///
    /// @param folder of the file
    /// @return the file, to be closed by the caller
    /// @throws IOException if the file cannot be created in the folder
    public static UnnamedFile create(Path folder) throws IOException {
        Path path = java.nio.file.Files.createTempFile(folder, "leasehold", ".bench");
        try {
            String type = java.nio.file.Files.getFileStore(path).type();
            return new UnnamedFile(Files.system().open(path, Files.Access.READ_WRITE), type);
        } finally {
            java.nio.file.Files.delete(path);
        }
    }

    /// {@return the path by which this process can open the file}
    public Path path() {
        return folder().resolve(name());
    }

    /// {@return the folder in which this process finds its open files}
    public static Path folder() {
        return Path.of("/proc/self/fd");
    }

    /// {@return the name of this file in [#folder]}
    public String name() {
        return Integer.toString(descriptor);
    }

    @Override
    public void close() {
        Files.system().close(descriptor);
    }
}
