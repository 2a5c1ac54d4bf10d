package io.leasehold.bench.scenario.wrk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NginxTest {

    @TempDir
    private Path folder;

    private Path root;
    private Path own;

    @BeforeEach
    void createFolders() throws IOException {
        root = Files.createDirectory(folder.resolve("root"));
        own = Files.createDirectory(folder.resolve("own"));
    }

    @Test
    void theConfigurationIsThatOfAUserOfStaticFiles() {
        assertThat(Nginx.configuration(Path.of("/a b/root"), 8080, false).lines())
                .map(String::strip)
                .contains(
                        "daemon off;",
                        "worker_processes 1;",
                        "access_log off;",
                        "sendfile on;",
                        "tcp_nopush on;",
                        "tcp_nodelay on;",
                        "open_file_cache max=1000 inactive=60s;",
                        "open_file_cache_valid 60s;",
                        "listen 127.0.0.1:8080;",
                        "root \"/a b/root\";")
                .noneMatch(line -> line.startsWith("user "));
        assertThat(Nginx.configuration(root, 8080, true)).startsWith("user root;\n");
    }

    /// Otherwise nginx would need rights of root, or leave something behind.
    @Test
    void allThatIsWrittenIsInTheFolder() {
        assertThat(Nginx.configuration(root, 8080, false).lines().map(String::strip))
                .filteredOn(line -> line.matches("(pid|error_log|\\w+_path) .*"))
                .hasSize(7)
                .noneMatch(line -> line.contains("/"));
    }

    @Test
    void nginxSendsFilesAndEndsWhenItIsClosed() throws Exception {
        Files.writeString(root.resolve("a.txt"), "content");
        List<ProcessHandle> processes;
        try (Nginx nginx = Nginx.start(program(), root, own)) {
            int port = nginx.port();
            try (InputStream in =
                    URI.create("http://127.0.0.1:" + port + "/a.txt").toURL().openStream()) {
                assertThat(new String(in.readAllBytes(), UTF_8)).isEqualTo("content");
            }
            assertThat(nginx.cpuNanos()).isPositive();
            processes = ProcessHandle.current().descendants().toList();
            assertThat(processes)
                    .as("the master, its worker and what ends them")
                    .hasSizeGreaterThanOrEqualTo(3);
        }
        for (ProcessHandle process : processes) {
            process.onExit().get(10, TimeUnit.SECONDS);
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactlyInAnyOrder(root, own);
        }
        assertThat(Files.readString(own.resolve("error.log"))).isEmpty();
    }

    @Test
    void aFailureHasTheMessageOfNginx() throws Exception {
        Path program = program();
        Path log = Files.createDirectory(own.resolve("error.log"));
        try (Nginx nginx = Nginx.start(program, root, own)) {
            assertThatIOException()
                    .isThrownBy(nginx::port)
                    .withMessageStartingWith("nginx ended: status=1, output=")
                    .withMessageContaining("open() \"" + log + "\" failed (21: Is a directory)");
        }
    }

    private static Path program() {
        Programs programs = Programs.here();
        assumeTrue(programs.nginx().isPresent(), "nginx is not installed");
        return programs.nginx().orElseThrow();
    }
}
