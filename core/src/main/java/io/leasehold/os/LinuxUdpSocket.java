package io.leasehold.os;

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
/// Calls that a signal interrupts are repeated.
///
/// **Ownership.** Owns its descriptor.
///
/// **Threads.** Thread-safe: the kernel orders calls, and [OpenDescriptor] keeps the descriptor open under them.
final class LinuxUdpSocket implements UdpSocket {

    private static final int MSG_DONTWAIT = 0x40;

    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;
    private static final int SOL_UDP = 17;
    private static final int UDP_SEGMENT = 103;
    private static final int UDP_GRO = 104;

    private static final short POLLIN = 1;
    private static final short POLLOUT = 4;

    /// struct pollfd: descriptor, events wanted, events there; then struct timespec.
    private static final long POLL_EVENTS = 4;

    private static final long POLL_SECONDS = 8;
    private static final long POLL_NANOS = 16;
    private static final long POLL_CELL_SIZE = 24;

    /// The size of the kernel's set of signals, which ppoll(2) asks for also where there is none.
    private static final long SIGNAL_SET_SIZE = 8;

    private final OpenDescriptor descriptor; // (C)
    private final LinuxReceive receive = new LinuxReceive(); // (C)
    private final InetSocketAddress local; // (C)
    private final boolean isWide; // (C) whether it is IPv6
    private final boolean hasGso; // (C)
    private final AtomicBoolean connected = new AtomicBoolean(); // (A)
    private final AtomicReference<@Nullable MemorySegment> pollCell = new AtomicReference<>(); // (A) null while in use
    private final AtomicLong truncated = new AtomicLong(); // (A)
    private final AtomicLong split = new AtomicLong(); // (A)

    LinuxUdpSocket(OpenDescriptor descriptor, InetSocketAddress local, boolean hasGso) {
        this.descriptor = descriptor;
        this.local = local;
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
            MemorySegment name = arena.allocate(MessageLayout.ADDRESS_SPACE, Long.BYTES);
            int size = endpoint.write(name, 0, isWide);
            long result = LinuxCall.CONNECT.invoke(descriptor.number(), name.address(), size);
            if (result < 0) {
                connected.set(false);
                throw refused("connect", "peer=" + peer, result);
            }
        } finally {
            descriptor.leave();
        }
    }

    @Override
    public boolean enableGro() {
        enter();
        try {
            long result = setGro(descriptor.number());
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
        return resize(SO_RCVBUF, byteSize);
    }

    @Override
    public int resizeSendBuffer(int byteSize) {
        return resize(SO_SNDBUF, byteSize);
    }

    @Override
    public int receive(Received into, int count) {
        into.begin(count);
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
        SocketPreconditions.checkTrain(address, byteSize, segmentSize);
        SocketPreconditions.checkDestination(message, connected.get(), local);
        boolean isTrain = byteSize > segmentSize;
        message.setSentBytes(0);
        enter();
        try {
            if (isTrain && !hasGso) {
                return sendEach(message, address, byteSize, segmentSize);
            }
            long result = sendOnce(message, address, byteSize, isTrain ? segmentSize : 0);
            if (result >= 0) {
                return (int) result;
            }
            if (result == -Errno.EAGAIN) {
                return WOULD_BLOCK;
            }
            if (isTrain && mayFitUncut(result)) {
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

    /// {@return the descriptor, for tests that set what nothing here does}
    int descriptor() {
        return descriptor.number();
    }

    /// Tells the kernel to deliver trains on a descriptor.
    ///
    /// @return 0, or the negated error number
    static long setGro(int descriptor) {
        return set(descriptor, SOL_UDP, UDP_GRO, 1);
    }

    /// {@return whether the kernel cuts trains; a segment size of 0 is none, so asking changes nothing}
    static boolean hasGso(int descriptor) {
        return set(descriptor, SOL_UDP, UDP_SEGMENT, 0) == 0;
    }

    /// Sets an option of a descriptor.
    ///
    /// @throws OsException if the kernel refuses
    static void setOption(int descriptor, int level, int option, int value) {
        long result = set(descriptor, level, option, value);
        if (result < 0) {
            throw new OsException(
                    "setsockopt", "level=" + level + ", option=" + option + ", value=" + value, (int) -result);
        }
    }

    private int resize(int option, int byteSize) {
        SocketPreconditions.checkBuffer(byteSize);
        enter();
        try (Arena arena = Arena.ofConfined()) {
            setOption(descriptor.number(), SOL_SOCKET, option, byteSize);
            MemorySegment value = arena.allocate(Integer.BYTES, Integer.BYTES);
            MemorySegment valueSize = arena.allocate(Integer.BYTES, Integer.BYTES);
            valueSize.set(MessageLayout.INT, 0, Integer.BYTES);
            long result = LinuxCall.GETSOCKOPT.invoke(
                    descriptor.number(), SOL_SOCKET, option, value.address(), valueSize.address(), 0);
            if (result < 0) {
                throw refused("getsockopt", "option=" + option, result);
            }
            // socket(7): "The kernel doubles this value (to allow space for bookkeeping overhead)".
            return value.get(MessageLayout.INT, 0) / 2;
        } finally {
            descriptor.leave();
        }
    }

    private long sendOnce(Outgoing message, long address, int byteSize, int segmentSize) {
        long header = message.prepareHeader(isWide, address, byteSize, segmentSize);
        long result;
        do {
            result = LinuxCall.SENDMSG.invoke(descriptor.number(), header, MSG_DONTWAIT);
        } while (result == -Errno.EINTR);
        return result;
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

    /// {@return whether datagrams that the kernel did not cut may go one by one: EIO where the device has no checksums
    /// of its own, EINVAL or EMSGSIZE where a segment is larger than the route's packets}
    private static boolean mayFitUncut(long result) {
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

    private static long set(int descriptor, int level, int option, int value) {
        try (Arena arena = Arena.ofConfined()) {
            long place = arena.allocateFrom(MessageLayout.INT, value).address();
            return LinuxCall.SETSOCKOPT.invoke(descriptor, level, option, place, Integer.BYTES, 0);
        }
    }

    private RuntimeException refusedToSend(
            Outgoing message, int byteSize, int segmentSize, int sentBytes, long result) {
        String arguments =
                message + ", byteSize=" + byteSize + ", segmentSize=" + segmentSize + ", sentBytes=" + sentBytes;
        return refused("sendmsg", arguments, result);
    }

    /// {@return the error of a call; one that closing caused is that of a closed socket}
    private RuntimeException refused(String call, String arguments, long result) {
        return descriptor.isClosed()
                ? SocketPreconditions.closed(local)
                : new OsException(call, "local=" + local + ", " + arguments, (int) -result);
    }
}
