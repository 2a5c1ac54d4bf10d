package io.leasehold.os;

import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/// An IP address and port as numbers. The object is reused, so that recording the sender of a datagram creates no
/// object.
///
/// An IPv4 address is stored in IPv6 form, `::ffff:a.b.c.d`.
///
/// **Threads.** Confined to one thread at a time.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>,
///     <a href="https://man7.org/linux/man-pages/man7/ipv6.7.html">ipv6(7)</a>
final class Endpoint {

    private static final long IPV4_PREFIX = 0xffffL << 32;
    private static final long IPV4_BITS = 0xffff_ffffL;

    /// 224.0.0.0/4
    private static final int IPV4_MULTICAST_SHIFT = 28;

    private static final long IPV4_MULTICAST_PREFIX = 0xe;

    /// ff00::/8
    private static final int IPV6_MULTICAST_SHIFT = 56;

    private static final long IPV6_MULTICAST_PREFIX = 0xff;

    /// fe80::/10
    private static final int LINK_LOCAL_SHIFT = 54;

    private static final long LINK_LOCAL_PREFIX = 0xfe80 >>> 6;

    private long high; // (O) first eight bytes of the address
    private long low; // (O) last eight bytes
    private int scope; // (O) number of the interface, for link-local addresses
    private int port; // (O) 0 if not set

    void clear() {
        high = 0;
        low = 0;
        scope = 0;
        port = 0;
    }

    void set(Endpoint other) {
        high = other.high;
        low = other.low;
        scope = other.scope;
        port = other.port;
    }

    void set(InetSocketAddress address) {
        set(address.getAddress(), address.getPort());
    }

    void set(InetAddress address, int newPort) {
        ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        if (address instanceof Inet6Address six) {
            setIpv6(bytes.getLong(), bytes.getLong(), six.getScopeId(), newPort);
        } else {
            setIpv4(bytes.getInt(), newPort);
        }
    }

    void setIpv4(int address, int newPort) {
        high = 0;
        low = IPV4_PREFIX | (address & IPV4_BITS);
        scope = 0;
        port = newPort;
    }

    void setIpv6(long newHigh, long newLow, int newScope, int newPort) {
        high = newHigh;
        low = newLow;
        scope = newScope;
        port = newPort;
    }

    long high() {
        return high;
    }

    long low() {
        return low;
    }

    int port() {
        return port;
    }

    boolean isIpv4() {
        return high == 0 && (low & ~IPV4_BITS) == IPV4_PREFIX;
    }

    /// {@return true if this is the wildcard address of IPv4 or IPv6}
    boolean isWildcard() {
        return high == 0 && (low == 0 || low == IPV4_PREFIX);
    }

    /// {@return true if this is a multicast address, or the broadcast address of all networks}
    boolean isMulticast() {
        if (!isIpv4()) {
            return high >>> IPV6_MULTICAST_SHIFT == IPV6_MULTICAST_PREFIX;
        }
        long bits = low & IPV4_BITS;
        return bits >>> IPV4_MULTICAST_SHIFT == IPV4_MULTICAST_PREFIX || bits == IPV4_BITS;
    }

    /// {@return true if this is a link-local IPv6 address}
    boolean isLinkLocal() {
        return high >>> LINK_LOCAL_SHIFT == LINK_LOCAL_PREFIX;
    }

    /// {@return true if the addresses are the same; ports and interfaces may differ}
    boolean hasAddressOf(Endpoint other) {
        return high == other.high && low == other.low;
    }

    /// {@return the address and port as an object}
    InetSocketAddress toSocketAddress() {
        return new InetSocketAddress(toAddress(), port);
    }

    /// {@return the address as an object}
    InetAddress toAddress() {
        byte[] bytes = ByteBuffer.allocate(16).putLong(high).putLong(low).array();
        try {
            // For a mapped address this returns an Inet4Address.
            return scope == 0 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, scope);
        } catch (UnknownHostException e) {
            throw new AssertionError("sixteen bytes are an address", e);
        }
    }

    /// Writes this as a socket address.
    ///
    /// @param to memory to write to, with space for [MessageLayout#ADDRESS_SPACE] bytes
    /// @param offset offset in bytes, a multiple of 8
    /// @param wide true to write a sockaddr_in6; false to write a sockaddr_in, which holds IPv4 only
    /// @return the number of bytes written
    int write(MemorySegment to, long offset, boolean wide) {
        to.set(MessageLayout.NET_SHORT, offset + MessageLayout.PORT, (short) port);
        if (!wide) {
            to.set(MessageLayout.SHORT, offset + MessageLayout.FAMILY, (short) MessageLayout.AF_INET);
            to.set(MessageLayout.NET_INT, offset + MessageLayout.IPV4_ADDRESS, (int) low);
            return MessageLayout.IPV4_SIZE;
        }
        to.set(MessageLayout.SHORT, offset + MessageLayout.FAMILY, (short) MessageLayout.AF_INET6);
        to.set(MessageLayout.INT, offset + MessageLayout.IPV6_FLOW, 0);
        to.set(MessageLayout.NET_LONG, offset + MessageLayout.IPV6_ADDRESS, high);
        to.set(MessageLayout.NET_LONG, offset + MessageLayout.IPV6_ADDRESS + Long.BYTES, low);
        to.set(MessageLayout.INT, offset + MessageLayout.IPV6_SCOPE, scope);
        return MessageLayout.IPV6_SIZE;
    }

    /// Writes this as the source of a message: a struct in_pktinfo for an IPv4 address, else a struct in6_pktinfo.
    ///
    /// @param to memory to write to
    /// @param offset offset in bytes, a multiple of 8
    /// @return the number of bytes written
    int writeInfo(MemorySegment to, long offset) {
        if (isIpv4()) {
            // "ipi_spec_dst is used as the local source address": ip(7).
            to.set(MessageLayout.INT, offset, 0);
            to.set(MessageLayout.NET_INT, offset + MessageLayout.IPV4_INFO_SOURCE, (int) low);
            to.set(MessageLayout.INT, offset + MessageLayout.IPV4_INFO_DESTINATION, 0);
            return MessageLayout.IPV4_INFO_SIZE;
        }
        to.set(MessageLayout.NET_LONG, offset, high);
        to.set(MessageLayout.NET_LONG, offset + Long.BYTES, low);
        // The routing table chooses the interface, except for link-local addresses.
        to.set(MessageLayout.INT, offset + MessageLayout.IPV6_INFO_SCOPE, isLinkLocal() ? scope : 0);
        return MessageLayout.IPV6_INFO_SIZE;
    }

    /// Reads a socket address that the kernel wrote.
    ///
    /// @param from memory to read from
    /// @param offset offset in bytes, a multiple of 8
    /// @param byteSize size of the socket address in bytes, 0 if the kernel wrote none
    void read(MemorySegment from, long offset, int byteSize) {
        clear();
        if (byteSize < MessageLayout.IPV4_SIZE) {
            return;
        }
        port = Short.toUnsignedInt(from.get(MessageLayout.NET_SHORT, offset + MessageLayout.PORT));
        if (from.get(MessageLayout.SHORT, offset + MessageLayout.FAMILY) == MessageLayout.AF_INET) {
            low = IPV4_PREFIX | (from.get(MessageLayout.NET_INT, offset + MessageLayout.IPV4_ADDRESS) & IPV4_BITS);
        } else {
            high = from.get(MessageLayout.NET_LONG, offset + MessageLayout.IPV6_ADDRESS);
            low = from.get(MessageLayout.NET_LONG, offset + MessageLayout.IPV6_ADDRESS + Long.BYTES);
            scope = from.get(MessageLayout.INT, offset + MessageLayout.IPV6_SCOPE);
        }
    }

    static boolean isIpv4(InetSocketAddress address) {
        return address.getAddress() instanceof Inet4Address;
    }

    @Override
    public String toString() {
        return port == 0 ? "none" : toSocketAddress().toString();
    }
}
