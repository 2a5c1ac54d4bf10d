package io.leasehold.bench.jmh;

import io.leasehold.bench.subject.UnnamedFile;
import io.leasehold.window.AccessAdvice;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.Uio;
import io.leasehold.window.WindowCacheOptions;
import io.leasehold.window.WindowFlag;
import io.leasehold.window.WindowTier;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/// How long does one copy of 64 KiB from a file take at the 99.99 percentile, while another thread works on a file of
/// 64 KiB? A thousand times a second, that thread opens, writes, reads, truncates, purges and closes the file.
///
/// Baselines, for the other thread: it only uses pread(2), so that nothing is mapped or unmapped (Unmapped), or it uses
/// a mapping of the JDK in a shared arena that it closes (JdkShared). The parked threads exist because closing a shared
/// arena stops every thread.
@Question(
        group = "window",
        title = "Latency while files are opened and closed",
        sentence = "How long does a copy of 64 KiB take at the 99.99 percentile, while another thread"
                + " opens, writes, reads, truncates and closes a thousand files a second?")
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class WindowPauseBenchmark {

    private static final int PIECE_BYTES = 64 << 10;
    private static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /// Number of parked threads.
    @Param({"0", "1000"})
    public int parked;

    private final MemorySegment to = Arena.ofAuto().allocate(PIECE_BYTES, Long.BYTES);
    private final MemorySegment other = Arena.ofAuto().allocate(PIECE_BYTES, Long.BYTES);
    private final ByteBuffer otherBuffer = other.asByteBuffer();
    private final Places places = new Places(WindowFile.BYTES / PIECE_BYTES, PIECE_BYTES);
    private final CountDownLatch end = new CountDownLatch(1);
    private final List<Thread> threads = new ArrayList<>();
    private OpenWindows windows;
    private UnnamedFile small;
    private volatile boolean stopped;
    private volatile @Nullable Exception failure;

    /// The work of the other thread on a file.
    private interface Turn {
        void run() throws IOException;
    }

    /// Starts the other threads.
    ///
    /// @throws IOException if a file cannot be opened
    @Setup(Level.Trial)
    public void open(WindowFile file, BenchmarkParams params) throws IOException {
        windows = OpenWindows.open(WindowCacheOptions.defaults(), file.path(), WindowTier.DIRECT);
        windows.warm(WindowFile.BYTES);
        small = UnnamedFile.create();
        String method = params.getBenchmark();
        Turn turn = method.endsWith("Unmapped")
                ? this::turnUnmapped
                : method.endsWith("JdkShared") ? this::turnJdkShared : this::turn;
        threads.add(Thread.ofPlatform().start(() -> turnAgainAndAgain(turn)));
        for (int i = 0; i < parked; i++) {
            threads.add(Thread.ofPlatform().start(this::park));
        }
    }

    /// Ends the other threads.
    ///
    /// @throws Exception if the other thread failed
    @TearDown(Level.Trial)
    public void close() throws Exception {
        stopped = true;
        end.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        windows.close();
        small.close();
        Exception thrown = failure;
        if (thrown != null) {
            throw thrown;
        }
    }

    /// {@return the number of bytes copied while files are opened and closed in the cache}
    @Benchmark
    @Case("")
    public long work(WindowFile file) throws IOException {
        return windows.read(places.next(), to);
    }

    /// {@return the number of bytes copied while files are opened and closed without mappings}
    @Benchmark
    @Case(value = "nothing mapped", baselineOf = "work")
    public long workUnmapped(WindowFile file) throws IOException {
        return windows.read(places.next(), to);
    }

    /// {@return the number of bytes copied while files are opened, mapped by the JDK and closed}
    @Benchmark
    @Case(value = "Arena.ofShared", baselineOf = "work")
    public long workJdkShared(WindowFile file) throws IOException {
        return windows.read(places.next(), to);
    }

    private void turn() throws IOException {
        MappedFileOptions options = MappedFileOptions.owned().withTier(WindowTier.DIRECT);
        try (MappedFile file = windows.cache().open(small.path(), options)) {
            windows.cache().uiomove(file, Uio.writing(0, other), AccessAdvice.NORMAL, WindowFlag.WRITE);
            windows.cache().read(file, 0, other);
            file.truncate(0);
            windows.cache().purge(file);
        }
    }

    private void turnUnmapped() throws IOException {
        try (FileChannel channel = openSmall()) {
            channel.write(otherBuffer.clear(), 0);
            channel.read(otherBuffer.clear(), 0);
            channel.truncate(0);
        }
    }

    private void turnJdkShared() throws IOException {
        try (FileChannel channel = openSmall()) {
            channel.write(otherBuffer.clear(), 0);
            try (Arena arena = Arena.ofShared()) {
                other.copyFrom(channel.map(FileChannel.MapMode.READ_ONLY, 0, PIECE_BYTES, arena));
            }
            channel.truncate(0);
        }
    }

    private FileChannel openSmall() throws IOException {
        return FileChannel.open(small.path(), StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private void turnAgainAndAgain(Turn turn) {
        long next = System.nanoTime();
        while (!stopped) {
            try {
                turn.run();
            } catch (IOException | RuntimeException e) {
                failure = e;
                return;
            }
            next = Math.max(next + PERIOD_NANOS, System.nanoTime());
            LockSupport.parkNanos(next - System.nanoTime());
        }
    }

    private void park() {
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
