package io.leasehold.datagram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboFixture;
import io.leasehold.jumbo.JumboView;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Options of a port as a user sees them, in the form that this process has. A feature that [DatagramPort#can] reports
/// works, and other options are rejected by name.
class DatagramPortOptionsTest {

    private static final DatagramPortOptions DEFAULTS = DatagramPortOptions.defaults();

    private final JumboFixture fixture = new JumboFixture(BufferSize.KIB_64, 16, 1);
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : opened.reversed()) {
            resource.close();
        }
        fixture.close();
    }

    private DatagramPort port(String host, DatagramPortOptions options) {
        return port(new InetSocketAddress(InetAddress.ofLiteral(host), 0), options);
    }

    private DatagramPort port(InetSocketAddress local, DatagramPortOptions options) {
        DatagramPort port = DatagramPort.open(local, options);
        opened.add(port);
        return port;
    }

    /// A client of the JDK, which drops datagrams that do not come from its peer.
    private DatagramSocket client(String host, InetSocketAddress peer) throws IOException {
        DatagramSocket client = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral(host), 0));
        opened.add(client);
        client.setSoTimeout(10_000);
        client.connect(peer);
        return client;
    }

    private void receive(DatagramPort port, Consumer<JumboDatagram<JumboView>> handler) {
        try (DatagramSource<JumboView> source = port.newSource(fixture.pool(), 2)) {
            assertThat(source.awaitReadable(DatagramFixture.SOON)).isTrue();
            assertThat(source.receive(handler, 1)).isEqualTo(1);
        }
    }

    private void send(DatagramSender sender) {
        DatagramFixture.sendRest(sender.handOver(fixture.pool(), fixture.pool().tryAllocate(), 10, 10));
    }

    @Test
    void answerIsSentFromTheDestinationOfTheQuestion() throws IOException {
        List<Function<JumboDatagram<?>, Consumer<DatagramSender>>> ways = List.of(
                datagram -> sender -> sender.toSenderOf(datagram),
                datagram -> {
                    InetSocketAddress address = datagram.sender();
                    return sender -> sender.to(address);
                },
                datagram -> {
                    InetSocketAddress asked = datagram.destination();
                    return sender -> sender.to(datagram.sender()).from(asked.getAddress());
                });
        for (String wildcard : List.of("0.0.0.0", "::")) {
            DatagramPort port = port(wildcard, DEFAULTS);
            InetSocketAddress target = new InetSocketAddress(
                    InetAddress.ofLiteral("127.0.0.2"), port.local().getPort());
            DatagramSocket client = client("127.0.0.1", target);
            for (Function<JumboDatagram<?>, Consumer<DatagramSender>> way : ways) {
                client.send(new DatagramPacket(new byte[] {1}, 1));
                DatagramSender sender = port.newSender();
                if (!DatagramPort.can(DatagramFeature.DESTINATION)) {
                    receive(port, datagram -> assertUnknown(datagram, port));
                    continue;
                }
                receive(port, datagram -> {
                    assertThat(datagram.destination()).isEqualTo(target);
                    assertThat(datagram.destinationHigh()).isZero();
                    assertThat(datagram.destinationLow()).isEqualTo(0xffff_7f00_0002L);
                    way.apply(datagram).accept(sender);
                });
                send(sender);
                DatagramPacket answer = new DatagramPacket(new byte[20], 20);
                client.receive(answer);
                assertThat(answer.getSocketAddress()).isEqualTo(target);
            }
        }
    }

    private static void assertUnknown(JumboDatagram<?> datagram, DatagramPort port) {
        assertThat(datagram.hasDestination()).isFalse();
        assertThat(datagram.destinationLow()).isZero();
        assertThatThrownBy(datagram::destination)
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContainingAll("IP_PKTINFO", port.local().toString());
    }

    @Test
    void portOnOneAddressReportsItInEachForm() {
        DatagramPort port =
                port("127.0.0.1", DEFAULTS.toBuilder().packetInfoRequired(true).build());
        send(port.newSender().to(port.local()));
        receive(port, datagram -> {
            assertThat(datagram.hasDestination()).isTrue();
            assertThat(datagram.destination()).isEqualTo(port.local());
        });
    }

    @Test
    void trafficClassIsSentAndReceived() {
        for (String host : List.of("127.0.0.1", "::1")) {
            DatagramPort port =
                    port(host, DEFAULTS.toBuilder().trafficClass(0xba).build());
            DatagramSender sender = port.newSender().to(port.local());
            assertReceived(port, sender, 0xba);
            if (DatagramPort.can(DatagramFeature.SENDER_TRAFFIC_CLASS)) {
                assertReceived(port, sender.ecn(1), 0xb9);
                assertReceived(port, sender.trafficClass(7), 7);
                assertReceived(port, sender.ecn(0), 4);
                assertReceived(port, sender.portTrafficClass(), 0xba);
                continue;
            }
            DatagramSender refused =
                    sender.ecn(1).handOver(fixture.pool(), fixture.pool().tryAllocate(), 10, 10);
            assertThatThrownBy(refused::send)
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContainingAll("traffic class", "IP_TOS", "ecn=1");
            assertThat(refused.abandon()).isEqualTo(10);
            assertReceived(port, sender.portTrafficClass(), 0xba);
        }
    }

    private void assertReceived(DatagramPort port, DatagramSender sender, int trafficClass) {
        send(sender);
        receive(port, datagram -> {
            assertThat(datagram.hasTrafficClass()).isEqualTo(DatagramPort.can(DatagramFeature.RECEIVED_TRAFFIC_CLASS));
            if (datagram.hasTrafficClass()) {
                assertThat(datagram.trafficClass()).isEqualTo(trafficClass);
                assertThat(datagram.ecn()).isEqualTo(trafficClass & 3);
                return;
            }
            assertThatThrownBy(datagram::ecn)
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("IP_RECVTOS");
        });
    }

    @Test
    void portsShareAnAddressOnlyIfAllAskForIt() {
        DatagramPort alone = port("127.0.0.1", DEFAULTS);
        for (DatagramPortOptions options :
                List.of(DEFAULTS, DEFAULTS.toBuilder().reusePort(true).build())) {
            SystemCallException e = catchThrowableOfType(SystemCallException.class, () -> port(alone.local(), options));
            assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE);
            assertThat(e).hasMessageContainingAll("bind", alone.local().toString(), "reusePort");
        }
        if (DatagramPort.can(DatagramFeature.REUSE_PORT)) {
            DatagramPort shared =
                    port("127.0.0.1", DEFAULTS.toBuilder().reusePort(true).build());
            assertThat(port(shared.local(), DEFAULTS.toBuilder().reusePort(true).build())
                            .local())
                    .isEqualTo(shared.local());
        }
    }

    @Test
    void optionIsAvailableOrRejectedByName() {
        assertThereOrRefused(
                DatagramFeature.DESTINATION,
                DEFAULTS.toBuilder().packetInfoRequired(true).build(),
                "IP_PKTINFO");
        assertThereOrRefused(
                DatagramFeature.RECEIVED_TRAFFIC_CLASS,
                DEFAULTS.toBuilder().receivedTrafficClassRequired(true).build(),
                "IP_RECVTOS");
        assertThereOrRefused(
                DatagramFeature.DONT_FRAGMENT,
                DEFAULTS.toBuilder().dontFragment(true).build(),
                "IP_DONTFRAGMENT");
        assertThereOrRefused(
                DatagramFeature.TRAFFIC_CLASS,
                DEFAULTS.toBuilder().trafficClass(4).build(),
                "IP_TOS");
        assertThereOrRefused(
                DatagramFeature.REUSE_PORT, DEFAULTS.toBuilder().reusePort(true).build(), "SO_REUSEPORT");
    }

    private void assertThereOrRefused(DatagramFeature feature, DatagramPortOptions options, String name) {
        if (DatagramPort.can(feature)) {
            InetSocketAddress any = new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 0);
            DatagramSource.open(any, options, fixture.pool(), 2).close();
            return;
        }
        assertThatThrownBy(() -> port("0.0.0.0", options))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining(name);
    }

    @Test
    void rejectsValuesOutOfRange() {
        for (int wrong : new int[] {-1, 256}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> DEFAULTS.toBuilder().trafficClass(wrong).build())
                    .withMessageContainingAll("trafficClass=" + wrong, "min=0", "max=255");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new DatagramPortOptions(false, -2, false, false, false))
                .withMessageContaining("trafficClass=-2");
        DatagramPort port = port("127.0.0.1", DEFAULTS);
        DatagramSender sender = port.newSender().to(port.local());
        assertThatIllegalArgumentException().isThrownBy(() -> sender.trafficClass(256));
        assertThatIllegalArgumentException().isThrownBy(() -> sender.ecn(4)).withMessageContainingAll("ecn=4", "max=3");
        assertThatIllegalArgumentException().isThrownBy(() -> sender.from(InetAddress.ofLiteral("::")));
        sender.handOver(fixture.pool(), fixture.pool().tryAllocate(), 10, 10);
        for (Runnable late : List.<Runnable>of(
                () -> sender.from(port.local().getAddress()),
                sender::fromAny,
                () -> sender.trafficClass(1),
                () -> sender.ecn(1),
                sender::portTrafficClass)) {
            assertThatThrownBy(late::run).isInstanceOf(IllegalStateException.class);
        }
        assertThat(sender.abandon()).isEqualTo(10);
    }

    @Test
    void eachWitherKeepsTheOtherOptions() {
        DatagramPortOptions all = DEFAULTS.toBuilder()
                .reusePort(true)
                .trafficClass(3)
                .dontFragment(true)
                .packetInfoRequired(true)
                .receivedTrafficClassRequired(true)
                .build();
        assertThat(all).isEqualTo(new DatagramPortOptions(true, 3, true, true, true));
        assertThat(all.toBuilder().reusePort(true).trafficClass(3).build()).isEqualTo(all);
    }
}
