package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.Datagrams.Capability;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Socket options on Linux: don't-fragment, and options that the kernel refuses.
@Tag("os")
class LinuxSocketOptionsTest implements NativeDatagramsFixture {

    private final DatagramRig rig = new DatagramRig(Datagrams.system());

    @Override
    public DatagramRig rig() {
        return rig;
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, true, false", "0.0.0.0, true, false", "::1, false, true", "::, true, true"})
    void dontFragmentIsSetForEachFamilyOfTheSocket(String local, boolean ipv4, boolean ipv6) {
        assumeTrue(!local.contains(":") || hasIpv6(), "there is no IPv6");
        UdpSocket socket = rig.open(DatagramRig.address(local, 0), DatagramOptionsContract.DONT_FRAGMENT);
        int descriptor = ((LinuxUdpSocket) socket).descriptor();
        if (ipv4) {
            assertThat(LinuxSocketOptions.get(descriptor, MessageLayout.SOL_IP, LinuxSocketOptions.IP_MTU_DISCOVER))
                    .isEqualTo(LinuxSocketOptions.PMTUDISC_PROBE);
        }
        if (ipv6) {
            assertThat(LinuxSocketOptions.get(descriptor, MessageLayout.SOL_IPV6, LinuxSocketOptions.IPV6_MTU_DISCOVER))
                    .isEqualTo(LinuxSocketOptions.PMTUDISC_PROBE);
        }
    }

    @Test
    void datagramThatNeedsFragmentsIsRefusedClearly() throws SocketException {
        Optional<NetworkInterface> found = NetworkInterface.networkInterfaces()
                .filter(LinuxSocketOptionsTest::isNarrow)
                .findFirst();
        assumeTrue(found.isPresent(), "no interface with an IPv4 address has a small MTU");
        NetworkInterface way = found.get();
        InetAddress own = way.inetAddresses()
                .filter(Inet4Address.class::isInstance)
                .findFirst()
                .orElseThrow();
        byte[] neighbor = own.getAddress();
        neighbor[3] ^= 4;
        InetSocketAddress target = DatagramRig.address(
                (neighbor[0] & 0xff) + "." + (neighbor[1] & 0xff) + "." + (neighbor[2] & 0xff) + "."
                        + (neighbor[3] & 0xff),
                9);
        int tooLarge = way.getMTU() - 27;
        InetSocketAddress local = new InetSocketAddress(own, 0);
        for (Datagrams datagrams : new Datagrams[] {rig.datagrams(), new PortableDatagrams(AddressSpace.ALL)}) {
            try (UdpSocket free = datagrams.open(local);
                    UdpSocket whole = datagrams.open(local, DatagramOptionsContract.DONT_FRAGMENT)) {
                Outgoing message = new Outgoing().to(target);
                assertThat(free.send(message, rig.source(), tooLarge, tooLarge)).isEqualTo(tooLarge);
                assertThat(whole.send(message, rig.source(), tooLarge - 1, tooLarge))
                        .isEqualTo(tooLarge - 1);
                for (int byteSize : new int[] {tooLarge, 2 * tooLarge}) {
                    SystemCallException e = catchThrowableOfType(
                            SystemCallException.class, () -> whole.send(message, rig.source(), byteSize, tooLarge));
                    assertThat(e.errno()).isEqualTo(Errno.EMSGSIZE);
                    assertThat(e).hasMessageContainingAll("dontFragment=true", "send smaller datagrams");
                    assertThat(message.sentBytes()).isZero();
                }
            }
        }
    }

    private static boolean isNarrow(NetworkInterface candidate) {
        try {
            return candidate.isUp()
                    && !candidate.isLoopback()
                    && candidate.getMTU() < 20_000
                    && candidate.inetAddresses().anyMatch(Inet4Address.class::isInstance);
        } catch (SocketException e) {
            return false;
        }
    }

    @Test
    void optionThatIsRefusedMattersOnlyIfItIsRequired() {
        assumeIpv6();
        for (int refused : new int[] {1, 8, 10, 13, 15, 23, 49, 66, 67}) {
            Datagrams datagrams = new LinuxDatagrams(
                    Set.of(Capability.BATCH),
                    (descriptor, level, option, value) -> option == refused
                            ? -Errno.EPERM
                            : LinuxSocketOptions.set(descriptor, level, option, value));
            datagrams.open(DatagramRig.address("::", 0)).close();
            UdpOptions all = new UdpOptions(true, 0xb8, true, true, true);
            SystemCallException e = catchThrowableOfType(
                    SystemCallException.class, () -> datagrams.open(DatagramRig.address("::", 0), all));
            assertThat(e.errno()).isEqualTo(Errno.EPERM);
            assertThat(e).hasMessageMatching("setsockopt\\(local=.*, option=(SO|IP|IPV6)_[A-Z_]+, value=\\d+\\).*");
        }
    }
}
