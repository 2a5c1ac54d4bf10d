package io.leasehold.os;

import io.leasehold.memory.TestMemory;
import io.leasehold.os.Datagrams.Capability;
import java.util.EnumSet;
import java.util.Set;

/// The forms of [Datagrams], for tests of other packages.
public enum DatagramForms {
    /// The form of this process.
    SYSTEM,
    /// Native sockets without GSO: each datagram of a batch takes one call.
    UNCUT,
    /// Portable sockets: each call sends or receives one datagram.
    PORTABLE;

    /// {@return the sockets of this form; skips the calling test if this process cannot have them}
    public Datagrams require() {
        Datagrams system = Datagrams.system();
        return switch (this) {
            case SYSTEM -> system;
            case UNCUT -> {
                TestMemory.require(AddressSpace.isNative(), "there are no native sockets");
                yield withoutGso();
            }
            case PORTABLE -> new PortableDatagrams(AddressSpace.ALL);
        };
    }

    /// {@return native sockets with the capabilities of the kernel except GSO}
    static Datagrams withoutGso() {
        Set<Capability> capabilities = EnumSet.allOf(Capability.class);
        capabilities.removeIf(capability -> !Datagrams.system().can(capability));
        capabilities.remove(Capability.GSO);
        return new LinuxDatagrams(capabilities, LinuxSocketOptions::set);
    }
}
