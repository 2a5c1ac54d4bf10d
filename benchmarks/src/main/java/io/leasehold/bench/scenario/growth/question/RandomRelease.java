package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.process.ProcessorTime;
import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Arrays;
import java.util.Collections;
import java.util.Random;

/// Releases a burst of `n` buffers in random order, all of them or all but a few. Bursts follow one another.
final class RandomRelease {

    private static final long FIRST_BYTES = 8L << 20;

    private final ByteBufAllocator allocator;
    private final Load load;
    private final int byteSize;
    private final ByteBuf[] buffers;
    private final int kept;
    private final Random random = new Random(1);
    private boolean isFirst = true;

    private RandomRelease(ByteBufAllocator allocator, Load load, int byteSize, int keptPercent) {
        this.allocator = allocator;
        this.load = load;
        this.byteSize = byteSize;
        buffers = new ByteBuf[load.count()];
        kept = (int) (load.n() * keptPercent / 100);
    }

    /// {@return the question for a size}
    ///
    /// @param byteSize of a buffer
    /// @param keptPercent percentage of the buffers that stay in use until the next burst
    static GrowthQuestion question(int byteSize, int keptPercent) {
        return GrowthQuestion.of(
                        "release-" + byteSize + (keptPercent == 0 ? "" : "-kept"),
                        new GrowthRange(FIRST_BYTES / byteSize, 6, 4),
                        load -> load.openOnLoop(
                                allocator -> new RandomRelease(allocator, load, byteSize, keptPercent).measure()))
                .ofBoth()
                .touching(byteSize);
    }

    private Point measure() throws InterruptedException {
        burstsUntil(new Stopwatch());
        Stopwatch watch = new Stopwatch();
        long before = ProcessorTime.ofMaintenance();
        burstsUntil(watch);
        load.pause(1);
        long maintenance = ProcessorTime.ofMaintenance() - before;
        BufferArrays.release(buffers, 0, kept);

        return load.withMaintenance(watch.nanosPerLap(), watch.worstNanos(), (double) maintenance / watch.laps());
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
        Collections.shuffle(Arrays.asList(buffers), random);
        watch.start();
        for (int i = kept; i < buffers.length; i++) {
            buffers[i].release();
            watch.lap();
        }
        watch.stop();
    }
}
