package io.leasehold.os;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.PortUnreachableException;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.util.Locale;

/// Datagram sockets without a native call, over [DatagramChannel]: one datagram at a time, no capabilities.
///
/// **Ownership.** Does not own the memory that addresses point into.
///
/// **Threads.** Immutable.
final class PortableDatagrams implements Datagrams {

    private final MemorySegment space; // (C)

    /// Sockets for memory that is a part of one segment.
    ///
    /// @param space what all addresses point into
    PortableDatagrams(MemorySegment space) {
        this.space = space;
    }

    @Override
    public boolean can(Capability capability) {
        return false;
    }

    @Override
    public UdpSocket open(InetSocketAddress local) {
        SocketPreconditions.checkLocal(local);
        boolean wide = !Endpoint.isIpv4(local);
        DatagramChannel channel;
        try {
            channel = DatagramChannel.open(wide ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
        } catch (UnsupportedOperationException e) {
            throw caused(new OsException("socket", "AF_INET6, local=" + local, Errno.EAFNOSUPPORT), e);
        } catch (IOException e) {
            throw refused("socket", "local=" + local, e);
        }
        try {
            channel.configureBlocking(false);
            channel.bind(local);
            return new PortableUdpSocket(channel, (InetSocketAddress) channel.getLocalAddress(), space);
        } catch (IOException e) {
            OsException refusal = e instanceof BindException
                    ? caused(new OsException("bind", "local=" + local, errnoOfBind(local, e)), e)
                    : refused("bind", "local=" + local, e);
            try {
                channel.close();
            } catch (IOException f) {
                refusal.addSuppressed(f);
            }
            throw refusal;
        }
    }

    @Override
    public String toString() {
        return "PortableDatagrams(spaceBytes=" + space.byteSize() + ")";
    }

    /// {@return a call that failed, with the error number that the JDK tells in words, EIO if they are unknown}
    static OsException refused(String call, String arguments, IOException e) {
        return caused(new OsException(call, arguments, errno(e)), e);
    }

    private static int errno(IOException e) {
        if (e instanceof PortUnreachableException) {
            return Errno.ECONNREFUSED;
        }
        String words = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        if (words.contains("message too long")) {
            return Errno.EMSGSIZE;
        }
        if (words.contains("too many open files")) {
            return Errno.EMFILE;
        }
        if (words.contains("network is unreachable")) {
            return Errno.ENETUNREACH;
        }
        return words.contains("permission denied") ? Errno.EACCES : Errno.EIO;
    }

    /// {@return which of its three reasons a [BindException] has}
    private static int errnoOfBind(InetSocketAddress local, IOException e) {
        int errno = errno(e);
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

    private static OsException caused(OsException refusal, Exception cause) {
        refusal.initCause(cause);
        return refusal;
    }
}
