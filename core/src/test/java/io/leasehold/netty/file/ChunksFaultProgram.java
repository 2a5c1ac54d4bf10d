package io.leasehold.netty.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.JavaFaults;
import io.leasehold.window.FileTrust;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.stream.ChunkedInput;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/// Makes chunks of a file source while the Java heap is full.
///
/// **Threads.** Confined to one thread.
final class ChunksFaultProgram implements Consumer<JavaFaults.Mode> {

    private static final int MAX_ALLOCATIONS = 12; // more than one call makes
    private static final int BYTES = 100_000;

    @Override
    public void accept(JavaFaults.Mode mode) {
        try {
            run(mode);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static void run(JavaFaults.Mode mode) throws Exception {
        Path folder = Files.createTempDirectory("chunks");
        Path path = FileFixture.zeroes(folder, 2 * BYTES);
        EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
        ChannelHandlerContext context = channel.pipeline().firstContext();
        try (FileFixture fixture = new FileFixture(false);
                FileSource source = fixture.open(path, FileTrust.IMMUTABLE)) {
            source.chunks(context, 0, BYTES).close();
            for (int nth = 1; nth <= MAX_ALLOCATIONS; nth++) {
                ChunkedInput<ByteBuf> chunks = null;
                JavaFaults.arm(mode, nth);
                try {
                    chunks = source.chunks(context, 0, BYTES);
                } catch (OutOfMemoryError e) {
                    // no chunks were made
                } finally {
                    JavaFaults.disarm();
                }
                if (chunks != null) {
                    chunks.close();
                }
                assertThat(source.toString()).as("fault %d", nth).contains("holds=1");
            }
        } finally {
            channel.finish();
            Files.delete(path);
            Files.delete(folder);
        }
    }
}
