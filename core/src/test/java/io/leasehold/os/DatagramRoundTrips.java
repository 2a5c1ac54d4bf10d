package io.leasehold.os;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/// Sends batches from sockets to themselves and receives them: from one with an address of its own, and from one on
/// each wildcard address, one datagram at a time and several.
///
/// **Ownership.** The sockets and the memory stay open until the end of the process.
final class DatagramRoundTrips implements Runnable, NativeDatagramsFixture {

    private final DatagramRig rig = new DatagramRig(Datagrams.system());
    private final Received one = rig.received(1);
    private final Received many = rig.received(4);
    private final List<UdpSocket> sockets = new ArrayList<>();
    private final List<Outgoing> messages = new ArrayList<>();

    DatagramRoundTrips() {
        UdpSocket bound = rig.open(IPV4);
        sockets.add(bound);
        messages.add(new Outgoing().to(bound.local()));
        for (String wildcard : hasIpv6() ? List.of("0.0.0.0", "::") : List.of("0.0.0.0")) {
            UdpSocket open = rig.open(wildcard);
            InetSocketAddress target = DatagramRig.address(IPV4, open.local().getPort());
            sockets.add(open);
            messages.add(new Outgoing().to(target).ecn(2));
        }
    }

    @Override
    public DatagramRig rig() {
        return rig;
    }

    @Override
    public void run() {
        for (int i = 0; i < sockets.size(); i++) {
            exchange(sockets.get(i), messages.get(i), one);
            exchange(sockets.get(i), messages.get(i), many);
        }
    }

    private void exchange(UdpSocket socket, Outgoing message, Received received) {
        int left = socket.send(message, rig.source(), 300, 100);
        while (left > 0 && socket.awaitReadable(DatagramRig.SOON)) {
            int count = socket.receive(received, received.capacity());
            for (int i = 0; i < count; i++) {
                left -= received.byteSize(i);
                message.toSenderOf(received, i).ecn(received.trafficClass(i));
            }
        }
        if (left != 0) {
            throw new AssertionError("left=" + left);
        }
    }
}
