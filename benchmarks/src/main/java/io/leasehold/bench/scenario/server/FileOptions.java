package io.leasehold.bench.scenario.server;

import io.leasehold.window.FileTrust;
import java.nio.file.Path;
import java.util.Locale;

/// The files of a server, and the way in which it sends them.
///
/// @param root folder of the files; nothing outside of it is sent
/// @param way how files are sent
/// @param trust whether other processes may change the files
record FileOptions(Path root, FileWay way, FileTrust trust) {

    /// {@return the trust with a name}
    ///
    /// @throws IllegalArgumentException if the name is neither `foreign` nor `immutable`
    static FileTrust trust(String name) {
        return switch (name) {
            case "foreign" -> FileTrust.FOREIGN;
            case "immutable" -> FileTrust.IMMUTABLE;
            default -> throw new IllegalArgumentException("unknown trust: name=" + name + "; use foreign or immutable");
        };
    }

    /// {@return the options as text}
    String text() {
        return way.text() + ", " + trust.name().toLowerCase(Locale.ROOT) + " files";
    }
}
