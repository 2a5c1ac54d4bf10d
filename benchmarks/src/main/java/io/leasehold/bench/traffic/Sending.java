package io.leasehold.bench.traffic;

/// Sends to a port of 127.0.0.1.
///
/// **Threads.** One runs it, others ask and stop it.
sealed interface Sending extends AutoCloseable permits StreamSender, TrainSender {

    /// Sends until it is told to stop.
    ///
    /// @throws java.io.UncheckedIOException if a connection fails
    void run();

    /// Ends what runs, soon.
    void stop();

    /// {@return how many messages were sent}
    long sent();

    /// {@return how many answers were wrong}
    long wrong();

    /// Closes its sockets, after what ran has ended.
    @Override
    void close();
}
