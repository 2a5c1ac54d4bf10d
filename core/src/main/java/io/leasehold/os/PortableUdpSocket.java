package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.AlreadyConnectedException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/// A UDP socket over a [DatagramChannel].
///
/// Each call creates objects, because the channel does. If a page is smaller than the largest datagram, a datagram is
/// read into a larger buffer and copied, because a channel silently drops what does not fit.
///
/// **Ownership.** Owns the channel and two selectors, which are created when they are first needed.
///
/// **Threads.** Thread-safe. Of the threads that wait for the same event one waits in the selector, and the others wait
/// for the lock of the [ReadyWait].
final class PortableUdpSocket implements UdpSocket {

    /// Maximum payload of a datagram in bytes, also over IPv6.
    private static final int MAX_DATAGRAM_BYTES = 65_527;

    private final DatagramChannel channel; // (C)
    private final InetSocketAddress local; // (C)
    private final Endpoint bound = new Endpoint(); // (C) its content too: the same as local
    private final UdpOptions options; // (C)
    private final MemorySegment space; // (C)
    private final ReadyWait readable; // (C)
    private final ReadyWait writable; // (C)
    private final AtomicBoolean closed = new AtomicBoolean(); // (A)
    private final AtomicLong truncated = new AtomicLong(); // (A)
    private final AtomicLong split = new AtomicLong(); // (A)

    /// Creates a socket over an open, bound and non-blocking channel.
    PortableUdpSocket(DatagramChannel channel, InetSocketAddress local, UdpOptions options, MemorySegment space) {
        this.channel = channel;
        this.local = local;
        this.bound.set(local);
        this.options = options;
        this.space = space;
        this.readable = new ReadyWait(channel, SelectionKey.OP_READ);
        this.writable = new ReadyWait(channel, SelectionKey.OP_WRITE);
    }

    @Override
    public InetSocketAddress local() {
        return local;
    }

    @Override
    public void connect(InetSocketAddress peer) {
        SocketPreconditions.checkRemote(peer);
        Endpoint endpoint = new Endpoint();
        endpoint.set(peer);
        SocketPreconditions.checkFamily(endpoint, local);
        checkOpen();
        try {
            channel.connect(peer);
        } catch (AlreadyConnectedException e) {
            throw SocketPreconditions.connected(local);
        } catch (IOException e) {
            throw refused("connect", "peer=" + peer, e);
        }
    }

    @Override
    public boolean enableGro() {
        checkOpen();
        return false;
    }

    @Override
    public int resizeReceiveBuffer(int byteSize) {
        return resize(StandardSocketOptions.SO_RCVBUF, byteSize);
    }

    @Override
    public int resizeSendBuffer(int byteSize) {
        return resize(StandardSocketOptions.SO_SNDBUF, byteSize);
    }

    @Override
    public int receive(Received into, int count) {
        into.begin(count);
        into.fillAt(local, bound);
        checkOpen();
        int received = 0;
        while (received < count && receiveNext(into, received)) {
            if (into.isTruncated(received)) {
                truncated.incrementAndGet();
            }
            received++;
        }
        return received;
    }

    @Override
    public int send(Outgoing message, long address, int byteSize, int segmentSize) {
        SocketPreconditions.checkPayload(address, byteSize, segmentSize);
        checkOpen();
        SocketPreconditions.checkDestination(message, channel.isConnected(), local);
        checkPackets(message);
        SocketAddress destination =
                message.hasDestination() ? message.destination().toSocketAddress() : null;
        ByteBuffer payload = buffer(address, byteSize);
        if (byteSize > segmentSize) {
            split.incrementAndGet();
        }
        int sent = 0;
        message.setSentBytes(0);
        do {
            payload.limit(Math.min(byteSize, sent + segmentSize)).position(sent);
            int size = payload.remaining();
            int written;
            try {
                written = destination == null ? channel.write(payload) : channel.send(payload, destination);
            } catch (IOException e) {
                message.setSentBytes(sent);
                String arguments =
                        message + ", byteSize=" + byteSize + ", segmentSize=" + segmentSize + ", sentBytes=" + sent;
                throw refusedToSend(arguments, e);
            }
            // For an empty datagram the channel does not report whether it was sent.
            if (written == 0 && size != 0) {
                return sent == 0 ? WOULD_BLOCK : sent;
            }
            sent += size;
        } while (sent < byteSize);
        return sent;
    }

    @Override
    public boolean awaitReadable(long timeoutNanos) {
        return await(readable, timeoutNanos);
    }

    @Override
    public boolean awaitWritable(long timeoutNanos) {
        return await(writable, timeoutNanos);
    }

    @Override
    public long truncatedCount() {
        return truncated.get();
    }

    @Override
    public long splitCount() {
        return split.get();
    }

    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        try (channel;
                writable;
                readable) {
            readable.wakeUp();
            writable.wakeUp();
        } catch (IOException e) {
            throw PortableDatagrams.refused("close", "local=" + local, e);
        }
    }

    @Override
    public String toString() {
        return "PortableUdpSocket(local=" + local + ", isClosed=" + closed + ", truncated=" + truncated + ", split="
                + split + ")";
    }

    /// Rejects a source or a traffic class that differs from that of the socket: a channel cannot set them for one
    /// datagram.
    private void checkPackets(Outgoing message) {
        Endpoint source = message.source(local);
        if (source != null && message.hasDestination()) {
            SocketPreconditions.checkSourceFamily(source, message.destination().isIpv4(), message, local);
        }
        if (source != null && !source.hasAddressOf(bound)) {
            throw PortableSocketOptions.unavailable(
                    "source of a message (IP_PKTINFO, IPV6_PKTINFO) of " + message,
                    "a DatagramChannel sends from the address that it is bound to, allow native access",
                    local);
        }
        int trafficClass = message.trafficClass(options);
        int ofSocket = Math.max(0, options.trafficClass());
        if (trafficClass != UdpOptions.SYSTEM_TRAFFIC_CLASS && trafficClass != ofSocket) {
            throw PortableSocketOptions.unavailable(
                    "traffic class of a message (IP_TOS, IPV6_TCLASS) of " + message,
                    "a DatagramChannel sends with the traffic class " + ofSocket
                            + " that it was opened with, allow native access",
                    local);
        }
    }

    private int resize(SocketOption<Integer> option, int byteSize) {
        SocketPreconditions.checkBuffer(byteSize);
        checkOpen();
        try {
            return channel.setOption(option, byteSize).getOption(option);
        } catch (IOException e) {
            throw refused("setsockopt", option.name() + "=" + byteSize, e);
        }
    }

    /// {@return true if a datagram was received}
    private boolean receiveNext(Received into, int index) {
        int pageSize = into.pageSize(index);
        ByteBuffer page = buffer(into.address(index), pageSize);
        boolean isLarge = pageSize >= MAX_DATAGRAM_BYTES;
        ByteBuffer target = isLarge ? page : ByteBuffer.allocate(MAX_DATAGRAM_BYTES);
        SocketAddress sender;
        try {
            sender = channel.receive(target);
        } catch (IOException e) {
            if (index > 0) {
                // The received datagrams are returned first. The channel does not report the same error again.
                return false;
            }
            throw refused("recvmsg", "count=1", e);
        }
        if (sender == null) {
            return false;
        }
        int byteSize = target.position();
        if (!isLarge) {
            page.put(0, target, 0, Math.min(byteSize, pageSize));
        }
        into.add(byteSize, (InetSocketAddress) sender);
        return true;
    }

    private ByteBuffer buffer(long address, int byteSize) {
        long offset = address - space.address();
        if (offset < 0 || offset > space.byteSize() - byteSize) {
            throw new IllegalArgumentException("range is outside of the portable memory: address=0x"
                    + Long.toHexString(address)
                    + ", byteSize=" + byteSize + ", memory=0x" + Long.toHexString(space.address()) + ", memoryBytes="
                    + space.byteSize());
        }
        return space.asSlice(offset, byteSize).asByteBuffer();
    }

    private boolean await(ReadyWait wait, long timeoutNanos) {
        SocketPreconditions.checkTimeout(timeoutNanos);
        checkOpen();
        boolean ready;
        try {
            ready = wait.await(timeoutNanos, closed::get);
        } catch (IOException e) {
            throw refused("select", "timeoutNanos=" + timeoutNanos, e);
        }
        checkOpen();
        return ready;
    }

    private void checkOpen() {
        if (closed.get()) {
            throw SocketPreconditions.closed(local);
        }
    }

    private RuntimeException refusedToSend(String arguments, IOException e) {
        RuntimeException refusal = refused("sendmsg", arguments, e);
        return options.dontFragment()
                        && refusal instanceof SystemCallException refused
                        && refused.errno() == Errno.EMSGSIZE
                ? PortableDatagrams.caused(SocketPreconditions.tooLarge(local, arguments), e)
                : refusal;
    }

    private RuntimeException refused(String call, String arguments, IOException e) {
        return closed.get() || e instanceof ClosedChannelException
                ? SocketPreconditions.closed(local)
                : PortableDatagrams.refused(call, "local=" + local + ", " + arguments, e);
    }
}
