package io.leasehold.bench.scenario.growth.question;

import io.leasehold.bench.result.GrowthResult.Point;
import io.leasehold.bench.scenario.growth.measure.BufferArrays;
import io.leasehold.bench.scenario.growth.measure.Load;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.Random;
import java.util.function.Function;

/// Replaces one of the live buffers at a random place, repeatedly.
final class Replacement {

    /// Bytes of the buffers of [#ofMany].
    static final int BYTES = 1 << 10;

    /// Number of replacements between two reads of the clock.
    private static final int REPLACEMENTS = 256;

    private Replacement() {}

    /// Replaces one of `n` buffers of one size, which are written.
    static Point ofMany(Load load) throws Exception {
        return load.openOnLoop(allocator ->
                run(load, allocator, load.count(), BYTES, random -> BufferArrays.touched(allocator, BYTES)));
    }

    /// Replaces one of a few buffers by a buffer of one of `n` sizes.
    ///
    /// @param smallest size in bytes
    /// @param largest size in bytes
    /// @param live number of buffers in use at a time
    static Point ofSizes(Load load, int smallest, int largest, int live) throws Exception {
        int[] sizes = sizes(smallest, largest, load.count());
        return load.openOnLoop(allocator -> run(
                load,
                allocator,
                live,
                sizes[0],
                random -> allocator.directBuffer(sizes[random.nextInt(sizes.length)])));
    }

    private static Point run(
            Load load, ByteBufAllocator allocator, int live, int firstBytes, Function<Random, ByteBuf> next)
            throws Exception {
        ByteBuf[] buffers = new ByteBuf[live];
        BufferArrays.fill(allocator, buffers, firstBytes);
        Random random = new Random(1);
        Point point = load.measure(REPLACEMENTS, () -> {
            int place = random.nextInt(live);
            buffers[place].release();
            buffers[place] = next.apply(random);
        });
        BufferArrays.release(buffers, 0, live);
        return point;
    }

    /// {@return sizes from `smallest` to `largest` in equal ratios}
    private static int[] sizes(int smallest, int largest, int count) {
        int[] sizes = new int[count];
        double ratio = Math.pow((double) largest / smallest, 1.0 / Math.max(1, count - 1));
        for (int i = 0; i < count; i++) {
            sizes[i] = (int) Math.round(smallest * Math.pow(ratio, i));
        }
        return sizes;
    }
}
