package io.leasehold.bench.scenario.wrk;

import io.leasehold.bench.process.ChildJvm;
import io.leasehold.bench.process.ProcessorTime;
import io.leasehold.bench.scenario.server.ServerProcess;
import io.leasehold.bench.scenario.server.Transport;
import io.leasehold.bench.subject.JvmMode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// A server on Netty in a JVM of its own, with one event loop: that of epoll, as nginx has, or else of NIO.
///
/// @param jvm its process
record NettyServer(ChildJvm jvm) implements StaticServer {

    private static final int START_MILLIS = 60_000;

    /// Starts a server, and does not wait for it.
    ///
    /// @param side how it sends files
    /// @param root folder of the files
    /// @throws IOException if it does not start
    static NettyServer start(StaticSide side, Path root) throws IOException {
        List<String> args = List.of(
                "--port=0",
                "--threads=1",
                "--transport=" + transport().text(),
                "--allocator=" + (side == StaticSide.LEASEHOLD ? "leased" : "adaptive"),
                "--root=" + root,
                "--files=" + side.text(),
                "--trust=immutable");
        return new NettyServer(
                ChildJvm.start("the server", ServerProcess.class, ServerProcess.flags(JvmMode.NATIVE), args));
    }

    private static Transport transport() {
        return Transport.EPOLL.missing().isEmpty() ? Transport.EPOLL : Transport.NIO;
    }

    @Override
    public int port() throws IOException, InterruptedException {
        return Integer.parseInt(jvm.await("listening on 127.0.0.1:", START_MILLIS));
    }

    @Override
    public long cpuNanos() {
        return ProcessorTime.ofProcess(jvm.pid());
    }

    @Override
    public void close() {
        jvm.close();
    }
}
