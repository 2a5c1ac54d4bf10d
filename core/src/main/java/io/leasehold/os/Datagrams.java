package io.leasehold.os;

import io.leasehold.error.SystemCallException;

import java.net.InetSocketAddress;

/// UDP sockets of this process. They receive into memory at absolute addresses and send from it. Many datagrams take
/// one system call if the kernel can do that.
///
/// ```text
///                     send, segment size 1400                     receive
///   address  [ 1400 | 1400 | 1400 | 800 ]  ---> network --->  page [ 1400 | 1400 | 1400 | 800 ]
///            one GSO batch, one call          4 datagrams     one GRO batch, one call, segment size 1400
/// ```
///
/// A **batch** is a sequence of datagrams in one range of memory, to or from one peer. All have the same size, the
/// segment size; only the last one may be shorter. A *GSO batch* is sent (generic segmentation offload), a *GRO batch*
/// is received (generic receive offload). Without the offloads each batch has one datagram, so the code of a caller is
/// the same with and without them.
///
/// **Ownership.** Owns nothing. The caller owns each [UdpSocket] until it closes it.
///
/// **Threads.** Thread-safe.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/udp.7.html">udp(7)</a>
public interface Datagrams {

    /// Maximum number of datagrams in a GSO batch: "UDP_MAX_SEGMENTS" of kernels before 6.9, which later kernels accept
    /// too.
    int MAX_SEGMENTS = 64;

    /// Maximum number of bytes in a datagram or GSO batch: 65,535 minus the headers of IPv4 and UDP.
    int MAX_PAYLOAD_BYTES = 65_507;

    /// What an implementation can do in addition to sending and receiving one datagram at a time.
    enum Capability {
        /// [UdpSocket#enableGro] makes the kernel deliver GRO batches (UDP_GRO, Linux 5.0).
        GRO,
        /// [UdpSocket#send] passes a whole GSO batch to the kernel (UDP_SEGMENT, Linux 4.18).
        GSO,
        /// [UdpSocket#receive] receives several batches with one call (recvmmsg(2)).
        BATCH,
        /// Several sockets of one user share an address and port (SO_REUSEPORT, Linux 3.9).
        REUSE_PORT,
        /// Datagrams are not fragmented, neither on this machine nor on the path (IP_MTU_DISCOVER, IPV6_MTU_DISCOVER).
        DONT_FRAGMENT,
        /// A socket has a traffic class (IP_TOS, IPV6_TCLASS).
        TRAFFIC_CLASS,
        /// A message has a traffic class of its own, see [Outgoing#trafficClass].
        MESSAGE_TRAFFIC_CLASS,
        /// The traffic class of each received datagram is known (IP_RECVTOS, IPV6_RECVTCLASS).
        RECEIVED_TRAFFIC_CLASS,
        /// The destination of each received datagram is known even if the socket is bound to the wildcard (IP_PKTINFO,
        /// IPV6_RECVPKTINFO).
        DESTINATION,
        /// A message has a source of its own, see [Outgoing#from].
        SOURCE
    }

    /// {@return the datagram sockets of this process}
    ///
    /// They are native if [VirtualMemory#system()] is native, else portable. Addresses are those of [AddressSpace] in
    /// both forms.
    static Datagrams system() {
        return AddressSpace.datagrams();
    }

    /// {@return true if this implementation has `capability`}
    ///
    /// @param capability the capability
    boolean can(Capability capability);

    /// Opens a non-blocking socket that is bound to an address and port of this machine, with default options.
    ///
    /// @param local address and port to bind to; the system chooses a free port if the port is 0
    /// @return the socket, owned by the caller until it is closed
    /// @throws IllegalArgumentException if the address is not resolved
    /// @throws SystemCallException if the system refuses, as in [#open(InetSocketAddress, UdpOptions)]; no socket is
    ///     left open
    default UdpSocket open(InetSocketAddress local) {
        return open(local, UdpOptions.DEFAULTS);
    }

    /// Opens a non-blocking socket that is bound to an address and port of this machine.
    ///
    /// A socket that is bound to the IPv6 wildcard address also speaks IPv4. Its options hold for both.
    ///
    /// @param local address and port to bind to; the system chooses a free port if the port is 0
    /// @param options options of the socket
    /// @return the socket, owned by the caller until it is closed
    /// @throws IllegalArgumentException if the address is not resolved
    /// @throws UnsupportedOperationException if this implementation lacks a required option, which the message names;
    ///     no socket is left open
    /// @throws SystemCallException if the system refuses: EADDRINUSE, EADDRNOTAVAIL, EACCES for a port below 1,024,
    ///     EAFNOSUPPORT on a system without IPv6, EMFILE, or the error of a required option; no socket is left open
    UdpSocket open(InetSocketAddress local, UdpOptions options);
}
