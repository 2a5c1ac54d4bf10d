package io.leasehold.bench.scenario.traffic;

/// Receives on a port of 127.0.0.1 until it is closed.
sealed interface Reception extends AutoCloseable permits StreamReceiver, PacketReceiver, BatchReceiver {

    /// {@return a receiver that listens}
    static Reception open(Traffic traffic, Receiver receiver) {
        if (traffic != Traffic.DATAGRAMS) {
            return new StreamReceiver(traffic, receiver);
        }
        return receiver.isEpoll() ? new PacketReceiver(receiver == Receiver.EPOLL_GRO) : new BatchReceiver();
    }

    /// {@return the port that it listens on}
    int port();

    /// {@return its counters}
    Tally tally();

    /// Ends its threads and frees its memory.
    ///
    /// @throws IllegalStateException if a page or buffer of Leasehold was not freed
    @Override
    void close();
}
