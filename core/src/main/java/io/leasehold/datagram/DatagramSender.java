package io.leasehold.datagram;

import static io.leasehold.text.Texts.format;

import io.leasehold.error.SystemCallException;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.lease.MemoryOwner;
import io.leasehold.memory.OptionChecks;
import io.leasehold.os.Datagrams;
import io.leasehold.os.Outgoing;
import io.leasehold.os.UdpSocket;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Sends ranges of memory, such as pages of a pool, as datagram batches that the kernel segments (GSO). It continues
/// where a full socket stopped it.
///
/// ```text
///   to(peer) ---> load | handOver ---> send ---> true: everything is sent
///                                       ^ |
///       awaitWritable, or next round ---+ +---> false: the socket is full, the rest is still here
/// ```
///
/// A range that is longer than one call may send is sent in several batches of whole datagrams. So a page of 64 KiB is
/// sent like any other page. [DatagramPort#newSender] creates a sender.
///
/// **Ownership.** A loaded range stays with the caller, which does not change it until everything is sent. A page that
/// was handed over belongs to the sender. The sender releases it when everything is sent or the rest is abandoned; the
/// kernel has copied the page by then. The sender does not own the socket. A sender needs no close, but a caller that
/// drops a sender with a page abandons the page first.
///
/// **Threads.** Confined to one thread at a time. Several senders on one socket are independent.
///
/// **Invariants.** I1: `sentBytes <= byteSize`. I2: the bytes before `sentBytes` are whole datagrams, except at the end
/// of the range.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/udp.7.html">udp(7)</a>
public final class DatagramSender {

    /// Maximum bytes in one datagram: 65,535 less the headers of IPv4 and UDP.
    public static final int MAX_DATAGRAM_BYTES = Datagrams.MAX_PAYLOAD_BYTES;

    private final UdpSocket socket; // (C)
    private final Outgoing message = new Outgoing(); // (C) its content (O)
    private long address; // (O) of the first byte of the range
    private int byteSize; // (O) of the range
    private int segmentSize; // (O)
    private int sentBytes; // (O)
    private boolean isPending; // (O) true if there is a rest, which may be an empty datagram
    private @Nullable MemoryOwner releaser; // (O) of the page that was handed over, null if none was
    private long handle; // (O) of that page
    private long fullCount; // (O)

    /// Creates a sender to the peer of the socket, if it is connected, until another destination is set.
    ///
    /// @param socket the socket to send on
    DatagramSender(UdpSocket socket) {
        this.socket = socket;
    }

    /// Sets the destination to the peer of a connected socket.
    ///
    /// @return this
    /// @throws IllegalStateException if something is left to send
    public DatagramSender toPeer() {
        checkEmpty();
        message.toPeer();
        return this;
    }

    /// Sets the destination.
    ///
    /// If [JumboDatagram#sender] created the object, and its datagram came to the address and port of this sender, the
    /// answer is sent from the destination of that datagram. [#from] overrides that.
    ///
    /// @param destination address and port
    /// @return this
    /// @throws IllegalArgumentException if the address is not resolved or the port is 0
    /// @throws IllegalStateException if something is left to send
    public DatagramSender to(InetSocketAddress destination) {
        checkEmpty();
        message.to(destination);
        return this;
    }

    /// Sets the destination to the sender of a datagram, and the source to the destination of that datagram if it is
    /// known and no broadcast or multicast address. Overrides [#from]. Creates no object.
    ///
    /// If this port has another address or port number, the system chooses the source of the answer. The same holds if
    /// the source is no address of this machine any more.
    ///
    /// @param datagram a datagram whose handler is running
    /// @return this
    /// @throws IllegalArgumentException if [JumboDatagram#senderPort] is 0: the sender does not expect an answer
    ///     (RFC 768). Any host can send such a datagram
    /// @throws IllegalStateException if something is left to send, or the handler of the datagram has returned
    public DatagramSender toSenderOf(JumboDatagram<?> datagram) {
        checkEmpty();
        message.toSenderOf(datagram.received(), datagram.index());
        return this;
    }

    /// Sets the source to an address of this machine (IP_PKTINFO, IPV6_PKTINFO), with the port number of the port. The
    /// source stays set when the destination changes, until [#toSenderOf] or [#fromAny].
    ///
    /// @param source the address, of the family of the destination; a link-local address includes its interface
    /// @return this
    /// @throws IllegalArgumentException if the address is the wildcard, or a multicast or broadcast address
    /// @throws IllegalStateException if something is left to send
    public DatagramSender from(InetAddress source) {
        checkEmpty();
        message.from(source);
        return this;
    }

    /// Lets the system choose the source, also of an answer, until the destination is set again.
    ///
    /// @return this
    /// @throws IllegalStateException if something is left to send
    public DatagramSender fromAny() {
        checkEmpty();
        message.fromAny();
        return this;
    }

    /// Sets a traffic class that overrides the one of the port (IP_TOS, IPV6_TCLASS).
    ///
    /// @param trafficClass six bits of DSCP and two of ECN, from 0 to 255
    /// @return this
    /// @throws IllegalArgumentException if the value is out of range
    /// @throws IllegalStateException if something is left to send
    public DatagramSender trafficClass(int trafficClass) {
        checkEmpty();
        message.trafficClass(trafficClass);
        return this;
    }

    /// Sets the ECN codepoint. The six bits of DSCP stay those of this sender or of the port.
    ///
    /// @param ecn 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE, RFC 3168
    /// @return this
    /// @throws IllegalArgumentException if the value is out of range
    /// @throws IllegalStateException if something is left to send
    public DatagramSender ecn(int ecn) {
        checkEmpty();
        message.ecn(ecn);
        return this;
    }

    /// Restores the traffic class of the port.
    ///
    /// @return this
    /// @throws IllegalStateException if something is left to send
    public DatagramSender portTrafficClass() {
        checkEmpty();
        message.socketTrafficClass();
        return this;
    }

    /// Loads memory to send, which stays with the caller. Sends nothing yet.
    ///
    /// @param memory native memory; it must stay accessible until everything is sent or abandoned. In the portable form
    ///     it must be memory of an arena
    /// @param newSegmentSize bytes of each datagram except the last, from 1 to [#MAX_DATAGRAM_BYTES]
    /// @return this
    /// @throws IllegalArgumentException if the memory is on the Java heap or has more than 2 GiB - 1 bytes, or
    ///     `newSegmentSize` is out of range; nothing is loaded then
    /// @throws IllegalStateException if something is left to send
    public DatagramSender load(MemorySegment memory, int newSegmentSize) {
        if (!memory.isNative()) {
            throw new IllegalArgumentException("memory is not native: memory=" + memory);
        }
        OptionChecks.range("byteSize", memory.byteSize(), 0, Integer.MAX_VALUE);
        return load(memory.address(), (int) memory.byteSize(), newSegmentSize);
    }

    /// Loads a range to send, which stays with the caller. Sends nothing yet.
    ///
    /// @param newAddress address of the first byte, at any alignment
    /// @param newByteSize size of the range in bytes, at least 0; 0 is one empty datagram
    /// @param newSegmentSize bytes of each datagram except the last, from 1 to [#MAX_DATAGRAM_BYTES]
    /// @return this
    /// @throws IllegalArgumentException if an argument is out of range; nothing is loaded then
    /// @throws IllegalStateException if something is left to send
    public DatagramSender load(long newAddress, int newByteSize, int newSegmentSize) {
        checkEmpty();
        if (newAddress <= 0) {
            throw new IllegalArgumentException(
                    "address is not positive: address=0x" + Long.toHexString(newAddress) + ", min=1");
        }
        OptionChecks.range("byteSize", newByteSize, 0, Integer.MAX_VALUE);
        OptionChecks.range("segmentSize", newSegmentSize, 1, MAX_DATAGRAM_BYTES);
        address = newAddress;
        byteSize = newByteSize;
        segmentSize = newSegmentSize;
        sentBytes = 0;
        isPending = true;
        return this;
    }

    /// Hands over a page to send, from its first byte on, with the duty to release it. Sends nothing yet.
    ///
    /// @param pool the pool of the page
    /// @param newHandle the handle of the page; it belongs to the sender after this returns
    /// @param newByteSize number of bytes, from 0 to the size of a page
    /// @param newSegmentSize bytes of each datagram except the last, from 1 to [#MAX_DATAGRAM_BYTES]
    /// @return this
    /// @throws IllegalArgumentException if an argument is out of range; the page stays with the caller then
    /// @throws IllegalStateException if something is left to send; the page stays with the caller then
    /// @throws io.leasehold.jumbo.JumboStateException if the handle is stale or foreign
    public DatagramSender handOver(JumboPool<?> pool, long newHandle, int newByteSize, int newSegmentSize) {
        checkEmpty();
        OptionChecks.range("byteSize", newByteSize, 0, pool.pageByteSize());
        load(pool.address(newHandle), newByteSize, newSegmentSize);
        releaser = pool;
        handle = newHandle;
        return this;
    }

    /// Sends as much of the rest as the socket accepts, without waiting.
    ///
    /// If this throws, the rest stays here, from the first datagram on that was not sent. It can be sent again or
    /// abandoned.
    ///
    /// @return true if nothing is left; false if the socket is full, and [#sentBytes] has the number of bytes that were
    ///     sent
    /// @throws IllegalStateException if the socket is closed, or is connected and a destination is set, or is not
    ///     connected and none is set
    /// @throws IllegalArgumentException if the destination is IPv6 while the socket is IPv4, or source and destination
    ///     are not both IPv4 or both IPv6
    /// @throws UnsupportedOperationException if this sender has a source or traffic class that differs from the port,
    ///     and the system lacks [DatagramFeature#SOURCE] or [DatagramFeature#SENDER_TRAFFIC_CLASS]
    /// @throws SystemCallException if the system call fails, or if an earlier datagram was answered by an error.
    ///     EMSGSIZE says that a datagram is too large and may not be fragmented
    /// @throws io.leasehold.jumbo.JumboStateException if the pool does not accept the page that was handed over;
    ///     everything is sent then
    public boolean send() {
        while (isPending) {
            int answer = sendBatch();
            if (answer == UdpSocket.WOULD_BLOCK) {
                fullCount++;
                return false;
            }
            sentBytes += answer;
            if (sentBytes == byteSize) {
                end();
            }
        }
        return true;
    }

    private int sendBatch() {
        try {
            return socket.send(message, address + sentBytes, batchByteSize(), segmentSize);
        } catch (SystemCallException e) {
            sentBytes += message.sentBytes(); // part of a batch that the kernel did not segment may be sent
            throw e;
        }
    }

    /// Drops the rest, and releases the page if one was handed over. Has no effect without a rest.
    ///
    /// @return number of bytes that were not sent
    /// @throws io.leasehold.jumbo.JumboStateException if the pool does not accept the page
    public int abandon() {
        int rest = remainingBytes();
        if (isPending) {
            end();
        }
        return rest;
    }

    /// Waits until the socket has room to send. An interrupt of the thread does not end the wait.
    ///
    /// @param timeout maximum time to wait, not negative; the portable form rounds up to milliseconds
    /// @return true if there is room
    /// @throws IllegalArgumentException if the time is negative
    /// @throws IllegalStateException if the socket is closed, also while this waits
    /// @throws SystemCallException if the system call fails
    public boolean awaitWritable(Duration timeout) {
        return socket.awaitWritable(TimeUnit.NANOSECONDS.convert(timeout));
    }

    /// {@return true if something is left to send, which may be an empty datagram}
    public boolean isPending() {
        return isPending;
    }

    /// {@return the number of bytes of the last range that were sent}
    public int sentBytes() {
        return sentBytes;
    }

    /// {@return the number of bytes that are left to send}
    public int remainingBytes() {
        return isPending ? byteSize - sentBytes : 0;
    }

    /// {@return the number of times that the socket was full}
    public long fullCount() {
        return fullCount;
    }

    @Override
    public String toString() {
        return format(
                "DatagramSender(%s, byteSize=%d, segmentSize=%d, sentBytes=%d, isPending=%b, full=%d, socket=%s)",
                message, byteSize, segmentSize, sentBytes, isPending, fullCount, socket);
    }

    /// {@return the bytes of the next batch: as many whole datagrams as one call may send, or the rest}
    private int batchByteSize() {
        int segments = Math.min(Datagrams.MAX_SEGMENTS, MAX_DATAGRAM_BYTES / segmentSize);
        return Math.min(byteSize - sentBytes, segments * segmentSize);
    }

    private void end() {
        MemoryOwner releases = releaser;
        isPending = false;
        releaser = null;
        if (releases != null) {
            releases.free(handle);
        }
    }

    private void checkEmpty() {
        if (isPending) {
            throw new IllegalStateException("something is left to send, send or abandon it first: " + this);
        }
    }
}
