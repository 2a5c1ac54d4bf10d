package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.FaultyDatagrams.Call;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The injector keeps the contract while no fault is armed, and then fails with the requested error.
class FaultyDatagramsTest implements DatagramsContract, DatagramErrorContract, DatagramOptionsContract {

    private final FaultyDatagrams datagrams = new FaultyDatagrams(Datagrams.system());
    private final DatagramRig rig = new DatagramRig(datagrams);

    @Override
    public DatagramRig rig() {
        return rig;
    }

    @ParameterizedTest
    @EnumSource(Call.class)
    void everyCallFailsOnceWithItsErrorAndSucceedsAfterwards(Call call) {
        UdpSocket socket = datagrams.open(DatagramRig.address(IPV4, 0));
        Received received = rig.received(1);
        datagrams.faults().failOnce(call, 1, Errno.EPERM);
        SystemCallException e = catchThrowableOfType(SystemCallException.class, () -> make(call, socket, received));
        assertThat(e.errno()).isEqualTo(Errno.EPERM);
        assertThat(datagrams.faults().injected()).isEqualTo(1);
        assertThat(datagrams.faults().isArmed(call)).isFalse();
        make(call, socket, received);
        socket.close();
    }

    @Test
    void runThatFailsAtAnyCallLeavesNothingOpen() {
        long before = DatagramErrorContract.assumedDescriptors();
        for (Call call : Call.values()) {
            int nth = 0;
            do {
                datagrams.faults().failOnce(call, ++nth, Errno.ENOMEM);
                try {
                    run();
                    assertThat(datagrams.faults().isArmed(call)).isTrue();
                } catch (SystemCallException e) {
                    assertThat(e.errno()).isEqualTo(Errno.ENOMEM);
                }
            } while (!datagrams.faults().isArmed(call));
            assertThat(nth).as("the run makes this call: %s", call).isGreaterThan(1);
            datagrams.faults().disarm();
        }
        DatagramErrorContract.assertDescriptors(before);
    }

    @Test
    void errorThatIsAResultIsReturned() {
        UdpSocket socket = rig.open(IPV4);
        Received received = rig.received(1);
        for (Call call : new Call[] {Call.SEND, Call.AWAIT, Call.RECEIVE}) {
            datagrams.faults().failOnce(call, 1, Errno.EAGAIN);
        }
        Outgoing message = new Outgoing().to(socket.local());
        assertThat(socket.send(message, rig.source(), 10, 10)).isEqualTo(UdpSocket.WOULD_BLOCK);
        assertThat(socket.send(message, rig.source(), 10, 10)).isEqualTo(10);
        assertThat(socket.awaitReadable(DatagramRig.SOON)).isFalse();
        assertThat(socket.awaitReadable(DatagramRig.SOON)).isTrue();
        assertThat(socket.receive(received, 1)).isZero();
        assertThat(received.count()).isZero();
        assertThat(socket.receive(received, 1)).isEqualTo(1);
    }

    @Test
    void rejectsFaultsThatCannotStrike() {
        assertThatThrownBy(() -> datagrams.faults().failOnce(Call.SEND, 0, Errno.EPERM))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> datagrams.faults().failFrom(Call.SEND, 1, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /// Makes each call at least once.
    private void run() {
        Received received = rig.received(2);
        try (UdpSocket client = datagrams.open(DatagramRig.address(IPV4, 0));
                UdpSocket server = datagrams.open(DatagramRig.address(IPV4, 0))) {
            server.enableGro();
            server.resizeReceiveBuffer(1 << 18);
            client.connect(server.local());
            client.send(new Outgoing(), rig.source(), 100, 10);
            server.awaitReadable(DatagramRig.SOON);
            server.receive(received, 2);
        }
    }

    private void make(Call call, UdpSocket socket, Received received) {
        switch (call) {
            case OPEN -> datagrams.open(DatagramRig.address(IPV4, 0)).close();
            case CONNECT -> socket.connect(socket.local());
            case ENABLE_GRO -> socket.enableGro();
            case RESIZE -> socket.resizeSendBuffer(1 << 16);
            case RECEIVE -> socket.receive(received, 1);
            case SEND -> socket.send(new Outgoing().to(socket.local()), rig.source(), 1, 1);
            case AWAIT -> socket.awaitReadable(0);
            case CLOSE -> socket.close();
        }
    }
}
