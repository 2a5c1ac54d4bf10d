package io.leasehold.jumbo;

import io.leasehold.error.SystemCallException;
import io.leasehold.lease.Releaser;
import io.leasehold.memory.OptionChecks;
import io.leasehold.os.Datagrams;
import io.leasehold.os.Outgoing;
import io.leasehold.os.UdpSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Sends ranges of memory, such as pages of a pool, as trains of datagrams that the kernel cuts, and goes on where it
/// had to stop.
///
/// ```text
///   to(peer) ---> load | handOver ---> send ---> true: all is gone
///                                       ^ |
///       awaitWritable, or next round ---+ +---> false: the socket is full, the rest is still here
/// ```
///
/// A range that is longer than one call may send is sent in several, of whole datagrams each, so a page of 64 KiB goes
/// like any other. [DatagramPort#newSender] makes one.
///
/// **Ownership.** A range that was loaded stays the caller's, who keeps it as it is until all is gone. A page that was
/// handed over is the sender's, which releases it when all is gone or the rest is abandoned; the kernel has copied it
/// by then. The socket is its owner's. Nothing is to be closed; who drops a sender that has a page abandons it first.
///
/// **Threads.** Confined to one thread at a time; several senders on one socket are independent.
///
/// **Invariants.** I1: `sentBytes <= byteSize`. I2: all before `sentBytes` are whole datagrams, unless it is the end.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/udp.7.html">udp(7)</a>
public final class DatagramSender {

    /// Most bytes in one datagram: 65,535 less the headers of IPv4 and UDP.
    public static final int MAX_DATAGRAM_BYTES = Datagrams.MAX_PAYLOAD_BYTES;

    private final UdpSocket socket; // (C)
    private final Outgoing message = new Outgoing(); // (C) its content (O)
    private long address; // (O) of the first byte of the range
    private int byteSize; // (O) of the range
    private int segmentSize; // (O)
    private int sentBytes; // (O)
    private boolean isPending; // (O) whether there is a rest, which may be an empty datagram
    private @Nullable Releaser releaser; // (O) of the page that was handed over, null if none was
    private long handle; // (O) of that page
    private long fullCount; // (O)

    /// A sender to the peer of the socket, if it is connected, until it is told another destination.
    ///
    /// @param socket where to send
    DatagramSender(UdpSocket socket) {
        this.socket = socket;
    }

    /// Sends to the peer of a connected socket from now on.
    ///
    /// @return this
    /// @throws IllegalStateException if something is left to send
    public DatagramSender toPeer() {
        checkEmpty();
        message.toPeer();
        return this;
    }

    /// Sends to an address and port from now on.
    ///
    /// If this is the object that [JumboDatagram#sender] made and the datagram came to the address and port of this
    /// sender, the answer leaves from the destination of that datagram, unless [#from] says otherwise.
    ///
    /// @param destination both
    /// @return this
    /// @throws IllegalArgumentException if the address is not resolved or the port is 0
    /// @throws IllegalStateException if something is left to send
    public DatagramSender to(InetSocketAddress destination) {
        checkEmpty();
        message.to(destination);
        return this;
    }

    /// Answers a datagram from now on: sends to its sender, from its destination if that is known and is no broadcast
    /// or multicast address. Forgets what [#from] set; makes no object.
    ///
    /// An answer through a port of another address or port number leaves from where the system chooses. So does one
    /// whose source is no address of this machine any more.
    ///
    /// @param datagram one that is being handled
    /// @return this
    /// @throws IllegalStateException if something is left to send, or the datagram is over
    public DatagramSender toSenderOf(JumboDatagram<?> datagram) {
        checkEmpty();
        message.toSenderOf(datagram.received(), datagram.index());
        return this;
    }

    /// Sends from an address of this machine from now on (IP_PKTINFO, IPV6_PKTINFO), with the port number of the port.
    /// That stays so when the destination changes, until [#toSenderOf] or [#fromAny].
    ///
    /// @param source the address, of the family of the destination; of a link-local one the interface too
    /// @return this
    /// @throws IllegalArgumentException if it is the wildcard, or a multicast or broadcast address
    /// @throws IllegalStateException if something is left to send
    public DatagramSender from(InetAddress source) {
        checkEmpty();
        message.from(source);
        return this;
    }

    /// Lets the system choose the source from now on, also of an answer, until the destination is set again.
    ///
    /// @return this
    /// @throws IllegalStateException if something is left to send
    public DatagramSender fromAny() {
        checkEmpty();
        message.fromAny();
        return this;
    }

    /// Sends with a traffic class from now on, instead of that of the port (IP_TOS, IPV6_TCLASS).
    ///
    /// @param trafficClass six bits of DSCP and two of ECN, from 0 to 255
    /// @return this
    /// @throws IllegalArgumentException if it is out of bounds
    /// @throws IllegalStateException if something is left to send
    public DatagramSender trafficClass(int trafficClass) {
        checkEmpty();
        message.trafficClass(trafficClass);
        return this;
    }

    /// Sends with an ECN codepoint from now on; the six bits of DSCP stay those of this sender or of the port.
    ///
    /// @param ecn 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE, RFC 3168
    /// @return this
    /// @throws IllegalArgumentException if it is out of bounds
    /// @throws IllegalStateException if something is left to send
    public DatagramSender ecn(int ecn) {
        checkEmpty();
        message.ecn(ecn);
        return this;
    }

    /// Sends with the traffic class of the port from now on.
    ///
    /// @return this
    /// @throws IllegalStateException if something is left to send
    public DatagramSender portTrafficClass() {
        checkEmpty();
        message.socketTrafficClass();
        return this;
    }

    /// Takes a range to send, which stays the caller's. Sends nothing yet.
    ///
    /// @param newAddress of the first byte, at any alignment
    /// @param newByteSize how many bytes, from 0 on; 0 is one empty datagram
    /// @param newSegmentSize bytes of each datagram but the last, from 1 to [#MAX_DATAGRAM_BYTES]
    /// @return this
    /// @throws IllegalArgumentException if an argument is out of bounds; nothing is loaded then
    /// @throws IllegalStateException if something is left to send
    public DatagramSender load(long newAddress, int newByteSize, int newSegmentSize) {
        checkEmpty();
        if (newAddress <= 0) {
            throw new IllegalArgumentException("address is not positive: address=0x" + Long.toHexString(newAddress));
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

    /// Takes a page to send, from its first byte on, with the duty to release it. Sends nothing yet.
    ///
    /// @param pool whose page it is
    /// @param newHandle of the page; the sender's, once this returns
    /// @param newByteSize how many bytes, from 0 to those of a page
    /// @param newSegmentSize bytes of each datagram but the last, from 1 to [#MAX_DATAGRAM_BYTES]
    /// @return this
    /// @throws IllegalArgumentException if an argument is out of bounds; the page is the caller's then
    /// @throws IllegalStateException if something is left to send; the page is the caller's then
    /// @throws JumboStateException if the handle is stale or foreign
    public DatagramSender handOver(JumboPool<?> pool, long newHandle, int newByteSize, int newSegmentSize) {
        checkEmpty();
        OptionChecks.range("byteSize", newByteSize, 0, pool.pageByteSize());
        load(pool.address(newHandle), newByteSize, newSegmentSize);
        releaser = pool;
        handle = newHandle;
        return this;
    }

    /// Sends as much of the rest as goes now, without waiting.
    ///
    /// What throws leaves the rest here, to be sent again or abandoned, from the first datagram on that did not go.
    ///
    /// @return whether nothing is left; else the socket is full, and [#sentBytes] says how much went
    /// @throws IllegalStateException if the socket is closed, or is connected and there is a destination, or is not and
    ///     there is none
    /// @throws IllegalArgumentException if the destination is IPv6 while the socket is IPv4, or source and destination
    ///     are not both IPv4 or both IPv6
    /// @throws UnsupportedOperationException if this sender has a source or a traffic class that is not that of the
    ///     port, and the system lacks [DatagramFeature#SOURCE] or [DatagramFeature#SENDER_TRAFFIC_CLASS]
    /// @throws SystemCallException if the system refuses, such as EMSGSIZE for a datagram that is too large and may not
    ///     be fragmented, or a datagram sent before was answered by an error
    /// @throws JumboStateException if the pool refuses the page that was handed over; all has gone then
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
            sentBytes += message.sentBytes(); // of a train that the kernel did not cut some may have gone
            throw e;
        }
    }

    /// Forgets the rest, and releases the page if one was handed over. Without a rest this has no effect.
    ///
    /// @return how many bytes did not go
    /// @throws JumboStateException if the pool refuses the page
    public int abandon() {
        int rest = remainingBytes();
        if (isPending) {
            end();
        }
        return rest;
    }

    /// Waits until there is room to send.
    ///
    /// @param timeoutNanos wait at most so long, at least 0; the portable form rounds up to milliseconds
    /// @return whether there is
    /// @throws IllegalArgumentException if the time is negative
    /// @throws IllegalStateException if the socket is closed, also while this waits
    /// @throws SystemCallException if the system refuses
    public boolean awaitWritable(long timeoutNanos) {
        return socket.awaitWritable(timeoutNanos);
    }

    /// {@return whether something is left to send, which may be an empty datagram}
    public boolean isPending() {
        return isPending;
    }

    /// {@return how many bytes of what was loaded last have gone}
    public int sentBytes() {
        return sentBytes;
    }

    /// {@return how many bytes are left to send}
    public int remainingBytes() {
        return isPending ? byteSize - sentBytes : 0;
    }

    /// {@return how often the socket was full}
    public long fullCount() {
        return fullCount;
    }

    @Override
    public String toString() {
        return "DatagramSender(%s, byteSize=%d, segmentSize=%d, sentBytes=%d, isPending=%b, full=%d, socket=%s)"
                .formatted(message, byteSize, segmentSize, sentBytes, isPending, fullCount, socket);
    }

    /// {@return the bytes of the next train: whole datagrams, as many as one call may send, or the rest}
    private int batchByteSize() {
        int segments = Math.min(Datagrams.MAX_SEGMENTS, MAX_DATAGRAM_BYTES / segmentSize);
        return Math.min(byteSize - sentBytes, segments * segmentSize);
    }

    private void end() {
        Releaser releases = releaser;
        isPending = false;
        releaser = null;
        if (releases != null) {
            releases.release(handle);
        }
    }

    private void checkEmpty() {
        if (isPending) {
            throw new IllegalStateException("something is left to send, send or abandon it first: " + this);
        }
    }
}
