package interop;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.zookeeper.ClientCnxnSocketNetty;
import org.apache.zookeeper.ClientTestHook;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.server.NettyServerCnxnFactory;
import org.apache.zookeeper.server.ServerCnxnFactory;
import org.apache.zookeeper.server.ServerTestHook;
import org.apache.zookeeper.server.ZooKeeperServer;

/// ZooKeeper: one server with the Netty transport, and one client with it.
final class ZooKeeperServers {

    private ZooKeeperServers() {}

    public static void main(String[] args) {
        Interop.run(ZooKeeperServers::run);
    }

    private static void run(Trial trial) throws Exception {
        System.setProperty("zookeeper.forceSync", "no");
        System.setProperty("zookeeper.admin.enableServer", "false");
        if (trial.isByOption()) {
            ServerTestHook.set(trial.allocator());
            ClientTestHook.set(trial.allocator());
        }
        Path folder = Files.createTempDirectory("interop");
        try {
            if (Tls.isOn()) {
                useTls(folder);
            }
            ZooKeeperServer server = new ZooKeeperServer(folder.toFile(), folder.toFile(), 2_000);
            System.setProperty(ServerCnxnFactory.ZOOKEEPER_SERVER_CNXN_FACTORY, NettyServerCnxnFactory.class.getName());
            ServerCnxnFactory factory = ServerCnxnFactory.createFactory();
            factory.configure(new InetSocketAddress("127.0.0.1", 0), 10, -1, Tls.isOn());
            factory.startup(server);
            ZKClientConfig config = new ZKClientConfig();
            config.setProperty(ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET, ClientCnxnSocketNetty.class.getName());
            config.setProperty(ZKClientConfig.SECURE_CLIENT, String.valueOf(Tls.isOn()));
            CountDownLatch connected = new CountDownLatch(1);
            ZooKeeper client = new ZooKeeper(
                    "127.0.0.1:" + factory.getLocalPort(), 120_000, event -> connected.countDown(), config);
            connected.await(120, TimeUnit.SECONDS);
            trial.load(0, trial.requests(), 8, i -> call(trial, server, client, i));
            client.close(10_000);
            factory.shutdown();
        } finally {
            delete(folder);
        }
    }

    /// Lets the server read the key, and the client trust its certificate.
    private static void useTls(Path folder) throws GeneralSecurityException, IOException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("trusted", Tls.keyStore().getCertificate("key"));
        Path file = folder.resolve("trusted.p12");
        try (OutputStream out = Files.newOutputStream(file)) {
            trusted.store(out, Tls.PASSWORD.toCharArray());
        }
        System.setProperty("zookeeper.ssl.clientAuth", "none");
        for (String[] store : new String[][] {{"keyStore", Tls.file().toString()}, {"trustStore", file.toString()}}) {
            System.setProperty("zookeeper.ssl." + store[0] + ".location", store[1]);
            System.setProperty("zookeeper.ssl." + store[0] + ".password", Tls.PASSWORD);
            System.setProperty("zookeeper.ssl." + store[0] + ".type", "PKCS12");
        }
    }

    /// Creates a node, looks at it inside the server, sets other bytes, reads them, and deletes the node, since the
    /// server keeps all nodes on the Java heap.
    private static CompletableFuture<byte[]> call(Trial trial, ZooKeeperServer server, ZooKeeper client, int i) {
        CompletableFuture<byte[]> got = new CompletableFuture<>();
        String path = "/node" + i;
        client.create(
                path,
                trial.request(i),
                ZooDefs.Ids.OPEN_ACL_UNSAFE,
                CreateMode.EPHEMERAL,
                (code, asked, context, name) -> replace(trial, server, client, i, got, code),
                null);
        return got;
    }

    private static void replace(
            Trial trial, ZooKeeperServer server, ZooKeeper client, int i, CompletableFuture<byte[]> got, int code) {
        String path = "/node" + i;
        byte[] stored;
        try {
            if (code != 0) {
                throw KeeperException.create(KeeperException.Code.get(code));
            }
            stored = server.getZKDatabase().getNode(path).getData();
        } catch (KeeperException | RuntimeException e) {
            got.completeExceptionally(e);
            return;
        }
        client.setData(path, trial.served(i, stored), -1, (ignored, asked, context, stat) -> {}, null);
        client.getData(
                path, false, (result, asked, context, data, stat) -> delete(client, path, got, result, data), null);
    }

    private static void delete(ZooKeeper client, String path, CompletableFuture<byte[]> got, int code, byte[] data) {
        if (code != 0) {
            got.completeExceptionally(KeeperException.create(KeeperException.Code.get(code)));
            return;
        }
        client.delete(
                path,
                -1,
                (result, asked, context) -> {
                    if (result == 0) {
                        got.complete(data);
                    } else {
                        got.completeExceptionally(KeeperException.create(KeeperException.Code.get(result)));
                    }
                },
                null);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.delete(file);
            }
        }
    }
}
