package io.leasehold.bench.scenario.load;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;

/// TLS with the JDK's engine and a self-signed certificate for 127.0.0.1.
///
/// @param server context of the server
/// @param client context of the client
public record Keys(SslContext server, SslContext client) {

    private static final String ALIAS = "bench";
    private static final String PASSWORD = "changeit";
    private static final int LIMIT_SECONDS = 60;

    /// Creates a key with the JDK's tool. The key is valid for two days.
    ///
    /// @param folder for the files of the key
    /// @return the key file
    /// @throws IOException if the tool fails, with its output
    /// @throws InterruptedException if the caller is interrupted
    public static Path make(Path folder) throws IOException, InterruptedException {
        Path file = folder.resolve("keys.p12");
        Path said = folder.resolve("keytool.txt");
        String tool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        String options = "-J-XX:TieredStopAtLevel=1 -genkeypair -keyalg EC -groupname secp256r1 -dname CN=localhost"
                + " -ext san=ip:127.0.0.1 -validity 2 -storetype PKCS12 -storepass " + PASSWORD + " -alias " + ALIAS;
        List<String> command = new ArrayList<>(List.of(tool));
        command.addAll(List.of(options.split(" ", -1)));
        command.addAll(List.of("-keystore", file.toString()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
        if (!ended || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException("keytool failed: " + Files.readString(said));
        }
        return file;
    }

    /// Reads a key that [#make] created.
    ///
    /// @throws IOException if the file cannot be read
    /// @throws GeneralSecurityException if it contains no such key
    public static Keys load(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        return new Keys(
                SslContextBuilder.forServer(keys).sslProvider(SslProvider.JDK).build(),
                SslContextBuilder.forClient()
                        .sslProvider(SslProvider.JDK)
                        .trustManager((X509Certificate) store.getCertificate(ALIAS))
                        .build());
    }
}
