package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.leasehold.bench.scenario.growth.measure.Worker;
import io.leasehold.bench.subject.UnnamedFile;
import io.leasehold.window.MappedFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Random;

/// Closes a small file whose cache has `n` windows of other files.
final class FileClose {

    private static final int FILE_BYTES = 8 << 10;
    private static final int LOANS = 16;

    private FileClose() {}

    static Point run(Load load) throws Exception {
        try (RecycledWindows windows = new RecycledWindows(load.count());
                UnnamedFile small = UnnamedFile.create()) {
            try (FileChannel channel = FileChannel.open(small.path(), StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.allocate(FILE_BYTES));
            }
            Random random = new Random(1);
            Stopwatch.Work loans = watch -> {
                for (int i = 0; i < LOANS; i++) {
                    windows.acquireAtRandom(random);
                    watch.lap();
                }
            };
            try (Worker other = new Worker(loans)) {
                Load.onLoop(() -> openAndClose(windows, small, load.nanos()));
                Stopwatch[] watch = new Stopwatch[1];
                Stopwatch disturbed =
                        other.during(() -> watch[0] = Load.onLoop(() -> openAndClose(windows, small, load.nanos())));
                return load.point(
                        watch[0].nanosPerLap() / 1e3,
                        disturbed.worstNanos(),
                        Map.of("worst close, ms", watch[0].worstNanos() / 1e6));
            }
        }
    }

    private static Stopwatch openAndClose(RecycledWindows windows, UnnamedFile small, long nanos) throws Exception {
        Stopwatch watch = new Stopwatch();
        long end = System.nanoTime() + nanos;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment to = arena.allocate(RecycledWindows.WINDOW_BYTES);
            do {
                MappedFile file = windows.open(small);
                windows.cache().read(file, 0, to);
                windows.cache().read(file, 0, to);
                watch.start();
                file.close();
                watch.lap();
                watch.stop();
            } while (System.nanoTime() < end);
        }
        return watch;
    }
}
