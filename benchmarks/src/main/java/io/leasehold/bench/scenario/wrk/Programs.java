package io.leasehold.bench.scenario.wrk;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/// The programs of the machine that the scenario uses.
///
/// @param wrk the load generator; empty if it is not installed
/// @param nginx the server; empty if it is not installed
public record Programs(Optional<Path> wrk, Optional<Path> nginx) {

    /// {@return the programs in the folders that the environment of this process names}
    public static Programs here() {
        return on(Objects.requireNonNullElse(System.getenv("PATH"), ""));
    }

    /// {@return the programs in some folders}
    ///
    /// @param path the folders in order, as in the environment variable `PATH`
    static Programs on(String path) {
        return new Programs(find("wrk", path), find("nginx", path));
    }

    private static Optional<Path> find(String name, String path) {
        return Arrays.stream(path.split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, name))
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst();
    }

    /// {@return one line that says which program is missing and what that means; empty if both are installed}
    Optional<String> missing() {
        if (wrk.isEmpty()) {
            return Optional.of("wrk is not installed (not on PATH), so static files were not compared with nginx");
        }
        return nginx.isPresent()
                ? Optional.empty()
                : Optional.of("nginx is not installed (not on PATH), so static files are compared with sendfile only");
    }
}
