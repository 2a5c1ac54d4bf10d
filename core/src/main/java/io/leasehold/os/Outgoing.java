package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Destination, source and traffic class of what [UdpSocket#send] sends, made once and used for ever; at first the peer
/// of a connected socket, from the address that the system chooses.
///
/// **Source.** Three things can choose it, in this order: [#from]; the received datagram whose sender the destination
/// is, if the same address and port received it; the system.
///
/// **Ownership.** The message header that the kernel reads is this object's own, and goes when it is collected.
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
    private final Endpoint source = new Endpoint(); // (C) its content (O) good if hasSource
    private final Endpoint replySource = new Endpoint(); // (C) its content (O) good if receivedAt is not null
    private @Nullable InetSocketAddress receivedAt; // (O) where the datagram came that is answered
    private boolean hasSource; // (O)
    private int trafficClass = NOT_SET; // (O)
    private int ecn = NOT_SET; // (O)
    private int sentBytes; // (O)

    /// A message to the peer of a connected socket.
    public Outgoing() {
        this.batch = Arena.ofAuto().allocate(MessageLayout.byteSize(1), MessageLayout.ALIGNMENT);
        MessageLayout.link(batch, 1);
    }

    /// Sends to the peer of a connected socket from now on.
    ///
    /// @return this
    public Outgoing toPeer() {
        destination.clear();
        receivedAt = null;
        return this;
    }

    /// Sends to an address and port from now on.
    ///
    /// The answer to a datagram leaves from the destination of that datagram if this is the object that
    /// [Received#sender] made.
    ///
    /// @param address both
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

    /// Answers a train from now on: sends to its sender, from its destination if that is known and no broadcast or
    /// multicast address. Forgets what [#from] set; makes no object.
    ///
    /// @param received what came
    /// @param index which train, from 0 to below its count
    /// @return this
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public Outgoing toSenderOf(Received received, int index) {
        destination.set(received.endpoint(index));
        replySource.set(received.control(index).replySource());
        receivedAt = replySource.port() == 0 ? null : received.receivedAt();
        hasSource = false;
        return this;
    }

    /// Sends from an address of this machine from now on (IP_PKTINFO, IPV6_PKTINFO), with the port of the socket.
    ///
    /// @param address the address; of a link-local one the interface too
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

    /// Lets the system choose the source from now on, also of an answer.
    ///
    /// @return this
    public Outgoing fromAny() {
        hasSource = false;
        receivedAt = null;
        return this;
    }

    /// Sends with a traffic class from now on, instead of that of the socket (IP_TOS, IPV6_TCLASS).
    ///
    /// @param newTrafficClass six bits of DSCP and two of ECN, from 0 to 255
    /// @return this
    /// @throws IllegalArgumentException if it is out of bounds
    public Outgoing trafficClass(int newTrafficClass) {
        SocketPreconditions.checkTrafficClass(newTrafficClass);
        trafficClass = newTrafficClass;
        ecn = NOT_SET;
        return this;
    }

    /// Sends with an ECN codepoint from now on; the other six bits stay those of the message or the socket.
    ///
    /// @param newEcn 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE
    /// @return this
    /// @throws IllegalArgumentException if it is out of bounds
    public Outgoing ecn(int newEcn) {
        SocketPreconditions.checkEcn(newEcn);
        ecn = newEcn;
        return this;
    }

    /// Sends with the traffic class of the socket from now on.
    ///
    /// @return this
    public Outgoing socketTrafficClass() {
        trafficClass = NOT_SET;
        ecn = NOT_SET;
        return this;
    }

    /// {@return whether this has a destination of its own, so is not for the peer of a connected socket}
    public boolean hasDestination() {
        return destination.port() != 0;
    }

    /// {@return how many bytes had gone when the last [UdpSocket#send] threw: whole datagrams, from the first on; 0 if
    /// it did not throw}
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
    /// @param local what the sending socket is bound to: an answer leaves from where a question came only through a
    ///     socket of the same address and port, as another socket may serve another network
    @Nullable Endpoint source(InetSocketAddress local) {
        if (hasSource) {
            return source;
        }
        return receivedAt != null && receivedAt.equals(local) ? replySource : null;
    }

    /// Lets the system choose the source of an answer. A source that [#from] set stays.
    ///
    /// @param local what the sending socket is bound to
    /// @return true if the answer had a source
    boolean dropReplySource(InetSocketAddress local) {
        if (hasSource || source(local) == null) {
            return false;
        }
        receivedAt = null;
        return true;
    }

    /// {@return the traffic class, [UdpOptions#SYSTEM_TRAFFIC_CLASS] if it is that of the socket}
    ///
    /// @param ofSocket traffic class of the socket
    int trafficClass(UdpOptions ofSocket) {
        if (ecn == NOT_SET) {
            return trafficClass;
        }
        int base = trafficClass != NOT_SET ? trafficClass : Math.max(0, ofSocket.trafficClass());
        return (base & ~ECN_BITS) | ecn;
    }

    /// Readies the header for a range of memory.
    ///
    /// @param wide whether the socket is IPv6
    /// @param segmentSize bytes of each datagram, 0 for one datagram
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

    /// Adds what the header says of the packets; after [#prepareHeader].
    ///
    /// @param isIpv4 true if the packets are IPv4, for which the kernel reads only messages of level SOL_IP
    /// @param from source, null if the system chooses it
    /// @param newTrafficClass traffic class, negative if it is that of the socket
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

    /// Ends a control message whose value was written.
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
