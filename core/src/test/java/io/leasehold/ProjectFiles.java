package io.leasehold;

import java.nio.file.Files;
import java.nio.file.Path;

/// Finds the sources of the project, for tests that read them. The build sets `leasehold.core` to the folder of the
/// module. Without it, as in an IDE, the folder is searched upwards from the working directory.
public final class ProjectFiles {

    private static final Path CORE = find();

    private ProjectFiles() {}

    private static Path find() {
        String set = System.getProperty("leasehold.core");
        if (set != null) {
            return Path.of(set);
        }
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            Path core = folder.resolve("core");
            if (Files.exists(core.resolve("src/main/java/io/leasehold/package-info.java"))) {
                return core;
            }
        }
        throw new IllegalStateException(
                "project not found, set -Dleasehold.core: from=" + Path.of("").toAbsolutePath());
    }

    /// {@return a file or folder of the module `core`}
    ///
    /// @param path path below the folder of the module
    public static Path core(String path) {
        return CORE.resolve(path);
    }

    /// {@return a file or folder of the project}
    ///
    /// @param path path below the folder of the project
    public static Path project(String path) {
        return CORE.resolveSibling(path);
    }
}
