package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// The preconditions of [Datagrams], [UdpSocket] and [Outgoing]. Every implementation checks them with this class.
///
/// **Threads.** Stateless.
final class SocketPreconditions {

    /// Maximum traffic class: IP_TOS and IPV6_TCLASS have eight bits, six of DSCP (RFC 2474) and two of ECN (RFC 3168).
    static final int MAX_TRAFFIC_CLASS = 0xff;

    static final int MAX_ECN = 3;

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

    static void checkSender(Endpoint sender) {
        if (sender.port() == 0) {
            throw new IllegalArgumentException(
                    "sender has no port for an answer: sender=" + sender + ", min=1, max=65535");
        }
    }

    static void checkBuffer(int byteSize) {
        if (byteSize < 1) {
            throw new IllegalArgumentException("buffer size is out of bounds: byteSize=" + byteSize + ", min=1");
        }
    }

    static void checkTrafficClass(int trafficClass) {
        checkBits("trafficClass", trafficClass, MAX_TRAFFIC_CLASS);
    }

    static void checkEcn(int ecn) {
        checkBits("ecn", ecn, MAX_ECN);
    }

    private static void checkBits(String name, int value, int max) {
        if (value < 0 || value > max) {
            throw new IllegalArgumentException(
                    name + " is out of bounds: " + name + "=" + value + ", min=0, max=" + max);
        }
    }

    /// Checks a source address.
    static void checkSource(Endpoint source, InetAddress address) {
        if (source.isWildcard() || source.isMulticast()) {
            throw new IllegalArgumentException(
                    "source is a wildcard, multicast or broadcast address: source=" + address);
        }
    }

    /// Checks that a source has the family of its packets.
    static void checkSourceFamily(Endpoint source, boolean isIpv4Wanted, Outgoing message, InetSocketAddress local) {
        if (source.isIpv4() != isIpv4Wanted) {
            throw new IllegalArgumentException(
                    "source and destination are not both IPv4 or both IPv6: message=" + message + ", local=" + local);
        }
    }

    static void checkTimeout(long timeoutNanos) {
        if (timeoutNanos < 0) {
            throw new IllegalArgumentException("timeout is out of bounds: timeoutNanos=" + timeoutNanos + ", min=0");
        }
    }

    static void checkFamily(Endpoint destination, InetSocketAddress local) {
        if (Endpoint.isIpv4(local) && !destination.isIpv4()) {
            throw new IllegalArgumentException(
                    "an IPv4 socket cannot send to an IPv6 address: destination=" + destination + ", local=" + local);
        }
    }

    static void checkPayload(long address, int byteSize, int segmentSize) {
        if (address <= 0) {
            throw new IllegalArgumentException(
                    "address is out of bounds: address=0x" + Long.toHexString(address) + ", min=1");
        }
        if (byteSize < 0 || byteSize > Datagrams.MAX_PAYLOAD_BYTES) {
            throw new IllegalArgumentException(
                    "payload is out of bounds: byteSize=" + byteSize + ", min=0, max=" + Datagrams.MAX_PAYLOAD_BYTES);
        }
        if (segmentSize < 1) {
            throw new IllegalArgumentException("segment size is out of bounds: segmentSize=" + segmentSize + ", min=1");
        }
        int segments = segmentCount(byteSize, segmentSize);
        if (segments > Datagrams.MAX_SEGMENTS) {
            throw new IllegalArgumentException("too many datagrams: segments=" + segments + ", max="
                    + Datagrams.MAX_SEGMENTS + ", byteSize=" + byteSize + ", segmentSize=" + segmentSize);
        }
    }

    /// Checks that a message has a destination if and only if the socket is not connected.
    static void checkDestination(Outgoing message, boolean connected, InetSocketAddress local) {
        if (message.hasDestination()) {
            if (connected) {
                throw new IllegalStateException("socket is connected, and the message has a destination: message="
                        + message + ", local=" + local + ", send to the peer");
            }
            checkFamily(message.destination(), local);
        } else if (!connected) {
            throw new IllegalStateException(
                    "socket is not connected, and the message has no destination: local=" + local);
        }
    }

    /// {@return the number of datagrams that a payload is split into, at least 1}
    static int segmentCount(int byteSize, int segmentSize) {
        return Math.max(1, Math.ceilDiv(byteSize, segmentSize));
    }

    static UnsupportedOperationException unknownDestination(@Nullable InetSocketAddress local) {
        return new UnsupportedOperationException("destination is not known: local=" + local
                + ", the system does not report packet info (IP_PKTINFO, IPV6_RECVPKTINFO)"
                + ", bind to an address instead of the wildcard, or allow native access");
    }

    static UnsupportedOperationException unknownTrafficClass(@Nullable InetSocketAddress local) {
        return new UnsupportedOperationException("traffic class is not known: local=" + local
                + ", the system does not report it (IP_RECVTOS, IPV6_RECVTCLASS), allow native access");
    }

    /// {@return the exception for a refused bind}
    static SystemCallException notBound(InetSocketAddress local, UdpOptions options, int errno) {
        String arguments = "local=" + local + ", reusePort=" + options.reusePort();
        return errno == Errno.EADDRINUSE
                ? new SystemCallException(
                        "bind", arguments, errno, "to share an address, open each socket of it with reusePort=true")
                : new SystemCallException("bind", arguments, errno);
    }

    /// {@return the exception for a datagram that is too large for the path and must not be fragmented}
    static SystemCallException tooLarge(InetSocketAddress local, String arguments) {
        return new SystemCallException(
                "sendmsg",
                "local=" + local + ", " + arguments + ", dontFragment=true",
                Errno.EMSGSIZE,
                "send smaller datagrams");
    }

    static IllegalStateException connected(InetSocketAddress local) {
        return new IllegalStateException("socket is connected already: local=" + local);
    }

    static IllegalStateException closed(InetSocketAddress local) {
        return new IllegalStateException("socket is closed: local=" + local);
    }
}
