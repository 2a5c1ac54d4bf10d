package io.leasehold.netty.file;

import static io.leasehold.netty.file.FileFixture.CONTENT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.window.FileTrust;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Regions for sendfile: an interrupt of one thread ends neither its own transfer nor that of another region.
class SourceRegionTest {

    private static final int LONG = 200_000;
    private static final int CLIENTS = 50;

    @TempDir
    Path folder;

    private final FileFixture fixture = new FileFixture(true);
    private final ChannelHandlerContext socket = new NioSocketChannel()
            .pipeline()
            .addLast(new ChannelInboundHandlerAdapter())
            .lastContext();

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    /// Accepts all bytes, and interrupts the writing thread on request. An interrupt does not close it.
    private static final class Target implements WritableByteChannel {

        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
        private final boolean interrupts;

        Target(boolean interrupts) {
            this.interrupts = interrupts;
        }

        @Override
        public int write(ByteBuffer from) {
            byte[] bytes = new byte[from.remaining()];
            from.get(bytes);
            taken.writeBytes(bytes);
            if (interrupts) {
                Thread.currentThread().interrupt();
            }
            return bytes.length;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    private SourceRegion region(FileSource source) throws IOException {
        return (SourceRegion) source.content(socket, 7, LONG);
    }

    private static byte[] sendAll(SourceRegion region, boolean interrupts) throws IOException {
        Target target = new Target(interrupts);
        while (region.transferred() < region.count()) {
            assertThat(region.transferTo(target, region.transferred())).isPositive();
        }
        assertThat(region.transferTo(target, region.transferred())).isZero();
        return target.taken.toByteArray();
    }

    private static byte[] expected() {
        return Arrays.copyOfRange(CONTENT, 7, 7 + LONG);
    }

    @Test
    void interruptEndsNoTransfer() throws Exception {
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE)) {
            SourceRegion bystander = region(source);
            SourceRegion region = region(source);
            assertThat(sendAll(region, true)).isEqualTo(expected());
            assertThat(Thread.interrupted()).isTrue();
            region.release();
            assertThat(sendAll(bystander, false)).isEqualTo(expected());
            bystander.release();
            SourceRegion next = region(source);
            assertThat(sendAll(next, false)).isEqualTo(expected());
            next.release();
            FileFixture.awaitIdle(source);
        }
    }

    /// The JDK closes the socket of a transfer that is interrupted. The bytes of later transfers are copied.
    @Test
    void threadThatIsInterruptedAgainAndAgainCutsOffAtMostOneClient() throws Exception {
        List<Client> clients = new ArrayList<>();
        try (FileSource source = fixture.open(FileFixture.content(folder), FileTrust.IMMUTABLE);
                ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(Client.connect(server));
            }
            FutureTask<Integer> sender = new FutureTask<>(() -> {
                int cutOff = 0;
                for (Client client : clients) {
                    SourceRegion region = region(source);
                    cutOff += client.receives(region) ? 0 : 1;
                    region.release();
                }
                return cutOff;
            });
            Thread thread = Thread.ofPlatform().start(sender);
            while (!sender.isDone()) {
                thread.interrupt();
                Thread.yield();
            }
            assertThat(sender.get()).isLessThanOrEqualTo(1);
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
    }

    /// Both ends of a connection, in non-blocking mode.
    private record Client(SocketChannel near, SocketChannel far) implements AutoCloseable {

        static Client connect(ServerSocketChannel server) throws IOException {
            SocketChannel near = SocketChannel.open(server.getLocalAddress());
            SocketChannel far = server.accept();
            near.configureBlocking(false);
            far.configureBlocking(false);
            return new Client(near, far);
        }

        /// {@return false if the connection was closed meanwhile}
        boolean receives(SourceRegion region) throws IOException {
            ByteBuffer received = ByteBuffer.allocate(LONG);
            try {
                while (received.hasRemaining()) {
                    if (region.transferred() < region.count()) {
                        region.transferTo(near, region.transferred());
                    }
                    far.read(received);
                }
            } catch (ClosedChannelException e) {
                return false;
            }
            assertThat(received.array()).isEqualTo(expected());
            return true;
        }

        @Override
        public void close() throws IOException {
            near.close();
            far.close();
        }
    }

    @Test
    void fileThatLostItsNameIsSentWhereTheSystemFindsIt() throws Exception {
        Path path = FileFixture.content(folder);
        try (FileSource source = fixture.open(path, FileTrust.IMMUTABLE)) {
            SourceRegion region = region(source);
            Files.delete(path);
            assertThat(sendAll(region, false)).isEqualTo(expected());
            region.release();
        }
    }

    @Test
    void truncatedFileEndsTheTransferAlsoAfterAnInterrupt() throws Exception {
        Path path = FileFixture.content(folder);
        try (FileSource source = fixture.open(path, FileTrust.FOREIGN)) {
            SourceRegion region = region(source);
            region.transferTo(new Target(true), 0);
            assertThat(Thread.interrupted()).isTrue();
            FileFixture.resize(path, 7);
            assertThatThrownBy(() -> sendAll(region, false)).isInstanceOf(IOException.class);
            region.release();
        }
    }
}
