package io.leasehold.netty.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.leasehold.memory.JavaFaults;
import io.leasehold.window.FileTrust;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.stream.ChunkedInput;
import io.netty.util.ReferenceCounted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Opens file sources and drops their last holds, each while the JVM fails at another place.
///
/// **Threads.** Confined to one thread.
final class SourceFaultProgram implements Consumer<JavaFaults.Mode> {

    private static final int MAX_FRAMES = 320; // more than the last drop checks
    private static final int MAX_ALLOCATIONS = 60; // more than it makes
    private static final int BYTES = 100_000;
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    /// What has the last hold.
    private enum Holder {
        SOURCE,
        CHUNKS,
        BUFFER,
        REGION
    }

    @Override
    public void accept(JavaFaults.Mode mode) {
        try {
            run(mode);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void run(JavaFaults.Mode mode) throws IOException {
        Path folder = Files.createTempDirectory("source").toRealPath();
        Path path = FileFixture.zeroes(folder, 2 * BYTES);
        NioSocketChannel channel = new NioSocketChannel(); // sends regions
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter());
        ChannelHandlerContext context = channel.pipeline().firstContext();
        try (FileFixture fixture = new FileFixture(false)) {
            for (Holder holder : Holder.values()) {
                prepare(fixture, path, context, holder).run(); // what a process has done before
                int count = mode == JavaFaults.Mode.STACK ? MAX_FRAMES : MAX_ALLOCATIONS;
                for (int nth = 1; nth <= count; nth++) {
                    open(fixture, path, mode, nth);
                    drop(fixture, path, context, holder, mode, nth);
                }
            }
        } finally {
            channel.unsafe().closeForcibly();
            Files.delete(path);
            Files.delete(folder);
        }
    }

    private static void open(FileFixture fixture, Path path, JavaFaults.Mode mode, int nth) throws IOException {
        FileSource source = null;
        JavaFaults.arm(mode, nth);
        try {
            source = FileSource.open(fixture.cache, fixture.allocator, path, FileTrust.IMMUTABLE);
        } catch (StackOverflowError | OutOfMemoryError e) {
            // the caller has no source
        } finally {
            JavaFaults.disarm();
        }
        if (source != null) {
            source.close();
        }
        assertThat(openDescriptors(path)).as("after fault %d of an open", nth).isZero();
    }

    private static void drop(
            FileFixture fixture, Path path, ChannelHandlerContext context, Holder holder, JavaFaults.Mode mode, int nth)
            throws IOException {
        FileSource source = fixture.open(path, FileTrust.IMMUTABLE);
        Runnable release = release(source, context, holder);
        if (holder != Holder.SOURCE) {
            source.close();
        }
        boolean isUnchanged = false;
        JavaFaults.arm(mode, nth);
        try {
            release.run();
        } catch (StackOverflowError e) {
            isUnchanged = true; // not even the first calls fit
        } catch (OutOfMemoryError e) {
            // released even so
        } finally {
            JavaFaults.disarm();
        }
        if (isUnchanged) {
            release.run();
        }
        assertThat(fixture.allocator.metric().pinnedBuffers())
                .as("buffers in use")
                .isZero();
        fixture.open(path, FileTrust.IMMUTABLE).close(); // drops late
        assertThatIllegalStateException()
                .as("fault %d while %s drops the last hold", nth, holder)
                .isThrownBy(source::byteSize);
        assertThat(openDescriptors(path)).isZero();
    }

    private static Runnable prepare(FileFixture fixture, Path path, ChannelHandlerContext context, Holder holder) {
        FileSource source = fixture.open(path, FileTrust.IMMUTABLE);
        Runnable release = release(source, context, holder);
        return () -> {
            release.run();
            source.close();
        };
    }

    /// {@return drops a hold}
    private static Runnable release(FileSource source, ChannelHandlerContext context, Holder holder) {
        try {
            return switch (holder) {
                case SOURCE -> source::close;
                case CHUNKS -> closing(source.chunks(context, 0, BYTES));
                case BUFFER -> releasing(buffer(source, context));
                case REGION -> releasing((ReferenceCounted) source.content(context, 0, BYTES));
            };
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static ByteBuf buffer(FileSource source, ChannelHandlerContext context) throws Exception {
        ChunkedInput<ByteBuf> chunks = source.chunks(context, 0, BYTES);
        try {
            return Objects.requireNonNull(chunks.readChunk(UnpooledByteBufAllocator.DEFAULT));
        } finally {
            chunks.close();
        }
    }

    private static Runnable closing(ChunkedInput<ByteBuf> chunks) {
        return () -> {
            try {
                chunks.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        };
    }

    private static Runnable releasing(ReferenceCounted counted) {
        return () -> {
            boolean ignored = counted.refCnt() > 0 && counted.release();
        };
    }

    /// {@return number of descriptors of a file, if the system shows them}
    private static long openDescriptors(Path path) throws IOException {
        if (!Files.isDirectory(DESCRIPTORS)) {
            return 0;
        }
        try (Stream<Path> all = Files.list(DESCRIPTORS)) {
            return all.filter(descriptor -> isOf(descriptor, path)).count();
        }
    }

    private static boolean isOf(Path descriptor, Path path) {
        try {
            return Files.readSymbolicLink(descriptor).equals(path);
        } catch (IOException e) {
            return false; // closed meanwhile
        }
    }
}
