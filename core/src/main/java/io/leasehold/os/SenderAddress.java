package io.leasehold.os;

import java.net.InetSocketAddress;

/// The sender of a received datagram, with the address that an answer has to leave from.
///
/// It equals every other [InetSocketAddress] with the same address and port. A peer that sent to one address of this
/// machine drops an answer from another address (RFC 1122, 4.1.3.5). With this class an answer to an
/// [InetSocketAddress] leaves from the right address, and the caller does not have to know packet info.
///
/// **Threads.** Immutable.
final class SenderAddress extends InetSocketAddress {

    private static final long serialVersionUID = 1L;

    private final transient Endpoint replySource = new Endpoint(); // (C) its content too
    private final transient InetSocketAddress receivedAt; // (C)

    /// Creates the address of a sender.
    ///
    /// @param sender address and port of the peer
    /// @param replySource address that an answer has to leave from; it is copied
    /// @param receivedAt address and port of the receiving socket
    SenderAddress(InetSocketAddress sender, Endpoint replySource, InetSocketAddress receivedAt) {
        super(sender.getAddress(), sender.getPort());
        this.replySource.set(replySource);
        this.receivedAt = receivedAt;
    }

    Endpoint replySource() {
        return replySource;
    }

    InetSocketAddress receivedAt() {
        return receivedAt;
    }

    /// {@return a plain address, because a copy in another process has no socket to answer from}
    private Object writeReplace() {
        return new InetSocketAddress(getAddress(), getPort());
    }
}
