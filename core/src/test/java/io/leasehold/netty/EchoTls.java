package io.leasehold.netty;

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
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;

/// TLS by the JDK's own engine, with a self-signed certificate from the JDK's `keytool`. Netty's certificate generator
/// would need a whole cryptography library.
///
/// @param server for the end that listens
/// @param client for the end that connects to 127.0.0.1
public record EchoTls(SslContext server, SslContext client) {

    private static final String ALIAS = "echo";
    private static final String PASSWORD = "changeit";
    private static final int LIMIT_SECONDS = 60;

    /// Creates a key in a file in `folder`.
    ///
    /// @param hosts names that the certificate is for, beside 127.0.0.1
    public static EchoTls make(Path folder, String... hosts)
            throws IOException, GeneralSecurityException, InterruptedException {
        Path file = folder.resolve("echo.p12");
        runKeytool(file, hosts);
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        return new EchoTls(
                SslContextBuilder.forServer(keys).sslProvider(SslProvider.JDK).build(),
                SslContextBuilder.forClient()
                        .sslProvider(SslProvider.JDK)
                        .trustManager((X509Certificate) store.getCertificate(ALIAS))
                        .build());
    }

    private static void runKeytool(Path file, String... hosts) throws IOException, InterruptedException {
        String tool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        String line = "-J-XX:TieredStopAtLevel=1 -genkeypair -keyalg EC -groupname secp256r1 -dname CN=localhost"
                + " -ext san=ip:127.0.0.1"
                + Stream.of(hosts).map(",dns:"::concat).collect(Collectors.joining())
                + " -validity 2 -storetype PKCS12 -storepass " + PASSWORD + " -alias " + ALIAS
                + " -keystore";
        ProcessBuilder command = new ProcessBuilder(tool);
        command.command().addAll(List.of(line.split(" ")));
        command.command().add(file.toString());
        Path said = file.resolveSibling("keytool.txt");
        Process process =
                command.redirectErrorStream(true).redirectOutput(said.toFile()).start();
        boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
        if (!ended || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IOException("keytool failed: " + Files.readString(said));
        }
    }
}
