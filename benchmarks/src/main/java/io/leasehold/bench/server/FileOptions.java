package io.leasehold.bench.server;

import io.leasehold.window.FileTrust;
import java.nio.file.Path;
import java.util.Locale;

/// Which files a server has, and how it sends them.
///
/// @param root the folder that they are in; nothing outside of it is sent
/// @param way how
/// @param trust who may change them meanwhile
record FileOptions(Path root, FileWay way, FileTrust trust) {

    /// {@return the trust of that name}
    ///
    /// @throws IllegalArgumentException if there is none that fits files of others
    static FileTrust trust(String name) {
        return switch (name) {
            case "foreign" -> FileTrust.FOREIGN;
            case "immutable" -> FileTrust.IMMUTABLE;
            default -> throw new IllegalArgumentException("trust is none of foreign, immutable: " + name);
        };
    }

    /// {@return it as a reader is told}
    String text() {
        return way.text() + ", " + trust.name().toLowerCase(Locale.ROOT) + " files";
    }
}
