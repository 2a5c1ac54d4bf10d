package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Where [UdpSocket#receive] puts trains and what it says about them; made once and used for ever.
///
/// ```text
///   index      page placed by the caller                  told after receive
///     0   -->  [ 1400 | 1400 | 1400 | 800 | unused ]      byteSize 5000, segmentSize 1400, segmentCount 4, sender
///     1   -->  [ 90 | unused                       ]      byteSize 90, segmentSize 90, segmentCount 1, sender
///     2   -->  not filled                                 not to be asked for: count is 2
/// ```
///
/// Besides the sender each train has a destination and a traffic class, where the system tells them.
///
/// A page stays placed until another takes its place; a caller that hands a filled page on places a fresh one.
///
/// **Ownership.** The pages are the caller's. The message headers that the kernel reads are this object's own, and go
/// when it is collected: nothing is to be closed, and no thread can be left with headers that are gone.
///
/// **Threads.** Confined to one thread at a time.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/recvmmsg.2.html">recvmmsg(2)</a>
public final class Received {

    /// Most trains in one call: "The value specified in vlen is capped to UIO_MAXIOV (1024)."
    public static final int MAX_CAPACITY = 1024;

    private final int capacity; // (C)
    private final MemorySegment batch; // (C) headers and slots, see MessageLayout
    private final long[] addresses; // (O) of the pages, 0 where there is none
    private final int[] pageSizes; // (O) in bytes
    private final int[] byteSizes; // (O) received
    private final int[] lostBytes; // (O)
    private final int[] segmentSizes; // (O)
    private final Endpoint[] senders; // (C) their content (O)
    private final MessageControl[] controls; // (C) their content (O)
    private final Endpoint bound = new Endpoint(); // (C) its content (O) what the socket is bound to
    private @Nullable InetSocketAddress receivedAt; // (O) the same as an object, null before the first receive
    private int count; // (O) trains that the last receive filled

    /// Room for some trains, without pages yet.
    ///
    /// @param capacity how many, from 1 to [#MAX_CAPACITY]
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

    /// Says where the train at `index` is to go from now on, and forgets what was received.
    ///
    /// @param index which, from 0 to below the capacity
    /// @param address of the first byte of the page, at any alignment
    /// @param byteSize size of the page in bytes, at least 1
    /// @throws IndexOutOfBoundsException if there is no such index
    /// @throws IllegalArgumentException if the address or the size is not positive
    public void place(int index, long address, int byteSize) {
        Objects.checkIndex(index, capacity);
        if (address <= 0 || byteSize <= 0) {
            throw new IllegalArgumentException("address or size of a page is not positive: address=0x"
                    + Long.toHexString(address) + ", byteSize=" + byteSize);
        }
        addresses[index] = address;
        pageSizes[index] = byteSize;
        long slot = MessageLayout.slot(index, capacity);
        batch.set(MessageLayout.LONG, slot + MessageLayout.VECTOR_BASE, address);
        batch.set(MessageLayout.LONG, slot + MessageLayout.VECTOR_SIZE, byteSize);
        count = 0;
    }

    /// {@return how many trains fit}
    public int capacity() {
        return capacity;
    }

    /// {@return how many trains the last receive filled}
    public int count() {
        return count;
    }

    /// {@return the address of the page at `index`, 0 if none was placed}
    ///
    /// @param index which, from 0 to below the capacity
    /// @throws IndexOutOfBoundsException if there is no such index
    public long address(int index) {
        return addresses[Objects.checkIndex(index, capacity)];
    }

    /// {@return the bytes in the page}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public int byteSize(int index) {
        return byteSizes[Objects.checkIndex(index, count)];
    }

    /// {@return the bytes of each datagram in the train but the last, which may be shorter; 0 if it is an empty one}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public int segmentSize(int index) {
        return segmentSizes[Objects.checkIndex(index, count)];
    }

    /// {@return how many datagrams are in the page, at least 1; the last of a truncated train may be cut}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public int segmentCount(int index) {
        int byteSize = byteSize(index);
        return byteSize == 0 ? 1 : Math.ceilDiv(byteSize, segmentSizes[index]);
    }

    /// {@return whether the train was longer than its page; the rest is lost}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public boolean isTruncated(int index) {
        return lostBytes(index) != 0;
    }

    /// {@return how many bytes of the train did not fit its page and are lost}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public int lostBytes(int index) {
        return lostBytes[Objects.checkIndex(index, count)];
    }

    /// {@return the first eight bytes of the sender's address as IPv6 has it, 0 if it is IPv4}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public long senderHigh(int index) {
        return endpoint(index).high();
    }

    /// {@return the last eight bytes of the sender's address as IPv6 has it, `::ffff:a.b.c.d` if it is IPv4}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public long senderLow(int index) {
        return endpoint(index).low();
    }

    /// {@return the sender's port}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public int senderPort(int index) {
        return endpoint(index).port();
    }

    /// {@return the sender as a new object}
    ///
    /// The object remembers the destination of the datagram: [Outgoing#to] answers from there.
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public InetSocketAddress sender(int index) {
        InetSocketAddress sender = endpoint(index).toSocketAddress();
        Endpoint replySource = controls[index].replySource();
        return replySource.port() == 0 || receivedAt == null
                ? sender
                : new SenderAddress(sender, replySource, receivedAt);
    }

    /// {@return true if the destination of the datagrams is known}
    ///
    /// It is not where the socket is bound to the wildcard and the system does not tell it.
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public boolean hasDestination(int index) {
        return control(index).destination().port() != 0;
    }

    /// {@return the first eight bytes of the destination as IPv6 has it, 0 if it is IPv4 or not known}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public long destinationHigh(int index) {
        return control(index).destination().high();
    }

    /// {@return the last eight bytes of the destination as IPv6 has it, `::ffff:a.b.c.d` if it is IPv4, 0 if it is not
    /// known}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public long destinationLow(int index) {
        return control(index).destination().low();
    }

    /// {@return the destination of the datagrams as a new object: their address, and the port of the socket}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    /// @throws UnsupportedOperationException if it is not known, see [#hasDestination]
    public InetSocketAddress destination(int index) {
        if (!hasDestination(index)) {
            throw SocketPreconditions.unknownDestination(receivedAt);
        }
        return control(index).destination().toSocketAddress();
    }

    /// {@return true if the traffic class of the datagrams is known}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public boolean hasTrafficClass(int index) {
        return control(index).trafficClass() != MessageControl.NOT_TOLD;
    }

    /// {@return the traffic class of the datagrams, from 0 to 255: six bits of DSCP, two of ECN}
    ///
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    /// @throws UnsupportedOperationException if it is not known, see [#hasTrafficClass]
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

    /// {@return what the socket that filled this was bound to, null before the first receive}
    @Nullable InetSocketAddress receivedAt() {
        return receivedAt;
    }

    int pageSize(int index) {
        return pageSizes[index];
    }

    /// Takes the address of the socket that is going to fill this.
    ///
    /// @param local address as an object
    /// @param endpoint the same in numbers
    void fillAt(InetSocketAddress local, Endpoint endpoint) {
        receivedAt = local;
        bound.set(endpoint);
    }

    /// Forgets what was received and checks that `wanted` trains can be.
    void begin(int wanted) {
        count = 0;
        if (wanted < 1 || wanted > capacity) {
            throw new IllegalArgumentException(
                    "count is out of bounds: count=" + wanted + ", min=1, capacity=" + capacity);
        }
        for (int i = 0; i < wanted; i++) {
            if (addresses[i] == 0) {
                throw new IllegalArgumentException("no page was placed: index=" + i + ", count=" + wanted);
            }
        }
    }

    /// Readies the headers of the first `wanted` messages, which the kernel wrote over the last time.
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

    /// {@return what recvmmsg(2) says of the size of a message in bytes}
    int messageSize(int index) {
        return batch.get(MessageLayout.INT, MessageLayout.header(index) + MessageLayout.MESSAGE_SIZE);
    }

    /// Takes what the kernel says of the next message. Its size is that of the datagram or train, not of the page.
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

    /// Takes a message of one datagram from a known sender.
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
