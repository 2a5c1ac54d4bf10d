package io.leasehold.bench.scenario.load;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.leasehold.bench.result.ServerResult.Quantile;

import io.netty.handler.ssl.SslContext;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A load generator in its own JVM. It runs the phases on its standard input and ends with it.
///
/// | input | output |
/// |---|---|
/// | `run` and a [LoadPhase#line] | `measuring`, `measured`, then `result` and a [LoadResult] as JSON, or `error` |
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
        toJson(new LoadResult(0, 0, 0, 0, List.of(new Quantile(0, 0)), ""));
        int port = Integer.parseInt(args[0]);
        LoadGenerator generator = wantsFiles
                ? LoadGenerator.ofFiles(port, tls, FileTree.standard(), SEED)
                : new LoadGenerator(port, tls, SEED);
        System.out.println("ready");
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (@Nullable String line = input.readLine(); line != null; line = input.readLine()) {
            LoadPhase phase = LoadPhase.parse(line.substring("run ".length()));
            Thread.ofPlatform().daemon().name("phase").start(() -> run(generator, phase));
        }
        // Ends at once: a phase may be in progress, and there is nothing to clean up.
        Runtime.getRuntime().halt(0);
    }

    private static void run(LoadGenerator generator, LoadPhase phase) {
        try {
            LoadResult result =
                    generator.run(phase, () -> System.out.println("measuring"), () -> System.out.println("measured"));
            System.out.println("result " + toJson(result));
        } catch (Exception e) {
            System.out.println("error the load failed: " + e);
        }
    }

    private static String toJson(LoadResult result) throws IOException {
        return JsonMapper.builder().build().writeValueAsString(result);
    }
}
