package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Sockets and pages for a test of [Datagrams], all closed at its end.
///
/// **Ownership.** Owns its memory and every socket that it opened.
///
/// **Threads.** Confined to one thread, except for methods of its sockets.
final class DatagramRig implements AutoCloseable {

    static final int PAGE_SIZE = 64 << 10;
    static final int PAGES = 64;

    /// Longer than any datagram takes over loopback on a busy machine, in nanoseconds.
    static final long SOON = TimeUnit.SECONDS.toNanos(20);

    private static final int BUFFER_BYTES = 1 << 20;
    private static final long BYTE_SIZE = (PAGES + 1L) * PAGE_SIZE;

    private final Datagrams datagrams; // (C)
    private final VirtualMemory memory = VirtualMemory.system(); // (C)
    private final long base; // (C)
    private final List<UdpSocket> sockets = new ArrayList<>(); // (O)

    DatagramRig(Datagrams datagrams) {
        this.datagrams = datagrams;
        this.base = memory.reserve(BYTE_SIZE, PAGE_SIZE);
        memory.commit(base, BYTE_SIZE);
    }

    Datagrams datagrams() {
        return datagrams;
    }

    /// {@return a socket on a free port, with buffers that hold all datagrams of a test, and with GRO batches if
    /// possible}
    UdpSocket open(String host) {
        UdpSocket socket = open(address(host, 0));
        assertThat(socket.resizeReceiveBuffer(BUFFER_BYTES)).isPositive();
        assertThat(socket.resizeSendBuffer(BUFFER_BYTES)).isPositive();
        assertThat(socket.enableGro()).isEqualTo(datagrams.can(Datagrams.Capability.GRO));
        return socket;
    }

    UdpSocket open(InetSocketAddress local) {
        return open(local, UdpOptions.DEFAULTS);
    }

    UdpSocket open(InetSocketAddress local, UdpOptions options) {
        UdpSocket socket = datagrams.open(local, options);
        sockets.add(socket);
        return socket;
    }

    /// {@return the address of the bytes to send}
    long source() {
        return base;
    }

    /// {@return the address of a page to receive into}
    long page(int index) {
        return base + (index + 1L) * PAGE_SIZE;
    }

    /// {@return an object for `capacity` batches, with a page placed for each}
    Received received(int capacity) {
        Received received = new Received(capacity);
        for (int i = 0; i < capacity; i++) {
            received.place(i, page(i), PAGE_SIZE);
        }
        return received;
    }

    /// Fills the source with bytes that depend on the seed.
    byte[] fillSource(int byteSize, long seed) {
        byte[] bytes = new byte[byteSize];
        new SplittableRandom(seed).nextBytes(bytes);
        MemorySegment.copy(bytes, 0, segment(source(), byteSize), ValueLayout.JAVA_BYTE, 0, byteSize);
        return bytes;
    }

    byte[] bytes(long address, int byteSize) {
        return segment(address, byteSize).toArray(ValueLayout.JAVA_BYTE);
    }

    /// {@return the bytes of a received batch}
    byte[] bytes(Received received, int index) {
        return bytes(received.address(index), received.byteSize(index));
    }

    MemorySegment segment(long address, long byteSize) {
        return AddressSpace.ALL.asSlice(address - AddressSpace.BASE, byteSize);
    }

    /// Waits for at least one batch and receives it.
    int receiveSome(UdpSocket socket, Received into) {
        assertThat(socket.awaitReadable(SOON)).isTrue();
        int count = socket.receive(into, into.capacity());
        assertThat(count).isPositive().isEqualTo(into.count());
        return count;
    }

    /// Sends a whole GSO batch, and waits if the send buffer is full.
    void sendAll(UdpSocket socket, Outgoing message, int byteSize, int segmentSize) {
        int sent = 0;
        do {
            int answer = socket.send(message, source() + sent, byteSize - sent, segmentSize);
            if (answer == UdpSocket.WOULD_BLOCK) {
                assertThat(socket.awaitWritable(SOON)).isTrue();
            } else {
                sent += answer;
            }
        } while (sent < byteSize);
    }

    static InetSocketAddress address(String host, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(host), port);
    }

    /// {@return the number of sockets, selectors and event descriptors that this process has open}
    static long openDescriptors() {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors
                    .map(DatagramRig::target)
                    .filter(target -> target.startsWith("socket:") || target.startsWith("anon_inode:"))
                    .count();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        sockets.forEach(UdpSocket::close);
        memory.release(base, BYTE_SIZE);
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "closed in the meantime";
        }
    }
}
