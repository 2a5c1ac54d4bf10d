package io.leasehold.os;

import io.leasehold.error.SystemCallException;

import java.net.InetSocketAddress;

/// UDP sockets of this process that read into memory at an absolute address and write from it, many datagrams in one
/// call where the kernel can.
///
/// ```text
///                     send, segment size 1400                     receive
///   address  [ 1400 | 1400 | 1400 | 800 ]  ---> network --->  page [ 1400 | 1400 | 1400 | 800 ]
///            one train, one call (GSO)        4 datagrams     one train, one call (GRO), segment size 1400
/// ```
///
/// A **train** is a row of datagrams of one sender, all of one size but for the last, which may be shorter. Without the
/// offloads each datagram is a train of its own, so a caller is written once, against trains.
///
/// **Ownership.** Owns nothing; the caller owns each [UdpSocket] until it closes it.
///
/// **Threads.** Thread-safe.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/udp.7.html">udp(7)</a>
public interface Datagrams {

    /// Most datagrams in one train to send: "UDP_MAX_SEGMENTS" of kernels before 6.9, which later ones take too.
    int MAX_SEGMENTS = 64;

    /// Most bytes in one datagram or train to send: 65,535 less the headers of IPv4 and UDP.
    int MAX_PAYLOAD_BYTES = 65_507;

    /// What an implementation can do beyond sending and receiving one datagram at a time.
    enum Capability {
        /// [UdpSocket#enableGro] makes the kernel deliver trains (UDP_GRO, Linux 5.0).
        GRO,
        /// [UdpSocket#send] hands a train to the kernel whole (UDP_SEGMENT, Linux 4.18).
        GSO,
        /// [UdpSocket#receive] of several is one call (recvmmsg(2)).
        BATCH,
        /// Several sockets of one user share an address and port (SO_REUSEPORT, Linux 3.9).
        REUSE_PORT,
        /// Datagrams are not fragmented, neither here nor on the way (IP_MTU_DISCOVER, IPV6_MTU_DISCOVER).
        DONT_FRAGMENT,
        /// A socket has a traffic class (IP_TOS, IPV6_TCLASS).
        TRAFFIC_CLASS,
        /// A message has a traffic class of its own, see [Outgoing#trafficClass].
        MESSAGE_TRAFFIC_CLASS,
        /// The traffic class of each received datagram is told (IP_RECVTOS, IPV6_RECVTCLASS).
        RECEIVED_TRAFFIC_CLASS,
        /// The destination of each datagram is told on a socket that is bound to the wildcard (IP_PKTINFO,
        /// IPV6_RECVPKTINFO).
        DESTINATION,
        /// A message has a source of its own, see [Outgoing#from].
        SOURCE
    }

    /// {@return the datagram sockets of this process}
    ///
    /// Native where [VirtualMemory#system()] is, else portable; addresses are those of [AddressSpace] either way.
    static Datagrams system() {
        return AddressSpace.datagrams();
    }

    /// {@return whether this implementation can do `capability`}
    ///
    /// @param capability what is asked for
    boolean can(Capability capability);

    /// Opens a socket that never blocks, bound to an address and port of this machine, with nothing required.
    ///
    /// @param local the address; port 0 lets the system choose one that is free
    /// @return the socket, owned by the caller until it is closed
    /// @throws IllegalArgumentException if the address is not resolved
    /// @throws SystemCallException if the system refuses, as the other method has it; nothing is left open then
    default UdpSocket open(InetSocketAddress local) {
        return open(local, UdpOptions.DEFAULTS);
    }

    /// Opens a socket that never blocks, bound to an address and port of this machine.
    ///
    /// A socket bound to an IPv6 address also speaks IPv4, if the address is the wildcard. Its options hold for both.
    ///
    /// @param local the address; port 0 lets the system choose one that is free
    /// @param options what the socket must do
    /// @return the socket, owned by the caller until it is closed
    /// @throws IllegalArgumentException if the address is not resolved
    /// @throws UnsupportedOperationException if these sockets lack a required option; the message names it. Nothing is
    ///     left open then
    /// @throws SystemCallException if the system refuses: EADDRINUSE, EADDRNOTAVAIL, EACCES for a port below 1,024,
    ///     EAFNOSUPPORT where there is no IPv6, EMFILE, or what it says to an option; nothing is left open then
    UdpSocket open(InetSocketAddress local, UdpOptions options);
}
