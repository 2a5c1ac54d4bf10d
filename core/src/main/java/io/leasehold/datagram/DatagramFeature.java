package io.leasehold.datagram;

import io.leasehold.os.Datagrams.Capability;

/// Features that ports of this process may have beyond sending and receiving. [DatagramPort#can] reports them.
///
/// The native form on Linux usually has all of them. The portable form has the features of
/// [java.nio.channels.DatagramChannel]: [#REUSE_PORT], [#TRAFFIC_CLASS] and [#DONT_FRAGMENT]. A feature describes the
/// system. The system may still reject an option of one port.
///
/// **Threads.** Immutable.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>, <a
///     href="https://man7.org/linux/man-pages/man7/ipv6.7.html">ipv6(7)</a>
public enum DatagramFeature {
    /// Several ports share an address, see [DatagramPortOptions#reusePort] (SO_REUSEPORT).
    REUSE_PORT(Capability.REUSE_PORT),
    /// A port forbids fragments, see [DatagramPortOptions#dontFragment] (IP_MTU_DISCOVER, IPV6_MTU_DISCOVER).
    DONT_FRAGMENT(Capability.DONT_FRAGMENT),
    /// A port has a traffic class, see [DatagramPortOptions#trafficClass] (IP_TOS, IPV6_TCLASS).
    TRAFFIC_CLASS(Capability.TRAFFIC_CLASS),
    /// A sender has a traffic class of its own, see [DatagramSender#trafficClass] and [DatagramSender#ecn].
    SENDER_TRAFFIC_CLASS(Capability.MESSAGE_TRAFFIC_CLASS),
    /// Received datagrams have their traffic class, see [JumboDatagram#trafficClass] (IP_RECVTOS, IPV6_RECVTCLASS).
    RECEIVED_TRAFFIC_CLASS(Capability.RECEIVED_TRAFFIC_CLASS),
    /// Datagrams that a port on the wildcard address receives have their destination, see [JumboDatagram#destination]
    /// (IP_PKTINFO, IPV6_RECVPKTINFO). A port on another address always knows it.
    DESTINATION(Capability.DESTINATION),
    /// A sender has a source of its own, see [DatagramSender#from] (IP_PKTINFO, IPV6_PKTINFO).
    SOURCE(Capability.SOURCE);

    private final Capability capability; // (C)

    DatagramFeature(Capability capability) {
        this.capability = capability;
    }

    Capability capability() {
        return capability;
    }
}
