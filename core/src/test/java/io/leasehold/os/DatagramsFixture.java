package io.leasehold.os;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.SystemCallException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/// The sockets and pages that the contracts of [Datagrams] use.
interface DatagramsFixture {

    String IPV4 = "127.0.0.1";
    String IPV6 = "::1";

    DatagramRig rig();

    @AfterEach
    default void closeRig() {
        rig().close();
    }

    /// {@return the loopback addresses of this machine}
    default List<String> hosts() {
        return hasIpv6() ? List.of(IPV4, IPV6) : List.of(IPV4);
    }

    default boolean hasIpv6() {
        try (UdpSocket _ = rig().datagrams().open(DatagramRig.address(IPV6, 0))) {
            return true;
        } catch (SystemCallException e) {
            System.out.println("skipped over IPv6: " + e.getMessage());
            return false;
        }
    }

    default void assumeIpv6() {
        assumeTrue(hasIpv6(), "there is no IPv6");
    }
}
