package interop;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;

/// The kind of TLS that a program is to use, and its certificate for 127.0.0.1.
public final class Tls {

    /// Password of the key store.
    public static final String PASSWORD = "password";

    private static final String KIND = System.getProperty("interop.tls");

    private Tls() {}

    /// {@return true if the traffic is to be encrypted}
    public static boolean isOn() {
        return !KIND.equals("none");
    }

    /// {@return true if BoringSSL is to be used}
    public static boolean isBoring() {
        return KIND.equals("boringssl");
    }

    /// {@return the engine to use: the JDK's, or BoringSSL}
    public static SslProvider provider() {
        if (!isBoring()) {
            return SslProvider.JDK;
        }
        OpenSsl.ensureAvailability();
        return SslProvider.OPENSSL;
    }

    /// {@return the file of the key store, in PKCS 12}
    public static Path file() {
        return Path.of(System.getProperty("interop.keystore"));
    }

    /// {@return the context of a server that offers these protocols, none for no negotiation}
    public static SslContext server(String... protocols) throws GeneralSecurityException, IOException {
        return with(SslContextBuilder.forServer(keys()), protocols).build();
    }

    /// {@return the context of a client that trusts the certificate}
    public static SslContext client(String... protocols) throws GeneralSecurityException, IOException {
        return with(SslContextBuilder.forClient().trustManager(trust()), protocols)
                .build();
    }

    private static SslContextBuilder with(SslContextBuilder builder, String... protocols) {
        builder.sslProvider(provider());
        if (protocols.length > 0) {
            builder.applicationProtocolConfig(new ApplicationProtocolConfig(
                    ApplicationProtocolConfig.Protocol.ALPN,
                    ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                    ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                    protocols));
        }
        return builder;
    }

    /// {@return the key and certificate}
    public static KeyManagerFactory keys() throws GeneralSecurityException, IOException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(keyStore(), PASSWORD.toCharArray());
        return keys;
    }

    /// {@return trust in the certificate}
    public static TrustManagerFactory trust() throws GeneralSecurityException, IOException {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore store = keyStore();
        store.setCertificateEntry("trusted", store.getCertificate("key"));
        trust.init(store);
        return trust;
    }

    /// {@return the key store, whose key is called `key`}
    public static KeyStore keyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(file())) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }
}
