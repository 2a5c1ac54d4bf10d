package io.leasehold.bench.jmh;

import io.leasehold.os.FaultPoll;
import io.leasehold.window.AccessAdvice;
import io.leasehold.window.Window;
import io.leasehold.window.WindowCacheOptions;
import io.leasehold.window.WindowFlag;
import io.leasehold.window.WindowTier;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.util.Objects;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/// What does a window add to a bare copy of 64 B that are in the processor's cache? And what does it cost to acquire
/// and release a window? Both for one thread alone and for two threads together.
///
/// Baselines: the same copy from a mapping of the whole file, bare (Raw) and with the poll that reports a page fault as
/// an exception (Polled); for acquiring a window, a mapping of 64 KiB in a shared arena, closed again.
@Question(
        group = "window",
        title = "The overhead of a window",
        sentence = "What does a window add to a bare copy of 64 B from the processor's cache, alone and"
                + " with a second thread? And what does it cost to acquire and release a window?")
@State(Scope.Benchmark)
public class WindowHotBenchmark extends TimedBenchmark {

    private static final int PIECE_BYTES = 64;
    private static final int LOAN_BYTES = 64 << 10;
    private static final long WINDOW_BYTES = 2L << 20;
    private static final int WINDOWS = 16;

    private OpenWindows windows;
    private OpenWindows immutable;

    /// Opens the file twice: as `FOREIGN` for copies, and as `IMMUTABLE` for windows.
    ///
    /// @throws IOException if it cannot be opened
    @Setup(Level.Trial)
    public void open(WindowFile file) throws IOException {
        WindowCacheOptions options = WindowCacheOptions.defaults();
        windows = OpenWindows.open(options, file.path(), WindowTier.RECYCLED);
        windows.warm(WINDOWS * WINDOW_BYTES);
        immutable = OpenWindows.openImmutable(options, file.path());
    }

    /// Closes both files.
    ///
    /// @throws IOException if closing fails
    @TearDown(Level.Trial)
    public void close() throws IOException {
        windows.close();
        immutable.close();
    }

    /// The state of a thread.
    @State(Scope.Thread)
    public static class Reader {
        private final MemorySegment to = Arena.ofAuto().allocate(PIECE_BYTES, Long.BYTES);
        private final Places places = new Places(WINDOWS, WINDOW_BYTES);
    }

    /// {@return the number of bytes copied from one of 16 windows}
    @Benchmark
    @Threads(1)
    @Case("a copy, alone")
    public long alone(Reader reader) throws IOException {
        return windows.read(reader.places.next(), reader.to);
    }

    /// {@return the target of the same copy from a mapping}
    @Benchmark
    @Threads(1)
    @Case(value = "bare copy", baselineOf = "alone")
    public MemorySegment aloneRaw(Reader reader, WindowBaselines theirs) {
        return copy(reader, theirs);
    }

    /// {@return the target of the same copy from a mapping, after the poll for a page fault}
    @Benchmark
    @Threads(1)
    @Case(value = "bare copy and a poll", baselineOf = "alone")
    public MemorySegment alonePolled(Reader reader, WindowBaselines theirs) {
        MemorySegment copied = copy(reader, theirs);
        FaultPoll.poll();
        return copied;
    }

    /// {@return the number of bytes copied from one of 16 windows, while another thread does the same}
    @Benchmark
    @Threads(2)
    @Case("a copy, two threads")
    public long together(Reader reader) throws IOException {
        return windows.read(reader.places.next(), reader.to);
    }

    /// {@return the target of the same copy from a mapping}
    @Benchmark
    @Threads(2)
    @Case(value = "bare copy", baselineOf = "together")
    public MemorySegment togetherRaw(Reader reader, WindowBaselines theirs) {
        return copy(reader, theirs);
    }

    /// {@return the target of the same copy from a mapping, after the poll for a page fault}
    @Benchmark
    @Threads(2)
    @Case(value = "bare copy and a poll", baselineOf = "together")
    public MemorySegment togetherPolled(Reader reader, WindowBaselines theirs) {
        MemorySegment copied = copy(reader, theirs);
        FaultPoll.poll();
        return copied;
    }

    /// {@return the address of a window, acquired and released}
    @Benchmark
    @Threads(1)
    @Case("a window acquired, alone")
    public long lendAlone() throws IOException {
        return acquire();
    }

    /// {@return the address of a mapping, closed}
    @Benchmark
    @Threads(1)
    @Case(value = "mapping in Arena.ofShared", baselineOf = "lendAlone")
    public long lendAloneJdkShared(WindowBaselines theirs) throws IOException {
        try (Arena arena = Arena.ofShared()) {
            return theirs.channel
                    .map(FileChannel.MapMode.READ_ONLY, 0, LOAN_BYTES, arena)
                    .address();
        }
    }

    /// {@return the address of a window, acquired and released while another thread uses the same window}
    @Benchmark
    @Threads(2)
    @Case("a window acquired, two threads")
    public long lendTogether() throws IOException {
        return acquire();
    }

    private static MemorySegment copy(Reader reader, WindowBaselines theirs) {
        MemorySegment.copy(theirs.mapping, reader.places.next(), reader.to, 0, PIECE_BYTES);
        return reader.to;
    }

    private long acquire() throws IOException {
        Window window = Objects.requireNonNull(
                immutable.cache().alloc(immutable.file(), 0, LOAN_BYTES, AccessAdvice.NORMAL, WindowFlag.READ));
        long address = window.address();
        window.close();
        return address;
    }
}
