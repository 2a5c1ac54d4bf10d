package io.leasehold.bench.jmh;

import io.leasehold.window.WindowCacheOptions;
import io.leasehold.window.WindowTier;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/// What does it cost to copy bytes from a random place of a file that is in the page cache and, where a mapping is
/// used, already mapped?
///
/// Leasehold makes the guarded copy of a file that any process may truncate. Baselines: a positional read of a
/// `FileChannel` into one direct buffer; pread(2) through FFM; one mapping of the whole file; Lucene's `MMapDirectory`,
/// into an array, because it can only read into arrays. The last two cannot handle a file that is truncated.
@Question(
        group = "window",
        title = "A copy out of a mapped file",
        sentence = "What does it cost to copy bytes from a random place of a file of 512 MiB in the page"
                + " cache? The size of the writes that made the file decides the size of its pages in"
                + " the cache: where the file system has large folios, writes of 4 MiB give folios of 2"
                + " MiB. In the tier auto the cache chooses the tier; for a file of this size it"
                + " chooses direct.")
public class WindowBenchmark extends TimedBenchmark {

    /// Bytes of a copy.
    @Param({"64", "4096", "65536"})
    public int byteSize;

    private final CLibrary library = new CLibrary();
    private MemorySegment to;
    private ByteBuffer buffer;
    private byte[] array;
    private Places places;

    /// Allocates memory for a copy.
    @Setup(Level.Trial)
    public void make() {
        to = Arena.ofAuto().allocate(byteSize, Long.BYTES);
        buffer = to.asByteBuffer();
        array = new byte[byteSize];
        places = new Places(WindowFile.BYTES / byteSize, byteSize);
    }

    /// The file in a cache, completely mapped.
    @State(Scope.Benchmark)
    public static class Windows {

        /// Tier of the file. With AUTO the cache chooses, and it chooses DIRECT for a file of this size.
        @Param({"DIRECT", "RECYCLED", "AUTO"})
        public WindowTier tier;

        private OpenWindows windows;

        /// Opens the cache.
        ///
        /// @throws IOException if the file cannot be opened
        @Setup(Level.Trial)
        public void open(WindowFile file) throws IOException {
            windows = OpenWindows.open(WindowCacheOptions.defaults(), file.path(), tier);
            windows.warm(WindowFile.BYTES);
        }

        /// Closes the cache.
        ///
        /// @throws IOException if that fails
        @TearDown(Level.Trial)
        public void close() throws IOException {
            windows.close();
        }
    }

    /// {@return the number of bytes copied}
    @Benchmark
    @Case("")
    public long hit(WindowFile file, Windows ours) throws IOException {
        return ours.windows.read(places.next(), to);
    }

    /// {@return the number of bytes copied}
    @Benchmark
    @Case(value = "FileChannel.read", baselineOf = "hit")
    public int hitFileChannel(WindowFile file, WindowBaselines theirs) throws IOException {
        return theirs.channel.read(buffer.clear(), places.next());
    }

    /// {@return the number of bytes copied}
    @Benchmark
    @Case(value = "pread", baselineOf = "hit")
    public long hitPread(WindowFile file) {
        return library.pread(file.descriptor(), to, places.next());
    }

    /// {@return the target of the copy}
    @Benchmark
    @Case(value = "whole-file mapping", baselineOf = "hit")
    public MemorySegment hitMapping(WindowFile file, WindowBaselines theirs) {
        MemorySegment.copy(theirs.mapping, places.next(), to, 0, byteSize);
        return to;
    }

    /// {@return the target of the copy}
    @Benchmark
    @Case(value = "Lucene MMapDirectory", baselineOf = "hit")
    public byte[] hitLucene(WindowFile file, WindowBaselines theirs) throws IOException {
        theirs.lucene.readBytes(places.next(), array, 0, byteSize);
        return array;
    }
}
