package io.leasehold.bench.scenario.growth.buffer;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.result.GrowthTopic;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.GrowthQuestion;
import io.leasehold.bench.scenario.growth.measure.GrowthRange;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.leasehold.bench.scenario.growth.measure.Stopwatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Uses buffers of `n` sizes, a few at a time.
///
/// @param topic texts of the question
/// @param range values of `n`
/// @param smallest size in bytes
/// @param largest size in bytes
/// @param live number of buffers in use at a time
record SizesInUse(GrowthTopic topic, GrowthRange range, int smallest, int largest, int live) implements GrowthQuestion {

    private static final int REPLACEMENTS = 256;

    /// {@return the question for sizes above those whose slabs have many blocks}
    static SizesInUse large() {
        return new SizesInUse(
                GrowthTopic.of(
                        "large-sizes",
                        "Large sizes in use, 72 to 288 KiB",
                        "sizes",
                        "ns/replacement",
                        "16 buffers are in use on an event loop, each with one of N sizes between 72 and 288 KiB."
                                + " One at a random place is replaced by one of a random size."),
                new GrowthRange(1, 5, 4),
                72 << 10,
                288 << 10,
                16);
    }

    /// {@return the question for sizes whose slabs have many blocks}
    static SizesInUse small() {
        return new SizesInUse(
                GrowthTopic.of(
                        "small-sizes",
                        "Small sizes in use, 16 B to 16 KiB",
                        "sizes",
                        "ns/replacement",
                        "64 buffers are in use on an event loop, each with one of N sizes between 16 B and 16 KiB."
                                + " One at a random place is replaced by one of a random size."),
                new GrowthRange(1, 6, 6),
                16,
                16 << 10,
                64);
    }

    @Override
    public List<String> allocators() {
        return BOTH;
    }

    @Override
    public Point run(Load load) throws Exception {
        int[] sizes = sizes(load.count());
        return load.openOnLoop(allocator -> {
            Random random = new Random(1);
            ByteBuf[] buffers = new ByteBuf[live];
            BufferArrays.fill(allocator, buffers, sizes[0]);
            replace(allocator, buffers, sizes, random, load.nanos());
            Stopwatch watch = replace(allocator, buffers, sizes, random, load.nanos());
            BufferArrays.release(buffers, 0, live);
            return load.point(watch.nanosPerLap(), watch.worstNanos(), Map.of());
        });
    }

    /// {@return sizes in equal ratios}
    private int[] sizes(int count) {
        int[] sizes = new int[count];
        double ratio = Math.pow((double) largest / smallest, 1.0 / Math.max(1, count - 1));
        for (int i = 0; i < count; i++) {
            sizes[i] = (int) Math.round(smallest * Math.pow(ratio, i));
        }
        return sizes;
    }

    private static Stopwatch replace(
            ByteBufAllocator allocator, ByteBuf[] buffers, int[] sizes, Random random, long nanos) {
        Stopwatch watch = new Stopwatch();
        watch.start();
        do {
            for (int i = 0; i < REPLACEMENTS; i++) {
                int place = random.nextInt(buffers.length);
                buffers[place].release();
                buffers[place] = allocator.directBuffer(sizes[random.nextInt(sizes.length)]);
                watch.lap();
            }
            watch.stop();
        } while (watch.nanos() < nanos);
        return watch;
    }
}
