package io.leasehold.os;

import org.junit.jupiter.api.Tag;

/// Linux as it is where the kernel cuts no trains.
@Tag("os")
class UncutLinuxDatagramsTest implements NativeDatagramsFixture, DatagramsContract, DatagramOptionsContract {

    private final DatagramRig rig = new DatagramRig(DatagramForms.uncut());

    @Override
    public DatagramRig rig() {
        return rig;
    }
}
