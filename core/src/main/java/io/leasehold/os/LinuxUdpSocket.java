package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A UDP socket of Linux.
///
/// Calls are repeated if a signal interrupts them.
///
/// **Ownership.** Owns its descriptor.
///
/// **Threads.** Thread-safe. The kernel orders calls, and [OpenDescriptor] keeps the descriptor open during them.
final class LinuxUdpSocket implements UdpSocket {

    private static final int MSG_DONTWAIT = 0x40;

    private static final short POLLIN = 1;
    private static final short POLLOUT = 4;

    /// struct pollfd: descriptor, requested events, returned events; then struct timespec.
    private static final long POLL_EVENTS = 4;

    private static final long POLL_SECONDS = 8;
    private static final long POLL_NANOS = 16;
    private static final long POLL_CELL_SIZE = 24;

    /// Size of the kernel's set of signals in bytes. ppoll(2) requires it even without a set.
    private static final long SIGNAL_SET_SIZE = 8;

    private final OpenDescriptor descriptor; // (C)
    private final LinuxReceive receive = new LinuxReceive(); // (C)
    private final InetSocketAddress local; // (C)
    private final Endpoint bound = new Endpoint(); // (C) its content too: the same as local
    private final UdpOptions options; // (C)
    private final boolean isWide; // (C) true if the socket is IPv6
    private final boolean hasGso; // (C)
    private final AtomicBoolean connected = new AtomicBoolean(); // (A)
    private volatile boolean isPeerIpv4; // (A) set before connect(2); used only after it
    private final AtomicReference<@Nullable MemorySegment> pollCell = new AtomicReference<>(); // (A) null while in use
    private final AtomicLong truncated = new AtomicLong(); // (A)
    private final AtomicLong split = new AtomicLong(); // (A)

    LinuxUdpSocket(OpenDescriptor descriptor, InetSocketAddress local, UdpOptions options, boolean hasGso) {
        this.descriptor = descriptor;
        this.local = local;
        this.bound.set(local);
        this.options = options;
        this.isWide = !Endpoint.isIpv4(local);
        this.hasGso = hasGso;
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
        enter();
        try (Arena arena = Arena.ofConfined()) {
            if (!connected.compareAndSet(false, true)) {
                throw SocketPreconditions.connected(local);
            }
            isPeerIpv4 = endpoint.isIpv4();
            MemorySegment name = arena.allocate(MessageLayout.ADDRESS_SPACE, Long.BYTES);
            int size = endpoint.write(name, 0, isWide);
            long result = LinuxCall.CONNECT.invoke(descriptor.number(), name.address(), size);
            if (result < 0) {
                connected.set(false);
                throw refused("connect", "peer=" + peer, result);
            }
            LinuxReceive.discard(descriptor.number(), arena);
        } finally {
            descriptor.leave();
        }
    }

    @Override
    public boolean enableGro() {
        enter();
        try {
            long result = LinuxSocketOptions.setGro(descriptor.number());
            if (result < 0 && result != -Errno.ENOPROTOOPT) {
                throw refused("setsockopt", "UDP_GRO", result);
            }
            return result == 0;
        } finally {
            descriptor.leave();
        }
    }

    @Override
    public int resizeReceiveBuffer(int byteSize) {
        return resize(LinuxSocketOptions.SO_RCVBUF, byteSize);
    }

    @Override
    public int resizeSendBuffer(int byteSize) {
        return resize(LinuxSocketOptions.SO_SNDBUF, byteSize);
    }

    @Override
    public int receive(Received into, int count) {
        into.begin(count);
        into.fillAt(local, bound);
        enter();
        long result;
        try {
            result = receive.receive(descriptor.number(), into, count);
        } finally {
            descriptor.leave();
            Reference.reachabilityFence(into);
        }
        if (result < 0) {
            if (result == -Errno.EAGAIN) {
                return 0;
            }
            throw refused(count == 1 ? "recvmsg" : "recvmmsg", "count=" + count, result);
        }
        for (int i = 0; i < result; i++) {
            if (into.isTruncated(i)) {
                truncated.incrementAndGet();
            }
        }
        return (int) result;
    }

    @Override
    public int send(Outgoing message, long address, int byteSize, int segmentSize) {
        SocketPreconditions.checkPayload(address, byteSize, segmentSize);
        SocketPreconditions.checkDestination(message, connected.get(), local);
        Endpoint source = message.source(local);
        if (source != null) {
            SocketPreconditions.checkSourceFamily(source, sendsIpv4(message), message, local);
        }
        boolean isBatch = byteSize > segmentSize;
        message.setSentBytes(0);
        enter();
        try {
            if (isBatch && !hasGso) {
                return sendEach(message, address, byteSize, segmentSize);
            }
            long result = sendOnce(message, address, byteSize, isBatch ? segmentSize : 0);
            if (result >= 0) {
                return (int) result;
            }
            if (result == -Errno.EAGAIN) {
                return WOULD_BLOCK;
            }
            if (isBatch && (maySendEach(result) || (source != null && blamesSource(result)))) {
                return sendEach(message, address, byteSize, segmentSize);
            }
            throw refusedToSend(message, byteSize, segmentSize, 0, result);
        } finally {
            descriptor.leave();
            Reference.reachabilityFence(message);
        }
    }

    @Override
    public boolean awaitReadable(long timeoutNanos) {
        return await(POLLIN, timeoutNanos);
    }

    @Override
    public boolean awaitWritable(long timeoutNanos) {
        return await(POLLOUT, timeoutNanos);
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
        descriptor.close();
    }

    @Override
    public String toString() {
        return "LinuxUdpSocket(local=" + local + ", " + descriptor + ", truncated=" + truncated + ", split=" + split
                + ")";
    }

    /// {@return the descriptor, for tests that set other options}
    int descriptor() {
        return descriptor.number();
    }

    private int resize(int option, int byteSize) {
        SocketPreconditions.checkBuffer(byteSize);
        enter();
        try {
            int number = descriptor.number();
            LinuxSocketOptions.require(number, LinuxSocketOptions.SOL_SOCKET, option, byteSize);
            // socket(7): "The kernel doubles this value (to allow space for bookkeeping overhead)".
            return LinuxSocketOptions.get(number, LinuxSocketOptions.SOL_SOCKET, option) / 2;
        } finally {
            descriptor.leave();
        }
    }

    /// Sends one datagram, or a GSO batch if the segment size is not 0.
    ///
    /// The source of an answer may no longer be an address of this machine, for example that of a failover pair. No
    /// caller requested that source, so the system then chooses the source. For a GSO batch the same errors can mean
    /// that the kernel cannot split it, so its datagrams are first sent one by one.
    private long sendOnce(Outgoing message, long address, int byteSize, int segmentSize) {
        long result = call(message, address, byteSize, segmentSize);
        if (segmentSize == 0 && blamesSource(result) && message.dropReplySource(local)) {
            result = call(message, address, byteSize, segmentSize);
        }
        return result;
    }

    private long call(Outgoing message, long address, int byteSize, int segmentSize) {
        long header = message.prepareHeader(isWide, address, byteSize, segmentSize);
        message.addPacketControl(sendsIpv4(message), message.source(local), message.trafficClass(options));
        long result;
        do {
            result = LinuxCall.SENDMSG.invoke(descriptor.number(), header, MSG_DONTWAIT);
        } while (result == -Errno.EINTR);
        return result;
    }

    /// {@return true if the kernel may have refused the source of a message}
    private static boolean blamesSource(long result) {
        return result == -Errno.EINVAL || result == -Errno.ENETUNREACH;
    }

    /// {@return true if the packets of a message are IPv4}
    private boolean sendsIpv4(Outgoing message) {
        return message.hasDestination() ? message.destination().isIpv4() : isPeerIpv4;
    }

    private int sendEach(Outgoing message, long address, int byteSize, int segmentSize) {
        split.incrementAndGet();
        int sent = 0;
        while (sent < byteSize) {
            int size = Math.min(segmentSize, byteSize - sent);
            long result = sendOnce(message, address + sent, size, 0);
            if (result == -Errno.EAGAIN) {
                return sent == 0 ? WOULD_BLOCK : sent;
            }
            if (result < 0) {
                message.setSentBytes(sent);
                throw refusedToSend(message, byteSize, segmentSize, sent, result);
            }
            sent += size;
        }
        return sent;
    }

    /// {@return true if the datagrams of a GSO batch may be sent one by one: EIO if the device does not compute
    /// checksums, EINVAL or EMSGSIZE if a segment is larger than the MTU of the route}
    private static boolean maySendEach(long result) {
        return result == -Errno.EIO || result == -Errno.EINVAL || result == -Errno.EMSGSIZE;
    }

    private boolean await(short events, long timeoutNanos) {
        SocketPreconditions.checkTimeout(timeoutNanos);
        enter();
        MemorySegment cell = pollCell.getAndSet(null);
        if (cell == null) {
            cell = Arena.ofAuto().allocate(POLL_CELL_SIZE, Long.BYTES);
        }
        long result;
        try {
            long start = System.nanoTime();
            long left = timeoutNanos;
            do {
                cell.set(MessageLayout.INT, 0, descriptor.number());
                cell.set(MessageLayout.SHORT, POLL_EVENTS, events);
                cell.set(MessageLayout.LONG, POLL_SECONDS, TimeUnit.NANOSECONDS.toSeconds(left));
                cell.set(MessageLayout.LONG, POLL_NANOS, left % TimeUnit.SECONDS.toNanos(1));
                long timeout = cell.address() + POLL_SECONDS;
                result = LinuxCall.PPOLL.invoke(cell.address(), 1, timeout, 0, SIGNAL_SET_SIZE, 0);
                left = Math.max(0, timeoutNanos - (System.nanoTime() - start));
            } while (result == -Errno.EINTR);
        } finally {
            pollCell.set(cell);
            descriptor.leave();
        }
        if (result < 0) {
            throw refused("ppoll", "timeoutNanos=" + timeoutNanos, result);
        }
        if (descriptor.isClosed()) {
            throw SocketPreconditions.closed(local);
        }
        return result > 0;
    }

    private void enter() {
        if (!descriptor.tryEnter()) {
            throw SocketPreconditions.closed(local);
        }
    }

    private RuntimeException refusedToSend(
            Outgoing message, int byteSize, int segmentSize, int sentBytes, long result) {
        String arguments =
                message + ", byteSize=" + byteSize + ", segmentSize=" + segmentSize + ", sentBytes=" + sentBytes;
        if (result == -Errno.EMSGSIZE && options.dontFragment()) {
            return SocketPreconditions.tooLarge(local, arguments);
        }
        if (blamesSource(result) && message.source(local) != null) {
            String remedy = "the source must be an address of this machine that reaches the destination";
            return refused("sendmsg", arguments, result, remedy);
        }
        return refused("sendmsg", arguments, result);
    }

    private RuntimeException refused(String call, String arguments, long result) {
        return refused(call, arguments, result, "");
    }

    /// {@return the exception for a failed call, or that of a closed socket if closing caused the failure}
    private RuntimeException refused(String call, String arguments, long result, String remedy) {
        if (descriptor.isClosed()) {
            return SocketPreconditions.closed(local);
        }
        String all = "local=" + local + ", " + arguments;
        return remedy.isEmpty()
                ? new SystemCallException(call, all, (int) -result)
                : new SystemCallException(call, all, (int) -result, remedy);
    }
}
