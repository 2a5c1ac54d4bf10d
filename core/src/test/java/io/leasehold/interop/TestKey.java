package io.leasehold.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// A key and a certificate for 127.0.0.1 from the JDK's `keytool`, in a file.
///
/// @param file key store of PKCS 12 with the entry `key`
public record TestKey(Path file) {

    private static final String ALIAS = "key";
    private static final String PASSWORD = "password";
    private static final int LIMIT_SECONDS = 300;

    /// Creates a key in a folder.
    public static TestKey make(Path folder) throws IOException, InterruptedException {
        Path file = folder.resolve("key.p12").toAbsolutePath();
        Files.deleteIfExists(file);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        String line = "-J-XX:TieredStopAtLevel=1 -genkeypair -keyalg EC -groupname secp256r1 -dname CN=localhost"
                + " -ext san=ip:127.0.0.1,dns:localhost -validity 2 -storetype PKCS12 -storepass " + PASSWORD
                + " -alias " + ALIAS + " -keystore";
        command.addAll(List.of(line.split(" ")));
        command.add(file.toString());
        Path said = folder.resolve("keytool.txt");
        Process keytool = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        boolean isInTime = keytool.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
        if (!isInTime) {
            keytool.destroyForcibly().waitFor();
        }
        assertThat(isInTime && Files.exists(file)).as(Files.readString(said)).isTrue();
        return new TestKey(file);
    }

    /// {@return a context of a server that shows the certificate, and of a client that trusts it}
    public SSLContext context() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, PASSWORD.toCharArray());
        store.setCertificateEntry("trusted", store.getCertificate(ALIAS));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }
}
