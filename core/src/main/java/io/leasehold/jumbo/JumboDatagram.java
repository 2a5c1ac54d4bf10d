package io.leasehold.jumbo;

import io.leasehold.os.Received;
import java.net.InetSocketAddress;

/// A train of datagrams in a page of a pool, as a [DatagramSource] shows it to who handles it: one object for all of
/// them.
///
/// **Ownership.** The page is the source's and is filled anew afterwards, unless the handler takes it: then it is the
/// taker's, who releases the handle to the pool, once, from any thread. This object is always the source's.
///
/// **Threads.** Confined to the thread that handles it, and good only inside the call that it was handed to: later
/// every method but [#toString] throws [IllegalStateException].
///
/// @param <T> what pages are lent as
public final class JumboDatagram<T> {

    private static final int NOT_SHOWN = -1;

    private static final int ECN_BITS = 3;

    private final JumboPool<T> pool; // (C)
    private final Received received; // (C)
    private int index = NOT_SHOWN; // (O) which one of those received
    private long handle = JumboPool.NONE; // (O) of its page
    private boolean isTaken; // (O)

    JumboDatagram(JumboPool<T> pool, Received received) {
        this.pool = pool;
        this.received = received;
    }

    /// {@return the address of the first byte, a multiple of 512}
    ///
    /// @throws IllegalStateException if the datagram is over
    public long address() {
        return received.address(index());
    }

    /// {@return the bytes in the page, from 0 on}
    ///
    /// @throws IllegalStateException if the datagram is over
    public int byteSize() {
        return received.byteSize(index());
    }

    /// {@return the bytes of each datagram in the train but the last, which may be shorter; 0 if it is an empty one}
    ///
    /// @throws IllegalStateException if the datagram is over
    public int segmentSize() {
        return received.segmentSize(index());
    }

    /// {@return how many datagrams are in the page, at least 1}
    ///
    /// @throws IllegalStateException if the datagram is over
    public int segmentCount() {
        return received.segmentCount(index());
    }

    /// {@return how many bytes did not fit the page and are lost}
    ///
    /// @throws IllegalStateException if the datagram is over
    public int lostBytes() {
        return received.lostBytes(index());
    }

    /// Puts a cursor before the first segment. It is good for as long as somebody has the page.
    ///
    /// @param cursor the caller's
    /// @return the cursor
    /// @throws IllegalStateException if the datagram is over
    public SegmentCursor segments(SegmentCursor cursor) {
        return cursor.over(address(), byteSize(), segmentSize());
    }

    /// {@return the first eight bytes of the sender's address as IPv6 has it, 0 if it is IPv4}
    ///
    /// @throws IllegalStateException if the datagram is over
    public long senderHigh() {
        return received.senderHigh(index());
    }

    /// {@return the last eight bytes of the sender's address as IPv6 has it, `::ffff:a.b.c.d` if it is IPv4}
    ///
    /// @throws IllegalStateException if the datagram is over
    public long senderLow() {
        return received.senderLow(index());
    }

    /// {@return the sender's port}
    ///
    /// @throws IllegalStateException if the datagram is over
    public int senderPort() {
        return received.senderPort(index());
    }

    /// {@return the sender as a new object}
    ///
    /// The object remembers the destination of the datagram: [DatagramSender#to] answers from there.
    ///
    /// @throws IllegalStateException if the datagram is over
    public InetSocketAddress sender() {
        return received.sender(index());
    }

    /// {@return true if the destination is known}
    ///
    /// It is not if the port is bound to the wildcard and the system lacks [DatagramFeature#DESTINATION].
    ///
    /// @throws IllegalStateException if the datagram is over
    public boolean hasDestination() {
        return received.hasDestination(index());
    }

    /// {@return the address that the datagram was sent to, with the port number of the [DatagramPort], as a new object}
    ///
    /// It can be a broadcast or multicast address. All datagrams of a GRO batch have one destination.
    ///
    /// @throws IllegalStateException if the datagram is over
    /// @throws UnsupportedOperationException if it is not known, see [#hasDestination]
    public InetSocketAddress destination() {
        return received.destination(index());
    }

    /// {@return the first eight bytes of the destination as IPv6 has it, 0 if it is IPv4 or not known}
    ///
    /// @throws IllegalStateException if the datagram is over
    public long destinationHigh() {
        return received.destinationHigh(index());
    }

    /// {@return the last eight bytes of the destination as IPv6 has it, `::ffff:a.b.c.d` if it is IPv4, 0 if it is not
    /// known}
    ///
    /// @throws IllegalStateException if the datagram is over
    public long destinationLow() {
        return received.destinationLow(index());
    }

    /// {@return true if the traffic class is known}
    ///
    /// It is not if the system lacks [DatagramFeature#RECEIVED_TRAFFIC_CLASS].
    ///
    /// @throws IllegalStateException if the datagram is over
    public boolean hasTrafficClass() {
        return received.hasTrafficClass(index());
    }

    /// {@return the traffic class as it arrived, from 0 to 255: six bits of DSCP, two of ECN}
    ///
    /// All datagrams of a GRO batch have one traffic class.
    ///
    /// @throws IllegalStateException if the datagram is over
    /// @throws UnsupportedOperationException if it is not known, see [#hasTrafficClass]
    public int trafficClass() {
        return received.trafficClass(index());
    }

    /// {@return the ECN codepoint as it arrived: 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE, RFC 3168}
    ///
    /// @throws IllegalStateException if the datagram is over
    /// @throws UnsupportedOperationException if it is not known, see [#hasTrafficClass]
    public int ecn() {
        return trafficClass() & ECN_BITS;
    }

    /// {@return the pool's object for the page}
    ///
    /// @throws IllegalStateException if the datagram is over
    /// @throws JumboStateException if the page was taken and is released by now, or the pool is closed
    public T object() {
        index();
        return pool.object(handle);
    }

    /// Takes the page from the source, with the duty to release it. What it holds stays, and so does this view of it,
    /// for the rest of the call.
    ///
    /// @return the handle of the page
    /// @throws IllegalStateException if the datagram is over, or was taken before
    public long take() {
        index();
        if (isTaken) {
            throw new IllegalStateException("page is taken already: " + this);
        }
        isTaken = true;
        return handle;
    }

    @Override
    public String toString() {
        return index == NOT_SHOWN
                ? "JumboDatagram(over)"
                : "JumboDatagram(index=%d, handle=0x%x, isTaken=%b, %s)".formatted(index, handle, isTaken, received);
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

    /// {@return which one of those received}
    int index() {
        if (index == NOT_SHOWN) {
            throw new IllegalStateException("datagram is over: it is good only inside the call it was handed to");
        }
        return index;
    }
}
