package io.leasehold.bench.traffic;

import java.util.List;
import java.util.Locale;

/// A kind of traffic, and who receives it.
enum Traffic {
    /// Connections that only send, as fast as they are read, into pages of 64 KiB.
    SINK(64 << 10, 4),
    /// Connections with 32 messages of 1 KiB under way each, all sent back, in pages of 4 KiB; reads as long as a page
    /// are compared with each other, and longer ones with epoll as it comes.
    ECHO(1 << 10, 16),
    /// Datagrams of 1,400 B, 45 of them in a train that the kernel cuts.
    TRAINS(1_400, 1);

    /// Messages of an echo that a connection has under way.
    static final int DEPTH = 32;

    /// Datagrams of a train: 63,000 B, which is what fits.
    static final int TRAIN = 45;

    private final int messageByteSize;
    private final int connections;

    Traffic(int messageByteSize, int connections) {
        this.messageByteSize = messageByteSize;
        this.connections = connections;
    }

    /// {@return the kind of that name}
    static Traffic of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    /// {@return what it is called in results}
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    int messageByteSize() {
        return messageByteSize;
    }

    int connections() {
        return connections;
    }

    /// {@return who can be compared, ours first}
    List<Receiver> receivers() {
        return switch (this) {
            case SINK -> List.of(Receiver.LEASED, Receiver.RING, Receiver.RING64, Receiver.EPOLL);
            case ECHO -> List.of(Receiver.LEASED, Receiver.LEASED64, Receiver.RING, Receiver.EPOLL4, Receiver.EPOLL);
            case TRAINS -> List.of(Receiver.LEASED, Receiver.EPOLL_GRO, Receiver.EPOLL);
        };
    }
}
