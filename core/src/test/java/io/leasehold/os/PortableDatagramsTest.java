package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.os.Datagrams.Capability;
import org.junit.jupiter.api.Test;

class PortableDatagramsTest implements DatagramsContract, DatagramErrorContract, DatagramOptionsContract {

    private final DatagramRig rig = new DatagramRig(new PortableDatagrams(AddressSpace.ALL));

    @Override
    public DatagramRig rig() {
        return rig;
    }

    @Test
    void hasTheCapabilitiesOfChannels() {
        assertThat(Capability.values())
                .filteredOn(rig.datagrams()::can)
                .isSubsetOf(Capability.REUSE_PORT, Capability.TRAFFIC_CLASS, Capability.DONT_FRAGMENT);
    }

    @Test
    void rejectsMemoryThatIsNotItsOwn() {
        var space = rig.segment(rig.page(0), DatagramRig.PAGE_SIZE);
        try (UdpSocket socket = new PortableDatagrams(space).open(DatagramRig.address(IPV4, 0))) {
            Outgoing message = new Outgoing().to(socket.local());
            assertThat(socket.send(message, rig.page(1) - 10, 10, 10)).isEqualTo(10);
            for (long outside : new long[] {rig.page(0) - 1, rig.page(1) - 9}) {
                assertThatThrownBy(() -> socket.send(message, outside, 10, 10))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContainingAll("0x" + Long.toHexString(outside), "byteSize=10", "memoryBytes=65536");
            }
        }
    }

    @Test
    void isTheFormOfTheSystemIfMemoryIsPortable() {
        assertThat(Datagrams.system())
                .isInstanceOf(AddressSpace.isNative() ? LinuxDatagrams.class : PortableDatagrams.class);
    }
}
