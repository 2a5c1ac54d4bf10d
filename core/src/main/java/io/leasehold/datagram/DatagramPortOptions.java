package io.leasehold.datagram;

import io.leasehold.memory.OptionChecks;
import io.leasehold.os.UdpOptions;

/// Socket options that a port is opened with. Start from [#builder()] and set what differs.
///
/// If a required option is not available, the port does not open. Options that are not required are set where the
/// system supports them: a port on the wildcard address asks for packet info, and each port asks for the traffic class
/// of received datagrams. On other addresses packet info is not needed, because the destination is the address that the
/// port is bound to. On the wildcard address packet info is the default, because a connected client drops an answer
/// that comes from another address than the question was sent to (RFC 1122, 4.1.3.5).
///
/// An IPv6 port on the wildcard address also speaks IPv4. Its options hold for both.
///
/// **Threads.** Immutable.
///
/// @param reusePort true to share the address and port with other ports, also of other processes of the same user, if
///     all of them set this option (SO_REUSEPORT). The kernel distributes datagrams over the ports by sender
/// @param trafficClass six bits of DSCP and two of ECN of each datagram that is sent (IP_TOS, IPV6_TCLASS), from 0 to
///     255, or [#SYSTEM_TRAFFIC_CLASS]
/// @param dontFragment true to forbid fragments: a datagram that is larger than the MTU of the interface fails with
///     EMSGSIZE. The native form ignores the path MTU that the kernel learned (IP_PMTUDISC_PROBE), so that QUIC can
///     probe (RFC 9000, 14). The portable form uses it (IP_PMTUDISC_DO). False keeps the setting of the system
/// @param packetInfoRequired true if each datagram must have its destination (IP_PKTINFO, IPV6_RECVPKTINFO)
/// @param receivedTrafficClassRequired true if each datagram must have its traffic class (IP_RECVTOS, IPV6_RECVTCLASS)
/// @see <a href="https://man7.org/linux/man-pages/man7/socket.7.html">socket(7)</a>, <a
///     href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>, <a
///     href="https://man7.org/linux/man-pages/man7/ipv6.7.html">ipv6(7)</a>, <a
///     href="https://www.rfc-editor.org/rfc/rfc3168">RFC 3168</a>
public record DatagramPortOptions(
        boolean reusePort,
        int trafficClass,
        boolean dontFragment,
        boolean packetInfoRequired,
        boolean receivedTrafficClassRequired) {

    /// Keeps the traffic class that the system chooses, usually 0.
    public static final int SYSTEM_TRAFFIC_CLASS = UdpOptions.SYSTEM_TRAFFIC_CLASS;

    private static final int MAX_TRAFFIC_CLASS = 255;

    private static final DatagramPortOptions DEFAULTS =
            new DatagramPortOptions(false, SYSTEM_TRAFFIC_CLASS, false, false, false);

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException if a value is out of range; the message names the value and its limits
    public DatagramPortOptions {
        if (trafficClass != SYSTEM_TRAFFIC_CLASS) {
            OptionChecks.range("trafficClass", trafficClass, 0, MAX_TRAFFIC_CLASS);
        }
    }

    /// {@return options of a port that does not share its address and requires nothing}
    public static DatagramPortOptions defaults() {
        return DEFAULTS;
    }

    /// {@return a builder with the default options}
    public static Builder builder() {
        return DEFAULTS.toBuilder();
    }

    /// {@return a builder with these options}
    public Builder toBuilder() {
        return new Builder(this);
    }

    /// {@return these options in the form of the `os` package}
    UdpOptions toUdpOptions() {
        return new UdpOptions(reusePort, trafficClass, dontFragment, packetInfoRequired, receivedTrafficClassRequired);
    }

    /// Collects options. [#build] checks them.
    ///
    /// **Threads.** For one thread.
    public static final class Builder {

        private boolean reusePort;
        private int trafficClass;
        private boolean dontFragment;
        private boolean packetInfoRequired;
        private boolean receivedTrafficClassRequired;

        private Builder(DatagramPortOptions from) {
            this.reusePort = from.reusePort;
            this.trafficClass = from.trafficClass;
            this.dontFragment = from.dontFragment;
            this.packetInfoRequired = from.packetInfoRequired;
            this.receivedTrafficClassRequired = from.receivedTrafficClassRequired;
        }

        /// Shares the address and port with other sockets.
        ///
        /// @param reusePort true to share it
        /// @return this builder
        public Builder reusePort(boolean reusePort) {
            this.reusePort = reusePort;
            return this;
        }

        /// Sets the traffic class of datagrams that are sent.
        ///
        /// @param trafficClass six bits of DSCP and two of ECN, from 0 to 255
        /// @return this builder
        /// @throws IllegalArgumentException if the value is out of range
        public Builder trafficClass(int trafficClass) {
            OptionChecks.range("trafficClass", trafficClass, 0, MAX_TRAFFIC_CLASS);
            this.trafficClass = trafficClass;
            return this;
        }

        /// Forbids fragments.
        ///
        /// @param dontFragment true to forbid them
        /// @return this builder
        public Builder dontFragment(boolean dontFragment) {
            this.dontFragment = dontFragment;
            return this;
        }

        /// Requires the destination of each datagram.
        ///
        /// @param packetInfoRequired true to require it
        /// @return this builder
        public Builder packetInfoRequired(boolean packetInfoRequired) {
            this.packetInfoRequired = packetInfoRequired;
            return this;
        }

        /// Requires the traffic class of each datagram that is received.
        ///
        /// @param receivedTrafficClassRequired true to require it
        /// @return this builder
        public Builder receivedTrafficClassRequired(boolean receivedTrafficClassRequired) {
            this.receivedTrafficClassRequired = receivedTrafficClassRequired;
            return this;
        }

        /// {@return the options}
        ///
        /// @throws IllegalArgumentException if a value is out of range, naming the value and the limit
        public DatagramPortOptions build() {
            return new DatagramPortOptions(
                    reusePort, trafficClass, dontFragment, packetInfoRequired, receivedTrafficClassRequired);
        }
    }
}
