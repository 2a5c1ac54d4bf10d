package io.leasehold.os;

/// Socket options that a UDP socket is opened with.
///
/// If the system refuses a required option, [Datagrams#open(java.net.InetSocketAddress, UdpOptions)] throws. Options
/// that are not required are set if the system supports them.
///
/// @param reusePort true to let other sockets of the same user bind to the same address and port (SO_REUSEPORT)
/// @param trafficClass traffic class of each datagram that is sent (IP_TOS, IPV6_TCLASS), from 0 to 255, or
///     [#SYSTEM_TRAFFIC_CLASS]
/// @param dontFragment true to forbid fragments and to ignore the known MTU of the path (IP_PMTUDISC_PROBE); false to
///     keep the setting of the system
/// @param destinationRequired true if the socket must report the destination of each datagram (IP_PKTINFO)
/// @param receivedTrafficClassRequired true if the socket must report the traffic class of each datagram (IP_RECVTOS)
/// @see <a href="https://man7.org/linux/man-pages/man7/socket.7.html">socket(7)</a>,
///     <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>,
///     <a href="https://man7.org/linux/man-pages/man7/ipv6.7.html">ipv6(7)</a>
public record UdpOptions(
        boolean reusePort,
        int trafficClass,
        boolean dontFragment,
        boolean destinationRequired,
        boolean receivedTrafficClassRequired) {

    /// Keeps the traffic class that the system chooses, which is usually 0.
    public static final int SYSTEM_TRAFFIC_CLASS = -1;

    /// Default options: nothing is required.
    public static final UdpOptions DEFAULTS = new UdpOptions(false, SYSTEM_TRAFFIC_CLASS, false, false, false);

    /// Checks the traffic class.
    ///
    /// @throws IllegalArgumentException if the traffic class is out of bounds
    public UdpOptions {
        if (trafficClass != SYSTEM_TRAFFIC_CLASS) {
            SocketPreconditions.checkTrafficClass(trafficClass);
        }
    }
}
