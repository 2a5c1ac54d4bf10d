package io.leasehold.bench.scenario.load;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.result.ServerResult.Quantile;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;

/// A load generator in its own JVM. It runs the phases on its standard input and ends with it.
///
/// | input | output |
/// |---|---|
/// | a [LoadPhase] | `measuring`, `measured`, then `result` and a [LoadResult], or `error` |
/// | end of input | none: it ends, also during a phase |
public final class LoadProcess {

    /// Argument for a server with files.
    public static final String FILES = "files";

    private static final long SEED = 1998;

    private LoadProcess() {}

    /// Prints `ready` and runs the phases.
    ///
    /// @param args the port, the key file of an encrypted server, and `files` for a server with a [FileTree]
    /// @throws IOException if the input or the key file cannot be read
    /// @throws GeneralSecurityException if the key file contains no key
    public static void main(String[] args) throws IOException, GeneralSecurityException {
        List<String> rest = List.of(args).subList(1, args.length);
        boolean wantsFiles = rest.contains(FILES);
        Optional<String> key = rest.stream().filter(arg -> !arg.equals(FILES)).findFirst();
        SslContext tls = key.isPresent() ? Keys.load(Path.of(key.get())).client() : null;
        // Warms up Jackson before a load is measured.
        ChildJvm.line(new LoadResult(0, 0, 0, 0, List.of(new Quantile(0, 0)), ""));
        int port = Integer.parseInt(args[0]);
        LoadGenerator generator =
                new LoadGenerator(port, tls, wantsFiles ? new Deck(FileTree.standard(), SEED) : new Deck(SEED));
        System.out.println("ready");
        ChildJvm.forEachLine(line -> Thread.ofPlatform().daemon().name("phase").start(() -> run(generator, line)));
        // Ends at once: a phase may be in progress, and there is nothing to clean up.
        Runtime.getRuntime().halt(0);
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
