package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/// Datagram sockets of Linux on x86-64 and aarch64.
///
/// **Ownership.** Made once for a process; see [AddressSpace].
///
/// **Threads.** Immutable.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/socket.2.html">socket(2)</a>
final class LinuxDatagrams implements Datagrams {

    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;

    private static final int IPPROTO_IPV6 = 41;
    private static final int IPV6_V6ONLY = 26;

    private final boolean hasGro; // (C)
    private final boolean hasGso; // (C)

    LinuxDatagrams(boolean hasGro, boolean hasGso) {
        this.hasGro = hasGro;
        this.hasGso = hasGso;
    }

    /// {@return the sockets of this process, using what its kernel offers, which is asked of one that is closed again}
    static LinuxDatagrams open() {
        long descriptor = socket(MessageLayout.AF_INET);
        if (descriptor < 0) {
            return new LinuxDatagrams(false, false);
        }
        try {
            boolean hasGro = LinuxUdpSocket.setGro((int) descriptor) == 0;
            boolean hasGso = LinuxUdpSocket.hasGso((int) descriptor);
            return new LinuxDatagrams(hasGro, hasGso);
        } finally {
            LinuxCall.CLOSE.invoke(descriptor, 0, 0);
        }
    }

    @Override
    public boolean can(Capability capability) {
        return switch (capability) {
            case GRO -> hasGro;
            case GSO -> hasGso;
            case BATCH -> true;
        };
    }

    @Override
    public UdpSocket open(InetSocketAddress local) {
        SocketPreconditions.checkLocal(local);
        boolean wide = !Endpoint.isIpv4(local);
        long descriptor = KernelHoldings.addDescriptor(socket(wide ? MessageLayout.AF_INET6 : MessageLayout.AF_INET));
        if (descriptor < 0) {
            throw new OsException("socket", (wide ? "AF_INET6" : "AF_INET") + ", local=" + local, (int) -descriptor);
        }
        LinuxUdpSocket socket = null;
        try {
            if (wide) {
                // The default is a setting of the machine; Java's own sockets do the same.
                LinuxUdpSocket.setOption((int) descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 0);
            }
            socket = new LinuxUdpSocket(new OpenDescriptor((int) descriptor), bind(descriptor, local), hasGso);
            return socket;
        } finally {
            if (socket == null) {
                KernelHoldings.closeDescriptor(descriptor);
            }
        }
    }

    @Override
    public String toString() {
        return "LinuxDatagrams(hasGro=" + hasGro + ", hasGso=" + hasGso + ")";
    }

    private static long socket(int family) {
        return LinuxCall.SOCKET.invoke(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    }

    /// {@return the address and port that the socket has from now on}
    private static InetSocketAddress bind(long descriptor, InetSocketAddress local) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(MessageLayout.ADDRESS_SPACE, Long.BYTES);
            MemorySegment nameSize = arena.allocate(Integer.BYTES, Integer.BYTES);
            Endpoint endpoint = new Endpoint();
            endpoint.set(local);
            int size = endpoint.write(name, 0, !Endpoint.isIpv4(local));
            long result = LinuxCall.BIND.invoke(descriptor, name.address(), size);
            if (result < 0) {
                throw new OsException("bind", "local=" + local, (int) -result);
            }
            nameSize.set(MessageLayout.INT, 0, MessageLayout.ADDRESS_SPACE);
            result = LinuxCall.GETSOCKNAME.invoke(descriptor, name.address(), nameSize.address());
            if (result < 0) {
                throw new OsException("getsockname", "local=" + local, (int) -result);
            }
            endpoint.read(name, 0, nameSize.get(MessageLayout.INT, 0));
            return endpoint.toSocketAddress();
        }
    }
}
