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
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Regions for sendfile: an interrupt of one thread ends neither its own transfer nor that of another region.
class SourceRegionTest {

    private static final int LONG = 200_000;

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
