package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Pages that [UdpSocket#receive] fills with batches, and the sizes and addresses of these batches. An object is
/// created once and reused.
///
/// ```text
///   index      page placed by the caller                  known after receive
///     0   -->  [ 1400 | 1400 | 1400 | 800 | unused ]      byteSize 5000, segmentSize 1400, segmentCount 4, sender
///     1   -->  [ 90 | unused                       ]      byteSize 90, segmentSize 90, segmentCount 1, sender
///     2   -->  not filled                                 out of bounds: count is 2
/// ```
///
/// Besides the sender, each batch has a destination and a traffic class, if the system reports them.
///
/// A page stays placed until another page replaces it. A caller that hands a filled page over places a new one.
///
/// **Ownership.** The caller owns the pages. This object owns the message headers that the kernel reads, and the
/// garbage collector frees both together. So there is no close, and no thread can use headers that were freed.
///
/// **Threads.** Confined to one thread at a time.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/recvmmsg.2.html">recvmmsg(2)</a>
public final class Received {

    /// Maximum number of batches in one call: "The value specified in vlen is capped to UIO_MAXIOV (1024)."
    public static final int MAX_CAPACITY = 1024;

    private final int capacity; // (C)
    private final MemorySegment batch; // (C) headers and slots, see MessageLayout
    private final long[] addresses; // (O) of the pages, 0 if no page is placed
    private final int[] pageSizes; // (O) in bytes
    private final int[] byteSizes; // (O) received
    private final int[] lostBytes; // (O)
    private final int[] segmentSizes; // (O)
    private final Endpoint[] senders; // (C) their content (O)
    private final MessageControl[] controls; // (C) their content (O)
    private final Endpoint bound = new Endpoint(); // (C) its content (O) address of the receiving socket
    private @Nullable InetSocketAddress receivedAt; // (O) the same address, null before the first receive
    private int count; // (O) batches that the last receive filled

    /// Creates an object for a number of batches, without pages.
    ///
    /// @param capacity maximum number of batches, from 1 to [#MAX_CAPACITY]
    /// @throws IllegalArgumentException if the capacity is out of bounds
    public Received(int capacity) {
        if (capacity < 1 || capacity > MAX_CAPACITY) {
            throw new IllegalArgumentException(
                    "capacity is out of bounds: capacity=" + capacity + ", min=1, max=" + MAX_CAPACITY);
        }
        this.capacity = capacity;
        this.batch = Arena.ofAuto().allocate(MessageLayout.byteSize(capacity), MessageLayout.ALIGNMENT);
        this.addresses = new long[capacity];
        this.pageSizes = new int[capacity];
        this.byteSizes = new int[capacity];
        this.lostBytes = new int[capacity];
        this.segmentSizes = new int[capacity];
        this.senders = new Endpoint[capacity];
        this.controls = new MessageControl[capacity];
        for (int i = 0; i < capacity; i++) {
            senders[i] = new Endpoint();
            controls[i] = new MessageControl();
        }
        MessageLayout.link(batch, capacity);
    }

    /// Places a page for the batch at `index`, and discards the results of the last receive.
    ///
    /// @param index index of the page, from 0 to below the capacity
    /// @param address address of the first byte of the page, at any alignment
    /// @param byteSize size of the page in bytes, at least 1
    /// @throws IndexOutOfBoundsException if there is no such index
    /// @throws IllegalArgumentException if the address or the size is not positive
    public void place(int index, long address, int byteSize) {
        Objects.checkIndex(index, capacity);
        if (address <= 0 || byteSize <= 0) {
            throw new IllegalArgumentException("address or size of a page is out of bounds: address=0x"
                    + Long.toHexString(address) + ", byteSize=" + byteSize + ", min=1");
        }
        addresses[index] = address;
        pageSizes[index] = byteSize;
        long slot = MessageLayout.slot(index, capacity);
        batch.set(MessageLayout.LONG, slot + MessageLayout.VECTOR_BASE, address);
        batch.set(MessageLayout.LONG, slot + MessageLayout.VECTOR_SIZE, byteSize);
        count = 0;
    }

    /// {@return the maximum number of batches}
    public int capacity() {
        return capacity;
    }

    /// {@return the number of batches that the last receive filled}
    public int count() {
        return count;
    }

    /// {@return the address of the page at `index`, 0 if no page was placed}
    ///
    /// @param index index of the page, from 0 to below the capacity
    /// @throws IndexOutOfBoundsException if there is no such index
    public long address(int index) {
        return addresses[Objects.checkIndex(index, capacity)];
    }

    /// {@return the number of bytes received into the page}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public int byteSize(int index) {
        return byteSizes[Objects.checkIndex(index, count)];
    }

    /// {@return the size of each datagram of the batch in bytes, the last of which may be shorter; 0 for an empty
    /// datagram}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public int segmentSize(int index) {
        return segmentSizes[Objects.checkIndex(index, count)];
    }

    /// {@return the number of datagrams in the page, at least 1; the last datagram of a truncated batch may be
    /// incomplete}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public int segmentCount(int index) {
        int byteSize = byteSize(index);
        return byteSize == 0 ? 1 : Math.ceilDiv(byteSize, segmentSizes[index]);
    }

    /// {@return true if the batch was longer than its page; the rest was dropped}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public boolean isTruncated(int index) {
        return lostBytes(index) != 0;
    }

    /// {@return the number of bytes of the batch that did not fit its page and were dropped}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public int lostBytes(int index) {
        return lostBytes[Objects.checkIndex(index, count)];
    }

    /// {@return the first eight bytes of the sender's address in IPv6 form, 0 if it is IPv4}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public long senderHigh(int index) {
        return endpoint(index).high();
    }

    /// {@return the last eight bytes of the sender's address in IPv6 form, `::ffff:a.b.c.d` if it is IPv4}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public long senderLow(int index) {
        return endpoint(index).low();
    }

    /// {@return the port of the sender}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public int senderPort(int index) {
        return endpoint(index).port();
    }

    /// {@return the sender as a new object}
    ///
    /// The object also holds the destination of the datagram: a message to this object ([Outgoing#to]) leaves from
    /// there.
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public InetSocketAddress sender(int index) {
        InetSocketAddress sender = endpoint(index).toSocketAddress();
        Endpoint replySource = controls[index].replySource();
        return replySource.port() == 0 || receivedAt == null
                ? sender
                : new SenderAddress(sender, replySource, receivedAt);
    }

    /// {@return true if the destination of the datagrams is known}
    ///
    /// It is unknown if the socket is bound to the wildcard and the system does not report it.
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public boolean hasDestination(int index) {
        return control(index).destination().port() != 0;
    }

    /// {@return the first eight bytes of the destination in IPv6 form, 0 if it is IPv4 or unknown}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public long destinationHigh(int index) {
        return control(index).destination().high();
    }

    /// {@return the last eight bytes of the destination in IPv6 form, `::ffff:a.b.c.d` if it is IPv4, 0 if it is
    /// unknown}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public long destinationLow(int index) {
        return control(index).destination().low();
    }

    /// {@return the destination of the datagrams as a new object: their address, and the port of the socket}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    /// @throws UnsupportedOperationException if the destination is unknown, see [#hasDestination]
    public InetSocketAddress destination(int index) {
        if (!hasDestination(index)) {
            throw SocketPreconditions.unknownDestination(receivedAt);
        }
        return control(index).destination().toSocketAddress();
    }

    /// {@return true if the traffic class of the datagrams is known}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    public boolean hasTrafficClass(int index) {
        return control(index).trafficClass() != MessageControl.UNKNOWN;
    }

    /// {@return the traffic class of the datagrams, from 0 to 255: six bits of DSCP, two of ECN}
    ///
    /// @param index index of the batch, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill this index
    /// @throws UnsupportedOperationException if the traffic class is unknown, see [#hasTrafficClass]
    public int trafficClass(int index) {
        if (!hasTrafficClass(index)) {
            throw SocketPreconditions.unknownTrafficClass(receivedAt);
        }
        return control(index).trafficClass();
    }

    @Override
    public String toString() {
        return "Received(count=" + count + ", capacity=" + capacity + ")";
    }

    Endpoint endpoint(int index) {
        return senders[Objects.checkIndex(index, count)];
    }

    MessageControl control(int index) {
        return controls[Objects.checkIndex(index, count)];
    }

    /// {@return the address and port of the socket that filled this object, null before the first receive}
    @Nullable InetSocketAddress receivedAt() {
        return receivedAt;
    }

    int pageSize(int index) {
        return pageSizes[index];
    }

    /// Sets the address of the socket that is going to fill this object.
    ///
    /// @param local address and port of the socket
    /// @param endpoint the same address and port
    void fillAt(InetSocketAddress local, Endpoint endpoint) {
        receivedAt = local;
        bound.set(endpoint);
    }

    /// Discards the results of the last receive, and checks that `wanted` batches can be received.
    void begin(int wanted) {
        count = 0;
        if (wanted < 1 || wanted > capacity) {
            throw new IllegalArgumentException("count is out of bounds: count=" + wanted + ", min=1, max=" + capacity);
        }
        for (int i = 0; i < wanted; i++) {
            if (addresses[i] == 0) {
                throw new IllegalArgumentException("no page was placed: index=" + i + ", count=" + wanted);
            }
        }
    }

    /// Prepares the headers of the first `wanted` messages, which the kernel overwrote in the last receive.
    ///
    /// @return the address of the first header
    long prepareHeaders(int wanted) {
        for (int i = 0; i < wanted; i++) {
            long header = MessageLayout.header(i);
            batch.set(MessageLayout.INT, header + MessageLayout.NAME_LENGTH, MessageLayout.ADDRESS_SPACE);
            batch.set(MessageLayout.LONG, header + MessageLayout.CONTROL_LENGTH, MessageLayout.CONTROL_SPACE);
        }
        return batch.address();
    }

    /// {@return the size of a message in bytes, as recvmmsg(2) reports it}
    int messageSize(int index) {
        return batch.get(MessageLayout.INT, MessageLayout.header(index) + MessageLayout.MESSAGE_SIZE);
    }

    /// Adds the next message from what the kernel wrote. `messageSize` is the size of the datagram or batch, not of the
    /// page.
    void addFromKernel(int messageSize) {
        int index = count;
        long header = MessageLayout.header(index);
        long slot = MessageLayout.slot(index, capacity);
        int nameSize = batch.get(MessageLayout.INT, header + MessageLayout.NAME_LENGTH);
        senders[index].read(batch, slot + MessageLayout.ADDRESS_BLOCK, nameSize);
        MessageControl control = controls[index];
        long controlSize = batch.get(MessageLayout.LONG, header + MessageLayout.CONTROL_LENGTH);
        control.read(batch, slot + MessageLayout.CONTROL_BLOCK, controlSize, bound);
        add(messageSize, control.groSize());
    }

    /// Adds a message of one datagram from a known sender.
    void add(int messageSize, InetSocketAddress sender) {
        senders[count].set(sender);
        controls[count].reset(bound);
        add(messageSize, 0);
    }

    private void add(int messageSize, int groSize) {
        int byteSize = Math.min(messageSize, pageSizes[count]);
        byteSizes[count] = byteSize;
        lostBytes[count] = messageSize - byteSize;
        segmentSizes[count] = groSize != 0 ? Math.min(groSize, byteSize) : byteSize;
        count++;
    }
}
