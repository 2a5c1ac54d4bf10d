package io.leasehold.os;

import io.leasehold.memory.TestMemory;
import io.leasehold.os.Datagrams.Capability;
import java.util.EnumSet;
import java.util.Set;

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
                yield uncut();
            }
            case PORTABLE -> new PortableDatagrams(AddressSpace.ALL);
        };
    }

    /// {@return native sockets as the kernel has them, without GSO}
    static Datagrams uncut() {
        Set<Capability> capabilities = EnumSet.allOf(Capability.class);
        capabilities.removeIf(capability -> !Datagrams.system().can(capability));
        capabilities.remove(Capability.GSO);
        return new LinuxDatagrams(capabilities, LinuxSocketOptions::set);
    }
}
