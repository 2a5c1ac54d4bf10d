package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.Datagrams.Capability;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Options of every [Datagrams]: a capability is kept, and an option that is not available is rejected by name.
interface DatagramOptionsContract extends DatagramsFixture {

    UdpOptions REUSE_PORT = new UdpOptions(true, UdpOptions.SYSTEM_TRAFFIC_CLASS, false, false, false);
    UdpOptions DONT_FRAGMENT = new UdpOptions(false, UdpOptions.SYSTEM_TRAFFIC_CLASS, true, false, false);
    UdpOptions DESTINATION = new UdpOptions(false, UdpOptions.SYSTEM_TRAFFIC_CLASS, false, true, false);
    UdpOptions RECEIVED_CLASS = new UdpOptions(false, UdpOptions.SYSTEM_TRAFFIC_CLASS, false, false, true);

    static UdpOptions trafficClass(int trafficClass) {
        return new UdpOptions(false, trafficClass, false, false, false);
    }

    @Test
    default void socketsShareAPortOnlyIfAllHaveTheOption() {
        for (InetSocketAddress local : locals()) {
            Optional<UdpSocket> opened = openOrRefuse(local, REUSE_PORT, Capability.REUSE_PORT, "SO_REUSEPORT");
            if (opened.isEmpty()) {
                continue;
            }
            UdpSocket first = opened.get();
            UdpSocket second = rig().open(first.local(), REUSE_PORT);
            assertThat(second.resizeReceiveBuffer(1 << 20)).isPositive();
            assertThat(second.local()).isEqualTo(first.local());
            assertInUse(first.local());
            String host = local.getAddress() instanceof Inet4Address ? IPV4 : IPV6;
            InetSocketAddress target = DatagramRig.address(host, first.local().getPort());
            // The kernel chooses a socket by the hash of both addresses, so many senders reach both sockets.
            for (int i = 0; i < 64; i++) {
                try (UdpSocket sender = rig().datagrams().open(DatagramRig.address(host, 0))) {
                    rig().sendAll(sender, new Outgoing().to(target), 10, 10);
                }
            }
            int ofFirst = drain(first);
            assertThat(ofFirst).isBetween(1, 63);
            assertThat(drain(second)).isEqualTo(64 - ofFirst);
        }
        UdpSocket alone = rig().open(DatagramRig.address(IPV4, 0));
        assertInUse(alone.local());
        assertThatThrownBy(() -> rig().open(alone.local(), REUSE_PORT)).isInstanceOf(SystemCallException.class);
    }

    private void assertInUse(InetSocketAddress taken) {
        SystemCallException e = catchThrowableOfType(SystemCallException.class, () -> rig().open(taken));
        assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE);
        assertThat(e).hasMessageContainingAll("bind(", taken.toString(), "reusePort=false");
    }

    private int drain(UdpSocket socket) {
        Received received = rig().received(64);
        int count = 0;
        while (socket.awaitReadable(0)) {
            count += socket.receive(received, 64);
        }
        return count;
    }

    @Test
    default void addressOfABoundSocketIsTheDestination() {
        for (String host : hosts()) {
            UdpSocket client = rig().open(host);
            UdpSocket server = rig().open(DatagramRig.address(host, 0), DESTINATION);
            Received received = rig().received(2);
            rig().sendAll(client, new Outgoing().to(server.local()), 30, 10);
            rig().receiveSome(server, received);
            assertThat(received.hasDestination(0)).isTrue();
            assertThat(received.destination(0)).isEqualTo(server.local());
            assertThat(received.destinationLow(0)).isEqualTo(host.equals(IPV4) ? 0xffff_7f00_0001L : 1);
            assertThat(received.destinationHigh(0)).isZero();
            // Every form accepts the address of the socket as source.
            Outgoing answer =
                    new Outgoing().to(received.sender(0)).from(server.local().getAddress());
            rig().sendAll(server, answer, 10, 10);
            rig().receiveSome(client, received);
            assertThat(received.sender(0)).isEqualTo(server.local());
        }
    }

    @Test
    default void optionIsAvailableOrRejectedByName() {
        for (InetSocketAddress local : locals()) {
            if (local.getAddress().isAnyLocalAddress()) {
                openOrRefuse(local, DESTINATION, Capability.DESTINATION, "IP_PKTINFO", "IPV6_RECVPKTINFO");
            }
            openOrRefuse(local, RECEIVED_CLASS, Capability.RECEIVED_TRAFFIC_CLASS, "IP_RECVTOS", "IPV6_RECVTCLASS");
            openOrRefuse(local, DONT_FRAGMENT, Capability.DONT_FRAGMENT, "IP_DONTFRAGMENT");
            openOrRefuse(local, trafficClass(0x22), Capability.TRAFFIC_CLASS, "trafficClass=34", "IP_TOS");
        }
    }

    @Test
    default void unknownValuesAreNotInvented() {
        UdpSocket socket = rig().open(DatagramRig.address("0.0.0.0", 0));
        InetSocketAddress target = DatagramRig.address(IPV4, socket.local().getPort());
        Received received = rig().received(1);
        rig().sendAll(socket, new Outgoing().to(target), 10, 10);
        rig().receiveSome(socket, received);
        assertThat(received.hasDestination(0)).isEqualTo(rig().datagrams().can(Capability.DESTINATION));
        if (!received.hasDestination(0)) {
            assertThatThrownBy(() -> received.destination(0))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContainingAll(
                            "destination", "IP_PKTINFO", socket.local().toString());
        }
        assertThat(received.hasTrafficClass(0)).isEqualTo(rig().datagrams().can(Capability.RECEIVED_TRAFFIC_CLASS));
        if (!received.hasTrafficClass(0)) {
            assertThatThrownBy(() -> received.trafficClass(0))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContainingAll("traffic class", "IP_RECVTOS");
        }
    }

    @Test
    default void messageHasItsOwnSourceOrIsRefused() {
        UdpSocket receiver = rig().open(IPV4);
        UdpSocket sender = rig().open(DatagramRig.address("0.0.0.0", 0));
        Received received = rig().received(1);
        Outgoing message = new Outgoing()
                .to(receiver.local())
                .from(DatagramRig.address("127.0.0.9", 0).getAddress());
        if (!rig().datagrams().can(Capability.SOURCE)) {
            assertThatThrownBy(() -> sender.send(message, rig().source(), 10, 10))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContainingAll("source", "IP_PKTINFO", "127.0.0.9");
            return;
        }
        rig().sendAll(sender, message, 10, 10);
        rig().receiveSome(receiver, received);
        assertThat(received.sender(0))
                .isEqualTo(DatagramRig.address("127.0.0.9", sender.local().getPort()));
    }

    @Test
    default void messageHasItsOwnTrafficClassOrIsRefused() {
        UdpSocket socket = rig().open(IPV4);
        UdpSocket marked = rig().open(DatagramRig.address(IPV4, 0), trafficClass(0xb8));
        Outgoing message = new Outgoing().to(socket.local());
        // Every form accepts the traffic class of the socket.
        rig().sendAll(marked, message.trafficClass(0xb8), 10, 10);
        rig().sendAll(marked, message.socketTrafficClass().ecn(0), 10, 10);
        rig().sendAll(socket, message.trafficClass(0), 10, 10);
        for (Outgoing own : new Outgoing[] {message.trafficClass(0x2e), message.ecn(1)}) {
            if (rig().datagrams().can(Capability.MESSAGE_TRAFFIC_CLASS)) {
                rig().sendAll(socket, own, 10, 10);
                continue;
            }
            assertThatThrownBy(() -> socket.send(own, rig().source(), 10, 10))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContainingAll("traffic class", "IP_TOS");
        }
    }

    @Test
    default void rejectsImpossibleValues() {
        UdpSocket socket = rig().open(IPV4);
        Outgoing message = new Outgoing().to(socket.local());
        for (int wrong : new int[] {-1, 256, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> message.trafficClass(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("trafficClass is out of bounds: trafficClass=" + wrong + ", min=0, max=255");
        }
        assertThatThrownBy(() -> trafficClass(256)).isInstanceOf(IllegalArgumentException.class);
        for (int wrong : new int[] {-1, 4}) {
            assertThatThrownBy(() -> message.ecn(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("ecn is out of bounds: ecn=" + wrong + ", min=0, max=3");
        }
        for (String wrong : List.of("0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255")) {
            assertThatThrownBy(() -> message.from(DatagramRig.address(wrong, 0).getAddress()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(
                            DatagramRig.address(wrong, 0).getAddress().getHostAddress());
        }
        // The rejected values changed nothing.
        rig().sendAll(socket, message, 10, 10);
        Outgoing mixed = new Outgoing()
                .to(socket.local())
                .from(DatagramRig.address(IPV6, 0).getAddress());
        assertThatThrownBy(() -> socket.send(mixed, rig().source(), 10, 10))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0:0:0:0:0:0:0:1");
    }

    @Test
    default void refusedOptionsLeaveNothingOpen() {
        long before = DatagramErrorContract.assumedDescriptors();
        List<Throwable> refusals = new ArrayList<>();
        UdpSocket taken = rig().datagrams().open(DatagramRig.address(IPV4, 0), REUSE_PORT);
        for (UdpOptions options : List.of(UdpOptions.DEFAULTS, DESTINATION, RECEIVED_CLASS, trafficClass(1))) {
            try (UdpSocket _ = rig().datagrams().open(taken.local(), options)) {
                throw new AssertionError("opened with " + options);
            } catch (SystemCallException | UnsupportedOperationException e) {
                refusals.add(e);
            }
        }
        taken.close();
        assertThat(refusals).hasSize(4);
        DatagramErrorContract.assertDescriptors(before);
    }

    /// Opens a socket, or checks that a missing option is rejected by name; then the result is empty.
    private Optional<UdpSocket> openOrRefuse(
            InetSocketAddress local, UdpOptions options, Capability needed, String... names) {
        if (rig().datagrams().can(needed)) {
            UdpSocket socket = rig().open(local, options);
            assertThat(socket.resizeReceiveBuffer(1 << 20)).isPositive();
            return Optional.of(socket);
        }
        assertThatThrownBy(() -> rig().open(local, options))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContainingAll(names);
        return Optional.empty();
    }

    /// {@return two addresses: one of this machine, and the wildcard}
    private List<InetSocketAddress> locals() {
        return Stream.of(IPV4, "0.0.0.0", IPV6, "::")
                .filter(host -> !host.contains(":") || hasIpv6())
                .map(host -> DatagramRig.address(host, 0))
                .toList();
    }
}
