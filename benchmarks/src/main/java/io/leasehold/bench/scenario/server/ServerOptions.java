package io.leasehold.bench.scenario.server;

import io.leasehold.bench.scenario.load.Keys;
import io.leasehold.bench.subject.Named;
import io.leasehold.window.FileTrust;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/// The options of a server.
///
/// @param port of 127.0.0.1; 0 for any free port
/// @param transport of the connections
/// @param keys key file ([Keys]) if the connections are encrypted
/// @param allocator `leased`, `adaptive`, `pooled`, `unpooled`, or the full name of the class of a rival
/// @param threads number of event loops that serve connections
/// @param files that the server sends; without them it sends bodies
/// @param faultEvery corrupts each answer whose number is a multiple of this value, so that clients can be tested; 0
///     for none
record ServerOptions(
        int port,
        Transport transport,
        Optional<Path> keys,
        String allocator,
        int threads,
        Optional<FileOptions> files,
        int faultEvery) {

    private static final int MAX_PORT = 65_535;
    private static final int MAX_THREADS = 1024;

    private static final Set<String> NAMES =
            Set.of("port", "transport", "keys", "allocator", "threads", "root", "files", "trust", "fault-every");

    /// Checks the values.
    ServerOptions {
        if (port < 0 || port > MAX_PORT) {
            throw new IllegalArgumentException("port is out of range: port=" + port + ", min=0, max=" + MAX_PORT);
        }
        if (threads < 1 || threads > MAX_THREADS) {
            throw new IllegalArgumentException(
                    "number of event loops is out of range: threads=" + threads + ", min=1, max=" + MAX_THREADS);
        }
        if (faultEvery < 0) {
            throw new IllegalArgumentException("option is too small: fault-every=" + faultEvery + ", min=0");
        }
        if (keys.isPresent()
                && files.filter(each -> each.way() == FileWay.SENDFILE).isPresent()) {
            throw new IllegalArgumentException("sendfile cannot encrypt: files=sendfile; use it without keys");
        }
    }

    /// Parses arguments of the form `--port=8080`.
    ///
    /// @throws IllegalArgumentException if an argument is unknown or invalid
    static ServerOptions parse(String... args) {
        Map<String, String> values = new HashMap<>();
        for (String arg : args) {
            String[] parts = arg.split("=", 2);
            if (parts.length < 2 || !parts[0].startsWith("--") || !NAMES.contains(parts[0].substring(2))) {
                throw new IllegalArgumentException("unknown option: " + arg + "; use one of "
                        + NAMES.stream().sorted().map(name -> "--" + name + "=").toList());
            }
            values.put(parts[0].substring(2), parts[1]);
        }
        return of(name -> values.getOrDefault(name, ""));
    }

    /// {@return the options with named values}
    ///
    /// @param value of an option; an empty one has its default
    /// @throws IllegalArgumentException if a value is invalid
    static ServerOptions of(UnaryOperator<String> value) {
        FileWay way = Named.of(FileWay.class, "way", "files", or(value.apply("files"), "leasehold"));
        FileTrust trust = FileOptions.trust(or(value.apply("trust"), "foreign"));
        return new ServerOptions(
                number("port", value.apply("port"), 0),
                Named.of(Transport.class, "transport", "name", or(value.apply("transport"), "nio")),
                Optional.of(value.apply("keys")).filter(keys -> !keys.isEmpty()).map(Path::of),
                or(value.apply("allocator"), "leased"),
                number("threads", value.apply("threads"), 1),
                Optional.of(value.apply("root"))
                        .filter(root -> !root.isEmpty())
                        .map(root -> new FileOptions(Path.of(root), way, trust)),
                number("fault-every", value.apply("fault-every"), 0));
    }

    private static String or(String value, String otherwise) {
        return value.isEmpty() ? otherwise : value;
    }

    /// {@return these options with another transport}
    ServerOptions on(Transport other) {
        return new ServerOptions(port, other, keys, allocator, threads, files, faultEvery);
    }

    /// {@return these options with another key file}
    ServerOptions with(Optional<Path> other) {
        return new ServerOptions(port, transport, other, allocator, threads, files, faultEvery);
    }

    private static int number(String name, String text, int otherwise) {
        try {
            return text.isEmpty() ? otherwise : Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not a number: " + name + "=" + text, e);
        }
    }
}
