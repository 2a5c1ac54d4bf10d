package io.leasehold.datagram;

import static io.leasehold.text.Texts.format;

import io.leasehold.jumbo.JumboPool;
import io.leasehold.memory.OffHeap;
import io.leasehold.os.Received;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/// A datagram batch in a page of a pool, as a [DatagramSource] passes it to its handler. One object is used for all
/// batches.
///
/// **Ownership.** The page belongs to the source and is filled again afterwards, unless the handler takes it. Then it
/// belongs to the handler, which releases the handle to the pool, once, from any thread. This object always belongs to
/// the source.
///
/// **Threads.** Confined to the thread that runs the handler. Valid only until the handler returns: afterwards every
/// method except [#toString] throws [IllegalStateException].
///
/// @param <T> the type of the object that stands for a page
public final class JumboDatagram<T> {

    private static final int NOT_SHOWN = -1;

    private static final int ECN_BITS = 3;

    private final JumboPool<T> pool; // (C)
    private final Received received; // (C)
    private int index = NOT_SHOWN; // (O) index of the batch in `received`
    private long handle = JumboPool.NONE; // (O) of the page
    private boolean isTaken; // (O)

    JumboDatagram(JumboPool<T> pool, Received received) {
        this.pool = pool;
        this.received = received;
    }

    /// {@return the address of the first byte, a multiple of 512}
    ///
    /// @throws IllegalStateException if the handler has returned
    public long address() {
        return received.address(index());
    }

    /// {@return the bytes that were received, as a memory segment} It is bounded but not tied to the life of the page.
    ///
    /// @throws IllegalStateException if the handler has returned
    public MemorySegment segment() {
        return OffHeap.segment(address(), byteSize());
    }

    /// {@return the number of bytes in the page, from offset 0 on}
    ///
    /// @throws IllegalStateException if the handler has returned
    public int byteSize() {
        return received.byteSize(index());
    }

    /// {@return the bytes of each datagram in the batch except the last, which may be shorter; 0 if it is one empty
    /// datagram}
    ///
    /// @throws IllegalStateException if the handler has returned
    public int segmentSize() {
        return received.segmentSize(index());
    }

    /// {@return the number of datagrams in the page, at least 1}
    ///
    /// @throws IllegalStateException if the handler has returned
    public int segmentCount() {
        return received.segmentCount(index());
    }

    /// {@return the number of bytes that did not fit into the page and are lost}
    ///
    /// @throws IllegalStateException if the handler has returned
    public int lostBytes() {
        return received.lostBytes(index());
    }

    /// Moves a cursor before the first segment. The cursor is valid as long as the page is not released.
    ///
    /// @param cursor a cursor of the caller
    /// @return the cursor
    /// @throws IllegalStateException if the handler has returned
    public SegmentCursor segments(SegmentCursor cursor) {
        return cursor.over(address(), byteSize(), segmentSize());
    }

    /// {@return the first eight bytes of the sender's address as IPv6 has it, 0 if it is IPv4}
    ///
    /// @throws IllegalStateException if the handler has returned
    public long senderHigh() {
        return received.senderHigh(index());
    }

    /// {@return the last eight bytes of the sender's address as IPv6 has it, `::ffff:a.b.c.d` if it is IPv4}
    ///
    /// @throws IllegalStateException if the handler has returned
    public long senderLow() {
        return received.senderLow(index());
    }

    /// {@return the sender's port, or 0 if the sender does not expect an answer}
    ///
    /// @throws IllegalStateException if the handler has returned
    public int senderPort() {
        return received.senderPort(index());
    }

    /// {@return the sender as a new object}
    ///
    /// The object remembers the destination of the datagram: [DatagramSender#to] sends the answer from there.
    ///
    /// @throws IllegalStateException if the handler has returned
    public InetSocketAddress sender() {
        return received.sender(index());
    }

    /// {@return true if the destination is known}
    ///
    /// The destination is not known if the port is bound to the wildcard address and the system lacks
    /// [DatagramFeature#DESTINATION].
    ///
    /// @throws IllegalStateException if the handler has returned
    public boolean hasDestination() {
        return received.hasDestination(index());
    }

    /// {@return the address that the datagram was sent to, with the port number of the [DatagramPort], as a new object}
    ///
    /// The address can be a broadcast or multicast address. All datagrams of a GRO batch have one destination.
    ///
    /// @throws IllegalStateException if the handler has returned
    /// @throws UnsupportedOperationException if the destination is not known, see [#hasDestination]
    public InetSocketAddress destination() {
        return received.destination(index());
    }

    /// {@return the first eight bytes of the destination as IPv6 has it, 0 if it is IPv4 or not known}
    ///
    /// @throws IllegalStateException if the handler has returned
    public long destinationHigh() {
        return received.destinationHigh(index());
    }

    /// {@return the last eight bytes of the destination as IPv6 has it, `::ffff:a.b.c.d` if it is IPv4, 0 if it is not
    /// known}
    ///
    /// @throws IllegalStateException if the handler has returned
    public long destinationLow() {
        return received.destinationLow(index());
    }

    /// {@return true if the traffic class is known}
    ///
    /// The traffic class is not known if the system lacks [DatagramFeature#RECEIVED_TRAFFIC_CLASS].
    ///
    /// @throws IllegalStateException if the handler has returned
    public boolean hasTrafficClass() {
        return received.hasTrafficClass(index());
    }

    /// {@return the traffic class as it arrived, from 0 to 255: six bits of DSCP, two of ECN}
    ///
    /// All datagrams of a GRO batch have one traffic class.
    ///
    /// @throws IllegalStateException if the handler has returned
    /// @throws UnsupportedOperationException if it is not known, see [#hasTrafficClass]
    public int trafficClass() {
        return received.trafficClass(index());
    }

    /// {@return the ECN codepoint as it arrived: 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE, RFC 3168}
    ///
    /// @throws IllegalStateException if the handler has returned
    /// @throws UnsupportedOperationException if it is not known, see [#hasTrafficClass]
    public int ecn() {
        return trafficClass() & ECN_BITS;
    }

    /// {@return the object of the page}
    ///
    /// @throws IllegalStateException if the handler has returned
    /// @throws io.leasehold.jumbo.JumboStateException if the page was taken and is released by now, or the pool is
    ///     closed
    public T object() {
        index();
        return pool.object(handle);
    }

    /// Takes the page from the source, with the duty to release it. Its content stays valid, and this object too until
    /// the handler returns.
    ///
    /// @return the handle of the page
    /// @throws IllegalStateException if the handler has returned, or the page was taken before
    public long take() {
        index();
        if (isTaken) {
            throw new IllegalStateException("page was taken before: " + this);
        }
        isTaken = true;
        return handle;
    }

    @Override
    public String toString() {
        return index == NOT_SHOWN
                ? "JumboDatagram(invalid)"
                : format("JumboDatagram(index=%d, handle=0x%x, isTaken=%b, %s)", index, handle, isTaken, received);
    }

    void show(int newIndex, long newHandle) {
        index = newIndex;
        handle = newHandle;
        isTaken = false;
    }

    void hide() {
        index = NOT_SHOWN;
    }

    boolean isShown() {
        return index != NOT_SHOWN;
    }

    boolean isTaken() {
        return isTaken;
    }

    Received received() {
        return received;
    }

    /// {@return the index of the batch in `received`}
    int index() {
        if (index == NOT_SHOWN) {
            throw new IllegalStateException(
                    "datagram is not valid any more: its handler has returned; take its page in the handler");
        }
        return index;
    }
}
