package io.leasehold.bench.scenario.traffic;

/// Receives on a port of 127.0.0.1 until it is closed.
abstract sealed class Reception implements AutoCloseable permits StreamReceiver, PacketReceiver, BatchReceiver {

    final Tally tally = new Tally(); // (C) written by the thread that receives

    /// {@return a receiver that listens}
    static Reception open(Traffic traffic, Receiver receiver) {
        if (traffic != Traffic.DATAGRAMS) {
            return new StreamReceiver(traffic, receiver);
        }
        return receiver.isEpoll() ? new PacketReceiver(receiver == Receiver.EPOLL_GRO) : new BatchReceiver();
    }

    /// {@return its counters}
    final Tally tally() {
        return tally;
    }

    /// {@return the port that it listens on}
    abstract int port();

    /// Ends its threads and frees its memory.
    ///
    /// @throws IllegalStateException if a page or buffer of Leasehold was not freed
    @Override
    public abstract void close();
}
