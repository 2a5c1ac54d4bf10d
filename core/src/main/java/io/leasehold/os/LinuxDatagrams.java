package io.leasehold.os;

import io.leasehold.error.SystemCallException;

import io.leasehold.os.LinuxSocketOptions.Setter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.Set;

/// Datagram sockets of Linux on x86-64 and aarch64.
///
/// **Ownership.** There is one object in a process; see [AddressSpace].
///
/// **Threads.** Immutable.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/socket.2.html">socket(2)</a>
final class LinuxDatagrams implements Datagrams {

    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;

    private final Set<Capability> capabilities; // (C)
    private final Setter setter; // (C)

    /// Creates sockets with known capabilities.
    ///
    /// @param capabilities capabilities of the kernel
    /// @param setter sets the options of a socket
    LinuxDatagrams(Set<Capability> capabilities, Setter setter) {
        this.capabilities = Set.copyOf(capabilities);
        this.setter = setter;
    }

    /// {@return the sockets of this process, with the capabilities of its kernel; a temporary socket probes them}
    static LinuxDatagrams open() {
        long descriptor = socket(MessageLayout.AF_INET);
        if (descriptor < 0) {
            return new LinuxDatagrams(Set.of(Capability.BATCH), LinuxSocketOptions::set);
        }
        try {
            return new LinuxDatagrams(LinuxSocketOptions.probe((int) descriptor), LinuxSocketOptions::set);
        } finally {
            LinuxCall.CLOSE.invoke(descriptor, 0, 0);
        }
    }

    @Override
    public boolean can(Capability capability) {
        return capabilities.contains(capability);
    }

    @Override
    public UdpSocket open(InetSocketAddress local, UdpOptions options) {
        SocketPreconditions.checkLocal(local);
        boolean wide = !Endpoint.isIpv4(local);
        long descriptor = KernelHoldings.addDescriptor(socket(wide ? MessageLayout.AF_INET6 : MessageLayout.AF_INET));
        if (descriptor < 0) {
            throw new SystemCallException(
                    "socket", (wide ? "AF_INET6" : "AF_INET") + ", local=" + local, (int) -descriptor);
        }
        LinuxUdpSocket socket = null;
        try {
            if (wide) {
                // The default is a setting of the machine. The sockets of the JDK also set this option.
                LinuxSocketOptions.require((int) descriptor, MessageLayout.SOL_IPV6, LinuxSocketOptions.IPV6_V6ONLY, 0);
            }
            LinuxSocketOptions.apply(setter, (int) descriptor, local, options);
            InetSocketAddress bound = bind(descriptor, local, options);
            socket = new LinuxUdpSocket(new OpenDescriptor((int) descriptor), bound, options, can(Capability.GSO));
            return socket;
        } finally {
            if (socket == null) {
                KernelHoldings.closeDescriptor(descriptor);
            }
        }
    }

    @Override
    public String toString() {
        return "LinuxDatagrams(capabilities=" + capabilities + ")";
    }

    private static long socket(int family) {
        return LinuxCall.SOCKET.invoke(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    }

    /// Binds a socket.
    ///
    /// @return the address and port of the socket
    private static InetSocketAddress bind(long descriptor, InetSocketAddress local, UdpOptions options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(MessageLayout.ADDRESS_SPACE, Long.BYTES);
            MemorySegment nameSize = arena.allocate(Integer.BYTES, Integer.BYTES);
            Endpoint endpoint = new Endpoint();
            endpoint.set(local);
            int size = endpoint.write(name, 0, !Endpoint.isIpv4(local));
            long result = LinuxCall.BIND.invoke(descriptor, name.address(), size);
            if (result < 0) {
                throw SocketPreconditions.notBound(local, options, (int) -result);
            }
            nameSize.set(MessageLayout.INT, 0, MessageLayout.ADDRESS_SPACE);
            result = LinuxCall.GETSOCKNAME.invoke(descriptor, name.address(), nameSize.address());
            if (result < 0) {
                throw new SystemCallException("getsockname", "local=" + local, (int) -result);
            }
            endpoint.read(name, 0, nameSize.get(MessageLayout.INT, 0));
            return endpoint.toSocketAddress();
        }
    }
}
