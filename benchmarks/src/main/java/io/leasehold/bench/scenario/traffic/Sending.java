package io.leasehold.bench.scenario.traffic;

/// Sends to a port of 127.0.0.1.
///
/// **Threads.** One thread calls [#run]. Other threads read the counters and stop it.
sealed interface Sending extends AutoCloseable permits StreamSender, BatchSender {

    /// Sends until [#stop] is called.
    ///
    /// @throws java.io.UncheckedIOException if a connection fails
    void run();

    /// Makes [#run] return soon.
    void stop();

    /// {@return the number of messages sent}
    long sent();

    /// {@return the number of wrong answers}
    long wrong();

    /// Closes its sockets. [#run] must have returned.
    @Override
    void close();
}
