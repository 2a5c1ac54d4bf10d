package io.leasehold.os;

import io.leasehold.error.SystemCallException;

import io.leasehold.os.Datagrams.Capability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// Sets and reads socket options of Linux.
///
/// An IPv6 socket that is bound to the wildcard also speaks IPv4, so both kinds of options are set. The kernel uses the
/// options of level SOL_IP for IPv4 packets, whatever the family of the socket.
///
/// **Threads.** Stateless.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/setsockopt.2.html">setsockopt(2)</a>,
///     <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>,
///     <a href="https://man7.org/linux/man-pages/man7/ipv6.7.html">ipv6(7)</a>
final class LinuxSocketOptions {

    static final int SOL_SOCKET = 1;
    static final int SO_SNDBUF = 7;
    static final int SO_RCVBUF = 8;
    static final int SO_REUSEPORT = 15;

    static final int IP_MTU_DISCOVER = 10;
    static final int IP_RECVTOS = 13;

    static final int IPV6_MTU_DISCOVER = 23;
    static final int IPV6_V6ONLY = 26;
    static final int IPV6_RECVPKTINFO = 49;
    static final int IPV6_RECVTCLASS = 66;

    /// IP_PMTUDISC_PROBE and IPV6_PMTUDISC_PROBE: "Set DF but ignore Path MTU". RFC 9000, 14 requires the same for
    /// QUIC.
    static final int PMTUDISC_PROBE = 3;

    private LinuxSocketOptions() {}

    /// Sets one option of a descriptor. Tests replace it to simulate a kernel that refuses some options.
    @FunctionalInterface
    interface Setter {

        /// {@return 0, or the negated error number}
        long set(int descriptor, int level, int option, int value);
    }

    /// Sets the options of a socket that is not bound yet.
    ///
    /// @param setter sets one option
    /// @param descriptor descriptor of the socket
    /// @param local address that the socket is going to be bound to
    /// @param options requested options
    /// @throws SystemCallException if the kernel refuses a required option; the message names the option and the value
    static void apply(Setter setter, int descriptor, InetSocketAddress local, UdpOptions options) {
        boolean isWildcard = local.getAddress().isAnyLocalAddress();
        boolean isWide = !Endpoint.isIpv4(local);
        Target target = new Target(setter, descriptor, local, isWide, !isWide || isWildcard);
        if (options.reusePort()) {
            target.set(SOL_SOCKET, "SO_REUSEPORT", SO_REUSEPORT, 1, true);
        }
        if (options.trafficClass() != UdpOptions.SYSTEM_TRAFFIC_CLASS) {
            target.setIpv4("IP_TOS", MessageLayout.IP_TOS, options.trafficClass(), true);
            target.setIpv6("IPV6_TCLASS", MessageLayout.IPV6_TCLASS, options.trafficClass(), true);
        }
        if (options.dontFragment()) {
            target.setIpv4("IP_MTU_DISCOVER", IP_MTU_DISCOVER, PMTUDISC_PROBE, true);
            target.setIpv6("IPV6_MTU_DISCOVER", IPV6_MTU_DISCOVER, PMTUDISC_PROBE, true);
        }
        target.setIpv4("IP_RECVTOS", IP_RECVTOS, 1, options.receivedTrafficClassRequired());
        target.setIpv6("IPV6_RECVTCLASS", IPV6_RECVTCLASS, 1, options.receivedTrafficClassRequired());
        // A socket that is bound to one address needs no packet info: all datagrams have that destination.
        if (isWildcard) {
            target.setIpv4("IP_PKTINFO", MessageLayout.IP_PKTINFO, 1, options.destinationRequired());
            target.setIpv6("IPV6_RECVPKTINFO", IPV6_RECVPKTINFO, 1, options.destinationRequired());
        }
    }

    /// {@return the capabilities of the kernel}
    ///
    /// @param descriptor descriptor of an IPv4 socket that is not used for anything else
    static Set<Capability> probe(int descriptor) {
        Set<Capability> found = EnumSet.of(Capability.BATCH);
        addIf(found, setGro(descriptor) == 0, Capability.GRO);
        addIf(found, hasGso(descriptor), Capability.GSO);
        addIf(found, set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) == 0, Capability.REUSE_PORT);
        boolean hasProbe = set(descriptor, MessageLayout.SOL_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE) == 0;
        addIf(found, hasProbe, Capability.DONT_FRAGMENT);
        boolean hasTrafficClass = set(descriptor, MessageLayout.SOL_IP, MessageLayout.IP_TOS, 0) == 0;
        addIf(found, hasTrafficClass, Capability.TRAFFIC_CLASS, Capability.MESSAGE_TRAFFIC_CLASS);
        boolean reportsTrafficClass = set(descriptor, MessageLayout.SOL_IP, IP_RECVTOS, 1) == 0;
        addIf(found, reportsTrafficClass, Capability.RECEIVED_TRAFFIC_CLASS);
        boolean hasPacketInfo = set(descriptor, MessageLayout.SOL_IP, MessageLayout.IP_PKTINFO, 1) == 0;
        addIf(found, hasPacketInfo, Capability.DESTINATION, Capability.SOURCE);
        return found;
    }

    private static void addIf(Set<Capability> found, boolean holds, Capability... capabilities) {
        if (holds) {
            found.addAll(List.of(capabilities));
        }
    }

    /// Sets an option through setsockopt(2).
    ///
    /// @return 0, or the negated error number
    static long set(int descriptor, int level, int option, int value) {
        try (Arena arena = Arena.ofConfined()) {
            long place = arena.allocateFrom(MessageLayout.INT, value).address();
            return LinuxCall.SETSOCKOPT.invoke(descriptor, level, option, place, Integer.BYTES, 0);
        }
    }

    /// Sets a required option.
    ///
    /// @throws SystemCallException if the kernel refuses
    static void require(int descriptor, int level, int option, int value) {
        long result = set(descriptor, level, option, value);
        if (result < 0) {
            throw new SystemCallException(
                    "setsockopt", "level=" + level + ", option=" + option + ", value=" + value, (int) -result);
        }
    }

    /// {@return the value of an option}
    ///
    /// @throws SystemCallException if the kernel refuses
    static int get(int descriptor, int level, int option) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(Integer.BYTES, Integer.BYTES);
            long valueSize =
                    arena.allocateFrom(MessageLayout.INT, Integer.BYTES).address();
            long result = LinuxCall.GETSOCKOPT.invoke(descriptor, level, option, value.address(), valueSize, 0);
            if (result < 0) {
                throw new SystemCallException("getsockopt", "level=" + level + ", option=" + option, (int) -result);
            }
            return value.get(MessageLayout.INT, 0);
        }
    }

    /// Enables GRO batches.
    ///
    /// @return 0, or the negated error number
    static long setGro(int descriptor) {
        return set(descriptor, MessageLayout.SOL_UDP, MessageLayout.UDP_GRO, 1);
    }

    /// {@return true if the kernel can split GSO batches; the probe sets a segment size of 0, which changes nothing}
    static boolean hasGso(int descriptor) {
        return set(descriptor, MessageLayout.SOL_UDP, MessageLayout.UDP_SEGMENT, 0) == 0;
    }

    /// A socket and the setter of its options.
    ///
    /// @param setter sets one option
    /// @param descriptor descriptor of the socket
    /// @param local address of the socket, for messages
    /// @param speaksIpv6 true if the socket sends and receives IPv6 packets
    /// @param speaksIpv4 true if the socket sends and receives IPv4 packets
    private record Target(
            Setter setter, int descriptor, InetSocketAddress local, boolean speaksIpv6, boolean speaksIpv4) {

        void setIpv4(String name, int option, int value, boolean isRequired) {
            if (speaksIpv4) {
                set(MessageLayout.SOL_IP, name, option, value, isRequired);
            }
        }

        void setIpv6(String name, int option, int value, boolean isRequired) {
            if (speaksIpv6) {
                set(MessageLayout.SOL_IPV6, name, option, value, isRequired);
            }
        }

        void set(int level, String name, int option, int value, boolean isRequired) {
            long result = setter.set(descriptor, level, option, value);
            if (result < 0 && isRequired) {
                throw new SystemCallException(
                        "setsockopt",
                        "local=" + local + ", option=" + name + ", value=" + value,
                        (int) -result,
                        "open the socket without this option");
            }
        }
    }
}
