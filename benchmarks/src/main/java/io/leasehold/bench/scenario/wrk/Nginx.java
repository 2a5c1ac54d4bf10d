package io.leasehold.bench.scenario.wrk;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.leasehold.bench.process.ProcessorTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// nginx with one worker. It needs no rights of root, and writes only to one folder.
final class Nginx implements StaticServer {

    /// Runs a program that ends when the input of the shell ends. The input also ends when this JVM dies for any
    /// reason, which nginx itself would not notice.
    private static final String WITH_INPUT =
            "exec 3<&0; (read -r _ <&3; kill $$) >/dev/null 2>&1 & exec \"$@\" 3<&- </dev/null";

    private static final String SUPERUSER = "root";
    private static final int START_SECONDS = 10;
    private static final int STOP_SECONDS = 10;
    private static final int EVERY_MILLIS = 10;

    private final Process process; // (C)
    private final int port; // (C)

    private Nginx(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /// Starts nginx on a free port, and does not wait for it.
    ///
    /// @param program the program
    /// @param root folder of the files
    /// @param folder for the configuration and for all that nginx writes
    /// @throws IOException if it does not start
    static Nginx start(Path program, Path root, Path folder) throws IOException {
        int port = freePort();
        boolean isSuperuser = Files.getOwner(folder).getName().equals(SUPERUSER);
        Path file = Files.writeString(folder.resolve("nginx.conf"), configuration(root, port, isSuperuser));
        List<String> command = List.of(
                "/bin/sh",
                "-c",
                WITH_INPUT,
                "sh",
                program.toString(),
                "-p",
                folder + "/",
                "-e",
                "error.log",
                "-c",
                file.toString());
        return new Nginx(new ProcessBuilder(command).redirectErrorStream(true).start(), port);
    }

    /// {@return a port that was free a moment ago} nginx itself does not choose a port.
    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /// {@return the configuration} Paths without a slash are in the folder of nginx. The cache of open files and the
    /// missing log of accesses are what a user of static files would choose.
    ///
    /// @param isSuperuser true if the worker would run as another user, which may not read the files
    static String configuration(Path root, int port, boolean isSuperuser) {
        return (isSuperuser ? "user " + SUPERUSER + ";\n" : "") + """
                daemon off;
                worker_processes 1;
                pid nginx.pid;
                error_log error.log warn;
                events {
                    worker_connections 1024;
                }
                http {
                    default_type application/octet-stream;
                    access_log off;
                    sendfile on;
                    tcp_nopush on;
                    tcp_nodelay on;
                    keepalive_requests 1000000000;
                    open_file_cache max=1000 inactive=60s;
                    open_file_cache_valid 60s;
                    client_body_temp_path body;
                    proxy_temp_path proxy;
                    fastcgi_temp_path fastcgi;
                    uwsgi_temp_path uwsgi;
                    scgi_temp_path scgi;
                    server {
                        listen 127.0.0.1:%d;
                        root "%s";
                    }
                }
                """.formatted(port, root);
    }

    @Override
    public int port() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!accepts()) {
            if (!process.isAlive()) {
                throw new IOException("nginx ended: status=" + process.exitValue() + ", output="
                        + new String(process.getInputStream().readAllBytes(), UTF_8).strip());
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IOException("nginx does not accept connections: port=" + port + ", s=" + START_SECONDS);
            }
            TimeUnit.MILLISECONDS.sleep(EVERY_MILLIS);
        }
        return port;
    }

    private boolean accepts() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), EVERY_MILLIS);
            return true;
        } catch (IOException e) {
            return false; // not yet, or no longer, which the caller checks
        }
    }

    /// {@return the processor time of the master and of its worker}
    @Override
    public long cpuNanos() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .mapToLong(each -> ProcessorTime.ofProcess(each.pid()))
                .sum();
    }

    /// Closes the input and waits for the end of nginx. Its processes are killed if they do not end within ten seconds.
    @Override
    public void close() {
        List<ProcessHandle> others = process.descendants().toList();
        try {
            process.getOutputStream().close();
            if (process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
        } catch (IOException e) {
            // nginx has ended or is about to be killed, since its end of the pipe is closed
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        others.forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
