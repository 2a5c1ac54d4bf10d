package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.Datagrams.Capability;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Values of packets on Linux: destination, source and traffic class.
@Tag("os")
class LinuxPacketInfoTest implements NativeDatagramsFixture {

    private static final int SOL_SOCKET = 1;
    private static final int SO_BROADCAST = 6;

    private final DatagramRig rig = new DatagramRig(Datagrams.system());

    @Override
    public DatagramRig rig() {
        return rig;
    }

    /// Sends a request to a server on the wildcard at `asked`, and expects the answer from there. Runs with one call
    /// and with several, with one datagram and with a GSO batch; packet info, ECN and a segment size are in one header.
    @ParameterizedTest
    @CsvSource({
        "0.0.0.0, 127.0.0.1, 127.0.0.2, 1",
        "0.0.0.0, 127.0.0.1, 127.9.8.7, 4",
        "::, 127.0.0.1, 127.0.0.1, 1",
        "::, 127.0.0.1, 127.0.0.5, 4",
        "::, 127.0.0.6, 127.0.0.7, 1",
        "::, ::1, ::1, 1",
        "::, ::1, ::1, 4"
    })
    void answerLeavesFromTheDestinationOfTheRequest(String wildcard, String from, String asked, int batch) {
        assumeTrue(!wildcard.equals("::") || hasIpv6(), "there is no IPv6");
        UdpSocket server = rig.open(wildcard);
        UdpSocket client = rig.open(from);
        InetSocketAddress target = DatagramRig.address(asked, server.local().getPort());
        client.connect(target);
        Received received = rig.received(batch);
        for (int round = 0; round < 3; round++) {
            int byteSize = round == 0 ? 100 : 2_500;
            rig.sendAll(client, new Outgoing().ecn(round + 1), byteSize, 1_000);
            List<Outgoing> answers = new ArrayList<>();
            int left = byteSize;
            while (left > 0) {
                int count = rig.receiveSome(server, received);
                for (int i = 0; i < count; i++) {
                    left -= received.byteSize(i);
                    assertThat(received.segmentSize(i)).isEqualTo(Math.min(1_000, received.byteSize(i)));
                    assertThat(received.destination(i)).isEqualTo(target);
                    assertThat(received.sender(i)).isEqualTo(client.local());
                    assertThat(received.trafficClass(i)).isEqualTo(round + 1);
                    answers.add(new Outgoing().toSenderOf(received, i));
                    answers.add(new Outgoing().to(received.sender(i)));
                }
            }
            for (Outgoing answer : answers) {
                // The client is connected, so an answer from another address would not arrive.
                rig.sendAll(server, answer.trafficClass(0xfd), 2_100, 1_000);
                Received answered = rig.received(1);
                for (int got = 0; got < 2_100; got += answered.byteSize(0)) {
                    rig.receiveSome(client, answered);
                    assertThat(answered.sender(0)).isEqualTo(target);
                    assertThat(answered.trafficClass(0)).isEqualTo(0xfd);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, 127.0.0.1", "0.0.0.0, 127.0.0.1", "::1, ::1", "::, ::1", "::, 127.0.0.1"})
    void everyTrafficClassIsSetAndReceived(String local, String peer) {
        assumeTrue(!local.contains(":") || hasIpv6(), "there is no IPv6");
        UdpSocket receiver = rig.open(local);
        UdpSocket plain = rig.open(local);
        Outgoing message =
                new Outgoing().to(DatagramRig.address(peer, receiver.local().getPort()));
        Received received = rig.received(1);
        for (int trafficClass = 0; trafficClass < 256; trafficClass++) {
            rig.sendAll(plain, message.trafficClass(trafficClass), 10, 10);
            rig.receiveSome(receiver, received);
            assertThat(received.trafficClass(0)).isEqualTo(trafficClass);
            int ecn = trafficClass & 3;
            rig.sendAll(plain, message.trafficClass(0xb8).ecn(ecn), 10, 10);
            rig.receiveSome(receiver, received);
            assertThat(received.trafficClass(0)).isEqualTo(0xb8 | ecn);
            UdpOptions options = DatagramOptionsContract.trafficClass(trafficClass);
            try (UdpSocket marked = rig.datagrams().open(DatagramRig.address(local, 0), options)) {
                rig.sendAll(marked, message.socketTrafficClass(), 10, 10);
                rig.receiveSome(receiver, received);
                assertThat(received.trafficClass(0)).isEqualTo(trafficClass);
                rig.sendAll(marked, message.ecn(2), 10, 10);
                rig.receiveSome(receiver, received);
                assertThat(received.trafficClass(0)).isEqualTo((trafficClass & ~3) | 2);
            }
        }
    }

    /// A native process has both forms of sockets, so one receives what the other sends.
    @ParameterizedTest
    @CsvSource({"127.0.0.1, 127.0.0.1", "::1, ::1", "::, ::1", "::, 127.0.0.1"})
    void portableSocketSendsItsTrafficClassOrRefusesIt(String local, String peer) {
        assumeTrue(!local.contains(":") || hasIpv6(), "there is no IPv6");
        UdpSocket receiver = rig.open(local);
        Received received = rig.received(1);
        Outgoing message =
                new Outgoing().to(DatagramRig.address(peer, receiver.local().getPort()));
        Datagrams portable = new PortableDatagrams(AddressSpace.ALL);
        int refused = 0;
        for (int trafficClass = 0; trafficClass < 256; trafficClass++) {
            UdpOptions options = DatagramOptionsContract.trafficClass(trafficClass);
            try (UdpSocket marked = portable.open(DatagramRig.address(local, 0), options)) {
                rig.sendAll(marked, message, 10, 10);
                rig.receiveSome(receiver, received);
                assertThat(received.trafficClass(0)).isEqualTo(trafficClass);
            } catch (UnsupportedOperationException e) {
                assertThat(e).hasMessageContainingAll("trafficClass=" + trafficClass, "IP_TOS");
                refused++;
            }
        }
        // A JDK may clear the lowest bit only.
        assertThat(refused).isLessThanOrEqualTo(128);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::"})
    void answerToABroadcastLeavesFromAnAddressOfThisMachine(String wildcard) {
        assumeTrue(!wildcard.equals("::") || hasIpv6(), "there is no IPv6");
        UdpSocket server = rig.open(wildcard);
        UdpSocket client = rig.open("0.0.0.0");
        LinuxSocketOptions.require(((LinuxUdpSocket) client).descriptor(), SOL_SOCKET, SO_BROADCAST, 1);
        InetSocketAddress target =
                DatagramRig.address("127.255.255.255", server.local().getPort());
        rig.sendAll(client, new Outgoing().to(target), 10, 10);
        Received received = rig.received(1);
        rig.receiveSome(server, received);
        assertThat(received.destination(0)).isEqualTo(target);
        rig.sendAll(server, new Outgoing().to(received.sender(0)), 10, 10);
        rig.receiveSome(client, received);
        assertThat(received.sender(0))
                .isEqualTo(DatagramRig.address(IPV4, server.local().getPort()));
    }

    @Test
    void linkLocalAddressKeepsItsInterface() throws SocketException {
        Optional<Inet6Address> found = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> address instanceof Inet6Address && address.isLinkLocalAddress())
                .map(Inet6Address.class::cast)
                .findFirst();
        assumeTrue(found.isPresent(), "no interface has a link-local address");
        Inet6Address address = found.get();
        UdpSocket server = rig.open("::");
        UdpSocket client = rig.open(new InetSocketAddress(address, 0));
        client.connect(new InetSocketAddress(address, server.local().getPort()));
        rig.sendAll(client, new Outgoing(), 2_500, 1_000);
        Received received = rig.received(4);
        rig.receiveSome(server, received);
        assertThat(received.destination(0).getAddress()).isEqualTo(address);
        assertThat(((Inet6Address) received.destination(0).getAddress()).getScopeId())
                .isEqualTo(address.getScopeId());
        Outgoing answer = new Outgoing().to(received.sender(0));
        rig.sendAll(server, answer, 10, 10);
        rig.receiveSome(client, received);
        rig.sendAll(server, answer.from(address), 10, 10);
        rig.receiveSome(client, received);
        assertThat(received.sender(0).getAddress()).isEqualTo(address);
    }

    @Test
    void answerThroughAnotherSocketLeavesFromThatSocket() {
        UdpSocket front = rig.open("0.0.0.0");
        UdpSocket back = rig.open("127.0.0.3");
        UdpSocket other = rig.open("0.0.0.0");
        UdpSocket client = rig.open(IPV4);
        Received received = rig.received(1);
        rig.sendAll(
                client,
                new Outgoing().to(DatagramRig.address("127.0.0.2", front.local().getPort())),
                10,
                10);
        rig.receiveSome(front, received);
        InetSocketAddress sender = received.sender(0);
        assertThat(sourceOf(back, client, new Outgoing().to(sender))).isEqualTo("127.0.0.3");
        assertThat(sourceOf(other, client, new Outgoing().to(sender))).isEqualTo(IPV4);
        assertThat(sourceOf(front, client, new Outgoing().to(sender))).isEqualTo("127.0.0.2");
    }

    @Test
    void sourceThatIsSetReplacesThatOfAnAnswer() {
        UdpSocket server = rig.open("0.0.0.0");
        UdpSocket client = rig.open(IPV4);
        Received received = rig.received(1);
        rig.sendAll(
                client,
                new Outgoing()
                        .to(DatagramRig.address("127.0.0.2", server.local().getPort())),
                10,
                10);
        rig.receiveSome(server, received);
        InetSocketAddress sender = received.sender(0);
        Outgoing message = new Outgoing().toSenderOf(received, 0);
        InetAddress four = DatagramRig.address("127.0.0.4", 0).getAddress();
        assertThat(sourceOf(server, client, message.from(four))).isEqualTo("127.0.0.4");
        assertThat(sourceOf(server, client, message.to(sender))).isEqualTo("127.0.0.4");
        assertThat(sourceOf(server, client, message.fromAny())).isEqualTo(IPV4);
        assertThat(sourceOf(server, client, message.to(sender))).isEqualTo("127.0.0.2");
        assertThat(sourceOf(server, client, message.to(client.local()))).isEqualTo(IPV4);
        assertThat(sourceOf(server, client, new Outgoing().from(four).to(sender)))
                .isEqualTo("127.0.0.4");
    }

    private String sourceOf(UdpSocket from, UdpSocket to, Outgoing message) {
        rig.sendAll(from, message, 10, 10);
        Received received = rig.received(1);
        rig.receiveSome(to, received);
        return received.sender(0).getAddress().getHostAddress();
    }

    @Test
    void connectedSocketSendsFromAnotherAddressToo() {
        for (String wildcard : hasIpv6() ? List.of("0.0.0.0", "::") : List.of("0.0.0.0")) {
            UdpSocket client = rig.open(wildcard);
            UdpSocket server = rig.open(IPV4);
            client.connect(server.local());
            Outgoing message = new Outgoing()
                    .from(DatagramRig.address("127.0.0.8", 0).getAddress())
                    .trafficClass(0x13);
            rig.sendAll(client, message, 3_000, 1_000);
            Received received = rig.received(1);
            rig.receiveSome(server, received);
            assertThat(received.sender(0))
                    .isEqualTo(DatagramRig.address("127.0.0.8", client.local().getPort()));
            assertThat(received.trafficClass(0)).isEqualTo(0x13);
        }
    }

    @Test
    void sourceOfAnotherMachineIsRefusedClearly() {
        UdpSocket socket = rig.open("0.0.0.0");
        InetSocketAddress target = DatagramRig.address(IPV4, socket.local().getPort());
        Outgoing message = new Outgoing()
                .to(target)
                .from(DatagramRig.address("203.0.113.9", 0).getAddress());
        for (int byteSize : new int[] {10, 3_000}) {
            assertThatThrownBy(() -> socket.send(message, rig.source(), byteSize, 1_000))
                    .isInstanceOf(SystemCallException.class)
                    .hasMessageContainingAll("from=203.0.113.9", "the source must be an address of this machine");
        }
        assertThatThrownBy(() ->
                        socket.send(message.from(DatagramRig.address("::1", 0).getAddress()), rig.source(), 10, 10))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("from=0:0:0:0:0:0:0:1", "to=/127.0.0.1");
    }

    @Test
    void answerLeavesFromAnotherAddressIfTheFirstIsRemoved() {
        UdpSocket server = rig.open("0.0.0.0");
        UdpSocket client = rig.open(IPV4);
        Endpoint gone = new Endpoint();
        gone.set(DatagramRig.address("203.0.113.9", server.local().getPort()));
        InetSocketAddress sender = new SenderAddress(client.local(), gone, server.local());
        for (int byteSize : new int[] {10, 2_500}) {
            rig.sendAll(server, new Outgoing().to(sender), byteSize, 1_000);
            Received received = rig.received(1);
            for (int got = 0; got < byteSize; got += received.byteSize(0)) {
                rig.receiveSome(client, received);
                assertThat(received.sender(0))
                        .isEqualTo(DatagramRig.address(IPV4, server.local().getPort()));
            }
        }
    }

    @Test
    void systemWithoutPacketInfoStillAnswers() {
        Datagrams datagrams = new LinuxDatagrams(Set.of(Capability.BATCH), (_, _, _, _) -> -Errno.ENOPROTOOPT);
        try (UdpSocket server = datagrams.open(DatagramRig.address("0.0.0.0", 0))) {
            UdpSocket client = rig.open(IPV4);
            Received received = rig.received(1);
            rig.sendAll(
                    client,
                    new Outgoing()
                            .to(DatagramRig.address("127.0.0.2", server.local().getPort())),
                    10,
                    10);
            rig.receiveSome(server, received);
            assertThat(received.hasDestination(0)).isFalse();
            assertThat(received.hasTrafficClass(0)).isFalse();
            assertThat(sourceOf(server, client, new Outgoing().to(received.sender(0))))
                    .isEqualTo(IPV4);
        }
    }
}
