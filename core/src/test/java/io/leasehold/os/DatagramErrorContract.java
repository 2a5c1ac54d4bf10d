package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.page.Eventually;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// Errors of every [Datagrams]: the calls that are rejected, the messages, and that no socket stays open.
interface DatagramErrorContract extends DatagramsFixture {

    @Test
    default void portInUseIsNamed() {
        InetSocketAddress taken = rig().open(IPV4).local();
        SystemCallException e = catchThrowableOfType(SystemCallException.class, () -> rig().open(taken));
        assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE);
        assertThat(e.call()).isEqualTo("bind");
        assertThat(e).hasMessageContainingAll("EADDRINUSE", taken.toString());
    }

    @Test
    default void addressOfAnotherMachineIsNamed() {
        SystemCallException e = catchThrowableOfType(
                SystemCallException.class, () -> rig().open(DatagramRig.address("198.51.100.7", 0)));
        assertThat(e.errno()).isEqualTo(Errno.EADDRNOTAVAIL);
        assertThat(e).hasMessageContainingAll("bind", "EADDRNOTAVAIL", "198.51.100.7");
    }

    @Test
    default void interruptedThreadWaitsAndStaysInterrupted() {
        UdpSocket socket = rig().open(hosts().getFirst());
        Thread.currentThread().interrupt();
        boolean isWritable = socket.awaitWritable(DatagramRig.SOON);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(isWritable).isTrue();
        Thread.currentThread().interrupt();
        boolean isReadable = socket.awaitReadable(1);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(isReadable).isFalse();
    }

    @Test
    default void closedPortIsReportedToAConnectedSocketOnce() {
        for (String host : hosts()) {
            UdpSocket gone = rig().open(host);
            UdpSocket socket = rig().open(host);
            gone.close();
            socket.connect(gone.local());
            Received received = rig().received(2);
            for (int count : new int[] {1, 2}) {
                rig().sendAll(socket, new Outgoing(), 1, 1);
                assertThat(socket.awaitReadable(DatagramRig.SOON)).isTrue();
                SystemCallException e =
                        catchThrowableOfType(SystemCallException.class, () -> socket.receive(received, count));
                assertThat(e.errno()).isEqualTo(Errno.ECONNREFUSED);
                assertThat(e)
                        .hasMessageContainingAll(
                                "recv", "ECONNREFUSED", socket.local().toString());
                assertThat(socket.receive(received, count)).isZero();
            }
        }
    }

    @Test
    default void rejectsPayloadsOutOfBounds() {
        UdpSocket socket = rig().open(IPV4);
        Outgoing message = new Outgoing().to(socket.local());
        long at = rig().source();
        rejects(() -> socket.send(message, at, 65_508, 65_508), "byteSize=65508", "max=65507");
        rejects(() -> socket.send(message, at, -1, 1), "byteSize=-1", "min=0");
        rejects(() -> socket.send(message, at, 65, 1), "segments=65", "max=64", "byteSize=65", "segmentSize=1");
        rejects(() -> socket.send(message, at, 1, 0), "segmentSize=0");
        rejects(() -> socket.send(message, 0, 1, 1), "address=0x0");
        assertThat(socket.receive(rig().received(1), 1)).isZero();
    }

    @Test
    default void rejectsBadDestinations() {
        UdpSocket socket = rig().open(IPV4);
        rejects(() -> new Outgoing().to(DatagramRig.address(IPV4, 0)), "127.0.0.1:0", "min=1");
        rejects(() -> new Outgoing().to(InetSocketAddress.createUnresolved("nowhere", 9)), "nowhere");
        rejects(() -> rig().open(InetSocketAddress.createUnresolved("nowhere", 9)), "nowhere");
        Outgoing wide = new Outgoing().to(DatagramRig.address(IPV6, 9));
        rejects(() -> socket.send(wide, rig().source(), 1, 1), "9", "local=" + socket.local());
        rejects(() -> socket.connect(DatagramRig.address(IPV6, 9)), "9", "local=" + socket.local());
    }

    @Test
    default void eitherMessageOrSocketHasThePeer() {
        UdpSocket socket = rig().open(IPV4);
        InetSocketAddress peer = rig().open(IPV4).local();
        assertThatThrownBy(() -> socket.send(new Outgoing(), rig().source(), 1, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("not connected", socket.local().toString());
        socket.connect(peer);
        assertThatThrownBy(() -> socket.connect(peer))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("connected already");
        Outgoing message = new Outgoing().to(peer);
        assertThatThrownBy(() -> socket.send(message, rig().source(), 1, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("is connected", peer.toString());
        assertThat(socket.send(message.toPeer(), rig().source(), 1, 1)).isEqualTo(1);
    }

    @Test
    default void rejectsBadReceives() {
        UdpSocket socket = rig().open(IPV4);
        Received received = rig().received(2);
        rejects(() -> socket.receive(received, 0), "count=0", "min=1");
        rejects(() -> socket.receive(received, 3), "count=3", "max=2");
        Received empty = new Received(2);
        empty.place(0, rig().page(0), 1);
        rejects(() -> socket.receive(empty, 2), "index=1", "count=2");
        rejects(() -> empty.place(0, 0, 1), "address=0x0");
        rejects(() -> empty.place(0, rig().page(0), 0), "byteSize=0");
        rejects(() -> new Received(0), "capacity=0", "max=1024");
        rejects(() -> new Received(1_025), "capacity=1025", "max=1024");
        assertThatThrownBy(() -> empty.place(2, rig().page(0), 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> new Outgoing().toSenderOf(empty, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    default void rejectsBadSizesAndTimes() {
        UdpSocket socket = rig().open(IPV4);
        rejects(() -> socket.resizeReceiveBuffer(0), "byteSize=0");
        rejects(() -> socket.resizeSendBuffer(-1), "byteSize=-1");
        rejects(() -> socket.awaitReadable(-1), "timeoutNanos=-1");
        rejects(() -> socket.awaitWritable(-1), "timeoutNanos=-1");
    }

    @Test
    default void closedSocketIsReported() {
        UdpSocket socket = rig().open(IPV4);
        Outgoing message = new Outgoing().to(socket.local());
        Received received = rig().received(1);
        socket.close();
        socket.close();
        List<ThrowingCallable> calls = List.of(
                () -> socket.receive(received, 1),
                () -> socket.send(message, rig().source(), 1, 1),
                () -> socket.connect(socket.local()),
                () -> socket.enableGro(),
                () -> socket.resizeReceiveBuffer(1),
                () -> socket.resizeSendBuffer(1),
                () -> socket.awaitReadable(0),
                () -> socket.awaitWritable(0));
        for (ThrowingCallable call : calls) {
            assertThatThrownBy(call)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("socket is closed: local=" + socket.local());
        }
        assertThat(socket.truncatedCount()).isZero();
        assertThat(socket.splitCount()).isZero();
        // The port is free again.
        assertThat(rig().open(socket.local()).local()).isEqualTo(socket.local());
    }

    @Test
    default void closingWakesWaitingThreads() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            for (int round = 0; round < 10; round++) {
                UdpSocket socket = rig().open(IPV4);
                List<Future<?>> waits = new ArrayList<>();
                AtomicInteger started = new AtomicInteger();
                for (int i = 0; i < 3; i++) {
                    waits.add(threads.submit(() -> {
                        started.incrementAndGet();
                        return socket.awaitReadable(2 * DatagramRig.SOON);
                    }));
                }
                Eventually.holds("all are about to wait", () -> started.get() == 3);
                // The threads may be on their way into the kernel, or in it.
                assertThat(socket.awaitReadable(TimeUnit.MILLISECONDS.toNanos(round % 2 * 10L)))
                        .isFalse();
                socket.close();
                for (Future<?> wait : waits) {
                    assertThatThrownBy(() -> wait.get(DatagramRig.SOON, TimeUnit.NANOSECONDS))
                            .hasCauseInstanceOf(IllegalStateException.class);
                }
            }
        }
    }

    @Test
    default void refusedAndClosedSocketsLeaveNothingOpen() {
        long before = assumedDescriptors();
        UdpSocket taken = rig().open(IPV4);
        for (int i = 0; i < 50; i++) {
            assertThatThrownBy(() -> rig().datagrams().open(taken.local())).isInstanceOf(SystemCallException.class);
            try (UdpSocket socket = rig().datagrams().open(DatagramRig.address(IPV4, 0))) {
                socket.awaitReadable(0);
                socket.awaitWritable(0);
            }
        }
        taken.close();
        assertDescriptors(before);
    }

    @Test
    default void closingDuringReceivesIsCleanAndComplete() throws Exception {
        long before = assumedDescriptors();
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (int round = 0; round < 100; round++) {
                UdpSocket socket = rig().datagrams().open(DatagramRig.address(IPV4, 0));
                int page = round % 2;
                Future<?> receiver = threads.submit(() -> untilClosed(socket, page));
                Future<?> second = threads.submit(() -> untilClosed(socket, 2 + page));
                rig().sendAll(socket, new Outgoing().to(socket.local()), 100, 10);
                socket.close();
                receiver.get(DatagramRig.SOON, TimeUnit.NANOSECONDS);
                second.get(DatagramRig.SOON, TimeUnit.NANOSECONDS);
            }
        }
        assertDescriptors(before);
    }

    private void untilClosed(UdpSocket socket, int page) {
        Received received = new Received(1);
        received.place(0, rig().page(page), DatagramRig.PAGE_SIZE);
        try {
            while (true) {
                if (socket.receive(received, 1) == 0) {
                    socket.awaitReadable(2 * DatagramRig.SOON);
                }
            }
        } catch (IllegalStateException e) {
            assertThat(e).hasMessageContaining("socket is closed");
        }
    }

    /// {@return the number of open descriptors; skips the test if they cannot be counted}
    static long assumedDescriptors() {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "descriptors cannot be counted here");
        return DatagramRig.openDescriptors();
    }

    /// Waits, because descriptors of other tests in this process may still be closed.
    static void assertDescriptors(long before) {
        Eventually.holds("all are closed", () -> DatagramRig.openDescriptors() <= before);
    }

    private static void rejects(ThrowingCallable call, String... named) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(named);
    }
}
