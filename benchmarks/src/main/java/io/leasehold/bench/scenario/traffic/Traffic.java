package io.leasehold.bench.scenario.traffic;

import io.leasehold.bench.subject.Named;
import java.util.List;

/// The kinds of traffic, with the receivers that are compared.
enum Traffic implements Named {
    /// Connections that only send, as fast as the receiver reads, into pages of 64 KiB.
    SINK(64 << 10, 4),
    /// Connections with 32 messages of 1 KiB in flight each. The receiver sends all of them back, from pages of 4 KiB.
    /// Receivers with reads of a page's size are compared with each other, and receivers with larger reads with epoll's
    /// default.
    ECHO(1 << 10, 16),
    /// Datagrams of 1,400 B in GSO batches of 45, which the kernel splits.
    DATAGRAMS(1_400, 1);

    /// Messages of an echo that a connection has in flight.
    static final int DEPTH = 32;

    /// Datagrams in a batch. Together they have 63,000 B; more do not fit.
    static final int BATCH = 45;

    private final int messageByteSize;
    private final int connections;

    Traffic(int messageByteSize, int connections) {
        this.messageByteSize = messageByteSize;
        this.connections = connections;
    }

    int messageByteSize() {
        return messageByteSize;
    }

    int connections() {
        return connections;
    }

    /// {@return the receivers that can be compared, Leasehold first}
    List<Receiver> receivers() {
        return switch (this) {
            case SINK -> List.of(Receiver.LEASED, Receiver.RING, Receiver.RING64, Receiver.EPOLL);
            case ECHO -> List.of(Receiver.LEASED, Receiver.LEASED64, Receiver.RING, Receiver.EPOLL4, Receiver.EPOLL);
            case DATAGRAMS -> List.of(Receiver.LEASED, Receiver.EPOLL_GRO, Receiver.EPOLL);
        };
    }
}
