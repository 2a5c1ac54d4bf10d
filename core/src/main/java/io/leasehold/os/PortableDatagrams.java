package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;

/// Datagram sockets without native calls, over [DatagramChannel]: one datagram at a time, with the options that a
/// channel has.
///
/// **Ownership.** Does not own the memory.
///
/// **Threads.** Immutable.
final class PortableDatagrams implements Datagrams {

    private final MemorySegment space; // (C)

    /// Creates sockets for memory that is a part of one segment.
    ///
    /// @param space segment that contains all addresses
    PortableDatagrams(MemorySegment space) {
        this.space = space;
    }

    @Override
    public boolean can(Capability capability) {
        try (DatagramChannel channel = DatagramChannel.open()) {
            return PortableSocketOptions.can(channel, capability);
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public UdpSocket open(InetSocketAddress local, UdpOptions options) {
        SocketPreconditions.checkLocal(local);
        boolean wide = !Endpoint.isIpv4(local);
        DatagramChannel channel;
        try {
            channel = DatagramChannel.open(wide ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
        } catch (UnsupportedOperationException e) {
            throw caused(new SystemCallException("socket", "AF_INET6, local=" + local, Errno.EAFNOSUPPORT), e);
        } catch (IOException e) {
            throw refused("socket", "local=" + local, e);
        }
        UdpSocket socket = null;
        try {
            channel.configureBlocking(false);
            setOptions(channel, local, options);
            InetSocketAddress bound = bind(channel, local, options);
            socket = new PortableUdpSocket(channel, bound, options, space);
            return socket;
        } catch (IOException e) {
            throw refused("fcntl", "local=" + local, e);
        } finally {
            if (socket == null) {
                closeQuietly(channel);
            }
        }
    }

    @Override
    public String toString() {
        return "PortableDatagrams(spaceBytes=" + space.byteSize() + ")";
    }

    private static void setOptions(DatagramChannel channel, InetSocketAddress local, UdpOptions options) {
        try {
            PortableSocketOptions.apply(channel, local, options);
        } catch (IOException e) {
            throw refused("setsockopt", "local=" + local + ", " + options, e);
        }
    }

    /// Binds a channel.
    ///
    /// @return the address and port of the channel
    private static InetSocketAddress bind(DatagramChannel channel, InetSocketAddress local, UdpOptions options) {
        try {
            channel.bind(local);
            return (InetSocketAddress) channel.getLocalAddress();
        } catch (BindException e) {
            throw caused(SocketPreconditions.notBound(local, options, errnoOfBind(local, e)), e);
        } catch (IOException e) {
            throw refused("bind", "local=" + local, e);
        }
    }

    /// Closes a channel after opening it failed. The first error is thrown instead of an error of the close.
    private static void closeQuietly(DatagramChannel channel) {
        try {
            channel.close();
        } catch (IOException _) {
            // The descriptor is closed even so, see close(2).
        }
    }

    /// {@return the exception of a failed call; its error number is derived from the message of the JDK, EIO if that is
    /// unknown}
    static SystemCallException refused(String call, String arguments, IOException e) {
        return caused(new SystemCallException(call, arguments, JdkErrno.of(e)), e);
    }

    /// {@return the error number of a [BindException]}
    private static int errnoOfBind(InetSocketAddress local, IOException e) {
        int errno = JdkErrno.of(e);
        if (errno != Errno.EIO) {
            return errno;
        }
        try {
            boolean ours = local.getAddress().isAnyLocalAddress()
                    || NetworkInterface.getByInetAddress(local.getAddress()) != null;
            return ours ? Errno.EADDRINUSE : Errno.EADDRNOTAVAIL;
        } catch (IOException f) {
            e.addSuppressed(f);
            return Errno.EADDRINUSE;
        }
    }

    static SystemCallException caused(SystemCallException refusal, Exception cause) {
        refusal.initCause(cause);
        return refusal;
    }
}
