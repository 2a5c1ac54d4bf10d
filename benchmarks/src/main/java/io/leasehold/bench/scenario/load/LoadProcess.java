package io.leasehold.bench.scenario.load;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.result.ServerResult.Quantile;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A load generator in its own JVM. It runs the phases on its standard input and ends with it. It may start before its
/// server has a port.
///
/// | input | output |
/// |---|---|
/// | the port of the server, first | `ready` |
/// | a [LoadPhase] | `measuring`, `measured`, then `result` and a [LoadResult], or `error` |
/// | end of input | none: it ends, also during a phase |
public final class LoadProcess {

    /// Argument for a server with files.
    public static final String FILES = "files";

    private static final long SEED = 1998;

    private final @Nullable SslContext tls; // (C)
    private final Deck deck; // (C)
    private @Nullable LoadGenerator generator; // (O) created when the port is known

    private LoadProcess(@Nullable SslContext tls, Deck deck) {
        this.tls = tls;
        this.deck = deck;
    }

    /// Runs the phases.
    ///
    /// @param args the key file of an encrypted server, and `files` for a server with a [FileTree]
    /// @throws IOException if the input or the key file cannot be read
    /// @throws GeneralSecurityException if the key file contains no key
    public static void main(String[] args) throws IOException, GeneralSecurityException {
        List<String> all = List.of(args);
        Optional<String> key = all.stream().filter(arg -> !arg.equals(FILES)).findFirst();
        SslContext tls = key.isPresent() ? Keys.load(Path.of(key.get())).client() : null;
        // Warms up Jackson before a load is measured.
        ChildJvm.line(new LoadResult(0, 0, 0, 0, List.of(new Quantile(0, 0)), ""));
        Deck deck = all.contains(FILES) ? new Deck(FileTree.standard(), SEED) : new Deck(SEED);
        ChildJvm.forEachLine(new LoadProcess(tls, deck)::take);
        // Ends at once: a phase may be in progress, and there is nothing to clean up.
        Runtime.getRuntime().halt(0);
    }

    private void take(String line) {
        LoadGenerator existing = generator;
        if (existing == null) {
            generator = new LoadGenerator(Integer.parseInt(line), tls, deck);
            System.out.println("ready");
        } else {
            Thread.ofPlatform().daemon().name("phase").start(() -> run(existing, line));
        }
    }

    private static void run(LoadGenerator generator, String line) {
        try {
            LoadPhase phase = ChildJvm.parse(line, LoadPhase.class);
            LoadResult result =
                    generator.run(phase, () -> System.out.println("measuring"), () -> System.out.println("measured"));
            ChildJvm.say("result ", result);
        } catch (Exception e) {
            System.out.println("error the load failed: " + e);
        }
    }
}
