package io.leasehold.netty.file;

import static io.leasehold.netty.file.FileFixture.CONTENT;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.TestMemory;
import io.leasehold.window.AccessAdvice;
import io.leasehold.window.FileTrust;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.Window;
import io.leasehold.window.WindowFlag;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.IllegalReferenceCountException;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.Pipe;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A window as a buffer: its bytes, read-only access, and its close by the last release.
class WindowBuffersTest {

    private static final int FROM = 5_000;
    private static final int BYTES = 40_000;

    @TempDir
    Path folder;

    private final FileFixture fixture = new FileFixture(true);
    private MappedFile file;
    private Path path;

    @BeforeEach
    void open() throws IOException {
        path = FileFixture.content(folder);
        file = fixture.cache.open(path, MappedFileOptions.defaults().withTrust(FileTrust.IMMUTABLE));
    }

    @AfterEach
    void close() throws IOException {
        file.close();
        fixture.close();
    }

    private Window window() throws IOException {
        return requireNonNull(fixture.cache.alloc(file, FROM, BYTES, AccessAdvice.NORMAL, WindowFlag.READ));
    }

    private static byte[] content() {
        return Arrays.copyOfRange(CONTENT, FROM, FROM + BYTES);
    }

    @ParameterizedTest
    @EnumSource(
            value = Level.class,
            names = {"DISABLED", "PARANOID"})
    void bytesAreTheFilesAndTheLastReleaseUnpins(Level level) throws IOException {
        Level before = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(level);
        try {
            Window window = window();
            ByteBuf buf = WindowBuffers.wrap(fixture.allocator, window);
            assertThat(ByteBufUtil.getBytes(buf)).isEqualTo(content());
            assertThat(buf.memoryAddress()).isEqualTo(window.address());
            assertThat(buf.isDirect() && !buf.hasArray()).isTrue();
            assertThat(buf.alloc()).isSameAs(fixture.allocator);
            ByteBuf part = buf.retainedSlice(100, 50);
            assertThat(buf.release()).isFalse();
            assertThat(part.getByte(3)).isEqualTo(CONTENT[FROM + 103]);
            if (FileFixture.canMap()) { // a private copy holds nothing
                assertThatThrownBy(file::close)
                        .as("the window is out")
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("windows are outstanding");
            }
            assertThat(part.release()).isTrue();
            assertThatThrownBy(window::address).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(buf::release).isInstanceOf(IllegalReferenceCountException.class);
            assertThatThrownBy(() -> buf.getByte(0)).isInstanceOf(IllegalReferenceCountException.class);
        } finally {
            ResourceLeakDetector.setLevel(before);
        }
    }

    @Test
    void nothingWrites() throws IOException {
        ByteBuf buf = WindowBuffers.wrap(fixture.allocator, window());
        assertThat(buf.isReadOnly()).isTrue();
        assertThat(buf.isWritable()).isFalse();
        assertThatThrownBy(() -> buf.setByte(0, 1)).isInstanceOf(ReadOnlyBufferException.class);
        assertThatThrownBy(() -> buf.setIndex(0, 0).writeLong(1)).isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> buf.capacity(10)).isInstanceOf(ReadOnlyBufferException.class);
        assertThatThrownBy(() -> buf.slice(0, 9).setLong(0, 1)).isInstanceOf(ReadOnlyBufferException.class);
        for (ByteBuffer view :
                new ByteBuffer[] {buf.nioBuffer(0, 10), buf.internalNioBuffer(0, 10), buf.nioBuffers(0, 10)[0]}) {
            assertThat(view.isDirect() && view.isReadOnly()).isTrue();
            assertThat(view.get(9)).isEqualTo(CONTENT[FROM + 9]);
        }
        buf.release();
    }

    @Test
    void copyIsAnOrdinaryBuffer() throws IOException {
        ByteBuf buf = WindowBuffers.wrap(fixture.allocator, window());
        ByteBuf copy = buf.copy();
        buf.release();
        assertThat(copy.isReadOnly()).isFalse();
        assertThat(copy.setByte(0, 1).getByte(1)).isEqualTo(CONTENT[FROM + 1]);
        copy.release();
    }

    @Test
    void windowForWritingIsRefusedAndStaysTheCallers() throws IOException {
        Path other = folder.resolve("owned");
        try (MappedFile owned = fixture.cache.open(other, MappedFileOptions.owned())) {
            Window window = requireNonNull(fixture.cache.alloc(owned, 0, 100, AccessAdvice.NORMAL, WindowFlag.WRITE));
            assertThatThrownBy(() -> WindowBuffers.wrap(fixture.allocator, window))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("owned");
            window.close();
            assertThatThrownBy(() -> WindowBuffers.wrap(fixture.allocator, window))
                    .isInstanceOf(RuntimeException.class);
        }
        Window released = window();
        released.close();
        assertThatThrownBy(() -> WindowBuffers.wrap(fixture.allocator, released))
                .isInstanceOf(IllegalStateException.class);
    }

    /// Checks what the comment of [WindowBuffers] says about a broken promise.
    @Test
    void truncatedFileIsAnErrorOfTheSystemCallAndOfTheJvmAndNoCrash() throws IOException {
        TestMemory.require(FileFixture.canMap(), "a private copy cannot be truncated");
        ByteBuf buf = WindowBuffers.wrap(fixture.allocator, window());
        FileFixture.resize(path, 100);
        Pipe pipe = Pipe.open();
        try (Pipe.SinkChannel sink = pipe.sink()) {
            assertThatThrownBy(() -> sink.write(buf.nioBuffer()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Bad address");
        } finally {
            pipe.source().close();
        }
        byte[] to = new byte[BYTES];
        assertThatThrownBy(() -> {
                    buf.getBytes(0, to);
                    buf.getByte(0); // compiled code throws the error here at the latest
                })
                .isInstanceOf(InternalError.class);
        buf.release();
    }
}
