package io.leasehold.os;

import java.lang.foreign.MemorySegment;

/// Values of the control messages of one received GRO batch: segment size, destination and traffic class.
///
/// The kernel writes several control messages one after the other. Their order is not specified:
///
/// ```text
///   cmsghdr, 16 bytes          data                 padding to a multiple of 8
///   size (long), level, type | UDP_GRO      4 bytes | 4
///   size (long), level, type | IP_PKTINFO  12 bytes | 4
///   size (long), level, type | IP_TOS       1 byte  | 7
/// ```
///
/// An IPv6 socket that speaks IPv4 gets two messages for one IPv4 datagram: IPV6_PKTINFO with a mapped address, and
/// IP_PKTINFO. If the datagram was sent to a broadcast or multicast address, only IP_PKTINFO has the address to answer
/// from.
///
/// **Threads.** Confined to one thread at a time.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/cmsg.3.html">cmsg(3)</a>,
///     <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>,
///     <a href="https://man7.org/linux/man-pages/man7/ipv6.7.html">ipv6(7)</a>
final class MessageControl {

    /// Traffic class of a datagram whose traffic class the system does not report.
    static final int UNKNOWN = -1;

    private static final int BYTE_BITS = 0xff;

    private final Endpoint destination = new Endpoint(); // (C) its content (O) port 0 if unknown
    private final Endpoint replySource = new Endpoint(); // (C) its content (O) port 0 if the kernel chooses
    private int trafficClass = UNKNOWN; // (O)
    private int groSize; // (O) bytes of a segment, 0 for a batch of one

    Endpoint destination() {
        return destination;
    }

    /// {@return the address that an answer has to leave from; its port is 0 if the kernel may choose the address}
    Endpoint replySource() {
        return replySource;
    }

    int trafficClass() {
        return trafficClass;
    }

    int groSize() {
        return groSize;
    }

    /// Discards all values.
    ///
    /// @param bound address of the socket; it is the destination unless it is the wildcard
    void reset(Endpoint bound) {
        if (bound.isWildcard()) {
            destination.clear();
        } else {
            destination.set(bound);
        }
        replySource.clear();
        trafficClass = UNKNOWN;
        groSize = 0;
    }

    /// Reads the control messages that the kernel wrote.
    ///
    /// @param from memory with the messages
    /// @param offset offset of the first message in bytes, a multiple of 8
    /// @param byteSize size of all messages in bytes, as the kernel reports it
    /// @param bound address that the socket is bound to
    void read(MemorySegment from, long offset, long byteSize, Endpoint bound) {
        reset(bound);
        boolean hasIpv4Info = false;
        long end = offset + Math.min(byteSize, MessageLayout.CONTROL_SPACE);
        long at = offset;
        while (at + MessageLayout.CONTROL_VALUE <= end) {
            long size = from.get(MessageLayout.LONG, at + MessageLayout.CONTROL_SIZE);
            if (size < MessageLayout.CONTROL_VALUE || size > end - at) {
                return;
            }
            int level = from.get(MessageLayout.INT, at + MessageLayout.CONTROL_LEVEL);
            int type = from.get(MessageLayout.INT, at + MessageLayout.CONTROL_TYPE);
            long value = at + MessageLayout.CONTROL_VALUE;
            long valueSize = size - MessageLayout.CONTROL_VALUE;
            if (level == MessageLayout.SOL_UDP) {
                readUdp(from, type, value, valueSize);
            } else if (level == MessageLayout.SOL_IP) {
                hasIpv4Info |= readIpv4(from, type, value, valueSize, bound.port());
            } else if (level == MessageLayout.SOL_IPV6) {
                readIpv6(from, type, value, valueSize, hasIpv4Info ? 0 : bound.port());
            }
            at += MessageLayout.align(size);
        }
    }

    private void readUdp(MemorySegment from, int type, long value, long valueSize) {
        if (type == MessageLayout.UDP_GRO && valueSize >= Integer.BYTES) {
            groSize = from.get(MessageLayout.INT, value);
        }
    }

    /// {@return true if the message was packet info}
    private boolean readIpv4(MemorySegment from, int type, long value, long valueSize, int port) {
        if (type == MessageLayout.IP_TOS && valueSize >= 1) {
            trafficClass = from.get(MessageLayout.BYTE, value) & BYTE_BITS;
        }
        if (type != MessageLayout.IP_PKTINFO || valueSize < MessageLayout.IPV4_INFO_SIZE) {
            return false;
        }
        destination.setIpv4(from.get(MessageLayout.NET_INT, value + MessageLayout.IPV4_INFO_DESTINATION), port);
        replySource.setIpv4(from.get(MessageLayout.NET_INT, value + MessageLayout.IPV4_INFO_SOURCE), port);
        if (replySource.isWildcard() || replySource.isMulticast()) {
            replySource.clear();
        }
        return true;
    }

    /// Reads an IPv6 message. Packet info is read only if `port` is not 0.
    private void readIpv6(MemorySegment from, int type, long value, long valueSize, int port) {
        if (type == MessageLayout.IPV6_TCLASS && valueSize >= Integer.BYTES) {
            trafficClass = from.get(MessageLayout.INT, value) & BYTE_BITS;
        }
        if (type == MessageLayout.IPV6_PKTINFO && valueSize >= MessageLayout.IPV6_INFO_SIZE && port != 0) {
            long high = from.get(MessageLayout.NET_LONG, value);
            long low = from.get(MessageLayout.NET_LONG, value + Long.BYTES);
            int scope = from.get(MessageLayout.INT, value + MessageLayout.IPV6_INFO_SCOPE);
            destination.setIpv6(high, low, scope, port);
            if (destination.isMulticast()) {
                replySource.clear();
                return;
            }
            if (!destination.isLinkLocal()) {
                // The kernel reports an interface for each address, but only link-local addresses need it.
                destination.setIpv6(high, low, 0, port);
            }
            replySource.set(destination);
        }
    }
}
