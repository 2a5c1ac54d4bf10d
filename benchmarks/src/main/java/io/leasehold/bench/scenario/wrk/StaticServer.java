package io.leasehold.bench.scenario.wrk;

import java.io.IOException;

/// A running server of static files. It ends when it is closed, and when this JVM ends.
///
/// **Threads.** One thread calls.
sealed interface StaticServer extends AutoCloseable permits NettyServer, Nginx {

    /// Waits until the server accepts connections.
    ///
    /// @return its port of 127.0.0.1
    /// @throws IOException if it ends or does not accept connections in time
    /// @throws InterruptedException if the caller is interrupted
    int port() throws IOException, InterruptedException;

    /// {@return processor time of all processes of the server, in nanoseconds}
    long cpuNanos();

    @Override
    void close();
}
