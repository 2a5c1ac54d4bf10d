package io.leasehold.jumbo;

import io.leasehold.memory.OptionChecks;
import io.leasehold.os.UdpOptions;

/// Socket options that a port is opened with; start from [#defaults()] and change what differs.
///
/// An option that is asked for here is there, or the port does not open. What is not asked for is done where the system
/// can: a port that is bound to the wildcard asks for packet info, and each port asks for the traffic class of what it
/// receives. Packet info is not asked for elsewhere, as the destination is then the address that the port is bound to.
/// On the wildcard it is the default, because an answer that leaves from another address than the question came to is
/// dropped by a connected client, RFC 1122, 4.1.3.5.
///
/// An IPv6 port on the wildcard also speaks IPv4; its options hold for both.
///
/// **Threads.** Immutable.
///
/// @param reusePort true to share the address and port with other ports, also of other processes of the same user, if
///     all of them ask for it (SO_REUSEPORT). The kernel spreads what arrives over them, by sender
/// @param trafficClass six bits of DSCP and two of ECN of each datagram that is sent (IP_TOS, IPV6_TCLASS), from 0 to
///     255, or [#SYSTEM_TRAFFIC_CLASS]
/// @param dontFragment true to send datagrams whole or not at all: one that is larger than the MTU of the interface is
///     refused with EMSGSIZE. The native form ignores what the kernel learned of the path (IP_PMTUDISC_PROBE), so that
///     QUIC can probe, RFC 9000, 14; the portable form keeps to it (IP_PMTUDISC_DO). False keeps the setting of the
///     system
/// @param packetInfoRequired true if each datagram must tell its destination (IP_PKTINFO, IPV6_RECVPKTINFO)
/// @param receivedTrafficClassRequired true if each datagram must tell its traffic class (IP_RECVTOS, IPV6_RECVTCLASS)
/// @see <a href="https://man7.org/linux/man-pages/man7/socket.7.html">socket(7)</a>,
///     <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>,
///     <a href="https://man7.org/linux/man-pages/man7/ipv6.7.html">ipv6(7)</a>,
///     <a href="https://www.rfc-editor.org/rfc/rfc3168">RFC 3168</a>
public record DatagramPortOptions(
        boolean reusePort,
        int trafficClass,
        boolean dontFragment,
        boolean packetInfoRequired,
        boolean receivedTrafficClassRequired) {

    /// Keeps the traffic class that the system chooses, which is 0 as a rule.
    public static final int SYSTEM_TRAFFIC_CLASS = UdpOptions.SYSTEM_TRAFFIC_CLASS;

    private static final int MAX_TRAFFIC_CLASS = 255;

    private static final DatagramPortOptions DEFAULTS =
            new DatagramPortOptions(false, SYSTEM_TRAFFIC_CLASS, false, false, false);

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException naming the value and its bounds
    public DatagramPortOptions {
        if (trafficClass != SYSTEM_TRAFFIC_CLASS) {
            OptionChecks.range("trafficClass", trafficClass, 0, MAX_TRAFFIC_CLASS);
        }
    }

    /// {@return options of a port that has its address alone, and asks for nothing}
    public static DatagramPortOptions defaults() {
        return DEFAULTS;
    }

    /// {@return these options with the address shared or not}
    ///
    /// @param newReusePort the value to use instead
    public DatagramPortOptions withReusePort(boolean newReusePort) {
        return new DatagramPortOptions(
                newReusePort, trafficClass, dontFragment, packetInfoRequired, receivedTrafficClassRequired);
    }

    /// {@return these options with another traffic class}
    ///
    /// @param newTrafficClass the value to use instead, from 0 to 255
    /// @throws IllegalArgumentException if it is out of bounds
    public DatagramPortOptions withTrafficClass(int newTrafficClass) {
        OptionChecks.range("trafficClass", newTrafficClass, 0, MAX_TRAFFIC_CLASS);
        return new DatagramPortOptions(
                reusePort, newTrafficClass, dontFragment, packetInfoRequired, receivedTrafficClassRequired);
    }

    /// {@return these options with fragments forbidden or not}
    ///
    /// @param newDontFragment the value to use instead
    public DatagramPortOptions withDontFragment(boolean newDontFragment) {
        return new DatagramPortOptions(
                reusePort, trafficClass, newDontFragment, packetInfoRequired, receivedTrafficClassRequired);
    }

    /// {@return these options with the destination of datagrams required or not}
    ///
    /// @param newPacketInfoRequired the value to use instead
    public DatagramPortOptions withPacketInfoRequired(boolean newPacketInfoRequired) {
        return new DatagramPortOptions(
                reusePort, trafficClass, dontFragment, newPacketInfoRequired, receivedTrafficClassRequired);
    }

    /// {@return these options with the traffic class of received datagrams required or not}
    ///
    /// @param newReceivedTrafficClassRequired the value to use instead
    public DatagramPortOptions withReceivedTrafficClassRequired(boolean newReceivedTrafficClassRequired) {
        return new DatagramPortOptions(
                reusePort, trafficClass, dontFragment, packetInfoRequired, newReceivedTrafficClassRequired);
    }

    /// {@return these options as the package of the system calls has them}
    UdpOptions toUdpOptions() {
        return new UdpOptions(reusePort, trafficClass, dontFragment, packetInfoRequired, receivedTrafficClassRequired);
    }
}
