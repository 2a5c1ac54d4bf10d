package io.leasehold.os;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.Objects;

/// Where [UdpSocket#receive] puts trains and what it says about them; made once and used for ever.
///
/// ```text
///   index      page placed by the caller                  told after receive
///     0   -->  [ 1400 | 1400 | 1400 | 800 | unused ]      byteSize 5000, segmentSize 1400, segmentCount 4, sender
///     1   -->  [ 90 | unused                       ]      byteSize 90, segmentSize 90, segmentCount 1, sender
///     2   -->  not filled                                 not to be asked for: count is 2
/// ```
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

    private static final int SOL_UDP = 17;
    private static final int UDP_GRO = 104;

    private final int capacity; // (C)
    private final MemorySegment batch; // (C) headers and slots, see MessageLayout
    private final long[] addresses; // (O) of the pages, 0 where there is none
    private final int[] pageSizes; // (O) in bytes
    private final int[] byteSizes; // (O) received
    private final int[] lostBytes; // (O)
    private final int[] segmentSizes; // (O)
    private final Endpoint[] senders; // (C) their content (O)
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
        for (int i = 0; i < capacity; i++) {
            senders[i] = new Endpoint();
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
    /// @param index which train, from 0 to below [#count()]
    /// @throws IndexOutOfBoundsException if the last receive did not fill it
    public InetSocketAddress sender(int index) {
        return endpoint(index).toSocketAddress();
    }

    @Override
    public String toString() {
        return "Received(count=" + count + ", capacity=" + capacity + ")";
    }

    Endpoint endpoint(int index) {
        return senders[Objects.checkIndex(index, count)];
    }

    int pageSize(int index) {
        return pageSizes[index];
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
        add(messageSize, groSize(header, slot + MessageLayout.CONTROL_BLOCK));
    }

    /// Takes a message of one datagram from a known sender.
    void add(int messageSize, InetSocketAddress sender) {
        senders[count].set(sender);
        add(messageSize, 0);
    }

    private void add(int messageSize, int groSize) {
        int byteSize = Math.min(messageSize, pageSizes[count]);
        byteSizes[count] = byteSize;
        lostBytes[count] = messageSize - byteSize;
        segmentSizes[count] = groSize != 0 ? Math.min(groSize, byteSize) : byteSize;
        count++;
    }

    /// {@return the segment size that the kernel tells, 0 if it tells none, as it does for a train of one}
    private int groSize(long header, long control) {
        boolean told = batch.get(MessageLayout.LONG, header + MessageLayout.CONTROL_LENGTH) != 0
                && batch.get(MessageLayout.INT, control + MessageLayout.CONTROL_LEVEL) == SOL_UDP
                && batch.get(MessageLayout.INT, control + MessageLayout.CONTROL_TYPE) == UDP_GRO;
        return told ? batch.get(MessageLayout.INT, control + MessageLayout.CONTROL_VALUE) : 0;
    }
}
