package io.leasehold.bench.traffic;

/// Receives on a port of 127.0.0.1 until it is closed.
sealed interface Reception extends AutoCloseable permits StreamReceiver, PacketReceiver, TrainReceiver {

    /// {@return a receiver that listens}
    static Reception open(Traffic traffic, Receiver receiver) {
        if (traffic != Traffic.TRAINS) {
            return StreamReceiver.open(traffic, receiver);
        }
        return receiver.isEpoll() ? PacketReceiver.open(receiver) : TrainReceiver.open();
    }

    /// {@return the port that it listens on}
    int port();

    /// {@return what it counts}
    Tally tally();

    /// Ends its threads and gives its memory back.
    ///
    /// @throws IllegalStateException if a page or buffer of ours did not come home
    @Override
    void close();
}
