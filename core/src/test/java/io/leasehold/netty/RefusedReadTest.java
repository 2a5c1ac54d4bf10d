package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.netty.uring.ClosingRecvByteBufAllocator;
import io.leasehold.page.Watchdog;
import io.netty.buffer.ByteBuf;
import io.netty.channel.RecvByteBufAllocator;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// A server without free memory. A connection that cannot be read is closed at the first attempt, its event loop
/// continues, and everything works again when there is memory.
class RefusedReadTest {

    private static final long ALLOCATOR_BYTES = 1 << 20;
    private static final int HUNGRY_BYTES = 64 << 10;
    private static final int MODEST_BYTES = 256;
    private static final int CONNECTIONS = 3;

    /// Number of attempts after which the test concludes that they never end.
    private static final int SPINS = 1_000;

    @ParameterizedTest
    @EnumSource(names = {"NIO", "EPOLL"})
    void connectionThatCannotBeReadIsClosedAndOthersGoOn(Transport transport) throws Exception {
        transport.assumeAvailable();
        LeasedByteBufAllocator allocator =
                TestAllocators.builder("used up", ALLOCATOR_BYTES).build();
        CountedReads refused = new CountedReads(HUNGRY_BYTES, false);
        try (OneThreadServer server = new OneThreadServer(transport, allocator);
                Socket modest = server.connect(new CountedReads(MODEST_BYTES, false))) {
            assertThat(echo(modest, 1)).isEqualTo(1);
            List<ByteBuf> hostages = useUp(allocator);
            try (Socket hungry = server.connect(refused)) {
                hungry.getOutputStream().write(7);
                assertThat(server.errors().poll(Watchdog.LIMIT_SECONDS, TimeUnit.SECONDS))
                        .isInstanceOf(BufferMemoryError.class)
                        .hasMessageContaining("request=65,536 B")
                        .hasMessageContaining("allocator=used up");
                assertThat(isAtEnd(hungry)).isTrue();
            }
            server.runRounds();
            assertThat(refused.attempts()).isEqualTo(1);
            hostages.forEach(ByteBuf::release);
            assertThat(echo(modest, 2)).isEqualTo(2);
            try (Socket hungry = server.connect(new CountedReads(HUNGRY_BYTES, false))) {
                assertThat(echo(hungry, 3)).isEqualTo(3);
            }
            assertThat(refused.attempts()).isEqualTo(1);
            assertThat(server.errors()).isEmpty();
        }
        assertThat(allocator.metric().pinnedBytes()).isZero();
        allocator.close();
    }

    @ParameterizedTest
    @MethodSource("transportsAndCauses")
    void connectionIsClosedOnceWhateverTheCause(Transport transport, RefusalCause cause) throws Exception {
        transport.assumeAvailable();
        try (RefusalCause.Fixture fixture = new RefusalCause.Fixture(cause);
                OneThreadServer server = new OneThreadServer(transport, fixture.allocator)) {
            fixture.strike();
            for (int i = 0; i < CONNECTIONS; i++) {
                CountedReads reads = new CountedReads(cause.byteSize(), false);
                RecvByteBufAllocator how =
                        transport == Transport.IO_URING ? new ClosingRecvByteBufAllocator(reads) : reads;
                try (Socket client = server.connect(how)) {
                    client.getOutputStream().write(7);
                    if (transport != Transport.IO_URING) { // io_uring reports only the end of the stream
                        assertThat(server.errors().poll(Watchdog.LIMIT_SECONDS, TimeUnit.SECONDS))
                                .isInstanceOf(BufferMemoryError.class)
                                .hasMessageContaining(cause.words)
                                .hasMessageContaining("allocator=struck");
                    }
                    assertThat(isAtEnd(client)).isTrue();
                }
                server.runRounds();
                assertThat(reads.attempts()).isEqualTo(1);
            }
            assertThat(server.errors()).isEmpty();
        }
    }

    static List<Arguments> transportsAndCauses() {
        List<Arguments> all = new ArrayList<>();
        for (Transport transport : Transport.values()) {
            for (RefusalCause cause : RefusalCause.values()) {
                all.add(Arguments.of(transport, cause));
            }
        }
        return all;
    }

    /// Shows why the error must be an `OutOfMemoryError`, and that this test would detect a server that spins.
    @ParameterizedTest
    @EnumSource(names = {"NIO", "EPOLL"})
    void anyOtherErrorWouldBeMetAgainAndAgain(Transport transport) throws Exception {
        transport.assumeAvailable();
        CountedReads failing = new CountedReads(MODEST_BYTES, true);
        try (LeasedByteBufAllocator allocator =
                        TestAllocators.builder("spinning", ALLOCATOR_BYTES).build();
                OneThreadServer server = new OneThreadServer(transport, allocator);
                Socket client = server.connect(failing)) {
            client.getOutputStream().write(7);
            failing.awaitAttempts(SPINS);
            assertThat(server.errors()).isNotEmpty().doesNotHaveAnyElementsOfTypes(OutOfMemoryError.class);
        }
    }

    /// {@return all free memory, first in large pieces and then in small ones}
    private static List<ByteBuf> useUp(LeasedByteBufAllocator allocator) {
        List<ByteBuf> hostages = new ArrayList<>();
        for (int byteSize = HUNGRY_BYTES; byteSize >= MODEST_BYTES; byteSize /= 16) {
            while (takeOne(allocator, byteSize, hostages)) {
                assertThat(hostages).hasSizeLessThan((int) (ALLOCATOR_BYTES / MODEST_BYTES));
            }
        }
        return hostages;
    }

    private static boolean takeOne(LeasedByteBufAllocator allocator, int byteSize, List<ByteBuf> hostages) {
        try {
            hostages.add(allocator.directBuffer(byteSize));
            return true;
        } catch (BufferMemoryError e) {
            return false;
        }
    }

    private static int echo(Socket socket, int sent) throws IOException {
        socket.getOutputStream().write(sent);
        return socket.getInputStream().read();
    }

    private static boolean isAtEnd(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException e) {
            return true; // reset, because the data that was sent was not read
        }
    }
}
