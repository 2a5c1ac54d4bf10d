package io.leasehold.observe;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The system properties that this package reads.
///
/// | property | values | default |
/// |---|---|---|
/// | `io.leasehold.counters` | `true`, `false`: whether the process has a file of counters | `true` |
/// | `io.leasehold.jmx` | `true`, `false`: whether allocators are registered where a JMX server exists | `true` |
///
/// Any other value counts as `true`. The file lies in the folder for temporary files (`java.io.tmpdir`).
///
/// **Threads.** Immutable.
///
/// @param hasCounters true if the process has a file of counters
/// @param hasJmx true if allocators are registered where a JMX server exists
/// @param temporary folder for temporary files; a text, because it may be no path in the locale of the process
/// @param user name of the user
public record ObserveOptions(boolean hasCounters, boolean hasJmx, String temporary, String user) {

    private static final String COUNTERS = "io.leasehold.counters";
    private static final String JMX = "io.leasehold.jmx";

    /// {@return the options of this process}
    public static ObserveOptions ofSystem() {
        return of(System::getProperty);
    }

    static ObserveOptions of(Function<String, @Nullable String> properties) {
        String temporary = properties.apply("java.io.tmpdir");
        String user = properties.apply("user.name");
        return new ObserveOptions(
                !"false".equals(properties.apply(COUNTERS)),
                !"false".equals(properties.apply(JMX)),
                temporary == null ? "." : temporary,
                user == null || user.isBlank() ? "user" : user);
    }

    /// {@return the folder with the counter files of this user}
    ///
    /// @throws InvalidPathException if the folder for temporary files is no path
    public Path folder() {
        return Path.of(temporary).resolve("leasehold-" + user.replaceAll("[^A-Za-z0-9._-]", "_"));
    }
}
