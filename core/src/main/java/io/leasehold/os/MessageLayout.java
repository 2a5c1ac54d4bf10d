package io.leasehold.os;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Offsets in messages: struct mmsghdr, msghdr, iovec, cmsghdr, sockaddr_in and sockaddr_in6 of 64-bit Linux. They are
/// the same on x86-64 and aarch64; both are little-endian.
///
/// ```text
///   header, 64 bytes (mmsghdr)           slot, 192 bytes
///    0 name ------------------------->   16 socket address, 28 bytes at most
///    8 name length (int)
///   16 vectors ---------------------->    0 iovec: address, 8 byte size
///   24 vector count
///   32 control ---------------------->   48 control messages, each: cmsghdr (size, level, type), value, padding
///   40 control size
///   48 flags (int)
///   56 byte size of the message (int)
/// ```
///
/// The headers of a batch of messages are one array, as recvmmsg(2) requires. The slots follow the headers.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/recvmmsg.2.html">recvmmsg(2)</a>,
///     <a href="https://man7.org/linux/man-pages/man3/cmsg.3.html">cmsg(3)</a>,
///     <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>,
///     <a href="https://man7.org/linux/man-pages/man7/ipv6.7.html">ipv6(7)</a>
final class MessageLayout {

    static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT;
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    /// Ports and addresses are in network byte order.
    static final ValueLayout.OfShort NET_SHORT = SHORT.withOrder(ByteOrder.BIG_ENDIAN);

    static final ValueLayout.OfInt NET_INT = INT.withOrder(ByteOrder.BIG_ENDIAN);

    /// In a sockaddr_in6 the halves of the address are at odd multiples of 4.
    static final ValueLayout.OfLong NET_LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /// A cache line, which is also the size of a header.
    static final long ALIGNMENT = 64;

    static final long HEADER_SIZE = 64;
    static final long NAME = 0;
    static final long NAME_LENGTH = 8;
    static final long VECTORS = 16;
    static final long VECTOR_COUNT = 24;
    static final long CONTROL = 32;
    static final long CONTROL_LENGTH = 40;
    static final long FLAGS = 48;
    static final long MESSAGE_SIZE = 56;

    static final long SLOT_SIZE = 192;
    static final long VECTOR_BASE = 0;
    static final long VECTOR_SIZE = 8;
    static final long ADDRESS_BLOCK = 16;
    static final long CONTROL_BLOCK = 48;

    /// Space for control messages. An IPv4 datagram on an IPv6 socket needs the most: CMSG_SPACE is 24 bytes for
    /// UDP_GRO, 40 for IPV6_PKTINFO, 32 for IP_PKTINFO and 24 for IP_TOS, 120 bytes in all.
    static final long CONTROL_SPACE = SLOT_SIZE - CONTROL_BLOCK;

    static final long CONTROL_SIZE = 0;
    static final long CONTROL_LEVEL = 8;
    static final long CONTROL_TYPE = 12;
    static final long CONTROL_VALUE = 16;

    static final int SOL_IP = 0;
    static final int SOL_UDP = 17;
    static final int SOL_IPV6 = 41;
    static final int IP_TOS = 1;
    static final int IP_PKTINFO = 8;
    static final int IPV6_PKTINFO = 50;
    static final int IPV6_TCLASS = 67;
    static final int UDP_SEGMENT = 103;
    static final int UDP_GRO = 104;

    /// struct in_pktinfo: number of the interface, address to answer from, destination in the IP header.
    static final int IPV4_INFO_SIZE = 12;

    static final long IPV4_INFO_SOURCE = 4;
    static final long IPV4_INFO_DESTINATION = 8;

    /// struct in6_pktinfo: address, number of the interface.
    static final int IPV6_INFO_SIZE = 20;

    static final long IPV6_INFO_SCOPE = 16;

    static final int ADDRESS_SPACE = 28;
    static final int IPV4_SIZE = 16;
    static final int IPV6_SIZE = 28;
    static final long FAMILY = 0;
    static final long PORT = 2;
    static final long IPV4_ADDRESS = 4;
    static final long IPV6_FLOW = 4;
    static final long IPV6_ADDRESS = 8;
    static final long IPV6_SCOPE = 24;

    static final int AF_INET = 2;
    static final int AF_INET6 = 10;

    private MessageLayout() {}

    /// {@return the size in bytes of a batch of `count` messages}
    static long byteSize(int count) {
        return count * (HEADER_SIZE + SLOT_SIZE);
    }

    /// {@return a size rounded up to the start of the next control message, like CMSG_ALIGN}
    static long align(long byteSize) {
        return (byteSize + Long.BYTES - 1) & -Long.BYTES;
    }

    /// {@return the offset of the header of a message}
    static long header(int index) {
        return index * HEADER_SIZE;
    }

    /// {@return the offset of the slot of a message in a batch of `count` messages}
    static long slot(int index, int count) {
        return count * HEADER_SIZE + index * SLOT_SIZE;
    }

    /// Stores the addresses of the slots in the headers of a batch.
    static void link(MemorySegment batch, int count) {
        for (int i = 0; i < count; i++) {
            long header = header(i);
            long slot = batch.address() + slot(i, count);
            batch.set(LONG, header + NAME, slot + ADDRESS_BLOCK);
            batch.set(LONG, header + VECTORS, slot + VECTOR_BASE);
            batch.set(LONG, header + VECTOR_COUNT, 1);
            batch.set(LONG, header + CONTROL, slot + CONTROL_BLOCK);
        }
    }
}
