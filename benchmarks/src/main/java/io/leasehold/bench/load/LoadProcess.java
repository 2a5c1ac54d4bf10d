package io.leasehold.bench.load;

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

/// A generator in a JVM of its own, which does what its input says and ends with it.
///
/// | it reads | and says |
/// |---|---|
/// | `run` and a [LoadPhase#line] | `measuring`, `measured`, then `result` and a [LoadResult] as JSON, or `error` |
/// | the end of its input | nothing: it ends, also in the middle of a phase |
public final class LoadProcess {

    /// An argument.
    public static final String FILES = "files";

    private static final long SEED = 1998;

    private LoadProcess() {}

    /// Says `ready` and obeys.
    ///
    /// @param args the port, for an encrypted server the file of its key, and `files` for one that has a [FileTree]
    /// @throws IOException if the input or the file cannot be read
    /// @throws GeneralSecurityException if the file holds no key
    public static void main(String[] args) throws IOException, GeneralSecurityException {
        List<String> rest = List.of(args).subList(1, args.length);
        boolean wantsFiles = rest.contains(FILES);
        Optional<String> key = rest.stream().filter(arg -> !arg.equals(FILES)).findFirst();
        SslContext tls = key.isPresent() ? Keys.load(Path.of(key.get())).client() : null;
        // Jackson wants to be warm before a load is measured.
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
        // Without asking anyone: a phase may be under way, and nothing is left to be put in order.
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
