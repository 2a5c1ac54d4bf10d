package io.leasehold.interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A server or client that is built on Netty, and how our allocator is put under it.
///
/// The folder `src/test/interop` has a POM for each, and a program that starts and loads it.
///
/// @param name name for the README
/// @param artifact the artifact whose version the POM states
/// @param module folder of the POM
/// @param sources folder of the program, which several releases of a framework share
/// @param main main class of the program
/// @param hook the line that a user writes to hand the allocator over; empty if there is none
/// @param testHook true if there is a way to hand the allocator over that is open to tests alone
/// @param relocation the name of Netty's package in the artifact, `io.netty` if it was not relocated
/// @param netty version of Netty that its POM asks for
/// @param isBoring true if the POM has the native library of BoringSSL
record InteropServer(
        String name,
        String artifact,
        String module,
        String sources,
        String main,
        String hook,
        boolean testHook,
        String relocation,
        String netty,
        boolean isBoring) {

    /// The folder of POM files and programs.
    static final Path FOLDER = Path.of("src/test/interop");

    private static final String NETTY = "io.netty";
    private static final String MICRONAUT = "micronaut";

    /// All servers of the suite, in the order of the README.
    static final List<InteropServer> ALL = List.of(
            agent("Vert.x", "vertx-core", "vertx", "vertx", "VertxServers", "4.2.20.Final", true),
            agent("Vert.x", "vertx-core", "vertx4", "vertx", "VertxServers", "4.1.133.Final", false),
            option("gRPC", "grpc-netty", "grpc", "Grpc", "4.2.17.Final", true, "builder.withChildOption(%s)"),
            new InteropServer(
                    "gRPC, shaded",
                    "grpc-netty-shaded",
                    "grpcshaded",
                    "grpc",
                    "Grpc",
                    "",
                    false,
                    "io.grpc.netty.shaded.io.netty",
                    "4.2.17.Final",
                    false),
            option(
                    "Reactor Netty",
                    "reactor-netty-http",
                    "reactor",
                    "ReactorNetty",
                    "4.2.19.Final",
                    true,
                    "server.childOption(%s)"),
            option(
                    "Armeria",
                    "armeria",
                    "armeria",
                    "Armeria",
                    "4.2.15.Final",
                    true,
                    "serverBuilder.childChannelOption(%s)"),
            agent(
                    "Micronaut",
                    "micronaut-http-server-netty",
                    MICRONAUT,
                    MICRONAUT,
                    "MicronautServers",
                    "4.2.9.Final",
                    false),
            new InteropServer(
                    "ZooKeeper",
                    "zookeeper",
                    "zookeeper",
                    "zookeeper",
                    "ZooKeeperServers",
                    "",
                    true,
                    NETTY,
                    "4.1.130.Final",
                    false),
            option(
                    "RSocket",
                    "rsocket-transport-netty",
                    "rsocket",
                    "RSockets",
                    "4.1.118.Final",
                    false,
                    "tcpServer.childOption(%s)"),
            option(
                    "Lettuce",
                    "lettuce-core",
                    "lettuce",
                    "LettuceClients",
                    "4.2.13.Final",
                    true,
                    "bootstrap.option(%s)"),
            option(
                    "AsyncHttpClient",
                    "async-http-client",
                    "ahc",
                    "AsyncHttpClients",
                    "4.2.17.Final",
                    true,
                    "config.setAllocator(allocator)"));

    private static InteropServer agent(
            String name, String artifact, String module, String sources, String main, String netty, boolean isBoring) {
        return new InteropServer(name, artifact, module, sources, main, "", false, NETTY, netty, isBoring);
    }

    private static InteropServer option(
            String name, String artifact, String module, String main, String netty, boolean isBoring, String hook) {
        String line = hook.formatted("ChannelOption.ALLOCATOR, allocator");
        return new InteropServer(name, artifact, module, module, main, line, false, NETTY, netty, isBoring);
    }

    /// {@return true if a program can hand the allocator over}
    boolean hasOption() {
        return testHook || !hook.isEmpty();
    }

    /// {@return true if the program is compiled with the annotation processors of its class path}
    boolean isProcessed() {
        return module.equals(MICRONAUT);
    }

    /// {@return the version that the POM states}
    String version() throws IOException {
        String pom = Files.readString(FOLDER.resolve(module).resolve("pom.xml"));
        Matcher version = Pattern.compile("<artifactId>" + artifact + "</artifactId>\\s*<version>(.+)</version>")
                .matcher(pom);
        if (!version.find()) {
            throw new AssertionError("no version in the POM: module=" + module + ", artifact=" + artifact);
        }
        return version.group(1);
    }

    /// {@return the version that Netty's jar states; a jar with a relocated copy states its own}
    String statedVersion() throws IOException {
        return relocation.equals(NETTY) ? netty : version();
    }

    @Override
    public String toString() {
        return module;
    }
}
