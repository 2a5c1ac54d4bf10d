package io.leasehold.os;

import java.net.InetSocketAddress;

/// The sender of a received datagram, with the address that an answer has to leave from.
///
/// It equals each other [InetSocketAddress] of the same address and port. A peer that asked one address of this machine
/// drops an answer that comes from another, RFC 1122, 4.1.3.5. With this class an answer to a mere address leaves from
/// the right one, and the caller need not know of packet info.
///
/// **Threads.** Immutable.
final class SenderAddress extends InetSocketAddress {

    private static final long serialVersionUID = 1L;

    private final transient Endpoint replySource = new Endpoint(); // (C) its content too
    private final transient InetSocketAddress receivedAt; // (C)

    /// A sender.
    ///
    /// @param sender address and port of the peer
    /// @param replySource address that an answer has to leave from, which is copied
    /// @param receivedAt what the receiving socket is bound to
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

    /// {@return a plain address: a copy in another process has no socket to answer from}
    private Object writeReplace() {
        return new InetSocketAddress(getAddress(), getPort());
    }
}
