package io.leasehold.os;

import java.net.InetSocketAddress;

/// The preconditions of [Datagrams], [UdpSocket] and [Outgoing], stated once.
///
/// **Threads.** Stateless.
final class SocketPreconditions {

    private SocketPreconditions() {}

    static void checkLocal(InetSocketAddress address) {
        if (address.isUnresolved()) {
            throw new IllegalArgumentException("address is not resolved: address=" + address);
        }
    }

    static void checkRemote(InetSocketAddress address) {
        checkLocal(address);
        if (address.getPort() == 0) {
            throw new IllegalArgumentException("port is out of bounds: address=" + address + ", min=1, max=65535");
        }
    }

    static void checkBuffer(int byteSize) {
        if (byteSize < 1) {
            throw new IllegalArgumentException("size of a buffer is not positive: byteSize=" + byteSize);
        }
    }

    static void checkTimeout(long timeoutNanos) {
        if (timeoutNanos < 0) {
            throw new IllegalArgumentException("timeout is negative: timeoutNanos=" + timeoutNanos);
        }
    }

    static void checkFamily(Endpoint destination, InetSocketAddress local) {
        if (Endpoint.isIpv4(local) && !destination.isIpv4()) {
            throw new IllegalArgumentException(
                    "an IPv4 socket reaches no IPv6 address: destination=" + destination + ", local=" + local);
        }
    }

    static void checkTrain(long address, int byteSize, int segmentSize) {
        if (address <= 0) {
            throw new IllegalArgumentException("address is not positive: address=0x" + Long.toHexString(address));
        }
        if (byteSize < 0 || byteSize > Datagrams.MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException(
                    "payload is out of bounds: byteSize=" + byteSize + ", min=0, max=" + Datagrams.MAX_PAYLOAD_BYTES);
        }
        if (segmentSize < 1) {
            throw new IllegalArgumentException("segment size is not positive: segmentSize=" + segmentSize);
        }
        int segments = segmentCount(byteSize, segmentSize);
        if (segments > Datagrams.MAX_SEGMENTS) {
            throw new IllegalArgumentException("too many segments: segments=" + segments + ", max="
                    + Datagrams.MAX_SEGMENTS + ", byteSize=" + byteSize + ", segmentSize=" + segmentSize);
        }
    }

    /// Checks that a message has a destination exactly if the socket has none.
    static void checkDestination(Outgoing message, boolean connected, InetSocketAddress local) {
        if (message.hasDestination()) {
            if (connected) {
                throw new IllegalStateException(
                        "socket is connected, send to its peer: message=" + message + ", local=" + local);
            }
            checkFamily(message.destination(), local);
        } else if (!connected) {
            throw new IllegalStateException(
                    "socket is not connected, and the message has no destination: local=" + local);
        }
    }

    /// {@return how many datagrams a train is cut into, at least 1}
    static int segmentCount(int byteSize, int segmentSize) {
        return Math.max(1, Math.ceilDiv(byteSize, segmentSize));
    }

    static IllegalStateException connected(InetSocketAddress local) {
        return new IllegalStateException("socket is connected already: local=" + local);
    }

    static IllegalStateException closed(InetSocketAddress local) {
        return new IllegalStateException("socket is closed: local=" + local);
    }
}
