package io.leasehold.bench.scenario.load;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import javax.net.ssl.KeyManagerFactory;

/// TLS with the JDK's engine and a self-signed certificate for 127.0.0.1.
///
/// @param server context of the server
/// @param client context of the client
public record Keys(SslContext server, SslContext client) {

    private static final String ALIAS = "bench";
    private static final String PASSWORD = "changeit";

    /// Creates a key that is valid for two days.
    ///
    /// @param folder for the key file
    /// @return the key file
    /// @throws IOException if the key cannot be made, or the file cannot be written
    public static Path make(Path folder) throws IOException {
        Path file = folder.resolve("keys.p12");
        Instant now = Instant.now();
        try (OutputStream out = Files.newOutputStream(file)) {
            X509Bundle bundle = new CertificateBuilder()
                    .algorithm(CertificateBuilder.Algorithm.ecp256)
                    .notBefore(now.minus(1, ChronoUnit.DAYS))
                    .notAfter(now.plus(1, ChronoUnit.DAYS))
                    .subject("CN=localhost")
                    .addSanIpAddress("127.0.0.1")
                    .setIsCertificateAuthority(true)
                    .buildSelfSigned();
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(
                    ALIAS, bundle.getKeyPair().getPrivate(), PASSWORD.toCharArray(), bundle.getCertificatePath());
            store.store(out, PASSWORD.toCharArray());
            return file;
        } catch (Exception e) { // the builder declares no narrower type
            throw new IOException("cannot make a key for TLS: file=" + file, e);
        }
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
