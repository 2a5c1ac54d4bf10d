package io.leasehold.os;

import org.junit.jupiter.api.Tag;

/// Linux as it is where the kernel cuts no trains.
@Tag("os")
class UncutLinuxDatagramsTest implements NativeDatagramsFixture, DatagramsContract {

    private final DatagramRig rig =
            new DatagramRig(new LinuxDatagrams(Datagrams.system().can(Datagrams.Capability.GRO), false));

    @Override
    public DatagramRig rig() {
        return rig;
    }
}
