package io.leasehold.os;

import org.junit.jupiter.api.Tag;

/// Linux if the kernel cannot split GSO batches.
@Tag("os")
class SplitLinuxDatagramsTest implements NativeDatagramsFixture, DatagramsContract, DatagramOptionsContract {

    private final DatagramRig rig = new DatagramRig(DatagramForms.withoutGso());

    @Override
    public DatagramRig rig() {
        return rig;
    }
}
