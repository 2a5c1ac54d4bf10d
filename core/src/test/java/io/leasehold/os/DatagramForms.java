package io.leasehold.os;

import io.leasehold.memory.TestMemory;

/// The forms of [Datagrams], for tests of other packages.
public enum DatagramForms {
    /// As this process has them.
    SYSTEM,
    /// Native ones, where the kernel cuts no trains.
    UNCUT,
    /// One datagram a call.
    PORTABLE;

    /// {@return the sockets of this form; skips the calling test where there are none}
    public Datagrams require() {
        Datagrams system = Datagrams.system();
        return switch (this) {
            case SYSTEM -> system;
            case UNCUT -> {
                TestMemory.require(AddressSpace.isNative(), "there are no native sockets");
                yield new LinuxDatagrams(system.can(Datagrams.Capability.GRO), false);
            }
            case PORTABLE -> new PortableDatagrams(AddressSpace.ALL);
        };
    }
}
