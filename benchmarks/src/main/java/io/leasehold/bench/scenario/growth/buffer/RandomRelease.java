package io.leasehold.bench.scenario.growth.buffer;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.FigureNames;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.ProcessorTime;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Releases a burst of `n` buffers in random order, all of them or all but a few.
///
/// @param byteSize of a buffer
/// @param keptPercent percentage of the buffers that stay in use until the next burst
record RandomRelease(int byteSize, int keptPercent) implements GrowthQuestion {

    private static final long FIRST_BYTES = 8L << 20;
    private static final int KIB = 1 << 10;

    @Override
    public GrowthTopic topic() {
        String kept = keptPercent == 0 ? "none kept" : keptPercent + " % kept";
        return GrowthTopic.of(
                "release-" + byteSize + (keptPercent == 0 ? "" : "-kept"),
                "Random release of a burst, " + (byteSize < KIB ? byteSize + " B" : byteSize / KIB + " KiB") + ", "
                        + kept,
                "buffers in the burst",
                "ns/release",
                "N buffers are allocated and written, then released in random order on the same event loop. The"
                        + " cost includes the processor time of the maintenance thread, from the first burst until"
                        + " shortly after the last.");
    }

    @Override
    public GrowthRange range() {
        return new GrowthRange(FIRST_BYTES / byteSize, 6, 4);
    }

    @Override
    public List<String> allocators() {
        return BOTH;
    }

    @Override
    public long touchedBytes(long n) {
        return n * byteSize;
    }

    @Override
    public Point run(Load load) throws Exception {
        return load.openOnLoop(allocator -> new Bursts(allocator, load, byteSize, keptPercent).measure());
    }

    /// Runs bursts, one after the other.
    private static final class Bursts {
        private final ByteBufAllocator allocator;
        private final Load load;
        private final int byteSize;
        private final ByteBuf[] buffers;
        private final int kept;
        private final Random random = new Random(1);
        private boolean isFirst = true;

        Bursts(ByteBufAllocator allocator, Load load, int byteSize, int keptPercent) {
            this.allocator = allocator;
            this.load = load;
            this.byteSize = byteSize;
            buffers = new ByteBuf[load.count()];
            kept = (int) (load.n() * keptPercent / 100);
        }

        Point measure() throws InterruptedException {
            burstsUntil(new Stopwatch());
            Stopwatch watch = new Stopwatch();
            long before = ProcessorTime.ofMaintenance();
            burstsUntil(watch);
            load.pause(1);
            long maintenance = ProcessorTime.ofMaintenance() - before;
            BufferArrays.release(buffers, 0, kept);

            double share = (double) maintenance / watch.laps();
            return load.point(
                    watch.nanosPerLap() + share,
                    watch.worstNanos(),
                    load.allocator().equals(LEASED) ? Map.of(FigureNames.MAINTENANCE, share) : Map.of());
        }

        private void burstsUntil(Stopwatch watch) {
            long end = System.nanoTime() + load.nanos();
            do {
                burst(watch);
            } while (System.nanoTime() < end);
        }

        private void burst(Stopwatch watch) {
            if (!isFirst) {
                BufferArrays.release(buffers, 0, kept);
            }
            isFirst = false;
            BufferArrays.fill(allocator, buffers, byteSize);
            BufferArrays.shuffle(buffers, random);
            watch.start();
            for (int i = kept; i < buffers.length; i++) {
                buffers[i].release();
                watch.lap();
            }
            watch.stop();
        }
    }
}
