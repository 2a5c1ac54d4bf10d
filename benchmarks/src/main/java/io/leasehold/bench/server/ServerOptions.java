package io.leasehold.bench.server;

import io.leasehold.bench.load.Keys;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What a server is.
///
/// @param port of 127.0.0.1; 0 for any that is free
/// @param transport of its bytes
/// @param keys the file of its key ([Keys]), if it is encrypted
/// @param allocator `leased`, `adaptive` or `pooled`
/// @param threads event loops that serve connections
/// @param files that it has to send, instead of bodies
/// @param faultEvery spoils each answer whose number this divides, so that it is seen whether that is seen; 0 for none
record ServerOptions(
        int port,
        Transport transport,
        Optional<Path> keys,
        String allocator,
        int threads,
        Optional<FileOptions> files,
        int faultEvery) {

    private static final int MAX_PORT = 65_535;

    private static final Set<String> NAMES =
            Set.of("port", "transport", "keys", "allocator", "threads", "root", "files", "trust", "fault-every");

    /// Checks the numbers.
    ServerOptions {
        if (port < 0 || port > MAX_PORT) {
            throw new IllegalArgumentException("port is not from 0 to " + MAX_PORT + ": " + port);
        }
        if (threads < 1 || faultEvery < 0) {
            throw new IllegalArgumentException(
                    "threads must be at least 1 and fault-every at least 0: " + threads + ", " + faultEvery);
        }
        if (keys.isPresent()
                && files.filter(each -> each.way() == FileWay.SENDFILE).isPresent()) {
            throw new IllegalArgumentException("sendfile cannot encrypt: files=sendfile, with keys");
        }
    }

    /// Reads arguments as `--port=8080`.
    ///
    /// @throws IllegalArgumentException if one is unknown or makes no sense
    static ServerOptions parse(String[] args) {
        Map<String, String> values = new HashMap<>();
        for (String arg : args) {
            String[] parts = arg.split("=", 2);
            if (parts.length < 2 || !parts[0].startsWith("--") || !NAMES.contains(parts[0].substring(2))) {
                throw new IllegalArgumentException("unknown option " + arg + "; there are "
                        + NAMES.stream().sorted().map(name -> "--" + name + "=").toList());
            }
            values.put(parts[0].substring(2), parts[1]);
        }
        return new ServerOptions(
                number(values, "port", 0),
                Transport.of(values.getOrDefault("transport", "nio")),
                Optional.ofNullable(values.get("keys")).map(Path::of),
                values.getOrDefault("allocator", "leased"),
                number(values, "threads", 1),
                Optional.ofNullable(values.get("root"))
                        .map(root -> new FileOptions(
                                Path.of(root),
                                FileWay.of(values.getOrDefault("files", "leasehold")),
                                FileOptions.trust(values.getOrDefault("trust", "foreign")))),
                number(values, "fault-every", 0));
    }

    private static int number(Map<String, String> values, String name, int otherwise) {
        String text = values.get(name);
        try {
            return text == null ? otherwise : Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--" + name + " is no number: " + text, e);
        }
    }
}
