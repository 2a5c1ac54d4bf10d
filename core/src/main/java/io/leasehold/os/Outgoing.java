package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Destination, source and traffic class of what [UdpSocket#send] sends. An object is created once and reused. At first
/// the destination is the peer of a connected socket, and the system chooses the source.
///
/// **Source.** The source is the address of [#from] if it is set. Otherwise the source of an answer is the destination
/// of the received datagram, if the sending socket has the same address and port as the receiving one. In all other
/// cases the system chooses the source.
///
/// **Ownership.** This object owns the message header that the kernel reads. The garbage collector frees both together.
///
/// **Threads.** Confined to one thread at a time.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/sendmsg.2.html">sendmsg(2)</a>
public final class Outgoing {

    private static final int NOT_SET = -1;

    /// The two lowest bits of a traffic class, RFC 3168.
    private static final int ECN_BITS = 3;

    private static final long SLOT = MessageLayout.slot(0, 1);
    private static final long CONTROL = SLOT + MessageLayout.CONTROL_BLOCK;

    private final MemorySegment batch; // (C) one header and slot, see MessageLayout
    private final Endpoint destination = new Endpoint(); // (C) its content (O)
    private final Endpoint source = new Endpoint(); // (C) its content (O) valid if hasSource
    private final Endpoint replySource = new Endpoint(); // (C) its content (O) valid if receivedAt is not null
    private @Nullable InetSocketAddress receivedAt; // (O) address of the socket that received the datagram
    private boolean hasSource; // (O)
    private int trafficClass = NOT_SET; // (O)
    private int ecn = NOT_SET; // (O)
    private int sentBytes; // (O)

    /// Creates a message to the peer of a connected socket.
    public Outgoing() {
        this.batch = Arena.ofAuto().allocate(MessageLayout.byteSize(1), MessageLayout.ALIGNMENT);
        MessageLayout.link(batch, 1);
    }

    /// Sets the destination to the peer of a connected socket.
    ///
    /// @return this
    public Outgoing toPeer() {
        destination.clear();
        receivedAt = null;
        return this;
    }

    /// Sets the destination to an address and port.
    ///
    /// If `address` is an object that [Received#sender] returned, the message is an answer: its source is the
    /// destination of the received datagram.
    ///
    /// @param address address and port of the destination
    /// @return this
    /// @throws IllegalArgumentException if the address is not resolved or the port is 0
    public Outgoing to(InetSocketAddress address) {
        SocketPreconditions.checkRemote(address);
        destination.set(address);
        receivedAt = null;
        if (address instanceof SenderAddress sender) {
            replySource.set(sender.replySource());
            receivedAt = sender.receivedAt();
        }
        return this;
    }

    /// Sets the destination to the sender of a received batch. The source becomes the destination of the batch, if that
    /// is known and not a broadcast or multicast address. Discards the address of [#from]. Creates no object.
    ///
    /// @param received result of a receive
    /// @param index index of the batch, from 0 to below [Received#count()]
    /// @return this
    /// @throws IllegalArgumentException if the port of the sender is 0: it does not expect an answer (RFC 768)
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public Outgoing toSenderOf(Received received, int index) {
        Endpoint sender = received.endpoint(index);
        SocketPreconditions.checkSender(sender);
        destination.set(sender);
        replySource.set(received.control(index).replySource());
        receivedAt = replySource.port() == 0 ? null : received.receivedAt();
        hasSource = false;
        return this;
    }

    /// Sets the source to an address of this machine (IP_PKTINFO, IPV6_PKTINFO). The port stays that of the socket.
    ///
    /// @param address the address; a link-local address must have its interface
    /// @return this
    /// @throws IllegalArgumentException if it is the wildcard, or a broadcast or multicast address
    public Outgoing from(InetAddress address) {
        Endpoint checked = new Endpoint();
        checked.set(address, 0);
        SocketPreconditions.checkSource(checked, address);
        source.set(checked);
        hasSource = true;
        return this;
    }

    /// Lets the system choose the source, also for an answer.
    ///
    /// @return this
    public Outgoing fromAny() {
        hasSource = false;
        receivedAt = null;
        return this;
    }

    /// Sets the traffic class of the message, which replaces that of the socket (IP_TOS, IPV6_TCLASS).
    ///
    /// @param newTrafficClass traffic class from 0 to 255: six bits of DSCP and two of ECN
    /// @return this
    /// @throws IllegalArgumentException if it is out of bounds
    public Outgoing trafficClass(int newTrafficClass) {
        SocketPreconditions.checkTrafficClass(newTrafficClass);
        trafficClass = newTrafficClass;
        ecn = NOT_SET;
        return this;
    }

    /// Sets the ECN codepoint. The other six bits of the traffic class stay those of the message or the socket.
    ///
    /// @param newEcn 0 for Not-ECT, 1 for ECT(1), 2 for ECT(0), 3 for CE
    /// @return this
    /// @throws IllegalArgumentException if it is out of bounds
    public Outgoing ecn(int newEcn) {
        SocketPreconditions.checkEcn(newEcn);
        ecn = newEcn;
        return this;
    }

    /// Uses the traffic class of the socket.
    ///
    /// @return this
    public Outgoing socketTrafficClass() {
        trafficClass = NOT_SET;
        ecn = NOT_SET;
        return this;
    }

    /// {@return true if this has its own destination; false if it is for the peer of a connected socket}
    public boolean hasDestination() {
        return destination.port() != 0;
    }

    /// {@return the number of bytes that the last [UdpSocket#send] sent before it threw: whole datagrams, from the
    /// first on; 0 if it did not throw}
    public int sentBytes() {
        return sentBytes;
    }

    void setSentBytes(int newSentBytes) {
        sentBytes = newSentBytes;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("Outgoing(to=");
        text.append(hasDestination() ? destination : "peer");
        if (hasSource || receivedAt != null) {
            text.append(", from=")
                    .append((hasSource ? source : replySource).toAddress().getHostAddress());
        }
        if (trafficClass != NOT_SET) {
            text.append(", trafficClass=").append(trafficClass);
        }
        if (ecn != NOT_SET) {
            text.append(", ecn=").append(ecn);
        }
        return text.append(')').toString();
    }

    Endpoint destination() {
        return destination;
    }

    /// {@return the source, null if the system chooses it}
    ///
    /// @param local address and port of the sending socket. An answer gets its source only if the sending socket has
    ///     the address and port of the receiving one, because another socket may serve another network
    @Nullable Endpoint source(InetSocketAddress local) {
        if (hasSource) {
            return source;
        }
        return receivedAt != null && receivedAt.equals(local) ? replySource : null;
    }

    /// Lets the system choose the source of an answer. A source that was set by [#from] stays.
    ///
    /// @param local address and port of the sending socket
    /// @return true if the answer had a source
    boolean dropReplySource(InetSocketAddress local) {
        if (hasSource || source(local) == null) {
            return false;
        }
        receivedAt = null;
        return true;
    }

    /// {@return the traffic class, [UdpOptions#SYSTEM_TRAFFIC_CLASS] if the message has that of the socket}
    ///
    /// @param ofSocket options of the socket, with its traffic class
    int trafficClass(UdpOptions ofSocket) {
        if (ecn == NOT_SET) {
            return trafficClass;
        }
        int base = trafficClass != NOT_SET ? trafficClass : Math.max(0, ofSocket.trafficClass());
        return (base & ~ECN_BITS) | ecn;
    }

    /// Prepares the header for a range of memory.
    ///
    /// @param wide true if the socket is IPv6
    /// @param segmentSize size of each datagram in bytes, 0 for one datagram
    /// @return the address of the header
    long prepareHeader(boolean wide, long address, int byteSize, int segmentSize) {
        long name = SLOT + MessageLayout.ADDRESS_BLOCK;
        boolean named = hasDestination();
        batch.set(MessageLayout.INT, MessageLayout.NAME_LENGTH, named ? destination.write(batch, name, wide) : 0);
        batch.set(MessageLayout.LONG, MessageLayout.NAME, named ? batch.address() + name : 0);
        batch.set(MessageLayout.LONG, SLOT + MessageLayout.VECTOR_BASE, address);
        batch.set(MessageLayout.LONG, SLOT + MessageLayout.VECTOR_SIZE, byteSize);
        batch.set(MessageLayout.LONG, MessageLayout.CONTROL_LENGTH, 0);
        if (segmentSize != 0) {
            batch.set(MessageLayout.SHORT, nextValue(), (short) segmentSize);
            endControl(MessageLayout.SOL_UDP, MessageLayout.UDP_SEGMENT, Short.BYTES);
        }
        return batch.address();
    }

    /// Adds the control messages for source and traffic class to the header. Called after [#prepareHeader].
    ///
    /// @param isIpv4 true if the packets are IPv4, for which the kernel reads only messages of level SOL_IP
    /// @param from source, null if the system chooses it
    /// @param newTrafficClass traffic class, negative if the message has that of the socket
    void addPacketControl(boolean isIpv4, @Nullable Endpoint from, int newTrafficClass) {
        int level = isIpv4 ? MessageLayout.SOL_IP : MessageLayout.SOL_IPV6;
        if (from != null) {
            int type = isIpv4 ? MessageLayout.IP_PKTINFO : MessageLayout.IPV6_PKTINFO;
            endControl(level, type, from.writeInfo(batch, nextValue()));
        }
        if (newTrafficClass >= 0) {
            batch.set(MessageLayout.INT, nextValue(), newTrafficClass);
            endControl(level, isIpv4 ? MessageLayout.IP_TOS : MessageLayout.IPV6_TCLASS, Integer.BYTES);
        }
    }

    /// {@return the offset of the value of the next control message}
    private long nextValue() {
        return CONTROL + batch.get(MessageLayout.LONG, MessageLayout.CONTROL_LENGTH) + MessageLayout.CONTROL_VALUE;
    }

    /// Completes a control message whose value was written.
    private void endControl(int level, int type, int valueSize) {
        long start = nextValue() - MessageLayout.CONTROL_VALUE;
        long size = MessageLayout.CONTROL_VALUE + valueSize;
        batch.set(MessageLayout.LONG, start + MessageLayout.CONTROL_SIZE, size);
        batch.set(MessageLayout.INT, start + MessageLayout.CONTROL_LEVEL, level);
        batch.set(MessageLayout.INT, start + MessageLayout.CONTROL_TYPE, type);
        long end = start + MessageLayout.align(size) - CONTROL;
        batch.set(MessageLayout.LONG, MessageLayout.CONTROL_LENGTH, end);
    }
}
