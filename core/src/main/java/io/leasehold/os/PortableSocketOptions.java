package io.leasehold.os;

import io.leasehold.os.Datagrams.Capability;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Sets the options that a [DatagramChannel] supports, and rejects the others by name.
///
/// IP_DONTFRAGMENT is in the module `jdk.net`, which a program may lack. The channel lists its options, so nothing here
/// is linked against the module. On Linux the option is IP_PMTUDISC_DO, which respects the known MTU of the path.
///
/// **Threads.** Stateless.
///
/// @see <a href="https://docs.oracle.com/en/java/javase/25/docs/api/jdk.net/jdk/net/ExtendedSocketOptions.html">
///     ExtendedSocketOptions</a>
final class PortableSocketOptions {

    private static final String DONT_FRAGMENT = "IP_DONTFRAGMENT";

    private PortableSocketOptions() {}

    /// {@return true if a channel can do `capability`}
    static boolean can(DatagramChannel channel, Capability capability) {
        Set<SocketOption<?>> supported = channel.supportedOptions();
        return switch (capability) {
            case REUSE_PORT -> supported.contains(StandardSocketOptions.SO_REUSEPORT);
            case TRAFFIC_CLASS -> supported.contains(StandardSocketOptions.IP_TOS);
            case DONT_FRAGMENT -> dontFragment(supported) != null;
            case GRO, GSO, BATCH, DESTINATION, SOURCE, RECEIVED_TRAFFIC_CLASS, MESSAGE_TRAFFIC_CLASS -> false;
        };
    }

    /// Sets the options of a channel that is not bound yet.
    ///
    /// @throws UnsupportedOperationException if a required option is not available; the message names the option and
    ///     the reason
    /// @throws IOException if the system refuses
    static void apply(DatagramChannel channel, InetSocketAddress local, UdpOptions options) throws IOException {
        if (options.destinationRequired() && local.getAddress().isAnyLocalAddress()) {
            throw unavailable(
                    "packetInfo=true (IP_PKTINFO, IPV6_RECVPKTINFO)",
                    "a DatagramChannel does not report the destination of a datagram, "
                            + "bind to an address instead of the wildcard or allow native access",
                    local);
        }
        if (options.receivedTrafficClassRequired()) {
            throw unavailable(
                    "receivedTrafficClass=true (IP_RECVTOS, IPV6_RECVTCLASS)",
                    "a DatagramChannel does not report the traffic class of a datagram, allow native access",
                    local);
        }
        if (options.reusePort()) {
            require(channel, Capability.REUSE_PORT, "reusePort=true (SO_REUSEPORT)", "the system lacks it", local);
            channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
        }
        if (options.trafficClass() != UdpOptions.SYSTEM_TRAFFIC_CLASS) {
            setTrafficClass(channel, local, options.trafficClass());
        }
        if (options.dontFragment()) {
            SocketOption<Boolean> option = dontFragment(channel.supportedOptions());
            if (option == null) {
                throw unavailable(
                        "dontFragment=true (IP_DONTFRAGMENT)",
                        "the system or the module jdk.net lacks it, try --add-modules jdk.net",
                        local);
            }
            channel.setOption(option, true);
        }
    }

    private static void setTrafficClass(DatagramChannel channel, InetSocketAddress local, int trafficClass)
            throws IOException {
        String name = "trafficClass=" + trafficClass + " (IP_TOS)";
        require(channel, Capability.TRAFFIC_CLASS, name, "the system lacks it", local);
        channel.setOption(StandardSocketOptions.IP_TOS, trafficClass);
        int actual = channel.getOption(StandardSocketOptions.IP_TOS);
        // A JDK may clear bits without an error. A part of an ECN codepoint would be another codepoint.
        if (actual != trafficClass) {
            throw unavailable(name, "the JDK changed the value, actual=" + actual + ", allow native access", local);
        }
    }

    private static void require(
            DatagramChannel channel, Capability capability, String option, String reason, InetSocketAddress local) {
        if (!can(channel, capability)) {
            throw unavailable(option, reason, local);
        }
    }

    /// {@return the exception for an option that the portable form does not have}
    static UnsupportedOperationException unavailable(String option, String reason, InetSocketAddress local) {
        return new UnsupportedOperationException(
                "socket option is not available: option " + option + ", local=" + local + ": " + reason);
    }

    @SuppressWarnings("unchecked") // the documentation says that the option of this name is a Boolean
    private static @Nullable SocketOption<Boolean> dontFragment(Set<SocketOption<?>> supported) {
        for (SocketOption<?> option : supported) {
            if (option.name().equals(DONT_FRAGMENT) && option.type() == Boolean.class) {
                return (SocketOption<Boolean>) option;
            }
        }
        return null;
    }
}
