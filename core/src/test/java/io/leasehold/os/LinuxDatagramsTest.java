package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.Datagrams.Capability;
import io.leasehold.page.GarbageProgram;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The contracts on the Linux of this machine, and tests that only Linux can pass.
@Tag("os")
class LinuxDatagramsTest
        implements NativeDatagramsFixture, DatagramsContract, DatagramErrorContract, DatagramOptionsContract {

    private static final int SOL_SOCKET = 1;
    private static final int SO_NO_CHECK = 11;

    private final DatagramRig rig = new DatagramRig(Datagrams.system());

    @Override
    public DatagramRig rig() {
        return rig;
    }

    @Test
    void batchThatTheKernelCannotSplitIsSentDatagramByDatagram() {
        assumeTrue(rig.datagrams().can(Capability.GSO), "this kernel has no GSO");
        UdpSocket sender = rig.open(IPV4);
        UdpSocket receiver = rig.open(IPV4);
        // Without checksums the kernel refuses to split the batch (EINVAL), as for a device without checksums.
        LinuxSocketOptions.require(((LinuxUdpSocket) sender).descriptor(), SOL_SOCKET, SO_NO_CHECK, 1);
        byte[] content = rig.fillSource(2_500, 1);
        assertThat(sender.send(new Outgoing().to(receiver.local()), rig.source(), 2_500, 1_000))
                .isEqualTo(2_500);
        assertThat(sender.splitCount()).isEqualTo(1);
        Received received = rig.received(1);
        int total = 0;
        for (int size : new int[] {1_000, 1_000, 500}) {
            rig.receiveSome(receiver, received);
            assertThat(received.byteSize(0)).isEqualTo(size);
            assertThat(rig.bytes(received, 0)).isEqualTo(Arrays.copyOfRange(content, total, total + size));
            total += size;
        }
    }

    @Test
    void boundOfThePayloadIsTheKernelsOwn() {
        UdpSocket socket = rig.open(IPV4);
        int descriptor = ((LinuxUdpSocket) socket).descriptor();
        Outgoing message = new Outgoing().to(socket.local());
        long header = message.prepareHeader(false, rig.source(), Datagrams.MAX_PAYLOAD_BYTES + 1, 0);
        assertThat(LinuxCall.SENDMSG.invoke(descriptor, header, 0)).isEqualTo(-Errno.EMSGSIZE);
        assertThat(Errno.describe(Errno.EMSGSIZE)).isEqualTo("EMSGSIZE (90, message too long)");
        assertThat(socket.send(message, rig.source(), Datagrams.MAX_PAYLOAD_BYTES, 65_507))
                .isEqualTo(65_507);
    }

    @Test
    void truncatedBatchKeepsItsSegmentSize() {
        assumeTrue(
                rig.datagrams().can(Capability.GRO) && rig.datagrams().can(Capability.GSO),
                "this kernel has no GRO or no GSO");
        UdpSocket socket = rig.open(IPV4);
        Received received = new Received(1);
        received.place(0, rig.page(0), 2_500);
        rig.sendAll(socket, new Outgoing().to(socket.local()), 10_000, 1_000);
        rig.receiveSome(socket, received);
        assertThat(received.byteSize(0)).isEqualTo(2_500);
        assertThat(received.segmentSize(0)).isEqualTo(1_000);
        assertThat(received.segmentCount(0)).isEqualTo(3);
        assertThat(received.lostBytes(0)).isEqualTo(7_500);
    }

    @Test
    void refusedCallIsReportedWithItsArguments() {
        UdpSocket socket = rig.open(IPV4);
        // The socket has no SO_BROADCAST option.
        InetSocketAddress everybody = DatagramRig.address("255.255.255.255", 9);
        Outgoing message = new Outgoing().to(everybody);
        SystemCallException e =
                catchThrowableOfType(SystemCallException.class, () -> socket.send(message, rig.source(), 20, 10));
        assertThat(e)
                .hasMessage("sendmsg(local=" + socket.local() + ", Outgoing(to=" + everybody
                        + "), byteSize=20, segmentSize=10, sentBytes=0) failed: EACCES (13, permission denied)");
        e = catchThrowableOfType(SystemCallException.class, () -> socket.connect(everybody));
        assertThat(e).hasMessageContainingAll("connect(", "peer=" + everybody, "EACCES");
        // The socket is still not connected after the failed call.
        assertThat(socket.send(message.to(socket.local()), rig.source(), 1, 1)).isEqualTo(1);
    }

    @Test
    void receivingIntoMemoryThatIsNotThereIsAnError() {
        UdpSocket socket = rig.open(IPV4);
        rig.sendAll(socket, new Outgoing().to(socket.local()), 10, 10);
        Received received = new Received(1);
        received.place(0, 1L << 56, 10);
        SystemCallException e = catchThrowableOfType(SystemCallException.class, () -> socket.receive(received, 1));
        assertThat(e.errno()).isEqualTo(Errno.EFAULT);
        assertThat(received.count()).isZero();
    }

    @Test
    void sendingAndReceivingMakesNoGarbage() throws Exception {
        assertThat(GarbageProgram.bytesOf500(DatagramRoundTrips.class))
                .as("bytes of 500 times all round trips")
                .isLessThan(1_000);
    }
}
