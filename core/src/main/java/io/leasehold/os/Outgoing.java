package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/// Whom [UdpSocket#send] sends to, made once and used for ever; at first the peer of a connected socket.
///
/// **Ownership.** The message header that the kernel reads is this object's own, and goes when it is collected.
///
/// **Threads.** Confined to one thread at a time.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/sendmsg.2.html">sendmsg(2)</a>
public final class Outgoing {

    private static final int SOL_UDP = 17;
    private static final int UDP_SEGMENT = 103;

    /// CMSG_LEN of the two bytes of a segment size.
    private static final long SEGMENT_CONTROL_SIZE = MessageLayout.CONTROL_VALUE + Short.BYTES;

    private static final long SLOT = MessageLayout.slot(0, 1);
    private static final long CONTROL = SLOT + MessageLayout.CONTROL_BLOCK;

    private final MemorySegment batch; // (C) one header and slot, see MessageLayout
    private final Endpoint destination = new Endpoint(); // (C) its content (O)
    private int sentBytes; // (O)

    /// A message to the peer of a connected socket.
    public Outgoing() {
        this.batch = Arena.ofAuto().allocate(MessageLayout.byteSize(1), MessageLayout.ALIGNMENT);
        MessageLayout.link(batch, 1);
        batch.set(MessageLayout.LONG, CONTROL + MessageLayout.CONTROL_SIZE, SEGMENT_CONTROL_SIZE);
        batch.set(MessageLayout.INT, CONTROL + MessageLayout.CONTROL_LEVEL, SOL_UDP);
        batch.set(MessageLayout.INT, CONTROL + MessageLayout.CONTROL_TYPE, UDP_SEGMENT);
    }

    /// Sends to the peer of a connected socket from now on.
    ///
    /// @return this
    public Outgoing toPeer() {
        destination.clear();
        return this;
    }

    /// Sends to an address and port from now on.
    ///
    /// @param address both
    /// @return this
    /// @throws IllegalArgumentException if the address is not resolved or the port is 0
    public Outgoing to(InetSocketAddress address) {
        SocketPreconditions.checkRemote(address);
        destination.set(address);
        return this;
    }

    /// Answers from now on to who sent a train; makes no object.
    ///
    /// @param received what came
    /// @param index which train, from 0 to below its count
    /// @return this
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public Outgoing toSenderOf(Received received, int index) {
        destination.set(received.endpoint(index));
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
        return hasDestination() ? "Outgoing(to=" + destination + ")" : "Outgoing(to=peer)";
    }

    Endpoint destination() {
        return destination;
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
        batch.set(MessageLayout.SHORT, CONTROL + MessageLayout.CONTROL_VALUE, (short) segmentSize);
        long controlLength = segmentSize == 0 ? 0 : MessageLayout.CONTROL_SPACE;
        batch.set(MessageLayout.LONG, MessageLayout.CONTROL_LENGTH, controlLength);
        return batch.address();
    }
}
