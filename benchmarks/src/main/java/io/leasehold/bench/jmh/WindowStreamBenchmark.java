package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.Allocators;
import io.leasehold.window.AccessAdvice;
import io.leasehold.window.Uio;
import io.leasehold.window.WindowCacheOptions;
import io.leasehold.window.WindowFlag;
import io.leasehold.window.WindowTier;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.stream.ChunkedNioFile;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What does it cost to read the next chunk of a file into a buffer, as a server does that frames or encrypts files?
///
/// The baseline is Netty's `ChunkedNioFile`. Both sides use buffers of Leasehold, so that only the files differ.
@Question(
        group = "window",
        title = "The next chunk of a file",
        sentence = "What does it cost to read the next chunk of a file into a buffer? Both sides use"
                + " buffers of Leasehold.",
        threads = ThreadKind.EVENT_LOOP)
@State(Scope.Benchmark)
public class WindowStreamBenchmark extends TimedBenchmark {

    /// Bytes of a chunk.
    @Param({"8192", "65536"})
    public int chunkByteSize;

    private ByteBufAllocator allocator;
    private OpenWindows windows;
    private @Nullable ChunkedNioFile chunks;
    private long next;

    /// Opens the cache and the allocator.
    ///
    /// @throws IOException if the file cannot be opened
    @Setup(Level.Trial)
    public void open(WindowFile file) throws IOException {
        allocator = Allocators.open(Allocators.LEASED, "disabled");
        windows = OpenWindows.open(WindowCacheOptions.defaults(), file.path(), WindowTier.AUTO);
        windows.warm(WindowFile.BYTES);
    }

    /// Closes the cache and the allocator.
    ///
    /// @throws IOException if that fails
    @TearDown(Level.Trial)
    public void close() throws IOException {
        windows.close();
        Allocators.close(allocator);
    }

    /// {@return the number of bytes of the next chunk, which is read into a buffer}
    @Benchmark
    @Case("")
    public int chunk(WindowFile file) throws IOException {
        ByteBuf buffer = allocator.directBuffer(chunkByteSize, chunkByteSize);
        Uio uio = Uio.reading(next, buffer.internalNioBuffer(0, chunkByteSize));
        windows.cache().uiomove(windows.file(), uio, AccessAdvice.SEQUENTIAL, WindowFlag.READ);
        buffer.writerIndex((int) uio.moved());
        next = next + chunkByteSize & WindowFile.BYTES - 1;
        return end(buffer);
    }

    /// {@return the number of bytes of the next chunk, which is read into a buffer}
    @Benchmark
    @Case(value = "Netty ChunkedNioFile", baselineOf = "chunk")
    public int chunkChunkedNioFile(WindowFile file, WindowBaselines theirs) throws Exception {
        ChunkedNioFile input = chunks;
        if (input == null || input.isEndOfInput()) {
            input = new ChunkedNioFile(theirs.channel, 0, WindowFile.BYTES, chunkByteSize);
            chunks = input;
        }
        return end(Objects.requireNonNull(input.readChunk(allocator)));
    }

    private static int end(ByteBuf buffer) {
        int bytes = buffer.readableBytes();
        buffer.release();
        return bytes;
    }
}
