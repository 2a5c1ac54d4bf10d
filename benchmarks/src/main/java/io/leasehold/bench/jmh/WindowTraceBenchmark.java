package io.leasehold.bench.jmh;

import io.leasehold.window.WindowCacheOptions;
import io.leasehold.window.WindowTier;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/// What does it cost to read 4 KiB of a file if a quarter of the file fits the windows and the cache chooses what to
/// map? The access patterns are friendly or hostile.
///
/// The baseline is pread(2) through FFM. The cache must never be much slower.
@Question(
        group = "window",
        title = "Reading with friendly and hostile access patterns",
        sentence = "What does it cost to read 4 KiB of a file if a quarter of the file fits the windows"
                + " and the cache chooses what to map? In hot 900, nine of ten reads go to parts that"
                + " fill half of the windows.")
@State(Scope.Benchmark)
public class WindowTraceBenchmark extends TimedBenchmark {

    private static final int PIECE_BYTES = 4096;
    private static final long WINDOW_BYTES = 2L << 20;
    private static final int PARTS = (int) (WindowFile.BYTES / WINDOW_BYTES);
    private static final int WINDOWS = PARTS / 4;
    private static final int HOT_PARTS = WINDOWS / 2;
    private static final int PIECES = (int) (WINDOW_BYTES / PIECE_BYTES);
    private static final int THOUSAND = 1000;

    /// The order in which the file is read. The first values name how many of a thousand reads go to parts that fill
    /// half of the windows. The other reads are distributed evenly over all other parts.
    public enum Trace {
        /// No read goes to the hot parts.
        HOT_0(0),
        /// Half of the reads.
        HOT_500(500),
        /// Nine of ten reads.
        HOT_900(900),
        /// All but one of a hundred reads.
        HOT_990(990),
        /// All reads.
        HOT_1000(1000),
        /// Each piece of the file once, from start to end.
        SCAN(-1),
        /// One piece of each part in turn: a part is recycled just before it is read again.
        LOOP(-1),
        /// Two pieces of each part in turn: a part that has just been admitted is not used again.
        TWICE(-1),
        /// A piece of any part, chosen at random.
        UNIFORM(-1),
        /// One piece of each part, forwards and backwards.
        SAWTOOTH(-1);

        private final int hot;

        Trace(int hot) {
            this.hot = hot;
        }
    }

    /// The order of the reads.
    @Param
    public Trace trace;

    private final CLibrary library = new CLibrary();
    private final MemorySegment to = Arena.ofAuto().allocate(PIECE_BYTES, Long.BYTES);
    private final Places places = new Places(PIECES, PIECE_BYTES);
    private OpenWindows windows;
    private long step;

    /// Opens the cache.
    ///
    /// @throws IOException if the file cannot be opened
    @Setup(Level.Trial)
    public void open(WindowFile file) throws IOException {
        WindowCacheOptions options = WindowCacheOptions.builder()
                .directByteSize(0)
                .windows(WINDOWS, WINDOW_BYTES)
                .build();
        windows = OpenWindows.open(options, file.path(), WindowTier.AUTO);
        windows.warm(HOT_PARTS * WINDOW_BYTES);
    }

    /// Closes the cache, and prints how many reads found a window.
    ///
    /// @throws IOException if closing fails
    @TearDown(Level.Trial)
    public void close(BenchmarkParams params) throws IOException {
        if (!params.getBenchmark().endsWith("Pread")) {
            System.out.println("# " + trace + ": " + windows.cache().stats());
        }
        windows.close();
    }

    /// {@return the number of bytes copied}
    @Benchmark
    @Case("")
    public long step(WindowFile file) throws IOException {
        return windows.read(next(), to);
    }

    /// {@return the number of bytes copied}
    @Benchmark
    @Case(value = "pread", baselineOf = "step")
    public long stepPread(WindowFile file) {
        return library.pread(file.descriptor(), to, next());
    }

    private long next() {
        long now = step++;
        return switch (trace) {
            case HOT_0, HOT_500, HOT_900, HOT_990, HOT_1000 -> piece(hotOrCold());
            case SCAN -> now * PIECE_BYTES & WindowFile.BYTES - 1;
            case LOOP -> piece(now & PARTS - 1);
            case TWICE -> piece(now >>> 1 & PARTS - 1);
            case UNIFORM -> piece(places.random() >>> 32 & PARTS - 1);
            case SAWTOOTH -> piece((now & PARTS) == 0 ? now & PARTS - 1 : PARTS - 1 - (now & PARTS - 1));
        };
    }

    private long hotOrCold() {
        long random = places.random() >>> 16;
        return random % THOUSAND < trace.hot
                ? (random >>> 20) % HOT_PARTS
                : HOT_PARTS + (random >>> 20) % (PARTS - HOT_PARTS);
    }

    private long piece(long part) {
        return part * WINDOW_BYTES + places.next();
    }
}
